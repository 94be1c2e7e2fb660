//! Reading a fault from its text. Owns the messages about texts that are none: each names what is wrong and what is
//! wanted. PURE; must not know how a fault is carried out.

use std::str::FromStr;

use super::spec::{Fault, Kind, When};
use crate::sandbox::routes;
use crate::text;

/// The words of all faults, for suggestions.
const WORDS: &[&str] = &["status", "429", "html", "reset-before", "revoke", "reset-after", "cut", "empty", "delay"];

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (operation, rest) = match text.split_once(':') {
            Some((operation, rest)) => (self::operation(operation)?, rest),
            None => (None, text),
        };
        let (kind, when) = match rest.split_once('@') {
            Some((kind, when)) => (kind, self::when(when)?),
            None => (rest, When::Always),
        };
        let fault = Fault { operation, kind: self::kind(kind)?, when };
        if fault.kind == Kind::Revoke && operation == Some(super::KEYLESS) {
            return Err(format!(
                "`{}` needs no key, so there is none to revoke; name another operation",
                super::KEYLESS
            ));
        }
        Ok(fault)
    }
}

/// An operation's id with hyphens or underscores; nothing for every one.
fn operation(typed: &str) -> Result<Option<&'static str>, String> {
    if typed == "*" {
        return Ok(None);
    }
    let id = typed.replace('_', "-");
    let known = || routes::operation_ids();
    if let Some(found) = known().find(|known| *known == id) {
        return Ok(Some(found));
    }
    let typed = shown(typed);
    Err(if let Some(near) = text::did_you_mean(&id, known()) {
        format!("there is no operation `{typed}`; did you mean `{near}`?")
    } else if typed.ends_with('%') || typed.starts_with(|c: char| c.is_ascii_digit()) {
        format!("there is no operation `{typed}`; write when it happens at the end, as in `status=503@5%`")
    } else {
        format!("there is no operation `{typed}`; write for example `update-customer`, or `*` for every operation")
    })
}

fn kind(typed: &str) -> Result<Kind, String> {
    let (word, value) = match typed.split_once('=') {
        Some((word, value)) => (word, Some(value)),
        None => (typed, None),
    };
    let plain = |kind| match value {
        None => Ok(kind),
        Some(_) => Err(format!("`{word}` takes no value; write `{word}` alone")),
    };
    match word {
        "status" => status(value).map(Kind::Status),
        "429" => retry_after(value).map(Kind::RateLimited),
        "html" => page_status(value).map(Kind::Html),
        "delay" => match value {
            Some(time) => text::parse_duration(time).map(Kind::Delay),
            None => Err("`delay` needs a time; write for example `delay=2s`".to_owned()),
        },
        "reset-before" => plain(Kind::ResetBefore),
        "reset-after" => plain(Kind::ResetAfter),
        "revoke" => plain(Kind::Revoke),
        "cut" => plain(Kind::Cut),
        "empty" => plain(Kind::Empty),
        _ => Err(unknown(word)),
    }
}

fn unknown(word: &str) -> String {
    let wanted = text::one_of(WORDS.iter().copied());
    let near = text::did_you_mean(word, WORDS.iter().copied().filter(|known| *known != "429"));
    match near {
        _ if word.is_empty() => format!("the fault is missing; write {wanted}"),
        _ if is_status(word) => format!("there is no fault `{word}`; write a status as `status={word}`"),
        _ if word == "reset" => "there is no fault `reset`; write `reset-before` or `reset-after`".to_owned(),
        Some(near) => format!("there is no fault `{}`; did you mean `{near}`?", shown(word)),
        None => format!("there is no fault `{}`; write {wanted}", shown(word)),
    }
}

fn is_status(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|b| b.is_ascii_digit())
}

fn status(value: Option<&str>) -> Result<u16, String> {
    match value.and_then(number) {
        Some(429) => Err("a 429 is written `429`, or `429=3s` with its `Retry-After`".to_owned()),
        Some(status @ 400..=599) => Ok(status),
        _ => Err("`status` needs a number from 400 to 599; write for example `status=503`".to_owned()),
    }
}

fn page_status(value: Option<&str>) -> Result<u16, String> {
    match value.map(number) {
        None => Ok(502),
        Some(Some(status @ (200 | 400..=599))) => Ok(status),
        Some(_) => Err("`html` needs 200 or a number from 400 to 599; write for example `html=200`".to_owned()),
    }
}

fn retry_after(value: Option<&str>) -> Result<u64, String> {
    let Some(value) = value else { return Ok(1) };
    let time = text::parse_duration(value)?;
    // The header has no fractions.
    match time.subsec_millis() {
        0 => Ok(time.as_secs()),
        _ => Err(format!("`{}` is not a number of whole seconds; write for example `429=3s`", shown(value))),
    }
}

fn when(typed: &str) -> Result<When, String> {
    let read = || {
        if let Some(percent) = typed.strip_suffix('%') {
            return number(percent).filter(|percent| (1..=100).contains(percent)).map(When::Share);
        }
        let first = |text| number::<u64>(text).filter(|number| *number > 0);
        let (from, to) = match typed.split_once('-') {
            None => (first(typed)?, Some(first(typed)?)),
            Some((from, "")) => (first(from)?, None),
            Some((from, to)) => (first(from)?, Some(first(to)?)),
        };
        to.is_none_or(|to| from <= to).then_some(When::Numbers(from, to))
    };
    read().ok_or_else(|| {
        format!(
            "`@{}` does not say when; write for example `@3`, `@1-3`, `@3-` or `@10%`, counted from 1",
            shown(typed)
        )
    })
}

/// Digits only: no sign and no blanks.
fn number<N: FromStr>(text: &str) -> Option<N> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

fn shown(typed: &str) -> String {
    text::escape_control(&text::cut(typed, 60)).into_owned()
}

#[cfg(test)]
mod tests;
