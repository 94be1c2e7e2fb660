//! Lists over an overlay: ties, small pages, rows that come and go in the middle of a walk, and what all that costs.

use super::{side::call, twin::Twin};
