//! What a project file says: which workspace its scripts are for. Read strictly, because a key that goes unheeded would
//! protect nothing. Asks nobody whether the workspace exists.

use super::{
    MARKER,
    error::{reason, shown},
};
use crate::text;
use std::{fs, io::Read, ops::Range, path::Path};
use toml::de::{DeTable, DeValue};

/// All keys.
const KEYS: &[&str] = &["workspace"];
/// No project file is anywhere near this long.
const LARGEST: u64 = 1 << 20;

/// What a project file says. An empty one says nothing, and neither does a folder without one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The slug or the id of the only workspace that the project is for.
    pub workspace: Option<String>,
}

/// A project file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSettings {
    /// Its path.
    pub file: String,
    /// Its text, as far as it could be read.
    pub text: String,
    /// Both from 1, the column in characters.
    pub line: usize,
    pub column: usize,
    /// Lower case, names in back-ticks, no final period.
    pub message: String,
    /// What to do, in the imperative.
    pub hint: String,
}

impl Settings {
    /// Reads the project file of a folder.
    pub(super) fn of_folder(folder: &Path) -> Result<Settings, BadSettings> {
        let path = folder.join(MARKER);
        if !path.is_file() {
            return Ok(Settings::default());
        }
        let file = shown(&path.to_string_lossy());
        let bad = |text: &str, at: usize, message: String, hint: String| {
            let before = text.get(..at).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            BadSettings { file: file.clone(), text: text.into(), line, column, message, hint }
        };
        let mut bytes = Vec::new();
        fs::File::open(&path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(|error| {
            let message = format!("the project file cannot be read: {}", reason(&error));
            bad("", 0, message, "let its reader open it".into())
        })?;
        if bytes.len() as u64 > LARGEST {
            return Err(bad("", 0, "the project file is larger than 1 MiB".into(), "leave only its keys in it".into()));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            bad(&text, good, "the project file is not UTF-8 text".into(), "save it as UTF-8".into())
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        read(text).map_err(|(at, message, hint)| bad(text, at.start, message, hint))
    }
}

/// Where it is wrong, what is wrong and what to do.
type Wrong = (Range<usize>, String, String);

fn read(text: &str) -> Result<Settings, Wrong> {
    let table = DeTable::parse(text).map_err(|error| {
        let message = format!("the project file is no TOML: {}", text::escape_control(error.message()));
        (error.span().unwrap_or(0..0), message, "write for example `workspace = \"acme\"`".to_string())
    })?;
    let mut entries: Vec<_> = table.get_ref().iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut settings = Settings::default();
    for (key, value) in entries {
        match key.get_ref().as_ref() {
            "workspace" => {
                settings.workspace =
                    Some(workspace(value.get_ref()).map_err(|(message, hint)| (value.span(), message, hint))?)
            }
            unknown => {
                let message = format!("a project file has no key `{}`", text::escape_control(unknown));
                let hint = match text::did_you_mean(unknown, KEYS.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("use {}", text::one_of(KEYS.iter().copied())),
                };
                return Err((key.span(), message, hint));
            }
        }
    }
    Ok(settings)
}

fn workspace(value: &DeValue<'_>) -> Result<String, (String, String)> {
    match value.as_str() {
        Some("") => Err(("`workspace` is empty".into(), "leave the key out".into())),
        Some(workspace) => Ok(workspace.to_string()),
        None => Err(("`workspace` takes a text in quotes".into(), "write for example `workspace = \"acme\"`".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(content: &[u8]) -> Result<Option<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(MARKER), content).unwrap();
        match Settings::of_folder(folder.path()) {
            Ok(settings) => Ok(settings.workspace),
            Err(bad) => {
                assert!(bad.file.ends_with("/onramp.toml"), "{bad:?}");
                Err(format!("{}:{}: {} ({})", bad.line, bad.column, bad.message, bad.hint))
            }
        }
    }

    #[test]
    fn a_project_file_says_its_workspace_or_nothing() {
        assert_eq!(Settings::of_folder(tempfile::tempdir().unwrap().path()), Ok(Settings::default()));
        assert_eq!(told(b""), Ok(None));
        assert_eq!(told(b"# words\n"), Ok(None));
        assert_eq!(told("\u{feff}workspace = \"acme\"".as_bytes()), Ok(Some("acme".into())));
    }

    #[test]
    fn what_is_wrong_with_a_project_file_is_told_at_its_place() {
        for (content, said) in [
            (&b"\nworkspce = \"acme\""[..], "2:1: a project file has no key `workspce` (did you mean `workspace`?)"),
            (b"[tables]", "1:2: a project file has no key `tables` (use `workspace`)"),
            (b"workspace = 7", "1:13: `workspace` takes a text in quotes (write for example `workspace = \"acme\"`)"),
            (b"workspace = \"\"", "1:13: `workspace` is empty (leave the key out)"),
            (b"a = \"\n\xff\"", "2:1: the project file is not UTF-8 text (save it as UTF-8)"),
        ] {
            assert_eq!(told(content), Err(said.into()));
        }
        let broken = told(b"workspace = \"a\"\nworkspace = \"b\"").unwrap_err();
        assert!(broken.starts_with("2:1: the project file is no TOML: "), "{broken}");
    }
}
