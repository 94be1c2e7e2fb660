//! Everything that needs the real program, a server or more than one module, in one binary.

mod api;
mod builtins;
mod docs;
mod errors;
mod files;
mod harness;
mod modules;
mod operations;
mod process;
mod sandbox;
mod scripts;
mod times;
