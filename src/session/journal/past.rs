//! What earlier attempts of a run have recorded, by number: the index alone stays in memory, the rest is read when the run
//! comes by.

use super::{
    super::Number,
    entry::{Answered, Asked, Entry, FORMAT, Told},
};
use crate::{
    api::client::Answer,
    store::journal::{Frame, Journal, Span},
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, HashMap},
    io,
};

/// The numbers that are recorded, and where.
#[derive(Debug, Default)]
pub struct Past {
    at: HashMap<Number, Slot>,
    /// How many writes were carried out.
    changes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    asked: Place,
    answered: Option<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    head: Span,
    body: Span,
}

/// What is recorded under a number.
#[derive(Debug)]
pub enum Recorded {
    /// A call with its answer, or with the error that the script was told of.
    Answered(Asked, Result<Answer, Told>),
    /// A write that may have been carried out or not.
    Doubt(Box<Doubt>),
    /// A write that was not needed: the object as it was.
    Unchanged(Asked, Vec<u8>),
    /// A row that was left alone.
    Left(Asked, String),
    /// Something else that was observed.
    Observed { what: String, name: String, hash: Option<String>, body: Vec<u8> },
}

/// A write whose answer is not known.
#[derive(Debug)]
pub struct Doubt {
    pub asked: Asked,
    /// The body, byte for byte.
    pub body: Vec<u8>,
    pub key: Option<String>,
    /// When it was to be sent.
    pub at: Timestamp,
    /// The same moment by the server's clock, where it was known.
    pub server: Option<Timestamp>,
    pub before: Option<BTreeMap<String, serde_json::Value>>,
}

impl Past {
    /// The index of these frames. An error if they are of a format that is not known here.
    pub fn of(frames: &[Frame]) -> Result<Past, String> {
        let mut past = Past::default();
        for frame in frames {
            let entry: Entry = serde_json::from_slice(&frame.head)
                .map_err(|_| "its journal was written by another version of onramp".to_string())?;
            let place = Place { head: frame.place(), body: frame.body };
            let is_answer = matches!(entry, Entry::Answer { .. });
            match entry {
                Entry::Attempt { format, .. } if format != FORMAT => {
                    return Err("its journal was written by another version of onramp".into());
                }
                Entry::Attempt { .. } | Entry::Looked { .. } | Entry::Children { .. } => {}
                Entry::Read { n, .. }
                | Entry::Refused { n, .. }
                | Entry::Intent { n, .. }
                | Entry::Unchanged { n, .. }
                | Entry::Left { n, .. }
                | Entry::Observed { n, .. } => {
                    past.at.insert(n, Slot { asked: place, answered: None });
                }
                Entry::Answer { n, .. } | Entry::Denied { n, .. } => {
                    if let Some(slot) = past.at.get_mut(&n) {
                        slot.answered = Some(place);
                        past.changes += u64::from(is_answer);
                    }
                }
                Entry::Unsent { n } => {
                    past.at.remove(&n);
                }
                Entry::Again { n } => {
                    // Of a write the intent stays: it may have been carried out all the same.
                    if past.at.get_mut(&n).is_some_and(|slot| slot.answered.take().is_none()) {
                        past.at.remove(&n);
                    }
                }
            }
        }
        Ok(past)
    }

    /// The writes in doubt, by number.
    pub fn doubts(&self, journal: &Journal) -> io::Result<Vec<(Number, Doubt)>> {
        let mut numbers: Vec<Number> = self.at.keys().copied().collect();
        numbers.sort_unstable();
        let mut doubts = Vec::new();
        for number in numbers {
            if let Some(Recorded::Doubt(doubt)) = self.get(number, journal)? {
                doubts.push((number, *doubt));
            }
        }
        Ok(doubts)
    }

    /// How many writes were carried out.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Whether nothing is recorded.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// Whether something is recorded under this number.
    pub fn knows(&self, number: Number) -> bool {
        self.at.contains_key(&number)
    }

    /// What is recorded under this number.
    pub fn get(&self, number: Number, journal: &Journal) -> io::Result<Option<Recorded>> {
        let Some(slot) = self.at.get(&number) else { return Ok(None) };
        let body = |place: Place| journal.read(place.body);
        let answer = |answered: Answered, body| Answer {
            status: answered.status,
            body,
            request_id: answered.request_id,
            date: answered.date,
        };
        Ok(Some(match head(journal, slot.asked)? {
            Entry::Read { asked, answered, .. } => Recorded::Answered(asked, Ok(answer(answered, body(slot.asked)?))),
            Entry::Refused { asked, error, .. } => Recorded::Answered(asked, Err(error)),
            Entry::Unchanged { asked, .. } => Recorded::Unchanged(asked, body(slot.asked)?),
            Entry::Left { asked, why, .. } => Recorded::Left(asked, why),
            Entry::Observed { what, name, hash, .. } => {
                Recorded::Observed { what, name, hash, body: body(slot.asked)? }
            }
            Entry::Intent { asked, key, at, server, before, .. } => match slot.answered {
                None => Recorded::Doubt(Box::new(Doubt { asked, body: body(slot.asked)?, key, at, server, before })),
                Some(place) => match head(journal, place)? {
                    Entry::Answer { answered, .. } => Recorded::Answered(asked, Ok(answer(answered, body(place)?))),
                    Entry::Denied { error, .. } => Recorded::Answered(asked, Err(error)),
                    _ => return Err(io::ErrorKind::InvalidData.into()),
                },
            },
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }))
    }
}

fn head(journal: &Journal, place: Place) -> io::Result<Entry> {
    serde_json::from_slice(&journal.read(place.head)?).map_err(|_| io::ErrorKind::InvalidData.into())
}
