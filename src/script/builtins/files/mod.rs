//! Files of the project: what all formats share, and plain text. Which paths are allowed is the project's business;
//! every read and every write gets its number from the session.

pub mod cells;
pub mod csv;
pub mod json;

use super::{Builtin, lists::rows_of};
use crate::{
    csv::{Encoding, decode},
    project::FileError,
    script::{
        fault::{Spot, Thrown},
        host::{Host, Level, Raised},
        registry::Registry,
        stream::Stream,
        value::kind_of,
    },
    session::SessionError,
    text,
};
use rhai::{Dynamic, EvalAltResult, ImmutableString, Map, NativeCallContext};
use std::sync::Arc;

pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "read_text",
        signatures: &["read_text(path)"],
        summary: "The text of a file of the project folder",
        example: r#"write_text("note.txt", "hello"); read_text("note.txt")"#,
    },
    Builtin {
        name: "write_text",
        signatures: &["write_text(path, text)"],
        summary: "Writes a text to a file of the project folder, whole or not at all",
        example: r#"write_text("note.txt", "hello\n"); read_text("note.txt")"#,
    },
];

pub fn register(registry: &mut Registry<'_>, host: &Arc<Host>) {
    let files = host.clone();
    registry.register_fn("read_text", move |ctx: NativeCallContext, path: &str| {
        Call::new("read_text", &files, &ctx).read_text(path).map(|(text, _)| ImmutableString::from(text))
    });
    let files = host.clone();
    registry.register_fn("write_text", move |ctx: NativeCallContext, path: &str, value: Dynamic| {
        let call = Call::new("write_text", &files, &ctx);
        let Some(text) = value.read_lock::<ImmutableString>() else {
            let message = format!("it writes a string, not {}", kind_of(&value));
            return Err(call.refuse(message, Some("use `write_json` or `write_csv` for other values".into())));
        };
        call.write(path, text.as_bytes())
    });
    csv::register(registry, host);
    json::register(registry, host);
}

/// Why a file could not be read: the file, or the record of the run.
enum Trouble {
    File(FileError),
    Session(SessionError),
}

impl From<SessionError> for Trouble {
    fn from(error: SessionError) -> Trouble {
        Trouble::Session(error)
    }
}

/// One call of a function that reads or writes a file.
pub struct Call<'a> {
    pub function: &'static str,
    pub host: &'a Host,
    pub spot: Spot,
}

impl<'a> Call<'a> {
    pub fn new(function: &'static str, host: &'a Host, ctx: &NativeCallContext) -> Call<'a> {
        Call { function, host, spot: Spot::of(ctx) }
    }

    /// The bytes of a file.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Raised> {
        let live = || self.host.project.read(path).map_err(Trouble::File);
        self.host.session.read_file(path, live).map_err(|trouble| match trouble {
            Trouble::File(error) => Thrown::file(self.function, &error).raise(self.spot.at),
            Trouble::Session(error) => self.host.raise(error, &self.spot),
        })
    }

    /// The text of a file, in whatever encoding it is. What had to be guessed is said in the log.
    pub fn read_text(&self, path: &str) -> Result<(String, Encoding), Raised> {
        let shown = text::escape_control(path);
        let (text, encoding) = decode(self.read(path)?).map_err(|why| {
            self.invalid(format!("`{shown}` {why}"), Some("save it as UTF-8 text, and try again".into()))
        })?;
        if encoding == Encoding::Windows1252 {
            self.host.sink.log(Level::Warn, &format!("`{shown}` is not UTF-8; it was read as Windows-1252"));
        }
        Ok((text, encoding))
    }

    /// Writes a file, whole or not at all.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<(), Raised> {
        self.host.session.step();
        self.host.project.write(path, bytes).map_err(|error| Thrown::file(self.function, &error).raise(self.spot.at))
    }

    /// The rows of a list or an array.
    pub fn rows(&self, value: Dynamic) -> Result<rhai::Array, Raised> {
        // An array is taken over as it is: a copy of a large one would need as much memory again.
        if value.is_array() {
            return Ok(value.into_array().unwrap_or_default());
        }
        rows_of(self.function, &value, &self.spot)
    }

    /// A value as it can be written: a list becomes an array.
    pub fn value(&self, value: Dynamic) -> Result<Dynamic, Raised> {
        if value.is::<Stream>() { self.rows(value).map(Dynamic::from) } else { Ok(value) }
    }

    /// Arguments that the function cannot take.
    pub fn refuse(&self, message: String, hint: Option<String>) -> Raised {
        self.raise(Thrown::argument(self.function, None, message), hint)
    }

    /// A file whose content is not what it should be.
    pub fn invalid(&self, message: String, hint: Option<String>) -> Raised {
        self.raise(Thrown::new("invalid_file", self.function, message), hint)
    }

    fn raise(&self, thrown: Thrown, hint: Option<String>) -> Raised {
        match hint {
            Some(hint) => thrown.hint(hint),
            None => thrown,
        }
        .raise(self.spot.at)
    }

    /// Looked at now and then by long work: the end of the run, where it has been asked for.
    pub fn go_on(&self) -> Result<(), Raised> {
        if self.host.must_stop() {
            return Err(Box::new(EvalAltResult::ErrorTerminated(Dynamic::UNIT, self.spot.at)));
        }
        Ok(())
    }

    /// Refuses options that the function does not know.
    pub fn known(&self, options: &Map, known: &[&str]) -> Result<(), Raised> {
        let Some(name) = options.keys().find(|name| !known.contains(&name.as_str())) else { return Ok(()) };
        let hint = match text::did_you_mean(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("use {}", text::one_of(known.iter().copied())),
        };
        Err(self.refuse(format!("it has no option `{}`", text::escape_control(name)), Some(hint)))
    }

    /// An option of one character.
    pub fn letter(&self, options: &Map, name: &str, allowed: &[char]) -> Result<Option<char>, Raised> {
        let Some(value) = options.get(name).filter(|value| !value.is_unit()) else { return Ok(None) };
        let text = value.clone().into_string().ok().or_else(|| value.as_char().ok().map(String::from));
        let mut letters = text.as_deref().unwrap_or_default().chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) if allowed.contains(&letter) => Ok(Some(letter)),
            _ => {
                let allowed: Vec<String> = allowed.iter().map(|c| format!("\"{}\"", c.escape_default())).collect();
                Err(self.refuse(format!("`{name}` is {}", text::joined(allowed, "or")), None))
            }
        }
    }
}
