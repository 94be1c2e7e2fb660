//! Runs that are taken back, against the sandbox in another process: whatever they did, wherever they stopped.

mod chance;
mod cut_short;
mod faults;
mod kinds;
mod rest;
