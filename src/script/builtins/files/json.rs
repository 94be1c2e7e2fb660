//! JSON files: one value in a file, or one in each line. Nothing is rounded on the way in or out.

use super::{super::Builtin, Call};
use crate::{
    script::{
        host::{Host, Raised},
        value::{Decoder, Json, encode},
    },
    text::escape_control,
};
use rhai::{Array, Dynamic, Engine, NativeCallContext};
use std::sync::Arc;

pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "read_json",
        signatures: &["read_json(path)"],
        summary: "The value in a JSON file of the project folder",
        example: r#"write_text("a.json", "{\"a\": [1, null]}"); read_json("a.json").a"#,
    },
    Builtin {
        name: "write_json",
        signatures: &["write_json(path, value)"],
        summary: "Writes a value to a JSON file, indented; a list becomes an array",
        example: r#"write_json("customers.json", list_customers().take(2))"#,
    },
    Builtin {
        name: "read_jsonl",
        signatures: &["read_jsonl(path)"],
        summary: "The values of a file with one JSON value in each line",
        example: r#"write_text("a.jsonl", "{\"a\": 1}\n{\"a\": 2}\n"); read_jsonl("a.jsonl").len()"#,
    },
    Builtin {
        name: "write_jsonl",
        signatures: &["write_jsonl(path, rows)"],
        summary: "Writes rows to a file, each as one line of JSON",
        example: r#"write_jsonl("customers.jsonl", list_customers().take(2))"#,
    },
];

pub fn register(engine: &mut Engine, host: &Arc<Host>) {
    let files = host.clone();
    engine.register_fn("read_json", move |ctx: NativeCallContext, path: &str| {
        let call = Call::new("read_json", &files, &ctx);
        let text = utf8(&call, path)?;
        Decoder::default().decode(text.as_bytes()).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            let message =
                format!("`{}` is not JSON: line {line}, column {column}: {}", escape_control(path), why(&error));
            call.invalid(
                message,
                (error.line() > 1).then(|| "use `read_jsonl` for a file with one value in each line".into()),
            )
        })
    });
    let files = host.clone();
    engine.register_fn("write_json", move |ctx: NativeCallContext, path: &str, value: Dynamic| {
        let call = Call::new("write_json", &files, &ctx);
        let value = call.value(&value)?;
        let json = serde_json::to_string_pretty(&Json(&value)).map_err(|error| call.refuse(error.to_string(), None))?;
        call.write(path, format!("{json}\n").as_bytes())
    });
    let files = host.clone();
    engine.register_fn("read_jsonl", move |ctx: NativeCallContext, path: &str| {
        read_lines(&Call::new("read_jsonl", &files, &ctx), path)
    });
    let files = host.clone();
    engine.register_fn("write_jsonl", move |ctx: NativeCallContext, path: &str, rows: Dynamic| {
        let call = Call::new("write_jsonl", &files, &ctx);
        let mut out = Vec::new();
        for (at, row) in (1..).zip(&call.rows(&rows)?) {
            out.extend(encode(row).map_err(|why| call.refuse(format!("row {at}: {why}"), None))?);
            out.push(b'\n');
        }
        call.write(path, &out)
    });
}

fn read_lines(call: &Call<'_>, path: &str) -> Result<Array, Raised> {
    let text = utf8(call, path)?;
    let mut decoder = Decoder::default();
    let mut rows = Array::new();
    for (number, line) in (1..).zip(text.split('\n')) {
        if line.trim().is_empty() {
            continue;
        }
        if rows.len().is_multiple_of(1024) {
            call.go_on()?;
        }
        rows.push(decoder.decode(line.as_bytes()).map_err(|error| {
            let message = format!(
                "`{}`, line {number}, column {} is not JSON: {}",
                escape_control(path),
                error.column(),
                why(&error)
            );
            call.invalid(
                message,
                (number == 1).then(|| "use `read_json` for a file with one value in several lines".into()),
            )
        })?);
    }
    Ok(rows)
}

/// JSON is UTF-8; a byte-order mark is tolerated.
fn utf8(call: &Call<'_>, path: &str) -> Result<String, Raised> {
    let text = String::from_utf8(call.read(path)?).map_err(|error| {
        let line =
            error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        let message = format!("`{}` is not UTF-8 text, from line {line} on", escape_control(path));
        call.invalid(message, Some("save it as UTF-8".into()))
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text))
}

/// The reader's words without its own way to name the place.
fn why(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words).replace("EOF", "the end of the file")
}
