//! The flags that say what a script may use.

use crate::{
    header::Header,
    script::{Limits, limits::Set},
    text,
};
use std::time::Duration;

/// What a script may use; it is stopped where it wants more.
#[derive(Clone, Debug, clap::Args)]
pub struct LimitFlags {
    /// How long the script itself may compute; waiting does not count [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = text::parse_duration, help_heading = "Limits")]
    pub max_run_time: Option<Duration>,
    /// How long the whole run may take, waiting included; no limit unless given
    #[arg(long, value_name = "TIME", value_parser = text::parse_duration, help_heading = "Limits")]
    pub timeout: Option<Duration>,
    /// How much memory the script's data may take [default: 256MiB]
    #[arg(long, value_name = "SIZE", value_parser = text::parse_size, help_heading = "Limits")]
    pub max_memory: Option<u64>,
}

impl LimitFlags {
    /// The limits of a script, whose header may set some of its own.
    pub fn limits(&self, header: &Header) -> Limits {
        let header = Set { run_time: header.max_run_time, timeout: header.timeout, memory: header.max_memory };
        Limits::merge(&Set { run_time: self.max_run_time, timeout: self.timeout, memory: self.max_memory }, &header)
    }
}
