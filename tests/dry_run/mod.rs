//! The overlay of a dry run held against the real thing: two sandboxes of one seed, one that is only read and one that is
//! written to. What a script sees must be the same in both.

mod chance;
mod large;
mod lists;
mod plans;
mod side;
mod twin;
