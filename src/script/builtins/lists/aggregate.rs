//! The verbs that make one number or one row of all: sums, averages, the smallest and the largest.

use super::{Builtin, Given, Verbs, by_types};
use crate::script::{
    by::{By, row_name},
    fault::{Spot, Thrown},
    host::Raised,
    order::{Kind, Rank},
    packed::Cell,
    row::Row,
    value::kind_of,
    walk::Walker,
};
use rhai::{Dynamic, INT};
use std::cmp::Ordering;

pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "sum",
        signatures: &["rows.sum(field)", "rows.sum(|row| …)", "numbers.sum()"],
        summary: "The sum of a field; `()` is skipped, integers stay integers, and of nothing it is 0",
        example: r#"list_customers().sum("mrr")"#,
    },
    Builtin {
        name: "average",
        signatures: &["rows.average(field)", "rows.average(|row| …)", "numbers.average()"],
        summary: "The average of a field, a float; `()` is skipped, and of nothing it is `()`",
        example: r#"list_customers().average("mrr")"#,
    },
    Builtin {
        name: "min_by",
        signatures: &["rows.min_by(field)", "rows.min_by(|row| …)"],
        summary: "The row with the smallest value, the first of several; `()` is skipped, and of nothing it is `()`",
        example: r#"list_customers().min_by("mrr").name"#,
    },
    Builtin {
        name: "max_by",
        signatures: &["rows.max_by(field)", "rows.max_by(|row| …)"],
        summary: "The row with the largest value, the first of several; `()` is skipped, and of nothing it is `()`",
        example: r#"list_customers().max_by("mrr").name"#,
    },
];

pub fn register(verbs: &mut Verbs<'_, '_>) {
    let forms = by_types().map(|by| vec![by]).into_iter().chain([Vec::new()]);
    for form in forms {
        verbs.value("sum", &form, None, |given, walker| total("sum", &given, walker)?.sum(walker));
        verbs.value("average", &form, None, |given, walker| Ok(total("average", &given, walker)?.average()));
    }
    for by in by_types() {
        verbs.value("min_by", &[by], None, |given, walker| {
            extreme("min_by", &given.by("min_by", 0)?, walker, Ordering::Less)
        });
        verbs.value("max_by", &[by], None, |given, walker| {
            extreme("max_by", &given.by("max_by", 0)?, walker, Ordering::Greater)
        });
    }
}

/// Integers and floats are added up apart, so that integers stay exact.
#[derive(Default)]
struct Total {
    whole: i128,
    float: f64,
    floats: bool,
    count: usize,
}

fn total(verb: &'static str, given: &Given, walker: &mut Walker) -> Result<Total, Raised> {
    let by = if given.args.is_empty() { By::Row(Spot::of(given.ctx)) } else { given.by(verb, 0)? };
    let mut total = Total::default();
    while let Some(mut row) = walker.next()? {
        let value = by.value(&mut row, &mut walker.cx)?;
        if let Ok(number) = value.as_int() {
            total.whole += i128::from(number);
        } else if let Ok(number) = value.as_float() {
            total.float += number;
            total.floats = true;
        } else if value.is_unit() {
            continue;
        } else {
            let place = row_name(walker.given, &mut row, &mut walker.cx);
            let message = format!("{} in {place} is {}, where a number is needed", by.named(), kind_of(&value));
            let thrown = Thrown::argument(verb, None, message);
            return Err(walker.raise(match by {
                By::Row(_) if value.is_map() => thrown.hint(format!("name a field, such as `{verb}(\"mrr\")`")),
                _ => thrown,
            }));
        }
        total.count += 1;
    }
    Ok(total)
}

impl Total {
    fn sum(&self, walker: &Walker) -> Result<Dynamic, Raised> {
        if self.floats {
            return Ok((self.whole as f64 + self.float).into());
        }
        INT::try_from(self.whole).map(Dynamic::from).map_err(|_| {
            let message = "the sum is too large for an integer".to_string();
            walker.raise(
                Thrown::argument("sum", None, message).hint("add up floats: `sum(|row| row.x.to_float())`".into()),
            )
        })
    }

    fn average(&self) -> Dynamic {
        if self.count == 0 {
            return Dynamic::UNIT;
        }
        ((self.whole as f64 + self.float) / self.count as f64).into()
    }
}

fn extreme(verb: &'static str, by: &By, walker: &mut Walker, wanted: Ordering) -> Result<Dynamic, Raised> {
    let (mut best, mut kind) = (None::<(Rank, Row)>, None);
    while let Some(mut row) = walker.next_to_keep()? {
        let rank = rank(verb, by, &mut row, walker, &mut kind)?;
        let better = match &best {
            _ if matches!(rank, Rank::Nothing) => false,
            Some((so_far, _)) => rank.compare(so_far, false) == wanted,
            None => true,
        };
        if better {
            best = Some((rank, row));
        }
    }
    best.map_or(Ok(Dynamic::UNIT), |(_, row)| walker.keep(row))
}

/// The place in the order of what `by` finds in a row. All rows must have values of one kind, which `kind` remembers.
pub fn rank(
    verb: &'static str,
    by: &By,
    row: &mut Row,
    walker: &mut Walker,
    kind: &mut Option<Kind>,
) -> Result<Rank, Raised> {
    let plain = match by.cell(row, &mut walker.cx) {
        Some(Cell::Integer(number)) => Some(Rank::Integer(number)),
        Some(Cell::Nothing) => Some(Rank::Nothing),
        Some(Cell::Text(_)) | None => None,
    };
    let fits = |rank: &Rank, known: Option<Kind>| rank.kind().is_none() || known.is_none() || rank.kind() == known;
    if let Some(rank) = plain
        && fits(&rank, *kind)
    {
        *kind = kind.or(rank.kind());
        return Ok(rank);
    }
    let value = by.value(row, &mut walker.cx)?;
    let message = match (Rank::of(&value), *kind) {
        (Ok(rank), known) if fits(&rank, known) => {
            *kind = known.or(rank.kind());
            return Ok(rank);
        }
        (Ok(_), Some(known)) => format!("but the rows before have {}", known.plural()),
        (Ok(_), None) | (Err(_), _) => "which has no order".to_string(),
    };
    let place = row_name(walker.given, row, &mut walker.cx);
    let message = format!("{} in {place} is {}, {message}", by.named(), kind_of(&value));
    let thrown = Thrown::argument(verb, None, message);
    Err(walker.raise(thrown.hint("give a closure that makes values of one kind, numbers or strings".into())))
}
