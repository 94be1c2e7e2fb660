//! Many values in few bytes: the rows of a held list. Names of fields are kept once for all rows that have the same ones,
//! short texts that repeat once for all. Anything a script can hold may be put in and comes out as it was. Writing is in
//! `packer`.

mod packer;
#[cfg(test)]
mod tests;

pub use packer::Packer;

use super::value::BigInteger;
use rhai::{Array, Dynamic, ImmutableString, Map};
use std::sync::Arc;

/// A packed set of values; it never changes.
#[derive(Default)]
pub struct Packed {
    blocks: Vec<Vec<u8>>,
    /// Where each value begins: its block and the place in it.
    starts: Vec<(u32, u32)>,
    /// The names of the fields of maps, in order.
    shapes: Vec<Arc<[ImmutableString]>>,
    texts: Vec<ImmutableString>,
    /// Values of kinds that have no packed form, such as times and functions.
    others: Vec<Dynamic>,
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

impl Packed {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// The value at a place.
    pub fn row(&self, at: u32) -> Dynamic {
        self.read(&mut self.bytes(at))
    }

    /// One field of the map at a place; `None` if it has no such field or is no map.
    pub fn field(&self, at: u32, name: &str) -> Option<Dynamic> {
        let bytes = &mut self.bytes(at);
        if byte(bytes) != MAP {
            return None;
        }
        size(bytes);
        let shape = &self.shapes[number(bytes) as usize];
        let place = shape.binary_search_by(|known| known.as_str().cmp(name)).ok()?;
        (0..place).for_each(|_| skip(bytes));
        Some(self.read(bytes))
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
            INTEGER => {
                let packed = number(bytes);
                (((packed >> 1) as i64) ^ -((packed & 1) as i64)).into()
            }
            FLOAT => f64::from_le_bytes(fixed(bytes)).into(),
            TEXT => {
                let length = number(bytes) as usize;
                let text = String::from_utf8_lossy(&bytes[..length]);
                let text = ImmutableString::from(text.as_ref());
                *bytes = &bytes[length..];
                text.into()
            }
            SHARED_TEXT => self.texts[number(bytes) as usize].clone().into(),
            LETTER => char::from_u32(number(bytes) as u32).unwrap_or(char::REPLACEMENT_CHARACTER).into(),
            BIG => Dynamic::from(BigInteger(number(bytes))),
            ARRAY => {
                size(bytes);
                let count = number(bytes);
                (0..count).map(|_| self.read(bytes)).collect::<Array>().into()
            }
            MAP => {
                size(bytes);
                let shape = &self.shapes[number(bytes) as usize];
                shape.iter().map(|name| (name.as_str().into(), self.read(bytes))).collect::<Map>().into()
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
