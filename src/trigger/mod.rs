//! What starts runs by itself: due times and watched folders. Each trigger makes jobs; none knows the engine, none prints.

pub mod schedule;
