//! Everything that needs the real program, a server or more than one module, in one binary.

mod api;
mod sandbox;
