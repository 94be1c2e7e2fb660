//! The text of a module that an import names: which file it is, and how people see its path. Compiles nothing.

use super::{FileError, FileErrorKind, folder::Folder};
use crate::text;
use std::path::{Component, Path, PathBuf};

/// A module's text.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its path as errors show it, beginning like the script's own.
    pub name: String,
    /// Where it really lies below the script's folder, links resolved: the same for every way to write its path.
    pub real: PathBuf,
    pub text: String,
}

/// No module is anywhere near this long; a larger file is another file.
const LARGEST_MODULE: usize = 16 << 20;

/// Reads the module `path` (`lib/dates`, without the ending) below `folder`.
pub(super) fn load(path: &str, folder: &Folder, shown: &Path) -> Result<Module, FileError> {
    let plain = !path.is_empty()
        && !path.contains(['\\', '\0'])
        && path.split('/').all(|part| !part.is_empty())
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
        && !path.split('/').any(|part| part == ".");
    if !plain {
        return Err(FileError::refused(path, "is not the path of a module").hint(
            "write it as `import \"lib/dates\" as dates`: plain names below the script's folder, without `..` and `./`",
        ));
    }
    let file = match Path::new(path).extension() {
        Some(ending) if ending.eq_ignore_ascii_case("rhai") => {
            let bare = path.rsplit_once('.').map_or(path, |(bare, _)| bare);
            return Err(FileError::refused(path, "has an ending, and modules are named without it")
                .hint(format!("write `import \"{bare}\"`")));
        }
        _ => PathBuf::from(format!("{path}.rhai")),
    };
    let said = file.to_string_lossy();
    let bytes = folder.read(&said, &file).map_err(|error| match error.kind {
        FileErrorKind::Missing => missing(path, &file, folder),
        _ => error,
    })?;
    if bytes.len() > LARGEST_MODULE {
        return Err(FileError::refused(&said, "is larger than 16 MiB, too large for a module"));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| FileError::refused(&said, "is not UTF-8 text").hint("save it as UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text);
    let real = folder.real(&said, &file)?;
    Ok(Module { name: shown.join(&file).to_string_lossy().into_owned(), real, text })
}

fn missing(path: &str, file: &Path, folder: &Folder) -> FileError {
    let names = folder.names_beside(file);
    let bare: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".rhai")).collect();
    let typed = path.rsplit('/').next().unwrap_or(path);
    let error = FileError {
        kind: FileErrorKind::Missing,
        message: format!("there is no module `{}`", text::escape_control(path)),
        hint: None,
    };
    match text::did_you_mean(typed, bare) {
        Some(near) => error.hint(format!("did you mean `{}`?", Path::new(path).with_file_name(near).display())),
        None => error
            .hint(format!("modules are found from the script's folder: this one would be `{}` there", file.display())),
    }
}
