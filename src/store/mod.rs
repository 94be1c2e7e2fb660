//! What onramp keeps between runs: the runs themselves, their journals, and the log of sends that processes share. Knows no
//! script, no operation and no stream.

pub mod due;
