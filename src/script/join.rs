//! The lazy verb `join`: each row of the left side with each row of the right side that has the same key. The right side
//! is read once, when the walk begins, and kept packed.

use super::{
    by::{By, Key},
    fault::{Spot, Thrown},
    host::{Host, Raised},
    packed::{Cell, Packed, Packer},
    row::Row,
    stream::Stream,
    value::kind_of,
    walk::{Cx, Rows, Walk, Walker},
};
use crate::text;
use foldhash::fast::RandomState;
use rhai::{Dynamic, ImmutableString, Map};
use std::{collections::HashMap, sync::Arc};

/// What `join` was given.
pub struct Join {
    pub other: Other,
    pub left: By,
    pub right: By,
    /// The field under which the right row is put; its object's name unless given.
    pub name: Option<ImmutableString>,
    pub spot: Spot,
}

/// The right side of a join.
pub enum Other {
    /// An array, read when the verb was called.
    Read(Arc<Right>),
    /// A list, read when a walk begins.
    List(Stream),
}

/// What the right row of no API object is put under.
const RIGHT: &str = "right";

pub struct Joined<'a> {
    rows: Rows<'a>,
    join: Arc<Join>,
    right: Option<Arc<Right>>,
    /// The present left row and its next partner.
    left: Option<(Dynamic, u32)>,
}

/// The rows of the right side, by their keys. Texts and integers are kept apart from other keys, so that the plain value
/// of a held row is looked up where it stands.
#[derive(Default)]
pub struct Right {
    packed: Packed,
    texts: HashMap<Box<[u8]>, Alike, RandomState>,
    integers: HashMap<i64, Alike, RandomState>,
    others: HashMap<Key, Alike, RandomState>,
    /// Behind each row the next one with the same key, or [`NONE`].
    next: Vec<u32>,
}

/// The first and the last of the rows with one key.
#[derive(Clone, Copy)]
struct Alike {
    first: u32,
    last: u32,
}

const NONE: u32 = u32::MAX;

impl<'a> Joined<'a> {
    pub fn new(rows: Rows<'a>, join: Arc<Join>) -> Joined<'a> {
        Joined { rows, join, right: None, left: None }
    }
}

impl Right {
    /// Reads an array.
    pub fn of_array(array: &[Dynamic], by: &By, host: &Arc<Host>, spot: &Spot) -> Result<Right, Raised> {
        let (mut right, mut packer, mut cx) = (Right::default(), Packer::default(), Cx::new(host, spot));
        for value in array {
            cx.look()?;
            let key = by.value_of(value, &mut cx)?;
            right.add(&mut packer, by, &key, &cx, value)?;
        }
        right.packed = packer.finish();
        Ok(right)
    }

    fn of_list(mut walker: Walker, by: &By) -> Result<Right, Raised> {
        let (mut right, mut packer) = (Right::default(), Packer::default());
        while let Some(mut row) = walker.next()? {
            let key = by.value(&mut row, &mut walker.cx)?;
            let spot = walker.cx.spot.at;
            let value = row.value(&mut walker.cx).map_err(|thrown| thrown.raise(spot))?;
            right.add(&mut packer, by, &key, &walker.cx, value)?;
        }
        right.packed = packer.finish();
        Ok(right)
    }

    fn add(&mut self, packer: &mut Packer, by: &By, key: &Dynamic, cx: &Cx, row: &Dynamic) -> Result<(), Raised> {
        let at = packer.len();
        let one = Alike { first: at, last: at };
        let alike = match Key::found(by, "join", key, cx)? {
            // Nothing is the partner of nothing.
            Key::Nothing => return Ok(()),
            Key::Text(text) => self.texts.entry(text.as_bytes().into()).or_insert(one),
            Key::Integer(number) => self.integers.entry(number).or_insert(one),
            other => self.others.entry(other).or_insert(one),
        };
        if alike.last != at {
            self.next[alike.last as usize] = at;
            alike.last = at;
        }
        self.next.push(NONE);
        packer.push(row);
        Ok(())
    }

    /// The first row whose key is that of a left row.
    fn partner(&self, by: &By, row: &mut Row, cx: &mut Cx) -> Result<Option<u32>, Raised> {
        let alike = match by.cell(row, cx) {
            Some(Cell::Text(text)) => self.texts.get(text),
            Some(Cell::Integer(number)) => self.integers.get(&number),
            Some(Cell::Nothing) => None,
            None => {
                let value = by.value(row, cx)?;
                match Key::found(by, "join", &value, cx)? {
                    Key::Text(text) => self.texts.get(text.as_bytes()),
                    Key::Integer(number) => self.integers.get(&number),
                    other => self.others.get(&other),
                }
            }
        };
        Ok(alike.map(|alike| alike.first))
    }
}

impl Join {
    fn pair(&self, left: Dynamic, right: Dynamic) -> Result<Dynamic, Thrown> {
        let object = || right.read_lock::<Map>()?.get("object")?.clone().into_immutable_string().ok();
        let name = self.name.clone().or_else(object).unwrap_or_else(|| RIGHT.into());
        let kind = kind_of(&left);
        let Some(mut map) = left.try_cast::<Map>() else {
            let message = format!("the rows must be object maps; one is {kind}");
            return Err(Thrown::argument("join", None, message));
        };
        if map.insert(name.as_str().into(), right).is_some() {
            let message = format!("the rows have a field `{}` already", text::escape_control(&name));
            return Err(Thrown::argument("join", None, message).hint(
                "say what the right row is to be called: `join(other, left_key, right_key, \"partner\")`".into(),
            ));
        }
        Ok(Dynamic::from_map(map))
    }
}

impl<'a> Walk<'a> for Joined<'a> {
    fn next(&mut self, cx: &mut Cx) -> Result<Option<Row<'a>>, Raised> {
        let right = match &mut self.right {
            Some(right) => right,
            unread => unread.insert(match &self.join.other {
                Other::Read(right) => right.clone(),
                Other::List(list) => Arc::new(Right::of_list(list.walk(&self.join.spot), &self.join.right)?),
            }),
        };
        loop {
            // A row may have any number of partners.
            cx.look()?;
            if let Some((left, at)) = self.left.take() {
                let next = right.next[at as usize];
                if next != NONE {
                    self.left = Some((left.clone(), next));
                }
                let pair = self.join.pair(left, right.packed.row(at));
                return pair.map(|pair| Some(Row::Own(pair))).map_err(|thrown| thrown.raise(self.join.spot.at));
            }
            let Some(mut row) = self.rows.next(cx)? else { return Ok(None) };
            if let Some(partner) = right.partner(&self.join.left, &mut row, cx)? {
                let left = row.into_value(cx).map_err(|thrown| thrown.raise(self.join.spot.at))?;
                self.left = Some((left, partner));
            }
        }
    }
}
