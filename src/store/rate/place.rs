//! The folder and the two files of one process: making, opening, locking, and clearing away what others left.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// How long one waits for the lock. Others hold it for microseconds; longer than this only if they are stopped.
const PATIENCE: Duration = Duration::from_secs(1);

/// Far more than anybody writes.
const LARGEST: u64 = 1 << 20;

/// Files that nobody has written for so long, by the folder's own time, belong to nobody.
const OLD: Duration = Duration::from_secs(7 * 24 * 3600);

/// Where the files are.
pub struct Place {
    folder: PathBuf,
    name: String,
    id: u64,
}

/// Both files of a process.
pub struct Open {
    shared: File,
    _own: File,
}

/// The shared file while it is ours.
pub struct Locked<'a>(&'a File);

impl Place {
    /// The files of the process `id` below `folder`.
    pub fn new(folder: PathBuf, name: String, id: u64) -> Place {
        Place { folder, name, id }
    }

    pub fn id(&self) -> u64 {
        self.id
    }

    /// The shared file.
    pub fn file(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Makes what is missing and opens both files. The own one is locked while the shared one is, so that nobody sees
    /// it free.
    pub fn open(&self) -> io::Result<Open> {
        make_folder(&self.folder)?;
        let shared = open_private(&self.file())?;
        let locked = Locked::new(&shared)?;
        let own = open_private(&self.own(self.id))?;
        own.try_lock().map_err(io::Error::from)?;
        self.clear(&own);
        drop(locked);
        Ok(Open { shared, _own: own })
    }

    /// Whether that process still holds its lock.
    pub fn lives(&self, id: u64) -> bool {
        if id == self.id {
            return true;
        }
        let path = self.own(id);
        match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => !remove_free(&path, &file),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }

    /// Removes the own file: to the others this process has gone.
    pub fn leave(&self) {
        // If it stays, its lock goes with the process.
        let _ = fs::remove_file(self.own(self.id));
    }

    fn own(&self, id: u64) -> PathBuf {
        self.folder.join(format!("{}.{id:016x}", self.name))
    }

    /// Removes what dead processes left, and files of keys or starts of the machine that are long gone. What cannot be
    /// removed harms nobody.
    fn clear(&self, fresh: &File) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let Ok(now) = fresh.metadata().and_then(|about| about.modified()) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            let of_ours = path.file_stem().is_some_and(|stem| *stem == *self.name);
            let old = || {
                let written = entry.metadata().and_then(|about| about.modified()).ok();
                written.and_then(|written| now.duration_since(written).ok()).is_some_and(|age| age > OLD)
            };
            let wanted = path == self.file() || path == self.own(self.id);
            if !wanted
                && (of_ours || old())
                && let Ok(file) = OpenOptions::new().read(true).write(true).open(&path)
            {
                remove_free(&path, &file);
            }
        }
    }
}

impl Open {
    /// Waits until the shared file is ours.
    pub fn lock(&self) -> io::Result<Locked<'_>> {
        Locked::new(&self.shared)
    }
}

impl<'a> Locked<'a> {
    fn new(file: &'a File) -> io::Result<Locked<'a>> {
        let mut begun = None;
        for turn in 0_u32.. {
            match file.try_lock() {
                Ok(()) => return Ok(Locked(file)),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if turn < 20 => thread::yield_now(),
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_micros(100)),
            }
            if begun.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                break;
            }
        }
        Err(io::Error::other("another process does not let go of it"))
    }

    /// Whether it has no name any more.
    pub fn is_removed(&self) -> io::Result<bool> {
        let about = self.0.metadata()?;
        #[cfg(unix)]
        return Ok(std::os::unix::fs::MetadataExt::nlink(&about) == 0);
        #[cfg(not(unix))]
        return Ok(!about.is_file());
    }

    /// All that is in it.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut file = self.0;
        let mut bytes = Vec::with_capacity(usize::try_from(file.metadata()?.len().min(LARGEST)).unwrap_or(0) + 1);
        file.seek(SeekFrom::Start(0))?;
        file.take(LARGEST).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Puts `bytes` at its beginning. What a longer content left behind them stays: it is cheaper than to cut the file.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = self.0;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(bytes)
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // If this failed, closing the file would let go of it.
        let _ = self.0.unlock();
    }
}

/// Removes a file that nobody holds; gives whether nobody did.
fn remove_free(path: &Path, file: &File) -> bool {
    let free = file.try_lock().is_ok();
    if free {
        let _ = fs::remove_file(path);
    }
    free
}

/// A folder that only its owner can look into, with whatever is missing above it.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    private(folder, &fs::symlink_metadata(folder)?, 0o700)
}

/// A regular file that only its owner can read, made if need be.
fn open_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A link could lead to a file that is not ours to write.
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    let file = options.open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    private(path, &about, 0o600)?;
    Ok(file)
}

/// Takes from others what they may do with it.
#[cfg(unix)]
fn private(path: &Path, about: &fs::Metadata, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if about.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn private(_: &Path, _: &fs::Metadata, _: u32) -> io::Result<()> {
    Ok(())
}
