//! The lines of earlier sessions: which lines are kept, and the file they are kept in. A file that cannot be used costs one
//! warning and no line.

use crate::{error::Failure, text, ui::Ui};
use rustyline::{
    Config,
    history::{FileHistory, History as _},
};
use std::{fs, io, path::Path};

/// So many lines are kept.
pub const MOST: usize = 2000;

/// Whether a line may be kept: never one that holds a key, or anything else that is kept out of the streams.
pub fn may_be_kept(line: &str, ui: &Ui) -> bool {
    !line.trim().is_empty() && !ui.hides(line) && !holds_a_key(line)
}

/// Whether something in the line looks like a key, whoever's it is.
fn holds_a_key(line: &str) -> bool {
    line.match_indices("pivotal_").any(|(at, start)| {
        let rest = line[at + start.len()..].bytes();
        rest.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')).count() >= 8
    })
}

/// The lines of earlier sessions with those of this one.
pub struct Kept {
    path: Result<std::path::PathBuf, Failure>,
    warned: bool,
}

impl Kept {
    pub fn new(path: &Result<std::path::PathBuf, Failure>) -> Kept {
        Kept { path: path.clone(), warned: false }
    }

    /// An editor's history with what earlier sessions have left. The folder is made where there is none.
    pub fn load(&mut self, config: &Config, ui: &Ui) -> FileHistory {
        let mut history = FileHistory::with_config(config);
        let loaded = match &self.path {
            Err(failure) => Err(failure.message.clone()),
            Ok(path) => prepared(path).and_then(|()| if path.exists() { read(&mut history, path) } else { Ok(()) }),
        };
        if let Err(why) = loaded {
            self.warn(&why, ui);
        }
        history
    }

    /// Writes what is new.
    pub fn append(&mut self, history: &mut FileHistory, ui: &Ui) {
        let Ok(path) = &self.path else { return };
        if let Err(error) = history.append(path) {
            self.warn(&words(error), ui);
        }
    }

    fn warn(&mut self, why: &str, ui: &Ui) {
        if !self.warned {
            self.warned = true;
            ui.warn(&format!("the lines of this session are not kept: {}", text::escape_control(why)));
        }
    }
}

/// Makes the folder, for its owner alone.
fn prepared(path: &Path) -> Result<(), String> {
    let folder = path.parent().ok_or("its place is no file")?;
    let shown = folder.display();
    if folder.is_dir() {
        return Ok(());
    }
    let made = {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)
    };
    made.map_err(|error| format!("`{shown}` cannot be made: {}", crate::config::reason(&error)))
}

fn read(history: &mut FileHistory, path: &Path) -> Result<(), String> {
    history.load(path).map_err(|error| format!("`{}` cannot be read: {}", path.display(), words(error)))
}

fn words(error: rustyline::error::ReadlineError) -> String {
    match error {
        rustyline::error::ReadlineError::Io(error) => crate::config::reason(&error),
        other => crate::config::reason(&io::Error::other(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_key_is_not_kept() {
        let ui = Ui::new(false);
        for kept in ["list_customers()", "let pivotal_key = 1", "\"pivotal_abc\""] {
            assert!(may_be_kept(kept, &ui), "{kept}");
        }
        for dropped in ["", "  ", "let k = \"pivotal_K8s9zXw7VuTq5RsPo3Nm1LkJ\"", "x pivotal_12345678"] {
            assert!(!may_be_kept(dropped, &ui), "{dropped}");
        }
    }
}
