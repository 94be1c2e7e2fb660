//! Rows on their way into a held list: those of one that is held already stay where they are, as a choice of its rows in a
//! new order; others are packed. Walks nothing.

use super::{
    host::Raised,
    packed::{Packed, Packer},
    row::Row,
    stream::Stream,
    walk::Cx,
};
use std::sync::Arc;

/// Takes rows and makes a held list of them.
#[derive(Default)]
pub struct Holder {
    chosen: Option<(Arc<Packed>, Vec<u32>)>,
    packer: Packer,
}

impl Holder {
    /// Adds a row at the end.
    pub fn push(&mut self, mut row: Row, cx: &mut Cx) -> Result<(), Raised> {
        if let Row::Held(home, at) = &row
            && self.packer.len() == 0
        {
            let home = cx.packed(*home);
            let (known, chosen) = self.chosen.get_or_insert_with(|| (home.clone(), Vec::new()));
            if Arc::ptr_eq(known, home) {
                chosen.push(*at);
                return Ok(());
            }
        }
        // Not all of them have one home: then none of them stays there.
        if let Some((home, chosen)) = self.chosen.take() {
            chosen.iter().for_each(|at| self.packer.push(&home.row(*at)));
        }
        let value = row.value(cx).map_err(|thrown| thrown.raise(cx.spot.at))?;
        self.packer.push(value);
        Ok(())
    }

    /// The list of all rows that were added.
    pub fn finish(self, cx: &Cx) -> Stream {
        match self.chosen {
            Some((home, chosen)) => Stream::held(&cx.host, home, Some(chosen.into()), cx.spot.clone()),
            None => Stream::held(&cx.host, Arc::new(self.packer.finish()), None, cx.spot.clone()),
        }
    }

    /// The same in another order: the places of the rows, as they were added.
    pub fn finish_in(self, order: impl Iterator<Item = u32>, cx: &Cx) -> Stream {
        let (home, order): (_, Arc<[u32]>) = match self.chosen {
            Some((home, chosen)) => (home, order.map(|at| chosen[at as usize]).collect()),
            None => (Arc::new(self.packer.finish()), order.collect()),
        };
        Stream::held(&cx.host, home, Some(order), cx.spot.clone())
    }
}
