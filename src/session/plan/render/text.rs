//! A plan for a terminal or a log: grouped by operation, field by field, the first entries of each group.

use super::{Options, SHOWN, groups, words};
use crate::{
    session::plan::{Change, Entry, Plan},
    text::{cut, escape_control, plural},
};

/// Longer values are cut, unless everything is asked for.
const VALUE: usize = 100;

/// One write as one line: `update_customer Acme (customer 101, clx9…): status: "active" → "churned"`.
pub fn line(entry: &Entry) -> String {
    let changes: Vec<String> =
        entry.changes.iter().map(|change| change_line(change, &|value| cut(value, VALUE).into())).collect();
    let changes = if changes.is_empty() { String::new() } else { format!(": {}", changes.join(", ")) };
    escape_control(&format!("{} {}{changes}", entry.operation, words::record(entry))).into_owned()
}

fn change_line(change: &Change, shown: &dyn Fn(&str) -> String) -> String {
    let (before, after) = (words::value(change.before.as_ref()), words::value(change.after.as_ref()));
    match (&change.before, &change.after) {
        (None, _) => format!("{}: {}", change.field, shown(after)),
        (_, None) => format!("{}: {} → gone", change.field, shown(before)),
        _ => format!("{}: {} → {}", change.field, shown(before), shown(after)),
    }
}

/// The plan as lines. Control characters in data are escaped.
pub fn text(plan: &Plan, options: &Options) -> String {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(&escape_control(text));
        out.push('\n');
    };
    let shown = |value: &str| if options.all { value.to_string() } else { cut(value, VALUE).into_owned() };
    for (operation, entries) in groups(plan) {
        line(&format!("{operation}: {}", plural(entries.len(), "write")));
        let most = if options.all { entries.len() } else { SHOWN };
        for entry in entries.iter().take(most) {
            let not_sent = if options.not_sent { "NOT SENT " } else { "" };
            line(&format!("{} {not_sent}{}", words::mark(entry), words::record(entry)));
            if let Some(why) = entry.cannot_be_undone() {
                line(&format!("    cannot be undone as it was: {why}"));
            }
            if let Some(old) = &entry.replaces {
                line(&format!("    made again under a new id; it was {old}"));
            }
            for change in &entry.changes {
                line(&format!("    {}", change_line(change, &shown)));
            }
        }
        if entries.len() > most {
            let all_by = options.all_by.unwrap_or("--all");
            line(&format!("  … and {} (`{all_by}` shows all)", entries.len() - most));
        }
        line("");
    }
    line(&words::totals(plan));
    for note in words::notes(plan) {
        line(&note);
    }
    line(&format!("applying it takes {}", words::quote(plan)));
    if let Some(time) = words::time(plan, options.others) {
        line(&time);
    }
    out
}
