//! A plan as one page for the colleague who has to approve it: readable, printable, whole. Nothing is loaded from
//! elsewhere and nothing runs; every text of the plan is escaped.

use super::{Options, groups, words};
use crate::{
    session::plan::{Change, Entry, Plan},
    text,
};

const STYLE: &str = "\
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;color:#1a1a1a}\
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem;border-bottom:2px solid #ddd}\
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.2rem 1rem}dt{color:#555}dd{margin:0}\
dd,p{overflow-wrap:anywhere}\
table{border-collapse:collapse;width:100%;table-layout:fixed}\
th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-top:1px solid #e4e4e4;overflow-wrap:anywhere}\
th{font-weight:600;border:0}tr.record td{border-top:2px solid #bbb;font-weight:600}tr.record small{font-weight:400;color:#555}\
.field{width:22%}td.field{padding-left:1.5rem;color:#555}del{color:#a11;text-decoration:none}ins{color:#161;text-decoration:none}\
.warn{color:#8a4b00;font-weight:400}code{font-family:ui-monospace,monospace;font-size:.92em;white-space:pre-wrap}\
@media print{body{margin:0;max-width:none;font-size:11px}tr{break-inside:avoid}h2{break-after:avoid}}";

/// The plan as one HTML file, always whole.
pub fn html(plan: &Plan, options: &Options) -> String {
    let mut out = String::with_capacity(1024 + plan.entries.len() * 512);
    let title = escaped(&format!("Plan for {}", plan.workspace.slug));
    out.push_str("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n");
    out.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
    );
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.push_str(&format!("<title>{title}</title><style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n<dl>"));
    let about = [
        ("Workspace", format!("{} ({})", plan.workspace.slug, plan.workspace.id)),
        ("Script", plan.script.path.clone()),
        ("Script’s SHA-256", plan.script.sha256.clone()),
        ("Made", format!("{:.0} by onramp {}", plan.created_at, plan.onramp)),
        ("Plan", plan.id.clone()),
        ("Changes", words::totals(plan)),
        ("Takes", words::quote(plan)),
    ];
    let time = words::time(plan, options.others).map(|time| ("Time", time));
    for (name, text) in about.into_iter().chain(time) {
        out.push_str(&format!("<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(&text)));
    }
    out.push_str("</dl>\n");
    for note in words::notes(plan) {
        out.push_str(&format!("<p>{}</p>\n", escaped(&note)));
    }
    for (operation, entries) in groups(plan) {
        let count = text::plural(entries.len(), "write");
        out.push_str(&format!(
            "<h2>{}: {count}</h2>\n<table><thead><tr><th class=\"field\">Field</th>",
            escaped(operation)
        ));
        out.push_str("<th>Before</th><th>After</th></tr></thead><tbody>\n");
        entries.iter().for_each(|entry| rows(&mut out, entry));
        out.push_str("</tbody></table>\n");
    }
    out.push_str(&format!("<p><small>Digest <code>{}</code></small></p>\n</body></html>\n", escaped(&plan.digest)));
    out
}

fn rows(out: &mut String, entry: &Entry) {
    let (mark, name) = (words::mark(entry).trim(), words::record(entry));
    out.push_str(&format!("<tr class=\"record\"><td colspan=\"3\">{mark} {} ", escaped(&name)));
    out.push_str(&format!("<small>no. {}</small>", entry.position));
    if let Some(why) = entry.cannot_be_undone() {
        out.push_str(&format!("<br><span class=\"warn\">cannot be undone as it was: {}</span>", escaped(why)));
    }
    out.push_str("</td></tr>\n");
    for Change { field, before, after } in &entry.changes {
        let (before, after) = (words::value(before.as_ref()), words::value(after.as_ref()));
        out.push_str(&format!(
            "<tr><td class=\"field\">{}</td><td><del><code>{}</code></del></td><td><ins><code>{}</code></ins></td></tr>\n",
            escaped(field),
            escaped(before),
            escaped(after)
        ));
    }
}

/// Text as HTML shows it, in elements and in attributes. Control characters are shown and not obeyed.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text::escape_control(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
