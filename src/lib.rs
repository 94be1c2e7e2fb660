//! onramp: scripted automation for Pivotal. The map, in reading order.

pub mod api;
pub mod clock;
pub mod secret;
pub mod stop;
pub mod text;
