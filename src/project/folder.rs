//! One folder and the files below it, opened relative to its handle: nothing outside can be reached, whatever links
//! stand in it or are put there meanwhile. Knows no rule about names.

use super::error::{FileError, shown};
use crate::text;
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::{
    ambient_authority,
    fs::{Dir, FileType, Metadata, OpenOptions},
};
use std::{
    ffi::OsStr,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

/// Files are read into memory; a larger one would take all of it.
const LARGEST_FILE: u64 = 256 << 20;

/// A folder that is opened when the first file in it is wanted: a script that reads nothing pays nothing.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
    handle: Arc<OnceLock<Dir>>,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Folder {
        Folder { path, handle: Arc::default() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn handle(&self) -> io::Result<&Dir> {
        if self.handle.get().is_none() {
            let _ = self.handle.set(Dir::open_ambient_dir(&self.path, ambient_authority())?);
        }
        Ok(self.handle.get().expect("it has just been set"))
    }

    /// The bytes of a regular file. `said` is the path as errors name it.
    pub(super) fn read(&self, said: &str, path: &Path) -> Result<Vec<u8>, FileError> {
        let failed = |error: io::Error| FileError::system(said, "read", &error);
        let missing = |error: io::Error| self.with_neighbours(failed(error), path);
        let dir = self.handle().map_err(failed)?;
        // Looked at before it is opened, because opening a pipe or a device can already have an effect; and once more
        // behind, because it may have been swapped in between. Without blocking, for the same reason.
        regular(said, dir.metadata(path).map_err(missing)?.file_type())?;
        let file = dir.open_with(path, OpenOptions::new().read(true).nonblock(true)).map_err(missing)?;
        regular(said, file.metadata().map_err(failed)?.file_type())?;
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(FileError::refused(said, "is larger than 256 MiB").hint("split it into smaller files"));
        }
        Ok(bytes)
    }

    /// The real path below this folder, links resolved.
    pub(super) fn real(&self, said: &str, path: &Path) -> Result<PathBuf, FileError> {
        let failed = |error: io::Error| FileError::system(said, "read", &error);
        self.handle().map_err(failed)?.canonicalize(path).map_err(failed)
    }

    /// Whether there is such a file.
    pub(super) fn holds(&self, path: &Path) -> bool {
        self.handle().is_ok_and(|dir| dir.exists(path))
    }

    /// Makes the folder and those below it that a file is to lie in.
    pub(super) fn make_parents(&self, said: &str, path: &Path) -> Result<(), FileError> {
        let failed = |error: io::Error| FileError::system(said, "written", &error);
        private(&self.path).map_err(failed)?;
        let parent = path.parent().unwrap_or(Path::new(""));
        if parent.as_os_str().is_empty() {
            Ok(())
        } else {
            self.handle().and_then(|dir| dir.create_dir_all(parent)).map_err(failed)
        }
    }

    /// Fails where a file could not be written, before there is anything to write.
    pub(super) fn try_write(&self, said: &str, path: &Path) -> Result<(), FileError> {
        let failed = |error: io::Error| FileError::system(said, "written", &error);
        let (parent, _, _) = self.place(said, path)?;
        let temporary = temporary();
        parent.open_with(&temporary, OpenOptions::new().write(true).create_new(true)).map_err(failed)?;
        parent.remove_file(&temporary).map_err(failed)
    }

    /// The folder, the name and the present state of a file that is to be written.
    fn place<'a>(&self, said: &str, path: &'a Path) -> Result<(Dir, &'a OsStr, Option<Metadata>), FileError> {
        let failed = |error: io::Error| FileError::system(said, "written", &error);
        let dir = self.handle().map_err(failed)?;
        let name = path.file_name().expect("a path with a name was asked for");
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let parent = dir.open_dir(parent).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                let folder = shown(&parent.to_string_lossy());
                FileError {
                    message: format!("there is no folder `{folder}` to write `{}` into", shown(said)),
                    ..failed(error)
                }
                .hint("make the folder first; folders are not made on the way")
            }
            _ => failed(error),
        })?;
        let before = match parent.symlink_metadata(name) {
            Ok(about) => Some(about),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        if let Some(about) = &before {
            regular(said, about.file_type())?;
        }
        Ok((parent, name, before))
    }

    /// Writes a file, whole or not at all: into a temporary one beside it, which takes its place when everything is on
    /// the disk.
    pub(super) fn write(&self, said: &str, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
        let failed = |error: io::Error| FileError::system(said, "written", &error);
        let (parent, name, before) = self.place(said, path)?;
        let temporary = temporary();
        let written = (|| {
            let mut options = OpenOptions::new();
            let mut file =
                parent.open_with(&temporary, options.write(true).create_new(true).follow(FollowSymlinks::No))?;
            if let Some(about) = &before {
                file.set_permissions(about.permissions())?;
            }
            file.write_all(bytes)?;
            file.sync_all()?;
            parent.rename(&temporary, &parent, name)
        })();
        if written.is_err() {
            // Where even this fails there is nothing more to be done; the error that is reported is the first one.
            let _ = parent.remove_file(&temporary);
        }
        written.map_err(failed)?;
        // The new name is safe only with its folder. Not every file system can do this, and the file itself is whole.
        let _ = parent.into_std_file().sync_all();
        Ok(())
    }

    /// The plain files beside a path, for suggestions.
    pub(super) fn names_beside(&self, path: &Path) -> Vec<String> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let Ok(entries) = self.handle().and_then(|dir| dir.read_dir(parent)) else { return Vec::new() };
        // A folder with more files than this is no place for a suggestion.
        entries.take(1000).filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
    }

    /// Whether there is a folder at this path.
    pub(super) fn is_folder(&self, path: &Path) -> bool {
        self.handle().and_then(|dir| dir.metadata(path)).is_ok_and(|about| about.is_dir())
    }

    fn with_neighbours(&self, error: FileError, path: &Path) -> FileError {
        if error.kind != super::FileErrorKind::Missing {
            return error;
        }
        let names = self.names_beside(path);
        let typed = path.file_name().unwrap_or_default().to_string_lossy();
        match text::did_you_mean(&typed, names.iter().map(String::as_str)) {
            Some(near) => {
                let near = shown(&path.with_file_name(near).to_string_lossy());
                error.hint(format!("did you mean `{near}`?"))
            }
            None => {
                let root = shown(&self.path.to_string_lossy());
                error.hint(format!("check the path; it starts at `{root}`"))
            }
        }
    }
}

/// Makes a folder that nobody else may look into, and those above it.
fn private(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

fn temporary() -> String {
    format!(".onramp-{:016x}.tmp", fastrand::u64(..))
}

/// Refuses everything but a regular file.
fn regular(said: &str, kind: FileType) -> Result<(), FileError> {
    let why = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "is a folder, not a file",
        () if kind.is_symlink() => "is a symbolic link, which cannot be written over",
        () => special(kind),
    };
    Err(FileError::refused(said, why))
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use cap_std::fs::FileTypeExt;
    match () {
        () if kind.is_fifo() => "is a named pipe, not a regular file",
        () if kind.is_socket() => "is a socket, not a regular file",
        () if kind.is_block_device() || kind.is_char_device() => "is a device, not a regular file",
        () => "is not a regular file",
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "is not a regular file"
}
