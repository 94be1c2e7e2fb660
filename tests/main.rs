//! Everything that needs the real program, or more of it than one module.

mod errors;
mod harness;
mod operations;
mod process;
mod sandbox;
mod scripts;
