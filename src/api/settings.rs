//! What a client is told when it is made: where, with which key, how fast, how patient. Data only.

use super::{budget::Share, request::BaseUrl};
use crate::{clock::Clock, secret::Secret, stop::Stop, text::Rate};
use std::time::Duration;

/// What a client needs to know.
#[derive(Clone)]
pub struct Settings {
    pub base_url: BaseUrl,
    pub key: Secret,
    /// `--rate`: takes the place of what the server's headers say.
    pub rate: Option<Rate>,
    /// `--max-wait`: the longest stretch in which 429s let nothing through, or the network brings nothing back.
    pub max_wait: Duration,
    /// With which other processes the rate budget is shared; `None`: it is this client's alone.
    pub share: Option<Share>,
    pub timing: Timing,
    pub clock: Clock,
    pub stop: Stop,
}

/// How long things may take. The default is for production; tests make it shorter.
#[derive(Clone, Debug)]
pub struct Timing {
    /// Until a connection stands.
    pub connect: Duration,
    /// Until the next sign of life of an answer.
    pub read: Duration,
    /// For one attempt in all.
    pub attempt: Duration,
    /// For all attempts of a call and the delays between them, without the waits for budget and gate.
    pub call: Duration,
    /// How often a call is tried.
    pub attempts: u32,
    /// The ceiling of the first delay.
    pub backoff_base: Duration,
    /// The ceiling of all delays.
    pub backoff_cap: Duration,
    /// The most that is added to a 429's `Retry-After`.
    pub gate_jitter: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(20),
            attempt: Duration::from_secs(30),
            call: Duration::from_secs(40),
            attempts: 5,
            backoff_base: Duration::from_millis(500),
            backoff_cap: Duration::from_secs(10),
            gate_jitter: Duration::from_millis(250),
        }
    }
}

/// The default of [`Settings::max_wait`].
pub const MAX_WAIT: Duration = Duration::from_secs(600);
