//! Everything that needs the real program, a server or more than one module, in one binary.

mod api;
mod architecture;
mod bad_day;
mod docs;
mod errors;
mod examples;
mod harness;
mod operations;
mod process;
mod sandbox;
mod scripts;
mod verbs;
