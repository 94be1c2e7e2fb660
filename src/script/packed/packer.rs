//! Packs values: the writing half of the format that `packed` reads.

use super::{ARRAY, BIG, FALSE, FLOAT, INTEGER, LETTER, MAP, OTHER, Packed, ROW, SHARED_TEXT, Shape, TEXT, TRUE, UNIT};
use crate::script::value::BigInteger;
use rhai::{Array, Dynamic, ImmutableString, Map};
use std::{collections::HashMap, sync::Arc};

/// Bytes are kept in blocks, so that growing copies nothing.
pub(super) const BLOCK: usize = 256 * 1024;
/// Texts longer than this are hardly ever repeated.
const SHARED_LENGTH: usize = 24;
/// So many different short texts, and sharing stops paying.
const SHARED_COUNT: usize = 4096;

/// Packs values one by one.
#[derive(Default)]
pub struct Packer {
    packed: Packed,
    shapes: HashMap<Arc<[ImmutableString]>, u64>,
    texts: HashMap<ImmutableString, u64, foldhash::fast::RandomState>,
    scratch: Vec<u8>,
}

impl Packer {
    /// Adds a value at the end.
    pub fn push(&mut self, value: &Dynamic) {
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        if !value.read_lock::<Map>().is_some_and(|map| self.write_row(&map, &mut bytes)) {
            bytes.clear();
            self.write(value, &mut bytes);
        }
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

    /// Writes a map with the places of its values, so that each of them is found at once. False where it is too long
    /// for that.
    fn write_row(&mut self, map: &Map, out: &mut Vec<u8>) -> bool {
        out.push(ROW);
        number_out(out, self.shape(map));
        let table = out.len();
        let begin = table + 2 * map.len();
        out.resize(begin, 0);
        for (at, item) in map.values().enumerate() {
            let Ok(offset) = u16::try_from(out.len() - begin) else { return false };
            out[table + 2 * at..table + 2 * at + 2].copy_from_slice(&offset.to_le_bytes());
            self.write(item, out);
        }
        true
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
            && last.names.len() == map.len()
            && last.names.iter().zip(map.keys()).all(|(known, name)| known.as_str() == name.as_str())
        {
            return self.packed.shapes.len() as u64 - 1;
        }
        let names: Arc<[ImmutableString]> = map.keys().map(|name| ImmutableString::from(name.as_str())).collect();
        *self.shapes.entry(names.clone()).or_insert_with(|| {
            let blank = map.keys().map(|name| (name.clone(), Dynamic::UNIT)).collect();
            self.packed.shapes.push(Shape { names, blank });
            self.packed.shapes.len() as u64 - 1
        })
    }
}

fn number_out(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
