//! The order of values, for `sort_by`, `min_by` and `max_by`: numbers by value, texts by their letters, times by time,
//! `false` before `true`. Values of two kinds have no order. Pure.

use super::{
    builtins::time::{Span, Time},
    value::{BigInteger, kind_of},
};
use jiff::{SignedDuration, Timestamp};
use rhai::{Dynamic, ImmutableString};
use std::cmp::Ordering;

/// A value that has a place in an order.
#[derive(Clone, Debug)]
pub enum Rank {
    /// `()`, and a float that is no number: after all others, in both directions.
    Nothing,
    Integer(i128),
    Float(f64),
    Text(ImmutableString),
    Flag(bool),
    Time(Timestamp),
    Span(SignedDuration),
}

/// Which values can be compared with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Number,
    Text,
    Flag,
    Time,
    Span,
}

impl Kind {
    /// Several of them, in words.
    pub fn plural(self) -> &'static str {
        match self {
            Kind::Number => "numbers",
            Kind::Text => "strings",
            Kind::Flag => "booleans",
            Kind::Time => "times",
            Kind::Span => "spans of time",
        }
    }
}

impl Rank {
    /// The place of a value; the error is its kind in words, where that has no order.
    pub fn of(value: &Dynamic) -> Result<Rank, &'static str> {
        if value.is_unit() {
            Ok(Rank::Nothing)
        } else if let Ok(number) = value.as_int() {
            Ok(Rank::Integer(number.into()))
        } else if let Some(text) = value.read_lock::<ImmutableString>() {
            Ok(Rank::Text(text.clone()))
        } else if let Ok(number) = value.as_float() {
            Ok(if number.is_nan() { Rank::Nothing } else { Rank::Float(number) })
        } else if let Ok(flag) = value.as_bool() {
            Ok(Rank::Flag(flag))
        } else if let Ok(letter) = value.as_char() {
            Ok(Rank::Text(letter.to_string().into()))
        } else if let Some(number) = value.read_lock::<BigInteger>() {
            Ok(Rank::Integer(number.0.into()))
        } else if let Some(time) = value.read_lock::<Time>() {
            Ok(Rank::Time(time.0.timestamp()))
        } else if let Some(span) = value.read_lock::<Span>() {
            Ok(Rank::Span(span.nominal()))
        } else {
            Err(kind_of(value))
        }
    }

    /// Its kind; `None` for [`Rank::Nothing`].
    pub fn kind(&self) -> Option<Kind> {
        Some(match self {
            Rank::Nothing => return None,
            Rank::Integer(_) | Rank::Float(_) => Kind::Number,
            Rank::Text(_) => Kind::Text,
            Rank::Flag(_) => Kind::Flag,
            Rank::Time(_) => Kind::Time,
            Rank::Span(_) => Kind::Span,
        })
    }

    /// Which of two comes first. [`Rank::Nothing`] comes last, also where `descending`.
    pub fn compare(&self, other: &Rank, descending: bool) -> Ordering {
        use Rank::*;
        let order = match (self, other) {
            (Nothing, Nothing) => return Ordering::Equal,
            (Nothing, _) => return Ordering::Greater,
            (_, Nothing) => return Ordering::Less,
            (Integer(a), Integer(b)) => a.cmp(b),
            (Text(a), Text(b)) => a.as_str().cmp(b.as_str()),
            (Float(a), Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Integer(a), Float(b)) => mixed(*a, *b),
            (Float(a), Integer(b)) => mixed(*b, *a).reverse(),
            (Flag(a), Flag(b)) => a.cmp(b),
            (Time(a), Time(b)) => a.cmp(b),
            (Span(a), Span(b)) => a.cmp(b),
            // Whoever sorts refuses mixed kinds before; the sort itself must not panic over them.
            (a, b) => a.kind().map(|kind| kind as u8).cmp(&b.kind().map(|kind| kind as u8)),
        };
        if descending { order.reverse() } else { order }
    }
}

/// An integer and a float by their exact values: rounding one to the other would make an order that contradicts itself.
fn mixed(whole: i128, float: f64) -> Ordering {
    if float.abs() >= 1e30 {
        return 0.0.partial_cmp(&float).unwrap_or(Ordering::Equal);
    }
    let floor = float.floor();
    whole.cmp(&(floor as i128)).then(if float > floor { Ordering::Less } else { Ordering::Equal })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_floats_are_compared_exactly() {
        let big = (1_i64 << 53) + 1;
        let (a, b) = (Rank::of(&big.into()).unwrap(), Rank::of(&9007199254740992.0.into()).unwrap());
        assert_eq!((a.compare(&b, false), b.compare(&a, false)), (Ordering::Greater, Ordering::Less));
        for (whole, float, order) in [
            (1, 1.0, Ordering::Equal),
            (1, 1.5, Ordering::Less),
            (-1, -1.5, Ordering::Greater),
            (0, f64::INFINITY, Ordering::Less),
            (0, f64::NEG_INFINITY, Ordering::Greater),
        ] {
            assert_eq!(mixed(whole, float), order, "{whole} {float}");
        }
    }

    #[test]
    fn nothing_comes_last_in_both_directions() {
        let (nothing, nan) = (Rank::of(&Dynamic::UNIT).unwrap(), Rank::of(&f64::NAN.into()).unwrap());
        let one = Rank::of(&1_i64.into()).unwrap();
        for descending in [false, true] {
            assert_eq!(nothing.compare(&one, descending), Ordering::Greater);
            assert_eq!(one.compare(&nan, descending), Ordering::Less);
            assert_eq!(nan.compare(&nothing, descending), Ordering::Equal);
        }
    }
}
