//! The lazy verb `join`: each row of the left side with each row of the right side that has the same key. The right side
//! is read once, when the walk begins, and kept packed.

use super::{
    by::{By, Key},
    fault::{Spot, Thrown},
    host::{Host, Raised},
    packed::{Packed, Packer},
    row::Row,
    stream::Stream,
    value::kind_of,
    walk::{Cx, Rows, Values, Walk, Walker},
};
use crate::text;
use foldhash::fast::RandomState;
use rhai::{Array, Dynamic, ImmutableString, Map};
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

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
    /// The present left row and its partners, the next one last.
    left: Option<(Dynamic, Vec<u32>)>,
}

/// The rows of the right side, by their keys.
pub struct Right {
    packed: Packed,
    index: HashMap<Key, Vec<u32>, RandomState>,
    /// The keys that are texts, as bytes: most rows of the left side are told from them that they have no partner.
    texts: HashSet<Box<[u8]>, RandomState>,
}

impl<'a> Joined<'a> {
    pub fn new(rows: Rows<'a>, join: Arc<Join>) -> Joined<'a> {
        Joined { rows, join, right: None, left: None }
    }
}

impl Right {
    /// Reads an array.
    pub fn of_array(array: Array, by: &By, host: &Arc<Host>, spot: &Spot) -> Result<Right, Raised> {
        Right::read(Walker::new(Cx::new(host, spot), Box::new(Values(array.into_iter()))), by)
    }

    fn read(mut walker: Walker, by: &By) -> Result<Right, Raised> {
        let (mut packer, mut index) = (Packer::default(), HashMap::<Key, Vec<u32>, RandomState>::default());
        let mut texts = HashSet::default();
        while let Some(mut row) = walker.next()? {
            let value = by.value(&mut row, &mut walker.cx)?;
            let key = Key::found(by, "join", &value, &walker.cx)?;
            // Nothing is the partner of nothing.
            if key != Key::Nothing {
                texts.extend(if let Key::Text(text) = &key { Some(text.as_bytes().into()) } else { None });
                index.entry(key).or_default().push(packer.len());
                let spot = walker.cx.spot.at;
                packer.push(row.value(&mut walker.cx).map_err(|thrown| thrown.raise(spot))?);
            }
        }
        Ok(Right { packed: packer.finish(), index, texts })
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
                Other::List(list) => Arc::new(Right::read(list.walk(&self.join.spot), &self.join.right)?),
            }),
        };
        loop {
            // A row may have any number of partners.
            cx.look()?;
            if let Some((left, partners)) = &mut self.left
                && let Some(at) = partners.pop()
            {
                let left = if partners.is_empty() { left.take() } else { left.clone() };
                let pair = self.join.pair(left, right.packed.row(at));
                return pair.map(|pair| Some(Row::Own(pair))).map_err(|thrown| thrown.raise(self.join.spot.at));
            }
            let Some(mut row) = self.rows.next(cx)? else { return Ok(None) };
            if self.join.left.text(&row, cx).is_some_and(|text| !right.texts.contains(text)) {
                continue;
            }
            let value = self.join.left.value(&mut row, cx)?;
            let key = Key::found(&self.join.left, "join", &value, cx)?;
            if let Some(partners) = right.index.get(&key) {
                let left = row.into_value(cx).map_err(|thrown| thrown.raise(self.join.spot.at))?;
                self.left = Some((left, partners.iter().rev().copied().collect()));
            }
        }
    }
}
