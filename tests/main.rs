//! Everything that needs the real program, a server or more than one module, in one binary.

mod api;
mod docs;
mod errors;
mod harness;
mod lists;
mod operations;
mod process;
mod sandbox;
mod scripts;
