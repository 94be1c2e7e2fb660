//! One book for all processes that use one key: takes it from where it is kept before each look and puts it back after.
//! Where it cannot be kept, or need not be, this process works on its own. Knows nothing of files.

#[cfg(test)]
mod tests;

use super::{
    book::Book,
    log::Moment,
    own::{Own, Terms},
};
use std::{sync::Arc, time::Duration};

/// How often one looks whether the others still live.
const ROLL_CALL: Duration = Duration::from_secs(1);

/// How often one looks at the gate where there is room for everybody.
const GLANCE: Duration = Duration::from_millis(250);

/// Where processes keep the book that they share. It keeps bytes and knows nothing of what they mean.
pub trait Ledger: Send + Sync {
    /// The time of a clock that all sharers read alike and that nobody sets: since the machine's start, for example.
    fn now(&self) -> Duration;

    /// The number that tells this process from the others.
    fn id(&self) -> u64;

    /// Whether the process with that number may still be at work. Asked within [`Ledger::exchange`] only.
    fn lives(&self, id: u64) -> bool;

    /// Hands over the bytes that are kept while nobody else can, and keeps those that come back (`None`: as they were).
    /// Nothing, or what others left half done, is an empty slice.
    ///
    /// # Errors
    ///
    /// It cannot be kept here, and will not be asked again. It is known to the others by then that this process has
    /// gone, and to the user if he wants to know.
    fn exchange(&self, change: &mut dyn FnMut(&[u8]) -> Option<Vec<u8>>) -> Result<(), Unshared>;
}

/// A ledger that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unshared;

/// With whom a client shares its budget, and as what.
#[derive(Clone)]
pub struct Share {
    pub ledger: Arc<dyn Ledger>,
    /// Somebody sits in front of this process and waits: the others leave it a tenth of the limit.
    pub interactive: bool,
}

/// The book as this process knows it.
pub struct Desk {
    book: Book,
    own: Own,
    /// `None` for a process on its own.
    ledger: Option<Arc<dyn Ledger>>,
    joined: bool,
    /// The limit as of the last exchange.
    told: Option<u32>,
    /// When it is time to look who lives, and to look at all.
    roll_call: Moment,
    glance: Moment,
}

impl Desk {
    /// An empty book, shared by `ledger` from the first look on.
    pub fn new(terms: Terms, ledger: Option<Arc<dyn Ledger>>) -> Desk {
        let zero = Moment::ZERO;
        let (book, own) = (Book::default(), Own::new(terms));
        Desk { book, own, ledger, joined: false, told: None, roll_call: zero, glance: zero }
    }

    /// Whether others may change the book at any time.
    pub fn is_shared(&self) -> bool {
        self.ledger.is_some()
    }

    /// How many calls could be started at once, as of the last look.
    pub fn left(&self, now: Moment) -> u32 {
        self.book.log.left(now, &self.own)
    }

    /// Does something with the book, while no other process can.
    ///
    /// Where there is room for everybody only the gate is common, and without an `urgent` reason even that is looked at
    /// no more than now and then: it would cost more than all the rest.
    pub fn with<R>(&mut self, now: Moment, urgent: bool, change: impl FnOnce(&mut Book, &mut Own) -> R) -> R {
        let quiet = !urgent && self.book.log.is_roomy() && self.book.gate.is_at_rest(now) && now < self.glance;
        let Some(ledger) = self.ledger.clone() else { return change(&mut self.book, &mut self.own) };
        if !quiet {
            return self.exchange(&*ledger, now, change);
        }
        let result = change(&mut self.book, &mut self.own);
        if self.book.log.limit != self.told {
            // The others have to know.
            self.exchange(&*ledger, now, |_, _| ());
        }
        result
    }

    /// Does something with the book that is kept, or with the own one where none can be.
    fn exchange<R>(&mut self, ledger: &dyn Ledger, now: Moment, change: impl FnOnce(&mut Book, &mut Own) -> R) -> R {
        let mut change = Some(change);
        let mut result = None;
        let exchanged = ledger.exchange(&mut |bytes| {
            let change = change.take()?;
            let mut kept = self.kept(bytes, now, ledger);
            if self.book.log.is_roomy() && kept.log.is_roomy() {
                self.book.gate = kept.gate;
                result = Some(change(&mut self.book, &mut self.own));
                kept.gate = self.book.gate.clone();
                kept.log.limit = self.book.log.limit;
                kept.log.sign(&self.own, 0);
                return changed(bytes, &kept);
            }
            self.book = kept;
            // What is kept may be older than the last call.
            self.book.log.sign(&self.own, self.own.in_flight);
            result = Some(change(&mut self.book, &mut self.own));
            if !self.book.log.is_roomy() {
                return changed(bytes, &self.book);
            }
            // From now on nobody is told of single calls.
            self.book.log.sign(&self.own, 0);
            let bytes = changed(bytes, &self.book);
            self.book.log.sign(&self.own, self.own.in_flight);
            bytes
        });
        (self.glance, self.told) = (now + GLANCE, self.book.log.limit);
        if exchanged.is_err() {
            self.ledger = None;
            let own = self.own.terms.id;
            self.book.log.roll_call(now, |id| id == own);
        }
        match (result, change) {
            (Some(result), _) => result,
            (None, Some(change)) => change(&mut self.book, &mut self.own),
            (None, None) => unreachable!("a change that was made has a result"),
        }
    }

    /// The book that is kept, without those who have gone.
    fn kept(&mut self, bytes: &[u8], now: Moment, ledger: &dyn Ledger) -> Book {
        let mut kept = Book::from_bytes(bytes, now).unwrap_or_default();
        if !self.joined || self.roll_call <= now {
            kept.log.roll_call(now, |id| ledger.lives(id));
            self.roll_call = now + ROLL_CALL;
        }
        kept.log.expire(now, &mut self.own);
        if !self.joined && kept.log.is_deserted() {
            // A limit does not outlive those who knew it.
            kept = Book { gate: kept.gate, ..Book::default() };
        }
        if self.book.log.limit != self.told {
            kept.log.limit = self.book.log.limit;
        }
        self.joined = true;
        kept
    }
}

fn changed(bytes: &[u8], book: &Book) -> Option<Vec<u8>> {
    Some(book.to_bytes()).filter(|new| new != bytes)
}
