//! Many values in few bytes: the rows of a held list. Names of fields are kept once for all rows that have the same ones,
//! short texts that repeat once for all. Anything a script can hold may be put in and comes out as it was. Writing is in
//! `packer`.

mod packer;
#[cfg(test)]
mod tests;

pub use packer::Packer;

use super::value::BigInteger;
use rhai::{Dynamic, ImmutableString, Map};
use std::sync::Arc;

/// A packed set of values; it never changes.
#[derive(Default)]
pub struct Packed {
    blocks: Vec<Vec<u8>>,
    /// Where each value begins: its block and the place in it.
    starts: Vec<(u32, u32)>,
    /// The names of the fields of maps, in order.
    shapes: Vec<Shape>,
    texts: Vec<ImmutableString>,
    /// Values of kinds that have no packed form, such as times and functions.
    others: Vec<Dynamic>,
}

/// The names of a map's fields.
struct Shape {
    names: Arc<[ImmutableString]>,
    /// A map of these names without values: copying it is faster than making one name by name.
    blank: Map,
}

/// Where a field stands in the rows of each shape.
pub struct Column(Vec<Option<u32>>);

/// A plain value where it stands.
#[derive(Debug, PartialEq, Eq)]
pub enum Cell<'p> {
    Nothing,
    Integer(i64),
    /// In UTF-8.
    Text(&'p [u8]),
}

// The first byte of each value: what follows it.
const UNIT: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const INTEGER: u8 = 3;
const FLOAT: u8 = 4;
const TEXT: u8 = 5;
const SHARED_TEXT: u8 = 6;
const LETTER: u8 = 7;
const BIG: u8 = 8;
const ARRAY: u8 = 9;
const MAP: u8 = 10;
const OTHER: u8 = 11;
/// A map with the places of its values in front of them, two bytes each.
const ROW: u8 = 12;

impl Packed {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// The value at a place.
    pub fn row(&self, at: u32) -> Dynamic {
        self.read(&mut self.bytes(at))
    }

    /// Where the field of that name stands.
    pub fn column(&self, name: &str) -> Column {
        let place = |shape: &Shape| shape.names.binary_search_by(|known| known.as_str().cmp(name)).ok();
        Column(self.shapes.iter().map(|shape| place(shape).map(|place| place as u32)).collect())
    }

    /// One field of the map at a place; `None` if it has no such field or is no map.
    pub fn field(&self, at: u32, column: &Column) -> Option<Dynamic> {
        self.find(at, column).map(|mut bytes| self.read(&mut bytes))
    }

    /// The same, where it is a plain one, as it stands here: no value is made of it.
    pub fn cell(&self, at: u32, column: &Column) -> Option<Cell<'_>> {
        let bytes = &mut self.find(at, column)?;
        match byte(bytes) {
            UNIT => Some(Cell::Nothing),
            INTEGER => Some(Cell::Integer(integer(bytes))),
            TEXT => {
                let length = number(bytes) as usize;
                Some(Cell::Text(&bytes[..length]))
            }
            SHARED_TEXT => Some(Cell::Text(self.texts[number(bytes) as usize].as_bytes())),
            _ => None,
        }
    }

    /// The bytes from one field of the map at a place on.
    fn find(&self, at: u32, column: &Column) -> Option<&[u8]> {
        let bytes = &mut self.bytes(at);
        let kind = byte(bytes);
        if kind == MAP {
            size(bytes);
        } else if kind != ROW {
            return None;
        }
        let shape = number(bytes) as usize;
        let place = column.0[shape]? as usize;
        if kind == ROW {
            let offset = usize::from(u16::from_le_bytes([bytes[2 * place], bytes[2 * place + 1]]));
            return Some(&bytes[2 * self.shapes[shape].names.len() + offset..]);
        }
        (0..place).for_each(|_| skip(bytes));
        Some(bytes)
    }

    fn bytes(&self, at: u32) -> &[u8] {
        let (block, start) = self.starts[at as usize];
        &self.blocks[block as usize][start as usize..]
    }

    fn read(&self, bytes: &mut &[u8]) -> Dynamic {
        match byte(bytes) {
            UNIT => Dynamic::UNIT,
            FALSE => false.into(),
            TRUE => true.into(),
            INTEGER => integer(bytes).into(),
            FLOAT => f64::from_le_bytes(fixed(bytes)).into(),
            TEXT => {
                let length = number(bytes) as usize;
                let text = ImmutableString::from(String::from_utf8_lossy(&bytes[..length]).as_ref());
                *bytes = &bytes[length..];
                text.into()
            }
            SHARED_TEXT => self.texts[number(bytes) as usize].clone().into(),
            LETTER => char::from_u32(number(bytes) as u32).unwrap_or(char::REPLACEMENT_CHARACTER).into(),
            BIG => Dynamic::from(BigInteger(number(bytes))),
            ARRAY => {
                size(bytes);
                let count = number(bytes);
                Dynamic::from_array((0..count).map(|_| self.read(bytes)).collect())
            }
            kind @ (MAP | ROW) => {
                if kind == MAP {
                    size(bytes);
                }
                let shape = &self.shapes[number(bytes) as usize];
                if kind == ROW {
                    *bytes = &bytes[2 * shape.names.len()..];
                }
                let mut map = shape.blank.clone();
                map.values_mut().for_each(|slot| *slot = self.read(bytes));
                Dynamic::from_map(map)
            }
            _ => self.others[number(bytes) as usize].clone(),
        }
    }
}

fn byte(bytes: &mut &[u8]) -> u8 {
    let first = bytes[0];
    *bytes = &bytes[1..];
    first
}

fn number(bytes: &mut &[u8]) -> u64 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let next = byte(bytes);
        number |= u64::from(next & 0x7f) << shift;
        if next < 0x80 {
            return number;
        }
        shift += 7;
    }
}

fn integer(bytes: &mut &[u8]) -> i64 {
    let packed = number(bytes);
    ((packed >> 1) as i64) ^ -((packed & 1) as i64)
}

fn fixed<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[..N]);
    *bytes = &bytes[N..];
    out
}

fn size(bytes: &mut &[u8]) -> usize {
    u32::from_le_bytes(fixed(bytes)) as usize
}

fn skip(bytes: &mut &[u8]) {
    match byte(bytes) {
        UNIT | FALSE | TRUE => {}
        FLOAT => *bytes = &bytes[8..],
        TEXT => {
            let length = number(bytes) as usize;
            *bytes = &bytes[length..];
        }
        ARRAY | MAP => {
            let length = size(bytes);
            *bytes = &bytes[length..];
        }
        _ => {
            number(bytes);
        }
    }
}
