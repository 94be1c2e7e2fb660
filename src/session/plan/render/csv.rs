//! A plan for a spreadsheet: one line for each field that is another one afterwards.

use super::words;
use crate::session::plan::Plan;

/// The columns.
const COLUMNS: [&str; 9] = ["position", "operation", "object", "id", "display_id", "label", "field", "before", "after"];

/// The plan as CSV (RFC 4180), always whole. Texts stand without quotes; what a spreadsheet would take for a formula
/// begins with an apostrophe. A write without a changed field has a line without one.
pub fn csv(plan: &Plan) -> String {
    let mut out = String::new();
    let heading: Vec<String> = COLUMNS.iter().map(|column| (*column).to_string()).chain(["undo".into()]).collect();
    line(&mut out, &heading);
    for entry in &plan.entries {
        let record = &entry.record;
        let begin = [
            entry.position.to_string(),
            entry.operation.clone(),
            record.object.clone(),
            record.id.clone(),
            record.display_id.map_or(String::new(), |id| id.to_string()),
            record.label.clone().unwrap_or_default(),
        ];
        let undo = entry.cannot_be_undone().unwrap_or("yes").to_string();
        let plain = |value: Option<&crate::session::plan::Exact>| match value {
            Some(value) => value.as_text().unwrap_or_else(|| words::value(Some(value)).to_string()),
            None => String::new(),
        };
        for change in &entry.changes {
            let end = [change.field.clone(), plain(change.before.as_ref()), plain(change.after.as_ref()), undo.clone()];
            line(&mut out, &[&begin[..], &end].concat());
        }
        if entry.changes.is_empty() {
            line(&mut out, &[&begin[..], &[String::new(), String::new(), String::new(), undo]].concat());
        }
    }
    out
}

fn line(out: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    out.push_str(&cells.join(","));
    out.push_str("\r\n");
}

fn cell(text: &str) -> String {
    let number = text.parse::<f64>().is_ok();
    let acts = !number && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if acts { format!("'{text}") } else { text.to_string() };
    if text.contains(['"', ',', '\n', '\r', ';', '\t']) || text.starts_with(' ') || text.ends_with(' ') {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_must_and_never_a_formula() {
        for (text, wanted) in [
            ("plain", "plain"),
            ("-5", "-5"),
            ("=1+1", "'=1+1"),
            ("@x, \"y\"", "\"'@x, \"\"y\"\"\""),
            ("-x", "'-x"),
            ("a\nb", "\"a\nb\""),
        ] {
            assert_eq!(cell(text), wanted);
        }
    }
}
