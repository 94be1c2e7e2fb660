//! The overlay of a dry run held against the real thing: two sandboxes of one seed, one that is only read and one that is
//! written to. What a script sees must be the same in both.

pub mod calls;
mod chance;
mod large;
mod lists;
mod plans;
pub mod side;
pub mod twin;

pub use plans::head;
