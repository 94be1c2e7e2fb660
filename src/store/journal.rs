//! A journal: an append-only file of frames, each with a length and a checksum, so that one that was cut anywhere is read up
//! to its last whole frame. Knows bytes only; what they mean is the session's business.

mod frames;
mod lately;
#[cfg(test)]
mod tests;

pub use frames::{Frame, Span};

use frames::{Bytes, PREFIX, add_frame, frames, read_exact_at, write_all_at};
use lately::Lately;
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// So much of what is not kept yet stays in memory; beyond it a file without a name takes over.
const IN_MEMORY: usize = 4 << 20;
/// A kept file is made longer than its frames by as much as it has, within these bounds, and filled with zeros: to make safe
/// what replaces zeros costs a tenth of making safe a file that grows.
const ROOM: std::ops::RangeInclusive<u64> = (64 << 10)..=(1 << 20);
/// Where more than this is made safe at a time, zeros would cost more than they save: all is written twice.
const MUCH: u64 = 128 << 10;

/// Frames that are kept, or may come to be. Safe to use from several threads.
#[derive(Debug)]
pub struct Journal {
    inner: Mutex<Inner>,
    /// The file that it is in, so that who reads does not wait for who writes.
    file: RwLock<Option<Arc<File>>>,
    /// How many bytes it has, for who reads.
    written: AtomicU64,
    /// Rows of a page are asked for one after the other.
    lately: Lately,
}

#[derive(Debug, Default)]
struct Inner {
    backing: Backing,
    len: u64,
    /// Whether it is a file that lasts, and not only what memory is too small for.
    kept: bool,
    /// How long such a file is, with the zeros behind its frames.
    room: u64,
    /// How long it was when it was last about to be made safe.
    at_sync: u64,
    /// How much had come since the time before: a hint of how much will come until the next one, and no promise.
    between_syncs: u64,
    /// Why nothing may follow: it has ended, or a write failed half-way and could not be taken back.
    closed: Option<&'static str>,
}

#[derive(Debug)]
enum Backing {
    Memory(Vec<u8>),
    File(Arc<File>),
}

impl Default for Backing {
    fn default() -> Backing {
        Backing::Memory(Vec::new())
    }
}

const LOCK: &str = "no code panics while it holds this lock";

impl Journal {
    /// A journal that is not kept unless it is moved to a file ([`Journal::keep`]).
    pub fn volatile() -> Journal {
        Journal::over(Backing::default(), 0, false)
    }

    fn over(backing: Backing, len: u64, kept: bool) -> Journal {
        let file = backing.file().cloned();
        let inner = Inner { backing, len, kept, room: len, at_sync: len, between_syncs: 0, closed: None };
        let written = AtomicU64::new(len);
        Journal { inner: Mutex::new(inner), file: RwLock::new(file), written, lately: Lately::default() }
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
        self.append_all(&[(head, body)]).map(|spans| spans[0])
    }

    /// Appends several frames, each with its head and its body: all of them or none. Gives where the bodies lie.
    pub fn append_all<H: AsRef<[u8]>>(&self, frames: &[(H, &[u8])]) -> io::Result<Vec<Span>> {
        let size = frames.iter().map(|(head, body)| PREFIX + head.as_ref().len() + body.len()).sum();
        let mut bytes = Vec::with_capacity(size);
        let mut spans = Vec::with_capacity(frames.len());
        for (head, body) in frames {
            add_frame(&mut bytes, head.as_ref(), body);
            spans.push(Span { at: (bytes.len() - body.len()) as u64, len: body.len() as u32 });
        }
        let start = self.write(&bytes)?;
        spans.iter_mut().for_each(|span| span.at += start);
        Ok(spans)
    }

    /// Gives where the bytes lie now.
    fn write(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut inner = self.inner.lock().expect(LOCK);
        let start = inner.len;
        inner.write(bytes)?;
        self.written.store(inner.len, Ordering::Release);
        Ok(start)
    }

    /// What was appended is on the disk when this returns, and can be found there: an error where somebody has removed the
    /// file. Others may append meanwhile.
    pub fn sync(&self) -> io::Result<()> {
        let Some(file) = self.file() else { return Ok(()) };
        self.inner.lock().expect(LOCK).note_sync();
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
        if let Some(file) = self.file() {
            return self.lately.read(&file, span, self.written.load(Ordering::Acquire));
        }
        let mut bytes = vec![0; span.len as usize];
        match &self.inner.lock().expect(LOCK).backing {
            Backing::Memory(all) => all.as_slice().read_at(&mut bytes, span.at)?,
            // It became one just now.
            Backing::File(file) => read_exact_at(file, &mut bytes, span.at)?,
        }
        Ok(bytes)
    }

    fn file(&self) -> Option<Arc<File>> {
        self.file.read().expect(LOCK).clone()
    }

    /// Takes over to another file.
    fn move_to(&self, inner: &mut Inner, file: File) -> io::Result<()> {
        inner.copy_to(file)?;
        *self.file.write().expect(LOCK) = inner.backing.file().cloned();
        Ok(())
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
        self.move_to(&mut inner, file)?;
        gone
    }

    /// Makes a file of it at `path`, from here on and on the disk when this returns.
    pub fn keep(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner.lock().expect(LOCK);
        let file = super::private_file(path)?;
        file.set_len(0)?;
        self.move_to(&mut inner, file)?;
        inner.kept = true;
        if let Backing::File(file) = &inner.backing {
            file.sync_all()?;
        }
        sync_folder_of(path)
    }

    /// Drops everything, and keeps nothing from here on in a file.
    pub fn clear(&self) {
        let mut inner = self.inner.lock().expect(LOCK);
        *inner = Inner::default();
        *self.file.write().expect(LOCK) = None;
        self.written.store(0, Ordering::Release);
        self.lately.forget();
    }

    /// Ends it: nothing may follow, and no zeros stay behind its frames. The run has to be this process's own until then:
    /// whoever opens its journal next may write to it at once.
    pub fn end(&self) {
        let mut inner = self.inner.lock().expect(LOCK);
        inner.closed = Some("the run has ended");
        if let Some(file) = inner.backing.file().filter(|_| inner.room > inner.len) {
            // Where that fails, whoever reads stops at them.
            let _ = file.set_len(inner.len);
        }
    }

    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        self.inner.lock().expect(LOCK).len
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Backing {
    fn file(&self) -> Option<&Arc<File>> {
        match self {
            Backing::Memory(_) => None,
            Backing::File(file) => Some(file),
        }
    }
}

impl Inner {
    /// What is written so far is about to be made safe.
    fn note_sync(&mut self) {
        self.between_syncs = self.len - self.at_sync;
        self.at_sync = self.len;
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(why) = self.closed {
            return Err(io::Error::other(why));
        }
        match &mut self.backing {
            Backing::Memory(all) => all.extend_from_slice(bytes),
            Backing::File(file) => {
                let end = self.len + bytes.len() as u64;
                if self.kept && end > self.room && self.between_syncs <= MUCH {
                    let room = end + end.clamp(*ROOM.start(), *ROOM.end());
                    match fill(file, end, room) {
                        Ok(()) => self.room = room,
                        // Where there is no room for more there may be for this frame, if no zeros are in its place.
                        Err(_) => {
                            let _ = file.set_len(self.len);
                            self.room = self.len;
                        }
                    }
                }
                if let Err(error) = write_all_at(file, bytes, self.len) {
                    // The next frame would be lost behind half of this one.
                    self.closed = file.set_len(self.len).err().map(|_| "an earlier write to the journal failed");
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
        (self.room, self.at_sync) = (self.len, self.len);
        Ok(())
    }
}

/// Writes zeros from one place of a file to another. A few pages at a time: the system keeps together in memory what is
/// written together, and looks at all of that for each frame that is written into it.
fn fill(file: &File, from: u64, to: u64) -> io::Result<()> {
    const ZEROS: [u8; 16 << 10] = [0; 16 << 10];
    let mut at = from;
    while at < to {
        let part = ZEROS.len() as u64 - at % ZEROS.len() as u64;
        let part = part.min(to - at);
        write_all_at(file, &ZEROS[..part as usize], at)?;
        at += part;
    }
    Ok(())
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
