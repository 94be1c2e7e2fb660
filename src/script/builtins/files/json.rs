//! JSON files: one value in a file, or one in each line. Nothing is rounded on the way in or out.

use super::{super::Builtin, Call};
use crate::{
    script::{
        decode::Decoder,
        host::{Host, Raised},
        registry::Registry,
        value::{Json, encode},
    },
    text::escape_control,
};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::{any::TypeId, sync::Arc};

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
        example: r#"write_json("plans.json", list_customers().count_by("plan")); print(read_text("plans.json"))"#,
    },
    Builtin {
        name: "to_json",
        signatures: &["to_json(value)"],
        summary: "The JSON text of a value; a list becomes an array, a time its ISO 8601 text",
        example: r#"to_json(#{name: "Acme", mrr: ()})"#,
    },
    Builtin {
        name: "read_jsonl",
        signatures: &["read_jsonl(path)"],
        summary: "The values of a file with one JSON value in each line",
        example: r#"write_text("a.jsonl", "{\"a\": 1}\n{\"a\": 2}\n"); read_jsonl("a.jsonl")"#,
    },
    Builtin {
        name: "write_jsonl",
        signatures: &["write_jsonl(path, rows)"],
        summary: "Writes rows to a file, each as one line of JSON",
        example: r#"write_jsonl("plans.jsonl", list_customers().take(2).map(|c| #{name: c.name, plan: c.plan}));
print(read_text("plans.jsonl"))"#,
    },
];

pub fn register(registry: &mut Registry<'_>, host: &Arc<Host>) {
    let files = host.clone();
    registry.register_fn("read_json", move |ctx: NativeCallContext, path: &str| {
        read(&Call::new("read_json", &files, &ctx), path)
    });
    let files = host.clone();
    registry.register_fn("write_json", move |ctx: NativeCallContext, path: &str, value: Dynamic| {
        let call = Call::new("write_json", &files, &ctx);
        let value = call.value(value)?;
        let json = serde_json::to_string_pretty(&Json(&value)).map_err(|error| call.refuse(error.to_string(), None))?;
        call.write(path, format!("{json}\n").as_bytes())
    });
    // The engine's own, which takes object maps only, writes the names of types where it meets a value of ours.
    for types in [TypeId::of::<Map>(), TypeId::of::<Dynamic>()] {
        let files = host.clone();
        registry.register_raw_fn("to_json", [types], move |ctx: NativeCallContext, args: &mut [&mut Dynamic]| {
            let call = Call::new("to_json", &files, &ctx);
            let value = call.value(args[0].flatten_clone())?;
            serde_json::to_string(&Json(&value)).map_err(|error| call.refuse(error.to_string(), None))
        });
    }
    let files = host.clone();
    registry.register_fn("read_jsonl", move |ctx: NativeCallContext, path: &str| {
        read_lines(&Call::new("read_jsonl", &files, &ctx), path)
    });
    let files = host.clone();
    registry.register_fn("write_jsonl", move |ctx: NativeCallContext, path: &str, rows: Dynamic| {
        let call = Call::new("write_jsonl", &files, &ctx);
        let mut out = Vec::new();
        for (at, row) in (1..).zip(&call.rows(rows)?) {
            out.extend(encode(row).map_err(|why| call.refuse(format!("row {at}: {why}"), None))?);
            out.push(b'\n');
        }
        call.write(path, &out)
    });
}

fn read(call: &Call<'_>, path: &str) -> Result<Dynamic, Raised> {
    let text = utf8(call, path)?;
    let shown = escape_control(path);
    let value = Decoder::default().decode(text.as_bytes()).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let message = format!("`{shown}` is not JSON: line {line}, column {column}: {}", why(&error));
        let hint = (line > 1).then(|| "use `read_jsonl` for a file with one value in each line".into());
        call.invalid(message, hint)
    })?;
    if let Some(at) = too_large(&text) {
        let (line, column) = place(&text, at);
        return Err(call.invalid(format!("`{shown}`, line {line}, column {column}: {TOO_LARGE}"), Some(AS_TEXT.into())));
    }
    Ok(value)
}

const TOO_LARGE: &str = "the number is too large to keep its digits";
const AS_TEXT: &str = "put it into quotes; a text keeps all its digits";

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
        let shown = escape_control(path);
        rows.push(decoder.decode(line.as_bytes()).map_err(|error| {
            let message = format!("`{shown}`, line {number}, column {} is not JSON: {}", error.column(), why(&error));
            let hint = (number == 1).then(|| "use `read_json` for a file with one value in several lines".into());
            call.invalid(message, hint)
        })?);
        if let Some(at) = too_large(line) {
            let (_, column) = place(line, at);
            let message = format!("`{shown}`, line {number}, column {column}: {TOO_LARGE}");
            return Err(call.invalid(message, Some(AS_TEXT.into())));
        }
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

/// Where a valid JSON text holds a whole number with more digits than scripts can keep: read as a float, it would
/// silently become another one.
fn too_large(json: &str) -> Option<usize> {
    let bytes = json.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'"' => {
                at += 1;
                while bytes.get(at).is_some_and(|byte| *byte != b'"') {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'-' | b'0'..=b'9' => {
                let part_of_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                at += bytes[at..].iter().take_while(|byte| part_of_number(byte)).count();
                let number = &json[start..at];
                let whole = !number.contains(['.', 'e', 'E']);
                if whole && number.parse::<i64>().is_err() && number.parse::<u64>().is_err() {
                    return Some(start);
                }
            }
            _ => at += 1,
        }
    }
    None
}

fn place(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_beyond_what_scripts_keep_are_found_where_they_stand() {
        for json in ["[18446744073709551615, -9223372036854775808, 1e300, \"99999999999999999999\\\"\"]", "\"", "\"\\"]
        {
            assert_eq!(too_large(json), None, "{json}");
        }
        assert_eq!(too_large("{\"ö\": 18446744073709551616}"), Some(7));
        assert_eq!(too_large("-9223372036854775809"), Some(0));
        assert_eq!(place("{\n \"ö\": 1}", 9), (2, 7));
    }

    proptest! {
        #[test]
        fn no_text_brings_the_search_down(text in any::<String>()) {
            too_large(&text);
        }
    }
}
