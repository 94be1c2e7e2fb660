//! CSV as people have it: bytes in any of the usual encodings to text, text to cells, cells to text. Knows no script
//! engine and opens no file; that a row fits its header, and what a cell means, is for others to say.

mod decode;
mod parse;
mod separator;
mod write;

pub use decode::{Encoding, decode};
pub use parse::{Broken, Parser, Record};
pub use separator::{SEPARATORS, separator_of};
pub use write::Writer;

#[cfg(test)]
mod tests;
