//! Which rows the slices of a tie can reach: known values of a field can be asked for, others cannot. Keeps what was
//! seen of both. PURE; asks nothing.

use super::read;
use crate::{
    api::operation::{Operation, Slice},
    text,
};
use jiff::Timestamp;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Longer values are cut in messages.
const SHOWN: usize = 60;

/// What a walk knows about the fields by which its list can be sliced.
#[derive(Debug)]
pub struct Reach {
    /// The members that the walk reads of each row: `id`, `created_at`, and two for each slice.
    names: Vec<&'static str>,
    fields: Vec<Known>,
}

/// What was seen of one field.
#[derive(Debug)]
struct Known {
    slice: &'static Slice,
    values: &'static [&'static str],
    /// A row that no slice holds, in words.
    odd: Option<String>,
    /// The first tie that was asked for by this field, and how many of its rows were seen.
    relied: Option<(Timestamp, usize)>,
}

impl Reach {
    pub fn new(operation: &'static Operation) -> Reach {
        let mut names = vec!["id", "created_at"];
        let mut fields = Vec::new();
        for slice in operation.slices {
            // Where a field has no flag, its own name again: the first of two wins, so this one is never read.
            names.extend([slice.field, slice.flag.map_or(slice.field, |(_, flag)| flag)]);
            fields.push(Known { slice, values: operation.choices(slice.field), odd: None, relied: None });
        }
        Reach { names, fields }
    }

    /// The members to read of each row; `id` and `created_at` come first.
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// Looks at the members of a row.
    pub fn see(&mut self, members: &[Option<&RawValue>]) {
        for (field, members) in self.fields.iter_mut().zip(members[2..].chunks(2)) {
            if field.odd.is_none() {
                field.odd = odd(field.slice, field.values, members[0], members[1]);
            }
        }
    }

    /// From now on the walk is complete only if no row has an odd value of this field.
    pub fn rely(&mut self, slice: &'static Slice, at: Timestamp, count: usize) {
        for field in self.fields.iter_mut().filter(|field| field.slice == slice) {
            field.relied.get_or_insert((at, count));
        }
    }

    /// Brings the counts up to date, where there are any. A tie that is done counts no rows any more.
    pub fn count(&mut self, seen: impl Fn(Timestamp) -> usize) {
        for (at, count) in self.fields.iter_mut().filter_map(|field| field.relied.as_mut()) {
            *count = seen(*at).max(*count);
        }
    }

    /// A tie that may lack rows, how many of its rows were seen, and a row that shows it.
    pub fn missed(&self) -> Option<(Timestamp, usize, &str)> {
        self.fields.iter().find_map(|field| {
            let (at, count) = field.relied?;
            Some((at, count, field.odd.as_deref()?))
        })
    }

    /// What there is to say of a tie that was asked for slice by slice.
    pub fn note(&self, operation: &str, at: &str) -> String {
        let relied = || self.fields.iter().filter(|field| field.relied.is_some());
        let count = relied().filter_map(|field| field.relied).map(|(_, count)| count).max().unwrap_or(0);
        let names: Vec<String> = relied().map(|field| format!("`{}`", field.slice.field)).collect();
        let (all, any) = (text::joined(names.clone(), "and"), text::joined(names, "or"));
        format!(
            "`{operation}`: {count} rows were created at `{at}`, more than a page holds; they were asked for by {all}, \
             and rows with a {any} that onramp does not know would be missing"
        )
    }
}

/// What is odd about a row that no slice by this field is sure to hold.
fn odd(slice: &Slice, known: &[&str], value: Option<&RawValue>, flag: Option<&RawValue>) -> Option<String> {
    let field = slice.field;
    let Some(value) = read::member::<Cow<'_, str>>(value) else { return Some(format!("a row has no `{field}`")) };
    if !known.contains(&value.as_ref()) {
        let value = text::escape_control(text::cut(&value, SHOWN).as_ref()).into_owned();
        return Some(format!("a row has the {field} `{value}`, which onramp does not know"));
    }
    let (derived, name) = slice.flag?;
    let set: bool = read::member(flag).unwrap_or(false);
    (value == derived && !set).then(|| format!("a row has the {field} `{value}`, but not `{name}`"))
}
