//! Many values in few bytes: the rows of a held list. Names of fields are kept once for all rows that have the same ones,
//! short texts that repeat once for all. Anything a script can hold may be put in and comes out as it was.

use super::value::BigInteger;
use rhai::{Array, Dynamic, ImmutableString, Map};
use std::{collections::HashMap, sync::Arc};

/// Bytes are kept in blocks, so that growing copies nothing.
const BLOCK: usize = 256 * 1024;
/// Texts longer than this are hardly ever repeated.
const SHARED_LENGTH: usize = 24;
/// So many different short texts, and sharing stops paying.
const SHARED_COUNT: usize = 4096;

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

/// Packs values one by one.
#[derive(Default)]
pub struct Packer {
    packed: Packed,
    shapes: HashMap<Arc<[ImmutableString]>, u64>,
    texts: HashMap<ImmutableString, u64>,
    scratch: Vec<u8>,
}

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

impl Packer {
    /// Adds a value at the end.
    pub fn push(&mut self, value: &Dynamic) {
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        self.write(value, &mut bytes);
        let blocks = &mut self.packed.blocks;
        if blocks.last().is_none_or(|block| block.len() + bytes.len() > block.capacity()) {
            blocks.push(Vec::with_capacity(BLOCK.max(bytes.len())));
        }
        let at = blocks.len() - 1;
        self.packed.starts.push((at as u32, blocks[at].len() as u32));
        blocks[at].extend_from_slice(&bytes);
        self.scratch = bytes;
    }

    /// How many values were added.
    pub fn len(&self) -> u32 {
        self.packed.starts.len() as u32
    }

    /// All that was added.
    pub fn finish(mut self) -> Packed {
        self.packed.starts.shrink_to_fit();
        if let Some(last) = self.packed.blocks.last_mut() {
            last.shrink_to_fit();
        }
        self.packed
    }

    fn write(&mut self, value: &Dynamic, out: &mut Vec<u8>) {
        if value.is_unit() {
            out.push(UNIT);
        } else if let Ok(flag) = value.as_bool() {
            out.push(if flag { TRUE } else { FALSE });
        } else if let Ok(number) = value.as_int() {
            out.push(INTEGER);
            number_out(out, ((number << 1) ^ (number >> 63)) as u64);
        } else if let Ok(number) = value.as_float() {
            out.push(FLOAT);
            out.extend_from_slice(&number.to_le_bytes());
        } else if let Ok(letter) = value.as_char() {
            out.push(LETTER);
            number_out(out, u64::from(u32::from(letter)));
        } else if let Some(text) = value.read_lock::<ImmutableString>() {
            self.write_text(&text, out);
        } else if let Some(number) = value.read_lock::<BigInteger>() {
            out.push(BIG);
            number_out(out, number.0);
        } else if let Some(items) = value.read_lock::<Array>() {
            out.push(ARRAY);
            self.write_sized(out, |this, out| {
                number_out(out, items.len() as u64);
                items.iter().for_each(|item| this.write(item, out));
            });
        } else if let Some(map) = value.read_lock::<Map>() {
            out.push(MAP);
            self.write_sized(out, |this, out| {
                number_out(out, this.shape(&map));
                map.values().for_each(|item| this.write(item, out));
            });
        } else {
            out.push(OTHER);
            number_out(out, self.packed.others.len() as u64);
            self.packed.others.push(value.flatten_clone());
        }
    }

    /// Writes what `write` writes behind its length, so that a reader can step over it.
    fn write_sized(&mut self, out: &mut Vec<u8>, write: impl FnOnce(&mut Self, &mut Vec<u8>)) {
        let length = out.len();
        out.extend_from_slice(&[0; 4]);
        write(self, out);
        let size = (out.len() - length - 4) as u32;
        out[length..length + 4].copy_from_slice(&size.to_le_bytes());
    }

    fn write_text(&mut self, text: &ImmutableString, out: &mut Vec<u8>) {
        if text.len() <= SHARED_LENGTH {
            let known = self.texts.get(text).copied().or_else(|| {
                (self.texts.len() < SHARED_COUNT).then(|| {
                    let at = self.packed.texts.len() as u64;
                    self.packed.texts.push(text.clone());
                    self.texts.insert(text.clone(), at);
                    at
                })
            });
            if let Some(at) = known {
                out.push(SHARED_TEXT);
                return number_out(out, at);
            }
        }
        out.push(TEXT);
        number_out(out, text.len() as u64);
        out.extend_from_slice(text.as_bytes());
    }

    fn shape(&mut self, map: &Map) -> u64 {
        // Most rows have the fields of the one before.
        if let Some(last) = self.packed.shapes.last()
            && last.len() == map.len()
            && last.iter().zip(map.keys()).all(|(known, name)| known.as_str() == name.as_str())
        {
            return self.packed.shapes.len() as u64 - 1;
        }
        let names: Arc<[ImmutableString]> = map.keys().map(|name| ImmutableString::from(name.as_str())).collect();
        *self.shapes.entry(names.clone()).or_insert_with(|| {
            self.packed.shapes.push(names);
            self.packed.shapes.len() as u64 - 1
        })
    }
}

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

fn number_out(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_out_as_it_went_in() {
        let rows: Array = rhai::Engine::new()
            .eval(
                r#"[(), true, false, 0, -1, 9223372036854775807, -9223372036854775807 - 1, 1.5, "", "short", 'ß',
                    "a text that is much too long to be shared with another row", [], [1, ["x"]], #{},
                    #{a: 1, b: #{c: [()], d: "ä"}}, #{a: 2, b: ()}, #{b: 3, z: "日本"}, 1..5]"#,
            )
            .unwrap();
        let mut packer = Packer::default();
        rows.iter().for_each(|row| packer.push(row));
        packer.push(&Dynamic::from(BigInteger(u64::MAX)));
        let packed = packer.finish();
        assert_eq!(packed.len(), rows.len() + 1);
        for (at, row) in rows.iter().enumerate() {
            assert_eq!(format!("{:?}", packed.row(at as u32)), format!("{row:?}"));
            let Some(map) = row.read_lock::<Map>() else {
                assert!(packed.field(at as u32, "a").is_none());
                continue;
            };
            for name in ["a", "b", "c", "z", ""] {
                let field = packed.field(at as u32, name).map(|value| format!("{value:?}"));
                assert_eq!(field, map.get(name).map(|value| format!("{value:?}")), "{name}");
            }
        }
        assert_eq!(packed.row(rows.len() as u32).cast::<BigInteger>(), BigInteger(u64::MAX));
    }

    #[test]
    fn rows_larger_than_a_block_and_many_blocks_work() {
        let mut packer = Packer::default();
        for length in [1, BLOCK / 2, BLOCK, BLOCK * 3, 5] {
            packer.push(&"x".repeat(length).into());
        }
        let packed = packer.finish();
        let lengths: Vec<usize> = (0..5).map(|at| packed.row(at).into_string().unwrap().len()).collect();
        assert_eq!(lengths, [1, BLOCK / 2, BLOCK, BLOCK * 3, 5]);
    }
}
