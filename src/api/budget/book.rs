//! What processes that use one key share, log and gate, and its form in bytes. PURE. Another form needs another
//! [`FORMAT`]: two versions of onramp that run side by side must not take each other's book for garbage.

use super::{
    booked::Booked,
    gate::Gate,
    log::{Log, Member, Moment},
};
use std::time::Duration;

/// The version of the form; part of the name under which a book is kept.
pub const FORMAT: u32 = 1;

/// What may lie ahead of the clock at most, as a part of how long calls are counted (they are booked at the end of a
/// step), and besides.
const AHEAD: (u32, Duration) = (1000, Duration::from_secs(1));

/// The common state of all processes that use one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    pub log: Log,
    pub gate: Gate,
}

impl Book {
    /// Its form in bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Book { log, gate } = self;
        let mut out = Vec::with_capacity(128 + 12 * log.batch.entries().len() + 32 * log.members.len());
        put(&mut out, &[FORMAT]);
        for moment in [gate.opens, gate.closed, gate.since.unwrap_or(Moment::MAX)] {
            put_moment(&mut out, moment);
        }
        put(&mut out, &[gate.refusals, log.limit.unwrap_or(0)]);
        out.extend(log.total.to_le_bytes());
        put(&mut out, &[count(log.members.len())]);
        for member in &log.members {
            out.extend(member.id.to_le_bytes());
            put(&mut out, &[member.in_flight, u32::from(member.interactive)]);
            put_moment(&mut out, member.hold);
        }
        for booked in [&log.batch, &log.by_hand, &log.foreign] {
            put(&mut out, &[count(booked.entries().len())]);
            for (at, calls) in booked.entries() {
                put_moment(&mut out, at);
                put(&mut out, &[calls]);
            }
        }
        out
    }

    /// The book that these bytes are the form of; `None` for anything else, and for a book whose clock is not the one
    /// that says `now`.
    pub fn from_bytes(bytes: &[u8], now: Moment) -> Option<Book> {
        let mut rest = Reader(bytes);
        if rest.number()? != FORMAT {
            return None;
        }
        let [opens, closed, since] = [rest.moment()?, rest.moment()?, rest.moment()?];
        let since = (since != NEVER).then_some(since);
        let refusals = rest.number()?;
        let limit = Some(rest.number()?).filter(|limit| *limit > 0);
        let total = rest.long()?;
        let mut members = Vec::new();
        for _ in 0..rest.number()? {
            let (id, in_flight, interactive) = (rest.long()?, rest.number()?, rest.number()? == 1);
            members.push(Member { id, in_flight, hold: rest.moment()?, interactive });
        }
        let (batch, by_hand, foreign) = (rest.booked()?, rest.booked()?, rest.booked()?);
        let ahead = members.iter().map(|member| member.hold / AHEAD.0).fold(AHEAD.1, Duration::saturating_add);
        let last = [batch.last(), by_hand.last(), Some(closed)].into_iter().flatten().max()?;
        let fits = rest.0.is_empty() && last <= now.saturating_add(ahead);
        let log = Log { limit, batch, by_hand, foreign, total, members };
        fits.then_some(Book { log, gate: Gate { opens, closed, since, refusals } })
    }
}

/// How a missing moment is written.
const NEVER: Moment = Duration::from_nanos(u64::MAX);

fn put(out: &mut Vec<u8>, numbers: &[u32]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn put_moment(out: &mut Vec<u8>, moment: Moment) {
    // Five hundred years after the machine's start the clock of this form stands still.
    let nanos = u64::try_from(moment.as_nanos()).unwrap_or(u64::MAX);
    out.extend_from_slice(&nanos.to_le_bytes());
}

fn count(len: usize) -> u32 {
    u32::try_from(len).expect("a book has far fewer entries")
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn number(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*first))
    }

    fn long(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*first))
    }

    fn moment(&mut self) -> Option<Moment> {
        self.long().map(Duration::from_nanos)
    }

    fn booked(&mut self) -> Option<Booked> {
        let mut booked = Booked::default();
        for _ in 0..self.number()? {
            booked.book(self.moment()?, self.number()?);
        }
        Some(booked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment() -> impl Strategy<Value = Moment> {
        (0..1_000_000_000_000_u64).prop_map(Duration::from_nanos)
    }

    fn booked() -> impl Strategy<Value = Booked> {
        prop::collection::vec((moment(), 1..100_u32), 0..20).prop_map(|entries| {
            let mut booked = Booked::default();
            entries.into_iter().for_each(|(at, count)| booked.book(at, count));
            booked
        })
    }

    prop_compose! {
        fn book()(
            (batch, by_hand, foreign) in (booked(), booked(), booked()),
            limit in prop::option::of(1..u32::MAX),
            total: u64,
            members in prop::collection::vec((any::<u64>(), any::<u32>(), moment(), any::<bool>()), 0..5),
            (opens, closed, since, refusals) in (moment(), moment(), prop::option::of(moment()), any::<u32>()),
        ) -> Book {
            let members = members.into_iter()
                .map(|(id, in_flight, hold, interactive)| Member { id, in_flight, hold, interactive })
                .collect();
            let log = Log { limit, batch, by_hand, foreign, total, members };
            Book { log, gate: Gate { opens, closed, since, refusals } }
        }
    }

    const LATER: Moment = Duration::from_secs(2000);

    proptest! {
        #[test]
        fn a_book_comes_back_as_it_was_and_no_part_of_one_is_a_book(book in book(), cut: prop::sample::Index) {
            let bytes = book.to_bytes();
            prop_assert_eq!(Book::from_bytes(&bytes, LATER), Some(book));
            prop_assert_eq!(Book::from_bytes(&bytes[..cut.index(bytes.len())], LATER), None);
        }

        #[test]
        fn anything_may_stand_where_a_book_belongs(bytes: Vec<u8>) {
            let mut whole = FORMAT.to_le_bytes().to_vec();
            whole.extend(&bytes);
            for bytes in [bytes, whole] {
                let _ = Book::from_bytes(&bytes, LATER);
            }
        }
    }

    #[test]
    fn a_book_of_another_clock_is_none() {
        let mut book = Book::default();
        book.log.batch.book(Duration::from_secs(500), 1);
        let bytes = book.to_bytes();
        assert_eq!(Book::from_bytes(&bytes, Duration::from_secs(500)), Some(book));
        assert_eq!(Book::from_bytes(&bytes, Duration::from_secs(400)), None);
    }
}
