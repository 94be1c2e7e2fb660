//! What was read of a journal lately: the rows of a page lie behind one another, and are asked for in their order. Knows no
//! frames.

use super::frames::{Span, read_exact_at};
use std::{fs::File, io, sync::Mutex};

const LOCK: &str = "no code panics while it holds this lock";
/// So much is read at once where one span is asked for right behind the other.
const BLOCK: u64 = 32 << 10;
/// Between two rows of a page stands no more than this.
const GAP: u64 = 64;

/// The bytes that were read last, and where they lie. What is written never changes.
#[derive(Debug, Default)]
pub(super) struct Lately(Mutex<Block>);

#[derive(Debug, Default)]
struct Block {
    at: u64,
    bytes: Vec<u8>,
    /// Where the last span ended that was asked for.
    end: u64,
}

impl Lately {
    /// The bytes of a span of `file`, of which `written` bytes were written when this was called.
    pub(super) fn read(&self, file: &File, span: Span, written: u64) -> io::Result<Vec<u8>> {
        let mut block = self.0.lock().expect(LOCK);
        let end = span.at + u64::from(span.len);
        if !block.has(span.at, end) {
            let follows = (block.end..=block.end + GAP).contains(&span.at);
            // What is not written yet will be something else soon.
            let most = if follows { (span.at + BLOCK).min(written).max(end) } else { end };
            block.bytes.resize((most - span.at) as usize, 0);
            // Until it is read it is nowhere.
            block.at = u64::MAX;
            read_exact_at(file, &mut block.bytes, span.at)?;
            block.at = span.at;
        }
        block.end = end;
        let from = (span.at - block.at) as usize;
        Ok(block.bytes[from..from + span.len as usize].to_vec())
    }

    /// What comes is another file.
    pub(super) fn forget(&self) {
        *self.0.lock().expect(LOCK) = Block::default();
    }
}

impl Block {
    fn has(&self, from: u64, to: u64) -> bool {
        self.at <= from && to <= self.at.saturating_add(self.bytes.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::journal::frames::write_all_at;

    #[test]
    fn spans_are_what_they_were_when_they_were_written_and_what_follows_is_not_taken_from_before() {
        let file = tempfile::tempfile().unwrap();
        let all: Vec<u8> = (0..100_000_u32).map(|at| (at % 251) as u8).collect();
        write_all_at(&file, &all, 0).unwrap();
        let lately = Lately::default();
        let read = |at: usize, len: usize, written: usize| {
            lately.read(&file, Span { at: at as u64, len: len as u32 }, written as u64).unwrap()
        };
        for at in (0..90_000).step_by(600).chain([5, 99_000, 40_000, 0]) {
            assert_eq!(read(at, 598, all.len()), all[at..at + 598], "{at}");
        }
        lately.forget();
        // A block ends where the written bytes end, although more could be read.
        assert_eq!((read(0, 10, 30), read(10, 10, 30)), (all[..10].to_vec(), all[10..20].to_vec()));
        assert_eq!(lately.0.lock().unwrap().bytes, all[..30]);
        write_all_at(&file, &[255; 10], 30).unwrap();
        assert_eq!(read(30, 10, 40), [255; 10]);
        let beyond = lately.read(&file, Span { at: 99_999, len: 2 }, 100_001);
        assert_eq!(beyond.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(read(99_998, 2, all.len()), all[99_998..]);
    }
}
