//! Words: lists with "or", plurals, durations and rates as people write them, did-you-mean, escaping of control
//! characters. Pure functions; prints nothing and knows no other part of onramp.

use std::{borrow::Cow, time::Duration};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `a`, `b` or `c`, each in back-ticks. Empty for an empty list.
pub fn one_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    joined(words.into_iter().map(|w| format!("`{w}`")).collect(), "or")
}

/// `a, b and c` with the given last word.
pub fn joined(words: Vec<String>, last: &str) -> String {
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((end, head)) => format!("{} {last} {end}", head.join(", ")),
    }
}

/// `1 row`, `2 rows`: the count with its noun.
pub fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The known name nearest to a mistyped one, if one is near enough to be meant.
pub fn did_you_mean<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let allowed = (typed.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&typed, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}

/// Reads `300ms`, `2s`, `10m`, `24h` or `7d`. The error says what is wanted.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wanted = || format!("`{text}` is not a duration; write for example `300ms`, `2s`, `10m`, `24h` or `7d`");
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wanted)?;
    let number: u64 = text[..digits].parse().map_err(|_| wanted())?;
    let millis = match &text[digits..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wanted()),
    };
    // 10 years: beyond that arithmetic with instants starts to overflow, and nobody means it.
    match number.checked_mul(millis) {
        Some(total) if total <= 315_360_000_000 => Ok(Duration::from_millis(total)),
        _ => Err(format!("`{text}` is too long for a duration")),
    }
}

/// A duration as a person reads it: `420 ms`, `3.2 s`, `5 min`, `1 h 20 min`.
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs_f64();
    match seconds {
        s if s < 1.0 => format!("{} ms", span.as_millis()),
        s if s < 60.0 && (s.fract() < 0.05 || s.fract() > 0.95) => format!("{s:.0} s"),
        s if s < 60.0 => format!("{s:.1} s"),
        s if s < 3600.0 => format!("{:.0} min", s / 60.0),
        s => {
            let minutes = (s / 60.0).round() as u64;
            if minutes.is_multiple_of(60) {
                format!("{} h", minutes / 60)
            } else {
                format!("{} h {} min", minutes / 60, minutes % 60)
            }
        }
    }
}

/// Reads `512KiB`, `256MiB` or `1GiB` as bytes. The error says what is wanted.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let wanted = || format!("`{text}` is not a size; write for example `512KiB`, `256MiB` or `1GiB`");
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wanted)?;
    let number: u64 = text[..digits].parse().map_err(|_| wanted())?;
    let unit: u64 = match &text[digits..] {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(wanted()),
    };
    number.checked_mul(unit).filter(|size| *size > 0).ok_or_else(wanted)
}

/// A size as a person reads it: `256 MiB`, `1.5 GiB`.
pub fn size(bytes: u64) -> String {
    let (unit, name) = match bytes {
        0..0x400 => return format!("{bytes} B"),
        0x400..0x10_0000 => (0x400, "KiB"),
        0x10_0000..0x4000_0000 => (0x10_0000, "MiB"),
        _ => (0x4000_0000, "GiB"),
    };
    let count = bytes as f64 / unit as f64;
    if count.fract() < 0.05 { format!("{count:.0} {name}") } else { format!("{count:.1} {name}") }
}

/// A number of calls in a span of time, as `--rate` takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls in one window.
    pub limit: u32,
    /// The window's length.
    pub window: Duration,
}

/// Reads `600/min`, `10/s`, `1000/h` or `60/6s`. The error says what is wanted.
pub fn parse_rate(text: &str) -> Result<Rate, String> {
    let wanted = || format!("`{text}` is not a rate; write for example `600/min` or `60/6s`");
    let (count, span) = text.split_once('/').ok_or_else(wanted)?;
    let limit: u32 = count.parse().map_err(|_| wanted())?;
    let window = match span {
        "s" | "sec" => Duration::from_secs(1),
        "m" | "min" => Duration::from_secs(60),
        "h" | "hour" => Duration::from_secs(3600),
        other => parse_duration(other).map_err(|_| wanted())?,
    };
    if limit == 0 || window.is_zero() {
        return Err(format!("`{text}` would never allow a call; a rate is at least 1 in a window longer than nothing"));
    }
    Ok(Rate { limit, window })
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.window.as_secs() {
            60 => write!(f, "{}/min", self.limit),
            3600 => write!(f, "{}/h", self.limit),
            _ => write!(f, "{} per {}", self.limit, duration(self.window)),
        }
    }
}

/// Text with control characters shown instead of obeyed (`\n`, `\t`, `\u{1b}`), so that data cannot drive a terminal.
/// Bidirectional overrides count: they reorder what follows.
pub fn escape_control(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// Like [`escape_control`], but line breaks and tabs stay: for text that may have several lines.
pub fn escape_block(text: &str) -> Cow<'_, str> {
    escape(text, |c| matches!(c, '\n' | '\t'))
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let acts = |c: char| {
        (c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}'))
            && !keep(c)
    };
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if !acts(c) => out.push(c),
            '\n' | '\r' | '\t' => out.extend(c.escape_default()),
            c => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
        }
    }
    Cow::Owned(out)
}

/// A word as a shell takes it: as it is where that is safe, else in single quotes.
pub fn shell_word(word: &str) -> Cow<'_, str> {
    let safe = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

/// The first `limit` characters, with `…` where something was cut off.
pub fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some((at, _)) => Cow::Owned(format!("{}…", &text[..at])),
    }
}

/// A text in at most `width` columns of a terminal, with `…` where something was cut off.
pub fn shortened(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return text.into();
    }
    let mut used = 0;
    let fits = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used < width
    });
    let count = fits.count();
    cut(text, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_plurals_read_like_english() {
        assert_eq!(one_of([]), "");
        assert_eq!(one_of(["a"]), "`a`");
        assert_eq!(one_of(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!((plural(1, "row"), plural(0, "row")), ("1 row".into(), "0 rows".into()));
    }

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let known = ["list_customers", "get_customer", "plan"];
        assert_eq!(did_you_mean("list_custmers", known), Some("list_customers"));
        assert_eq!(did_you_mean("Plan", known), Some("plan"));
        assert_eq!(did_you_mean("delete_everything", known), None);
    }

    #[test]
    fn durations_are_read_and_shown() {
        assert_eq!(parse_duration("300ms"), Ok(Duration::from_millis(300)));
        assert_eq!(parse_duration("24h"), Ok(Duration::from_secs(86_400)));
        assert_eq!(parse_duration("90d"), Ok(Duration::from_secs(90 * 86_400)));
        for bad in ["", "5", "s", "-1s", "1.5s", "2 s", "3w", "99999999999999999999s", "999999999h"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
        for (millis, shown) in
            [(420, "420 ms"), (3_200, "3.2 s"), (6_000, "6 s"), (300_000, "5 min"), (4_800_000, "1 h 20 min")]
        {
            assert_eq!(duration(Duration::from_millis(millis)), shown);
        }
    }

    #[test]
    fn sizes_are_read_and_shown() {
        assert_eq!(parse_size("256MiB"), Ok(256 << 20));
        for bad in ["", "0MiB", "256", "256MB", "MiB", "-1KiB", "1.5GiB", "99999999999999GiB"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
        assert_eq!([100, 64 << 10, 256 << 20, 3 << 29].map(size), ["100 B", "64 KiB", "256 MiB", "1.5 GiB"]);
    }

    #[test]
    fn rates_are_read_in_both_forms() {
        assert_eq!(parse_rate("600/min"), Ok(Rate { limit: 600, window: Duration::from_secs(60) }));
        assert_eq!(parse_rate("60/6s"), Ok(Rate { limit: 60, window: Duration::from_secs(6) }));
        for bad in ["600", "0/min", "60/0s", "/min", "60/", "-1/s", "60/6", "60/fortnight"] {
            assert!(parse_rate(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_rate("600/min").unwrap().to_string(), "600/min");
        assert_eq!(parse_rate("60/6s").unwrap().to_string(), "60 per 6 s");
    }

    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        assert_eq!(escape_control("a\u{1b}[31mb\tc\n"), "a\\u{1b}[31mb\\tc\\n");
        assert_eq!(escape_block("two\nlines\u{7}"), "two\nlines\\u{7}");
        assert_eq!(escape_control("\u{202e}evil"), "\\u{202e}evil");
        assert_eq!(escape_control("Größe 日本"), "Größe 日本");
        assert_eq!(cut("日本語", 2), "日本…");
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_read_them() {
        assert_eq!(["a.rhai", "--days=3", ""].map(shell_word), ["a.rhai", "--days=3", "''"]);
        assert_eq!(shell_word("it's $HOME"), r"'it'\''s $HOME'");
    }
}
