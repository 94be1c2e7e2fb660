//! Frames as bytes: how one is written, and how those of a file are found again up to the last whole one. Knows no journal.

use std::{fs::File, io};

/// Before each frame: the lengths of head and body, and the checksum of both with their lengths.
pub(super) const PREFIX: usize = 12;
/// No frame is larger: an answer has at most 16 MiB, a file that is kept 64 MiB.
const LARGEST: usize = 128 << 20;

/// Where a frame's body lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub at: u64,
    pub len: u32,
}

impl Span {
    /// A part of it.
    pub fn part(self, at: usize, len: usize) -> Span {
        Span { at: self.at + at as u64, len: len as u32 }
    }
}

/// A frame that was read.
#[derive(Debug)]
pub struct Frame {
    pub head: Vec<u8>,
    pub body: Span,
}

impl Frame {
    /// Where its head lies.
    pub fn place(&self) -> Span {
        Span { at: self.body.at - self.head.len() as u64, len: self.head.len() as u32 }
    }
}

/// Adds a frame to bytes that are about to be written.
pub(super) fn add_frame(bytes: &mut Vec<u8>, head: &[u8], body: &[u8]) {
    let mut lengths = [0; 8];
    lengths[..4].copy_from_slice(&(head.len() as u32).to_le_bytes());
    lengths[4..].copy_from_slice(&(body.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&lengths);
    bytes.extend_from_slice(&checksum(&lengths, head, body).to_le_bytes());
    bytes.extend_from_slice(head);
    bytes.extend_from_slice(body);
}

fn checksum(lengths: &[u8], head: &[u8], body: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    [lengths, head, body].iter().for_each(|part| sum.update(part));
    sum.finalize()
}

/// Where frames are read from.
pub(super) trait Bytes {
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()>;
}

impl Bytes for File {
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        read_exact_at(self, bytes, at)
    }
}

impl Bytes for &[u8] {
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let part = self.get(at as usize..at as usize + bytes.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(part);
        Ok(())
    }
}

/// All whole frames, and where the last of them ends.
pub(super) fn frames(source: &impl Bytes, total: u64) -> io::Result<(Vec<Frame>, u64)> {
    let (mut frames, mut at) = (Vec::new(), 0);
    while total - at >= PREFIX as u64 {
        let mut prefix = [0; PREFIX];
        source.read_at(&mut prefix, at)?;
        let number =
            |from: usize| u32::from_le_bytes([prefix[from], prefix[from + 1], prefix[from + 2], prefix[from + 3]]);
        let (head, body) = (number(0) as usize, number(4) as usize);
        let size = PREFIX as u64 + head as u64 + body as u64;
        if head + body > LARGEST || size > total - at {
            break;
        }
        let mut bytes = vec![0; head + body];
        source.read_at(&mut bytes, at + PREFIX as u64)?;
        if checksum(&prefix[..8], &bytes[..head], &bytes[head..]) != number(8) {
            break;
        }
        bytes.truncate(head);
        frames.push(Frame { head: bytes, body: Span { at: at + (PREFIX + head) as u64, len: body as u32 } });
        at += size;
    }
    Ok((frames, at))
}

#[cfg(unix)]
pub(super) fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(unix)]
pub(super) fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(windows)]
pub(super) fn write_all_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
        bytes = &bytes[written..];
        at += written as u64;
    }
    Ok(())
}

#[cfg(windows)]
pub(super) fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        at += read as u64;
    }
    Ok(())
}
