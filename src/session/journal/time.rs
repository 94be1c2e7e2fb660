//! Times as a journal has them: in the form that they have everywhere, made in a tenth of the time that their own
//! `Serialize` takes, because a journal has four of them for each update. Knows no entry.

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use std::cell::Cell;

/// `2026-05-26T17:21:09`.
type Second = [u8; 19];
/// A second with a fraction of up to nine digits, and a `Z`.
const LONGEST: usize = 30;

thread_local! {
    /// The second that was written last: those that follow are mostly the same.
    static LATEST: Cell<(i64, Second)> = const { Cell::new((i64::MIN, [0; 19])) };
}

/// For `serialize_with`.
pub(super) fn time<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = [0; LONGEST];
    match write(*at, &mut text) {
        Some(text) => serializer.serialize_str(text),
        None => at.serialize(serializer),
    }
}

/// For `serialize_with`.
pub(super) fn some_time<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => time(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// `None` for years that are not written with four digits, and fractions of seconds before 1970.
fn write(at: Timestamp, text: &mut [u8; LONGEST]) -> Option<&str> {
    let (second, mut fraction) = (at.as_second(), u32::try_from(at.subsec_nanosecond()).ok()?);
    let (latest, mut digits) = LATEST.get();
    if latest != second {
        let whole = Timestamp::from_second(second).ok()?.to_string();
        digits = whole.strip_suffix('Z')?.as_bytes().try_into().ok()?;
        LATEST.set((second, digits));
    }
    text[..19].copy_from_slice(&digits);
    let mut end = 19;
    if fraction > 0 {
        text[end] = b'.';
        let mut unit = 100_000_000;
        while fraction > 0 {
            end += 1;
            text[end] = b'0' + (fraction / unit) as u8;
            fraction %= unit;
            unit /= 10;
        }
        end += 1;
    }
    text[end] = b'Z';
    std::str::from_utf8(&text[..=end]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, value};

    #[test]
    fn times_have_the_form_that_they_have_everywhere() {
        let texts = [
            "2026-05-26T17:21:09Z",
            "2026-05-26T17:21:09.242Z",
            "2026-05-26T17:21:09.000000001Z",
            "2026-05-26T17:21:10.1Z",
            "2026-05-26T17:21:09.123456789Z",
            "1969-12-31T23:59:59.000000001Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00Z",
            "-000001-01-01T00:00:00Z",
        ];
        let times = texts.iter().map(|text| text.parse().unwrap());
        for at in times.chain([Timestamp::MIN, Timestamp::MAX]) {
            let text = Value::from(at.to_string());
            assert_eq!(time(&at, value::Serializer).unwrap(), text);
            assert_eq!(some_time(&Some(at), value::Serializer).unwrap(), text);
        }
        assert!(some_time(&None, value::Serializer).unwrap().is_null());
    }
}
