//! Timestamps on the wire: ISO 8601 in UTC, with milliseconds or without. Owns reading and writing them; must not read
//! any clock.

use jiff::{Timestamp, civil::Date};

/// A timestamp with milliseconds: `2026-05-26T17:21:09.412Z`.
pub(super) fn with_millis(at: Timestamp) -> String {
    format!("{:.3}", whole_millis(at))
}

/// The instant cut to whole milliseconds, as records keep it.
pub(super) fn whole_millis(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// Reads a full timestamp. jiff alone would also take a blank for the `T` and a zone in brackets.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let shaped = text.is_ascii() && text.as_bytes().get(10) == Some(&b'T') && !text.contains('[');
    if shaped { text.parse().ok() } else { None }
}

/// A value for a time field as the record will show it: plain dates and UTC times in the API's two forms stay as they
/// came, so that a client finds what it wrote; other precisions and offsets become UTC with milliseconds.
pub(super) fn normal(text: &str) -> Option<String> {
    if text.len() == 10 && text.is_ascii() {
        return text.parse::<Date>().ok().map(|_| text.to_owned());
    }
    let at = parse(text)?;
    // "2024-01-15T09:30:00Z" has 20 characters, the form with milliseconds 24.
    let as_is = text.ends_with('Z') && (text.len() == 20 || (text.len() == 24 && text.as_bytes()[19] == b'.'));
    Some(if as_is { text.to_owned() } else { with_millis(at) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utc_times_and_dates_stay_as_they_came() {
        for text in ["2024-01-15T09:30:00Z", "2026-05-26T17:21:09.000Z", "2026-06-01"] {
            assert_eq!(normal(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn offsets_and_other_precisions_become_utc_with_milliseconds() {
        assert_eq!(normal("2026-05-26T19:21:09+02:00").as_deref(), Some("2026-05-26T17:21:09.000Z"));
        assert_eq!(normal("2026-05-26T17:21:09.412987Z").as_deref(), Some("2026-05-26T17:21:09.412Z"));
    }

    #[test]
    fn anything_else_is_no_time() {
        for text in [
            "",
            "soon",
            "2026-02-30",
            "2026-13-01T00:00:00Z",
            "2026-05-26T17:21:09",
            "2026-05-26 17:21:09Z",
            "26.05.2026",
        ] {
            assert_eq!(normal(text), None, "{text}");
        }
    }
}
