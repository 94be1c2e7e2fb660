//! One look at a watched folder: what lies there, what of it is to be taken, what is refused, and what is not whole yet.
//! Moves nothing.

use super::place::Place;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, Read},
    path::Path,
    time::SystemTime,
};

/// A larger file could not be read by a script.
pub const LARGEST: u64 = 256 << 20;

/// Endings of names under which others keep what is not whole yet.
const TEMPORARY: [&str; 9] =
    [".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".swp", "~"];

/// What tells one state of a file from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    pub size: u64,
    modified: SystemTime,
    changed: (i64, i64),
}

impl Stamp {
    fn of(about: &Metadata) -> Stamp {
        #[cfg(unix)]
        let (inode, changed) = {
            use std::os::unix::fs::MetadataExt;
            (about.ino(), (about.ctime(), about.ctime_nsec()))
        };
        #[cfg(not(unix))]
        let (inode, changed) = (0, (0, 0));
        Stamp { inode, size: about.len(), modified: about.modified().unwrap_or(SystemTime::UNIX_EPOCH), changed }
    }

    /// When its content was changed, in whole milliseconds, as it is kept.
    pub fn modified(&self) -> Timestamp {
        let exact = Timestamp::try_from(self.modified).unwrap_or(Timestamp::UNIX_EPOCH);
        Timestamp::from_millisecond(exact.as_millisecond()).unwrap_or(exact)
    }
}

/// Something that lies in the folder.
#[derive(Clone, Debug)]
pub struct Found {
    pub name: String,
    pub what: What,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A file that can be taken once it is whole.
    File(Stamp),
    /// Nothing that a script gets, and why.
    Odd(Stamp, String),
}

impl Found {
    pub fn stamp(&self) -> &Stamp {
        match &self.what {
            What::File(stamp) | What::Odd(stamp, _) => stamp,
        }
    }
}

/// What lies in the folder and matches one of the patterns, by name. Folders, hidden files and temporary names are left
/// alone. Gives the names that are no text as well, as far as they can be shown.
pub fn look(place: &Place, patterns: &[glob::Pattern]) -> io::Result<(Vec<Found>, Vec<String>)> {
    let (mut found, mut nameless) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(place.dir())? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            nameless.push(entry.file_name().to_string_lossy().into_owned());
            continue;
        };
        if is_temporary(&name) || !(patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(&name))) {
            continue;
        }
        // It may be gone by now.
        let Ok(about) = entry.path().symlink_metadata() else { continue };
        if about.is_dir() {
            continue;
        }
        let stamp = Stamp::of(&about);
        let what = match odd(&about) {
            Some(why) => What::Odd(stamp, format!("`{}` {why}", crate::text::escape_control(&name))),
            None => What::File(stamp),
        };
        found.push(Found { name, what });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok((found, nameless))
}

/// Whether somebody who writes such a name has not finished.
pub fn is_temporary(name: &str) -> bool {
    let lower = name.to_lowercase();
    name.starts_with('.') || name.starts_with("~$") || TEMPORARY.iter().any(|ending| lower.ends_with(ending))
}

fn odd(about: &Metadata) -> Option<String> {
    let kind = about.file_type();
    if kind.is_symlink() {
        return Some("is a symbolic link, which is not followed".into());
    }
    if !kind.is_file() {
        return Some("is not a regular file".into());
    }
    let (most, size) = (crate::text::size(LARGEST), crate::text::size(about.len()));
    (about.len() > LARGEST).then(|| format!("is larger than {most}: it has {size}"))
}

/// The state of a file now; `None` where it is gone, or is none any more.
pub fn stamp(path: &Path) -> Option<Stamp> {
    path.symlink_metadata().ok().filter(Metadata::is_file).map(|about| Stamp::of(&about))
}

/// Opens a file for reading, without waiting for anybody and without following a link.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK | libc::O_NOFOLLOW);
    options.open(path)
}

/// A file as it is now.
pub struct About {
    /// In bytes.
    pub size: u64,
    /// Of its content, in hexadecimal.
    pub sha256: String,
    /// When its content was changed.
    pub modified: Timestamp,
}

/// Reads a file. Links are not followed, and what is no regular file is an error.
pub fn about(path: &Path) -> io::Result<About> {
    let file = open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let stamp = Stamp::of(&about);
    Ok(About { size: stamp.size, sha256: hash(&file)?, modified: stamp.modified() })
}

/// The SHA-256 of what can be read, in hexadecimal.
pub fn hash(mut file: &File) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => hash.update(&piece[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_what_is_not_whole_are_left_alone() {
        for name in [".orders.csv", "orders.csv.part", "orders.CSV.TMP", "~$orders.xlsx", "orders.csv~", "a.crdownload"]
        {
            assert!(is_temporary(name), "{name}");
        }
        for name in ["orders.csv", "part", "temporary.csv", "a~b.csv"] {
            assert!(!is_temporary(name), "{name}");
        }
    }

    #[test]
    fn what_is_no_file_of_its_own_is_odd() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.csv"), "a").unwrap();
        fs::create_dir(folder.path().join("done")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/passwd", folder.path().join("b.csv")).unwrap();
        let place = Place::new(folder.path().to_path_buf());
        let (found, _) = look(&place, &[glob::Pattern::new("*.csv").unwrap()]).unwrap();
        let odd: Vec<_> =
            found.iter().map(|found| (found.name.as_str(), matches!(found.what, What::Odd(..)))).collect();
        assert_eq!(odd, if cfg!(unix) { vec![("a.csv", false), ("b.csv", true)] } else { vec![("a.csv", false)] });
        assert!(look(&place, &[glob::Pattern::new("*.txt").unwrap()]).unwrap().0.is_empty());
    }
}
