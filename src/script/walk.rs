//! Walks over rows: from an array, from a list of the API, from a held list. One row at a time, so that memory stays
//! flat, and each of them looks at the stop flag. What verbs do with the rows is in `stages` and `builtins::lists`.

use super::{
    decode::Decoder,
    fault::{Spot, Thrown},
    host::{Host, Level, Raised},
    packed::{Cell, Column, Packed},
    row::{Home, Row},
};
use crate::{api::page, session::Listing};
use rhai::{Array, Dynamic, Engine, EvalAltResult};
use std::sync::Arc;

/// How often a walk looks at the stop flag, in rows.
const LOOK_EVERY: u32 = 256;

/// What all parts of one walk share.
pub struct Cx {
    pub host: Arc<Host>,
    pub engine: Arc<Engine>,
    pub decoder: Decoder,
    /// The held lists that rows of this walk come from. A row names its own by its place here: with a reference of its
    /// own each of them would cost two operations that no other processor may interrupt.
    homes: Vec<Arc<Packed>>,
    /// Where the fields that were asked for stand in held rows.
    columns: Vec<(Home, String, Column)>,
    /// Where the verb that walks was called.
    pub spot: Spot,
    rows: u32,
}

impl Cx {
    /// For a walk by the verb that was called at `spot`.
    pub fn new(host: &Arc<Host>, spot: &Spot) -> Cx {
        let (engine, decoder) = (host.engine(), Decoder::default());
        let (homes, columns) = (Vec::new(), Vec::new());
        Cx { host: host.clone(), engine, decoder, homes, columns, spot: spot.clone(), rows: 0 }
    }

    /// How rows of a held list name it in this walk.
    pub fn home(&mut self, packed: &Arc<Packed>) -> Home {
        let known = self.homes.iter().position(|home| Arc::ptr_eq(home, packed));
        Home(known.unwrap_or_else(|| {
            self.homes.push(packed.clone());
            self.homes.len() - 1
        }))
    }

    /// The held list that a row names.
    pub fn packed(&self, home: Home) -> &Arc<Packed> {
        &self.homes[home.0]
    }

    /// A field of a held row; `None` if it has no such field or is no map.
    pub fn held_field(&mut self, home: Home, at: u32, name: &str) -> Option<Dynamic> {
        let column = self.column(home, name);
        self.homes[home.0].field(at, &self.columns[column].2)
    }

    /// The same where it is a plain one, without making a value of it.
    pub fn held_cell(&mut self, home: Home, at: u32, name: &str) -> Option<Cell<'_>> {
        let column = self.column(home, name);
        self.homes[home.0].cell(at, &self.columns[column].2)
    }

    fn column(&mut self, home: Home, name: &str) -> usize {
        let known = self.columns.iter().position(|(known, of, _)| *known == home && of == name);
        known.unwrap_or_else(|| {
            self.columns.push((home, name.to_string(), self.packed(home).column(name)));
            self.columns.len() - 1
        })
    }

    /// Fails from time to time, if the run has been asked to stop.
    pub fn look(&mut self) -> Result<(), Raised> {
        self.rows = self.rows.wrapping_add(1);
        if self.rows.is_multiple_of(LOOK_EVERY) && self.host.must_stop() {
            return Err(Box::new(EvalAltResult::ErrorTerminated(Dynamic::UNIT, self.spot.at)));
        }
        Ok(())
    }
}

/// Gives rows one by one.
pub trait Walk<'a>: Send + Sync {
    /// The next row; `None` at the end, and from then on.
    fn next(&mut self, cx: &mut Cx) -> Result<Option<Row<'a>>, Raised>;

    /// What is known of the rows that are still to come, without asking anybody.
    fn left(&self) -> Left {
        Left::default()
    }
}

/// How many rows are still to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// At least so many.
    pub least: usize,
    /// And no more.
    pub exact: bool,
}

impl Left {
    /// So many and no more.
    pub fn of(count: usize) -> Left {
        Left { least: count, exact: true }
    }
}

/// A walk of any kind.
pub type Rows<'a> = Box<dyn Walk<'a> + 'a>;

/// The elements of an array of the script.
pub struct Elements<'a>(pub std::slice::IterMut<'a, Dynamic>);

impl<'a> Walk<'a> for Elements<'a> {
    fn next(&mut self, cx: &mut Cx) -> Result<Option<Row<'a>>, Raised> {
        cx.look()?;
        Ok(self.0.next().map(Row::Slot))
    }

    fn left(&self) -> Left {
        Left::of(self.0.len())
    }
}

/// The rows of a held list, in the order of `order` or in their own.
pub struct Held {
    packed: Arc<Packed>,
    order: Option<Arc<[u32]>>,
    at: u32,
    home: Option<Home>,
}

impl Held {
    pub fn new(packed: Arc<Packed>, order: Option<Arc<[u32]>>) -> Held {
        Held { packed, order, at: 0, home: None }
    }
}

impl Walk<'_> for Held {
    fn next(&mut self, cx: &mut Cx) -> Result<Option<Row<'static>>, Raised> {
        cx.look()?;
        let at = match &self.order {
            Some(order) => order.get(self.at as usize).copied(),
            None => ((self.at as usize) < self.packed.len()).then_some(self.at),
        };
        self.at += u32::from(at.is_some());
        let home = *self.home.get_or_insert_with(|| cx.home(&self.packed));
        Ok(at.map(|at| Row::Held(home, at)))
    }

    fn left(&self) -> Left {
        let all = self.order.as_ref().map_or(self.packed.len(), |order| order.len());
        Left::of(all.saturating_sub(self.at as usize))
    }
}

/// The rows of a list of the API, page by page.
pub struct Pages {
    pub listing: Listing,
    pub operation: &'static str,
    pub made_at: Spot,
    page: std::vec::IntoIter<page::Row>,
}

impl Pages {
    /// A walk that begins; `made_at` is where the script called the list's operation.
    pub fn new(listing: Listing, operation: &'static str, made_at: Spot) -> Pages {
        Pages { listing, operation, made_at, page: Vec::new().into_iter() }
    }
}

impl Walk<'_> for Pages {
    fn next(&mut self, cx: &mut Cx) -> Result<Option<Row<'static>>, Raised> {
        loop {
            cx.look()?;
            if let Some(row) = self.page.next() {
                return Ok(Some(Row::Sent(row, self.operation)));
            }
            cx.host.sink.flush();
            match self.listing.next_page(&cx.host.session) {
                Ok(Some(rows)) => {
                    if cx.host.seen.is_active() {
                        rows.iter().for_each(|row| cx.host.seen.note_json(row.json.get()));
                    }
                    self.page = rows.into_iter();
                    self.listing.take_note().inspect(|note| cx.host.sink.log(Level::Warn, note));
                }
                Ok(None) => return Ok(None),
                Err(error) => return Err(cx.host.raise(error, &self.made_at)),
            }
        }
    }

    fn left(&self) -> Left {
        Left { least: self.page.len(), exact: self.listing.is_over() }
    }
}

/// A walk with what its parts share: what verbs that give one value pull from.
pub struct Walker<'a> {
    pub cx: Cx,
    rows: Rows<'a>,
    /// The rows that were given so far, for messages.
    pub given: usize,
    /// Whether the rows come from a held list: what is made of all of them is one again.
    pub held: bool,
}

impl<'a> Walker<'a> {
    pub fn new(cx: Cx, rows: Rows<'a>) -> Walker<'a> {
        Walker { cx, rows, given: 0, held: false }
    }

    /// The next row.
    pub fn next(&mut self) -> Result<Option<Row<'a>>, Raised> {
        let row = self.rows.next(&mut self.cx)?;
        self.given += usize::from(row.is_some());
        Ok(row)
    }

    /// What is known of the rows that are still to come.
    pub fn left(&self) -> Left {
        self.rows.left()
    }

    /// The next row, decoded if it comes from the API: for verbs that look at a field and keep the row besides.
    pub fn next_to_keep(&mut self) -> Result<Option<Row<'a>>, Raised> {
        let mut row = self.next()?;
        if let Some(row @ Row::Sent(..)) = &mut row {
            row.value(&mut self.cx).map_err(|thrown| thrown.raise(self.cx.spot.at))?;
        }
        Ok(row)
    }

    /// The value of a row, to keep.
    pub fn keep(&mut self, row: Row<'a>) -> Result<Dynamic, Raised> {
        row.into_value(&mut self.cx).map_err(|thrown| thrown.raise(self.cx.spot.at))
    }

    /// All rows that are left.
    pub fn collect(&mut self) -> Result<Array, Raised> {
        let mut all = Array::new();
        while let Some(row) = self.next()? {
            let value = self.keep(row)?;
            all.push(value);
        }
        Ok(all)
    }

    /// Throws at the verb's place.
    pub fn raise(&self, thrown: Thrown) -> Raised {
        thrown.raise(self.cx.spot.at)
    }
}
