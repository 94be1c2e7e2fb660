//! A journal: an append-only file of frames, each with a length and a checksum, so that one that was cut anywhere is read up
//! to its last whole frame. Knows bytes only; what they mean is the session's business.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// Before each frame: the lengths of head and body, and the checksum of both with their lengths.
const PREFIX: usize = 12;
/// So much of what is not kept yet stays in memory; beyond it a file without a name takes over.
const IN_MEMORY: usize = 4 << 20;
/// A kept file is made longer than its frames by as much as it has, within these bounds, and filled with zeros: to make safe
/// what replaces zeros costs a tenth of making safe a file that grows.
const ROOM: std::ops::RangeInclusive<u64> = (64 << 10)..=(1 << 20);
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

/// Frames that are kept, or may come to be. Safe to use from several threads.
#[derive(Debug)]
pub struct Journal {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    backing: Backing,
    len: u64,
    /// Whether it is a file that lasts, and not only what memory is too small for.
    kept: bool,
    /// How long such a file is, with the zeros behind its frames.
    room: u64,
    /// Set by a write that failed half-way and could not be taken back: nothing may follow it.
    broken: bool,
}

#[derive(Debug)]
enum Backing {
    Memory(Vec<u8>),
    File(Arc<File>),
}

const LOCK: &str = "no code panics while it holds this lock";

impl Journal {
    /// A journal that is not kept unless it is moved to a file ([`Journal::keep`]).
    pub fn volatile() -> Journal {
        Journal::over(Backing::Memory(Vec::new()), 0, false)
    }

    fn over(backing: Backing, len: u64, kept: bool) -> Journal {
        Journal { inner: Mutex::new(Inner { backing, len, kept, room: len, broken: false }) }
    }

    /// Opens a kept journal and gives its frames. What follows the last whole frame is cut off: it was being written when
    /// its process ended.
    pub fn open(path: &Path) -> io::Result<(Journal, Vec<Frame>)> {
        let file = super::private_file(path)?;
        let (frames, len) = frames(&file, file.metadata()?.len())?;
        file.set_len(len)?;
        Ok((Journal::over(Backing::File(Arc::new(file)), len, true), frames))
    }

    /// The frames of a kept journal that another process may be writing to.
    pub fn look(path: &Path) -> io::Result<(Journal, Vec<Frame>)> {
        let file = File::open(path)?;
        let (frames, len) = frames(&file, file.metadata()?.len())?;
        Ok((Journal::over(Backing::File(Arc::new(file)), len, false), frames))
    }

    /// Appends a frame; gives where its body lies. It is safe from the end of the process at once, from the loss of power
    /// after [`Journal::sync`].
    pub fn append(&self, head: &[u8], body: &[u8]) -> io::Result<Span> {
        let frame = frame(head, body);
        let mut inner = self.inner.lock().expect(LOCK);
        let start = inner.len;
        inner.write(&frame)?;
        Ok(Span { at: start + (PREFIX + head.len()) as u64, len: body.len() as u32 })
    }

    /// What was appended is on the disk when this returns, and can be found there: an error where somebody has removed the
    /// file. Others may append meanwhile.
    pub fn sync(&self) -> io::Result<()> {
        let file = match &self.inner.lock().expect(LOCK).backing {
            Backing::Memory(_) => return Ok(()),
            Backing::File(file) => file.clone(),
        };
        file.sync_data()?;
        if is_removed(&file)? { Err(io::Error::from(io::ErrorKind::NotFound)) } else { Ok(()) }
    }

    /// All frames so far.
    pub fn frames(&self) -> io::Result<Vec<Frame>> {
        let inner = self.inner.lock().expect(LOCK);
        match &inner.backing {
            Backing::Memory(bytes) => frames(&bytes.as_slice(), inner.len),
            Backing::File(file) => frames(&**file, inner.len),
        }
        .map(|(frames, _)| frames)
    }

    /// The bytes of a span.
    pub fn read(&self, span: Span) -> io::Result<Vec<u8>> {
        let file = match &self.inner.lock().expect(LOCK).backing {
            Backing::Memory(bytes) => {
                let at = span.at as usize;
                return bytes
                    .get(at..at + span.len as usize)
                    .map(<[u8]>::to_vec)
                    .ok_or_else(|| io::ErrorKind::UnexpectedEof.into());
            }
            Backing::File(file) => file.clone(),
        };
        let mut bytes = vec![0; span.len as usize];
        read_exact_at(&file, &mut bytes, span.at)?;
        Ok(bytes)
    }

    /// Takes over to a file without a name in `folder` where it has become too large for memory.
    pub fn spill(&self, folder: &Path) -> io::Result<()> {
        let mut inner = self.inner.lock().expect(LOCK);
        match &inner.backing {
            Backing::Memory(bytes) if bytes.len() > IN_MEMORY => {}
            _ => return Ok(()),
        }
        super::private_folder(folder)?;
        let path = folder.join(format!("spool-{}-{:x}", std::process::id(), fastrand::u64(..)));
        let file = super::private_file(&path)?;
        // It goes with the process, whatever ends that.
        let gone = std::fs::remove_file(&path);
        inner.copy_to(file)?;
        gone
    }

    /// Makes a file of it at `path`, from here on and on the disk when this returns.
    pub fn keep(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner.lock().expect(LOCK);
        let file = super::private_file(path)?;
        file.set_len(0)?;
        inner.copy_to(file)?;
        inner.kept = true;
        if let Backing::File(file) = &inner.backing {
            file.sync_all()?;
        }
        sync_folder_of(path)
    }

    /// Drops everything, and keeps nothing from here on in a file.
    pub fn clear(&self) {
        let mut inner = self.inner.lock().expect(LOCK);
        *inner = Inner { backing: Backing::Memory(Vec::new()), len: 0, kept: false, room: 0, broken: false };
    }

    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        self.inner.lock().expect(LOCK).len
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Inner {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other("an earlier write to the journal failed"));
        }
        match &mut self.backing {
            Backing::Memory(all) => all.extend_from_slice(bytes),
            Backing::File(file) => {
                let end = self.len + bytes.len() as u64;
                if self.kept && end > self.room {
                    let room = end + end.clamp(*ROOM.start(), *ROOM.end());
                    // Where there is no room for more there may be for this frame.
                    if write_all_at(file, &vec![0; (room - end) as usize], end).is_ok() {
                        self.room = room;
                    }
                }
                if let Err(error) = write_all_at(file, bytes, self.len) {
                    // The next frame would be lost behind half of this one.
                    self.broken = file.set_len(self.len).is_err();
                    self.room = self.len;
                    return Err(error);
                }
            }
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    fn copy_to(&mut self, file: File) -> io::Result<()> {
        match &self.backing {
            Backing::Memory(bytes) => write_all_at(&file, bytes, 0)?,
            Backing::File(old) => {
                let mut chunk = vec![0; 1 << 20];
                let mut at = 0;
                while at < self.len {
                    let part = &mut chunk[..(self.len - at).min(1 << 20) as usize];
                    read_exact_at(old, part, at)?;
                    write_all_at(&file, part, at)?;
                    at += part.len() as u64;
                }
            }
        }
        self.backing = Backing::File(Arc::new(file));
        self.room = self.len;
        Ok(())
    }
}

impl Drop for Inner {
    /// Leaves no zeros behind. Where that fails, whoever reads stops at them.
    fn drop(&mut self) {
        if let Backing::File(file) = &self.backing
            && self.room > self.len
        {
            let _ = file.set_len(self.len);
        }
    }
}

/// A new or renamed file is there after a loss of power only if its folder was written too.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder: PathBuf = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Whether an open file has no name any more.
#[cfg(unix)]
fn is_removed(file: &File) -> io::Result<bool> {
    Ok(std::os::unix::fs::MetadataExt::nlink(&file.metadata()?) == 0)
}

/// An open file cannot be removed.
#[cfg(not(unix))]
fn is_removed(_: &File) -> io::Result<bool> {
    Ok(false)
}

fn frame(head: &[u8], body: &[u8]) -> Vec<u8> {
    let lengths = [(head.len() as u32).to_le_bytes(), (body.len() as u32).to_le_bytes()].concat();
    let mut bytes = Vec::with_capacity(PREFIX + head.len() + body.len());
    bytes.extend_from_slice(&lengths);
    bytes.extend_from_slice(&checksum(&lengths, head, body).to_le_bytes());
    bytes.extend_from_slice(head);
    bytes.extend_from_slice(body);
    bytes
}

fn checksum(lengths: &[u8], head: &[u8], body: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    [lengths, head, body].iter().for_each(|part| sum.update(part));
    sum.finalize()
}

/// Where frames are read from.
trait Bytes {
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
fn frames(source: &impl Bytes, total: u64) -> io::Result<(Vec<Frame>, u64)> {
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
fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(windows)]
fn write_all_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
        bytes = &bytes[written..];
        at += written as u64;
    }
    Ok(())
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(frames: &[Frame]) -> Vec<&[u8]> {
        frames.iter().map(|frame| frame.head.as_slice()).collect()
    }

    #[test]
    fn what_was_appended_is_there_again_before_and_after_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::volatile();
        let first = journal.append(b"one", b"body").unwrap();
        assert_eq!(journal.read(first).unwrap(), b"body");
        journal.keep(&path).unwrap();
        journal.append(b"two", b"").unwrap();
        journal.sync().unwrap();
        assert_eq!(journal.read(first.part(1, 2)).unwrap(), b"od");
        let (again, frames) = Journal::open(&path).unwrap();
        assert_eq!(
            (heads(&frames), again.read(frames[0].body).unwrap()),
            (vec![&b"one"[..], b"two"], b"body".to_vec())
        );
        assert_eq!(again.len(), journal.len());
    }

    #[test]
    fn a_large_one_leaves_memory_and_no_file_behind() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::volatile();
        let body = vec![7; 3 << 20];
        let spans: Vec<Span> = (0..3).map(|_| journal.append(b"h", &body).unwrap()).collect();
        journal.spill(folder.path()).unwrap();
        assert!(matches!(journal.inner.lock().unwrap().backing, Backing::File(_)));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        journal.append(b"last", b"x").unwrap();
        assert_eq!(journal.read(spans[2]).unwrap(), body);
        journal.keep(&folder.path().join("journal")).unwrap();
        let (_, frames) = Journal::open(&folder.path().join("journal")).unwrap();
        assert_eq!(heads(&frames), [&b"h"[..], b"h", b"h", b"last"]);
    }

    #[cfg(unix)]
    #[test]
    fn one_that_was_removed_is_not_safe_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::volatile();
        journal.keep(&path).unwrap();
        journal.append(b"one", b"").unwrap();
        journal.sync().unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(journal.sync().unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn one_that_is_cut_at_any_byte_or_has_a_wrong_one_is_read_up_to_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let journal = Journal::volatile();
        let mut ends = vec![0];
        for n in 0..4_u8 {
            journal.append(&[n; 3], &vec![n; n as usize * 5]).unwrap();
            ends.push(journal.len());
        }
        journal.keep(&path).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (journal, frames) = Journal::open(&path).unwrap();
            let expected = ends.iter().filter(|end| **end > 0 && **end <= cut as u64).count();
            assert_eq!((frames.len(), journal.len()), (expected, ends[expected]), "cut at {cut}");
            journal.append(b"new", b"").unwrap();
            assert_eq!(Journal::open(&path).unwrap().1.len(), expected + 1, "cut at {cut}");
        }
        for at in 0..whole.len() {
            let mut wrong = whole.clone();
            wrong[at] ^= 0x40;
            std::fs::write(&path, &wrong).unwrap();
            let frames = Journal::open(&path).unwrap().1;
            let expected = ends.iter().filter(|end| **end > 0 && **end <= at as u64).count();
            assert_eq!(frames.len(), expected, "wrong at {at}");
        }
    }
}
