//! The lazy verbs: each takes rows from the walk before it and gives rows to the one behind. Written once for arrays,
//! lists of the API and held lists.

use super::{
    by::{By, Key},
    closure::Closure,
    distinct::Distinct,
    fault::Spot,
    host::Raised,
    join::{Join, Joined},
    row::Row,
    rows::{self, Conditions},
    walk::{Cx, Left, Rows, Walk},
};
use rhai::{Array, Dynamic};
use std::sync::Arc;

/// A lazy verb with its arguments: a recipe, from which each walk makes its own.
#[derive(Clone)]
pub enum Stage {
    Filter(Closure),
    Map(Closure),
    Where(Arc<Conditions>, Spot),
    Take(usize),
    Skip(usize),
    Pluck(By),
    UniqueBy(By),
    Chunk(usize),
    Join(Arc<Join>),
}

impl Stage {
    /// A walk over what this verb makes of `rows`.
    pub fn over<'a>(&self, rows: Rows<'a>) -> Rows<'a> {
        match self.clone() {
            Stage::Filter(closure) => Box::new(Filter { rows, closure }),
            Stage::Map(closure) => Box::new(Mapped { rows, closure }),
            Stage::Where(conditions, spot) => Box::new(Where { rows, conditions, spot }),
            Stage::Take(left) => Box::new(Take { rows, left }),
            Stage::Skip(left) => Box::new(Skip { rows, left }),
            Stage::Pluck(by) => Box::new(Pluck { rows, by }),
            Stage::UniqueBy(by) => Box::new(Unique { rows, by, seen: Distinct::default() }),
            Stage::Chunk(size) => Box::new(Chunk { rows, size }),
            Stage::Join(join) => Box::new(Joined::new(rows, join)),
        }
    }
}

/// How many source rows will be looked at, where the recipe alone tells.
pub fn demand(stages: &[Stage]) -> Option<usize> {
    let mut skipped = 0_usize;
    for stage in stages {
        match stage {
            Stage::Map(_) | Stage::Pluck(_) => {}
            Stage::Skip(count) => skipped = skipped.saturating_add(*count),
            Stage::Take(count) => return Some(skipped.saturating_add(*count)),
            Stage::Filter(_) | Stage::Where(..) | Stage::UniqueBy(_) | Stage::Chunk(_) | Stage::Join(_) => return None,
        }
    }
    None
}

struct Filter<'a> {
    rows: Rows<'a>,
    closure: Closure,
}

impl<'a> Walk<'a> for Filter<'a> {
    fn next(&mut self, cx: &mut Cx) -> Result<Option<Row<'a>>, Raised> {
        while let Some(mut row) = self.rows.next(cx)? {
            if verdict("filter", &self.closure, &mut row, cx)? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

/// What a closure says of a row, which stays as it was.
pub fn verdict(verb: &str, closure: &Closure, row: &mut Row, cx: &mut Cx) -> Result<bool, Raised> {
    let at = closure.spot().at;
    if let Some(predicate) = closure.predicate()
        && let Some(said) = predicate.verdict(&mut |name| row.known_field(name, cx))
    {
        return Ok(said);
    }
    let value = row.value(cx).map_err(|thrown| thrown.raise(at))?;
    let said = closure.look(&cx.engine, value)?;
    rows::verdict(verb, &said).map_err(|thrown| thrown.raise(at))
}

struct Mapped<'a> {
    rows: Rows<'a>,
    closure: Closure,
}

impl<'a> Walk<'a> for Mapped<'a> {
    fn next(&mut self, cx: &mut Cx) -> Result<Option<Row<'a>>, Raised> {
        let Some(row) = self.rows.next(cx)? else { return Ok(None) };
        let made = match row {
            // The array's own element must not change; any other row is nobody else's.
            Row::Slot(value) => self.closure.look(&cx.engine, value)?,
            row => {
                let value = row.into_value(cx).map_err(|thrown| thrown.raise(self.closure.spot().at))?;
                self.closure.call(&cx.engine, value)?
            }
        };
        Ok(Some(Row::Own(made)))
    }

    fn left(&self) -> Left {
        self.rows.left()
    }
}

struct Where<'a> {
    rows: Rows<'a>,
    conditions: Arc<Conditions>,
    spot: Spot,
}

impl<'a> Walk<'a> for Where<'a> {
    fn next(&mut self, cx: &mut Cx) -> Result<Option<Row<'a>>, Raised> {
        while let Some(mut row) = self.rows.next(cx)? {
            if self.conditions.hold("where", &mut row, cx).map_err(|thrown| thrown.raise(self.spot.at))? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

struct Take<'a> {
    rows: Rows<'a>,
    left: usize,
}

impl<'a> Walk<'a> for Take<'a> {
    fn next(&mut self, cx: &mut Cx) -> Result<Option<Row<'a>>, Raised> {
        // Not one row more than wanted is asked for: it might cost a page.
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.rows.next(cx)
    }

    fn left(&self) -> Left {
        let Left { least, exact } = self.rows.left();
        Left { least: least.min(self.left), exact: exact || least >= self.left }
    }
}

struct Skip<'a> {
    rows: Rows<'a>,
    left: usize,
}

impl<'a> Walk<'a> for Skip<'a> {
    fn next(&mut self, cx: &mut Cx) -> Result<Option<Row<'a>>, Raised> {
        while self.left > 0 {
            self.left -= 1;
            if self.rows.next(cx)?.is_none() {
                self.left = 0;
            }
        }
        self.rows.next(cx)
    }

    fn left(&self) -> Left {
        let Left { least, exact } = self.rows.left();
        Left { least: least.saturating_sub(self.left), exact }
    }
}

struct Pluck<'a> {
    rows: Rows<'a>,
    by: By,
}

impl<'a> Walk<'a> for Pluck<'a> {
    fn next(&mut self, cx: &mut Cx) -> Result<Option<Row<'a>>, Raised> {
        let Some(mut row) = self.rows.next(cx)? else { return Ok(None) };
        self.by.value(&mut row, cx).map(|value| Some(Row::Own(value)))
    }

    fn left(&self) -> Left {
        self.rows.left()
    }
}

struct Unique<'a> {
    rows: Rows<'a>,
    by: By,
    seen: Distinct,
}

impl<'a> Walk<'a> for Unique<'a> {
    fn next(&mut self, cx: &mut Cx) -> Result<Option<Row<'a>>, Raised> {
        while let Some(mut row) = self.rows.next(cx)? {
            let new = match self.by.cell(&row, cx) {
                Some(cell) => self.seen.insert_cell(&cell),
                None => {
                    let value = self.by.value(&mut row, cx)?;
                    self.seen.insert(Key::found(&self.by, "unique_by", &value, cx)?)
                }
            };
            if new {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

struct Chunk<'a> {
    rows: Rows<'a>,
    size: usize,
}

impl<'a> Walk<'a> for Chunk<'a> {
    fn next(&mut self, cx: &mut Cx) -> Result<Option<Row<'a>>, Raised> {
        let mut chunk = Array::new();
        while chunk.len() < self.size
            && let Some(row) = self.rows.next(cx)?
        {
            chunk.push(row.into_value(cx).map_err(|thrown| thrown.raise(cx.spot.at))?);
        }
        Ok((!chunk.is_empty()).then(|| Row::Own(Dynamic::from_array(chunk))))
    }

    fn left(&self) -> Left {
        let Left { least, exact } = self.rows.left();
        Left { least: if exact { least.div_ceil(self.size) } else { least / self.size }, exact }
    }
}
