//! Everything that needs the real program, a server or more than one module, in one binary.

mod api;
mod call;
mod check;
mod docs;
mod errors;
mod harness;
mod operations;
mod process;
mod sandbox;
mod scripts;
