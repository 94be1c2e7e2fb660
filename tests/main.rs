//! Everything that needs the real program, a server or more than one module, in one binary.

mod api;
mod architecture;
mod bad_day;
mod call;
mod check;
mod control;
mod definitions;
mod docs;
mod errors;
mod examples;
mod files;
mod harness;
mod header;
mod hostile;
mod lists;
mod man;
mod modules;
mod operations;
mod process;
mod reference;
mod runs;
mod sandbox;
mod scripts;
mod secrecy;
mod times;
mod verbs;
