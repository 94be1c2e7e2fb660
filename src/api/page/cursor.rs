//! Times as cursors: reading them with the precision they show, and stepping one unit of it. PURE; knows no page.

use jiff::{SignedDuration, Timestamp};

/// The time that `text` shows, and with how many digits of a second.
pub fn parse(text: &str) -> Option<(Timestamp, usize)> {
    let time: Timestamp = text.parse().ok()?;
    let fraction = text.split_once(['.', ',']).map_or("", |(_, fraction)| fraction);
    Some((time, fraction.bytes().take_while(u8::is_ascii_digit).count()))
}

/// `time` with that many digits, as the API writes it.
pub fn show(time: Timestamp, digits: usize) -> String {
    format!("{time:.digits$}")
}

/// One unit of the shown precision after `time`, written like `like`.
pub fn later(time: Timestamp, digits: usize, like: &str) -> Option<(Timestamp, String)> {
    let unit = SignedDuration::from_nanos(10_i64.pow(9_u32.checked_sub(u32::try_from(digits).ok()?)?));
    let time = time.checked_add(unit).ok()?;
    let mut text = show(time, digits);
    if like.ends_with("+00:00") {
        text.truncate(text.len() - 1);
        text.push_str("+00:00");
    }
    Some((time, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_moves_by_the_last_digit_it_shows() {
        for (from, to) in [
            ("2024-01-15T09:30:00Z", "2024-01-15T09:30:01Z"),
            ("2024-12-31T23:59:59Z", "2025-01-01T00:00:00Z"),
            ("2026-05-26T17:21:09.412Z", "2026-05-26T17:21:09.413Z"),
            ("2026-05-26T17:21:09.999Z", "2026-05-26T17:21:10.000Z"),
            ("2026-05-26T17:21:09.000000Z", "2026-05-26T17:21:09.000001Z"),
            ("2026-05-26T17:21:09.123456789Z", "2026-05-26T17:21:09.123456790Z"),
            ("2026-05-26T17:21:09+00:00", "2026-05-26T17:21:10+00:00"),
        ] {
            let (time, digits) = parse(from).unwrap();
            let (later, text) = later(time, digits, from).unwrap();
            assert_eq!((text.as_str(), parse(&text).unwrap().0), (to, later), "{from}");
        }
        for bad in ["", "yesterday", "2024-01-15", "1705311000"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
