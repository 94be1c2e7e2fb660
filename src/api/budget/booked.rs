//! Calls and the moments they belong to, the earliest first. PURE: a list and its arithmetic; what a moment means is for
//! its users to say.

use super::log::Moment;
use std::collections::VecDeque;

/// How many calls at which moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Booked {
    entries: VecDeque<(Moment, u32)>,
    count: u32,
}

impl Booked {
    /// Takes up `count` calls at `at`.
    pub fn book(&mut self, at: Moment, count: u32) {
        // Nearly always it is the last one, or comes after it.
        let place = match self.last() {
            Some(last) if at < last => self.entries.partition_point(|(known, _)| *known < at),
            Some(last) if at == last => self.entries.len() - 1,
            _ => self.entries.len(),
        };
        match self.entries.get_mut(place) {
            Some((known, there)) if *known == at => *there = there.saturating_add(count),
            _ => self.entries.insert(place, (at, count)),
        }
        self.count = self.count.saturating_add(count);
    }

    /// Forgets the calls up to that moment, itself included.
    pub fn forget(&mut self, until: Moment) {
        while let Some((_, count)) = self.entries.pop_front_if(|(at, _)| *at <= until) {
            self.count = self.count.saturating_sub(count);
        }
    }

    /// How many calls lie after that moment; all of them where there is none.
    pub fn after(&self, moment: Option<Moment>) -> u32 {
        let before = self.entries.iter().take_while(|(at, _)| moment.is_some_and(|moment| *at <= moment));
        before.fold(self.count, |count, (_, gone)| count.saturating_sub(*gone))
    }

    /// The first of the moments after that one.
    pub fn first_after(&self, moment: Option<Moment>) -> Option<Moment> {
        self.moments().find(|at| moment.is_none_or(|moment| *at > moment))
    }

    /// The last moment of all.
    pub fn last(&self) -> Option<Moment> {
        self.entries.back().map(|(at, _)| *at)
    }

    /// The entries, the earliest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (Moment, u32)> {
        self.entries.iter().copied()
    }

    fn moments(&self) -> impl Iterator<Item = Moment> {
        self.entries().map(|(at, _)| at)
    }
}
