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
    Integer(i64),
    /// A whole number beyond the script's integers: larger than all of them.
    Big(u64),
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
            Ok(Rank::Integer(number))
        } else if let Some(text) = value.read_lock::<ImmutableString>() {
            Ok(Rank::Text(text.clone()))
        } else if let Ok(number) = value.as_float() {
            Ok(if number.is_nan() { Rank::Nothing } else { Rank::Float(number) })
        } else if let Ok(flag) = value.as_bool() {
            Ok(Rank::Flag(flag))
        } else if let Ok(letter) = value.as_char() {
            Ok(Rank::Text(letter.to_string().into()))
        } else if let Some(number) = value.read_lock::<BigInteger>() {
            Ok(Rank::Big(number.0))
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
            Rank::Integer(_) | Rank::Big(_) | Rank::Float(_) => Kind::Number,
            Rank::Text(_) => Kind::Text,
            Rank::Flag(_) => Kind::Flag,
            Rank::Time(_) => Kind::Time,
            Rank::Span(_) => Kind::Span,
        })
    }

    /// A number that never puts two places the wrong way round: where two of them are the same, [`Rank::compare`] has
    /// to decide. A sort that looks at these first hardly ever leaves its own memory. `None` for what comes last.
    pub fn prefix(&self, descending: bool) -> Option<u64> {
        let prefix = match self {
            Rank::Nothing => return None,
            Rank::Integer(number) => float_order(*number as f64),
            Rank::Big(number) => float_order(*number as f64),
            Rank::Float(number) => float_order(*number),
            Rank::Text(text) => {
                let mut first = [0; 8];
                first.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
                u64::from_be_bytes(first)
            }
            Rank::Flag(flag) => u64::from(*flag),
            Rank::Time(time) => whole_order(time.as_second()),
            Rank::Span(span) => whole_order(span.as_secs()),
        };
        Some(if descending { !prefix } else { prefix })
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
            (Integer(a), Float(b)) => mixed((*a).into(), *b),
            (Float(a), Integer(b)) => mixed((*b).into(), *a).reverse(),
            (Big(a), Big(b)) => a.cmp(b),
            (Integer(_), Big(_)) => Ordering::Less,
            (Big(_), Integer(_)) => Ordering::Greater,
            (Big(a), Float(b)) => mixed((*a).into(), *b),
            (Float(a), Big(b)) => mixed((*b).into(), *a).reverse(),
            (Flag(a), Flag(b)) => a.cmp(b),
            (Time(a), Time(b)) => a.cmp(b),
            (Span(a), Span(b)) => a.cmp(b),
            // Whoever sorts refuses mixed kinds before; the sort itself must not panic over them.
            (a, b) => a.kind().map(|kind| kind as u8).cmp(&b.kind().map(|kind| kind as u8)),
        };
        if descending { order.reverse() } else { order }
    }
}

/// The order of floats as one of whole numbers; the two zeros are the same.
fn float_order(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

fn whole_order(number: i64) -> u64 {
    number.cast_unsigned() ^ 1 << 63
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
    fn prefixes_never_contradict_the_order() {
        let rank = |value: Dynamic| Rank::of(&value).unwrap();
        let big = 1_i64 << 53;
        let numbers: Vec<Rank> = [0, 1, -1, 7, big, big + 1, -big - 1, i64::MAX, i64::MIN]
            .map(Dynamic::from)
            .into_iter()
            .chain([1 << 63, u64::MAX].map(|number| Dynamic::from(BigInteger(number))))
            .chain(
                [
                    0.0,
                    -0.0,
                    1.5,
                    -1.5,
                    9007199254740992.0,
                    9223372036854775808.0,
                    2e19,
                    f64::INFINITY,
                    f64::NEG_INFINITY,
                    f64::NAN,
                ]
                .map(Dynamic::from),
            )
            .map(rank)
            .collect();
        let texts = ["", "a", "ab", "abcdefgh", "abcdefghi", "abcdefg\0", "ä", "日本"].map(|text| rank(text.into()));
        let flags = [false, true].map(|flag| rank(flag.into()));
        for ranks in [&numbers[..], &texts, &flags] {
            for (a, b) in ranks.iter().flat_map(|a| ranks.iter().map(move |b| (a, b))) {
                for descending in [false, true] {
                    let place = |rank: &Rank| rank.prefix(descending).map_or((true, 0), |prefix| (false, prefix));
                    let (order, prefix) = (a.compare(b, descending), place(a).cmp(&place(b)));
                    assert!(prefix == Ordering::Equal || prefix == order, "{a:?} {b:?} {descending}");
                }
            }
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
