//! onramp: scripted automation for Pivotal. The map, in reading order.

pub mod clock;
pub mod sandbox;
