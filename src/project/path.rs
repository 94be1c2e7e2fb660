//! The rules about paths that can be told from their text alone. Touches no file.

use super::{FileError, MARKER, folder::Folder};
use std::path::{Component, Path, PathBuf};

/// A script's path as one below `folder`. Anything but plain names is refused, also where it would come back inside:
/// what a path means should not depend on links.
pub(super) fn inside(path: &str, folder: &Folder) -> Result<PathBuf, FileError> {
    let root = folder.path();
    let grant = "declare a param of type `file` to let the command line name a file anywhere";
    if path.is_empty() {
        return Err(FileError::refused(path, "is an empty path").hint("name a file of the project folder"));
    }
    if path.contains('\0') {
        return Err(FileError::refused(path, "is not a path"));
    }
    let mut plain = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                return Err(FileError::refused(path, "leads out of the project folder: `..` is not allowed")
                    .hint(format!("paths start at `{}`; {grant}", root.display())));
            }
            Component::RootDir | Component::Prefix(_) => {
                let refused =
                    FileError::refused(path, "is an absolute path, and files are named from the project folder");
                return Err(match Path::new(path).strip_prefix(root) {
                    Ok(rest) if !rest.as_os_str().is_empty() => {
                        refused.hint(format!("write it as `{}`", rest.display()))
                    }
                    _ => refused.hint(format!("paths start at `{}`; {grant}", root.display())),
                });
            }
        }
    }
    if plain.as_os_str().is_empty() || path.ends_with('/') {
        return Err(FileError::refused(path, "is a folder, not a file"));
    }
    Ok(plain)
}

/// Refuses what a script may not write: scripts and project files, however their names are spelled. Some systems drop
/// dots and spaces at the end of a name and everything behind a colon, and most of them ignore case.
pub(super) fn writable(path: &str) -> Result<(), FileError> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']).to_lowercase();
    if name.ends_with(".rhai") {
        return Err(FileError::refused(path, "is a script, and a script may not write scripts"));
    }
    if name == MARKER {
        return Err(FileError::refused(path, "is the project file, and a script may not write it"));
    }
    Ok(())
}
