//! A failure as people see it: what, where, why, what to do, and the exit code. One table maps kinds to exit codes.

use crate::{
    script::{Fault, FaultKind, Place},
    stop::Reason,
    text,
};
use std::borrow::Cow;
use unicode_width::UnicodeWidthChar;

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The script failed, or the API refused something that the script did not catch.
    Script,
    /// Wrong usage or configuration; nothing was sent.
    Usage,
    /// The key is missing, wrong or revoked.
    Key,
    /// The run ended, but some rows failed.
    Rows,
    /// A plan was refused: drift, or it is for another workspace.
    Refused,
    /// A bug in onramp.
    Bug,
    /// It will pass; run it again.
    WillPass,
    /// Somebody asked to stop.
    Interrupted,
}

impl Kind {
    /// The exit code that is documented for it.
    pub const fn exit_code(self) -> u8 {
        match self {
            Kind::Script => 1,
            Kind::Usage => 2,
            Kind::Key => 3,
            Kind::Rows => 4,
            Kind::Refused => 5,
            Kind::Bug => 70,
            Kind::WillPass => 75,
            Kind::Interrupted => 130,
        }
    }
}

/// A failure, ready to be shown.
#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: Kind,
    /// The first line: lower case, names in back-ticks, no final period.
    pub message: String,
    /// Lines below it: the place with its source line, the way there, details.
    pub details: Vec<String>,
    /// What to do, in the imperative.
    pub hints: Vec<String>,
}

impl Failure {
    pub fn new(kind: Kind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into(), details: Vec::new(), hints: Vec::new() }
    }

    /// Wrong usage or configuration.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Usage, message)
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }

    /// With its place, and the source line and a caret where `script` is the text.
    pub fn at(mut self, place: &Place, script: Option<&str>) -> Failure {
        self.details.extend(pointed(place, script));
        self
    }

    /// A bug in onramp: never the user's fault, and said so.
    pub fn bug(what: &str) -> Failure {
        Failure::new(Kind::Bug, format!("a bug in onramp: {}", text::escape_control(what)))
            .hint(format!("report it with the script and this message; this is onramp {}", env!("CARGO_PKG_VERSION")))
    }

    /// A script's fault, with the source line and a caret. `text_of` gives the text of a script or module by its name.
    pub fn of_fault(fault: &Fault, text_of: &dyn Fn(&str) -> Option<String>) -> Failure {
        let kind = match fault.kind {
            FaultKind::Script | FaultKind::Stopped(Reason::Timeout) => Kind::Script,
            FaultKind::Syntax | FaultKind::Configuration => Kind::Usage,
            FaultKind::Key => Kind::Key,
            FaultKind::Rows => Kind::Rows,
            FaultKind::WillPass => Kind::WillPass,
            FaultKind::Declined => Kind::Interrupted,
            FaultKind::Stopped(Reason::Interrupt | Reason::OutputClosed | Reason::Cancelled | Reason::Enough) => {
                Kind::Interrupted
            }
        };
        let mut details = Vec::new();
        if let Some(place) = &fault.place {
            details.extend(pointed(place, text_of(&place.source).as_deref()));
        }
        for frame in &fault.frames {
            let at = frame.called_at.as_ref().map_or(String::new(), |place| format!(", called at {}", shown(place)));
            details.push(format!("  in {}{at}", frame.name));
        }
        details.extend(fault.notes.iter().map(|note| format!("  {note}")));
        Failure { kind, message: fault.message.clone(), details, hints: fault.hints.clone() }
    }

    /// All lines, the first with this heading. Whatever went into them, they drive no terminal.
    pub fn lines(&self, heading: &str) -> Vec<String> {
        let mut lines = vec![format!("{heading}: {}", text::escape_block(&self.message))];
        lines.extend(self.details.iter().map(|line| text::escape_block(line).into_owned()));
        lines.extend(self.hints.iter().map(|hint| format!("hint: {}", text::escape_block(hint))));
        lines
    }
}

fn shown(place: &Place) -> String {
    format!("{}:{}:{}", text::escape_control(&place.source), place.line, place.column)
}

/// Behind the last words of the script, where a place lies behind all of them: a missing `}` is noticed there.
fn end_before(place: &Place, script: &str) -> Option<Place> {
    if script.lines().skip(place.line - 1).any(|line| !line.trim().is_empty()) {
        return None;
    }
    let (at, last) = script.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).last()?;
    Some(Place { source: place.source.clone(), line: at + 1, column: last.trim_end().chars().count() + 1 })
}

/// The place, its source line and a caret under the column.
pub fn pointed(place: &Place, script: Option<&str>) -> Vec<String> {
    let at_end = script.and_then(|text| end_before(place, text));
    let place = at_end.as_ref().unwrap_or(place);
    let mut lines = vec![format!("  --> {}", shown(place))];
    let Some(line) = script.and_then(|text| text.lines().nth(place.line - 1)) else { return lines };
    let number = place.line.to_string();
    let margin = " ".repeat(number.len());
    // Tabs become single spaces, so that the caret stands where it points whatever a terminal's tabs are.
    let shown: String = line.chars().map(|c| if c == '\t' { ' ' } else { c }).collect();
    let (shown, column) = around(&shown, place.column - 1);
    let before: usize = shown.chars().take(column).map(|c| c.width().unwrap_or(0)).sum();
    lines.push(format!("  {margin} |"));
    lines.push(format!("  {number} | {}", text::escape_control(shown.trim_end())));
    lines.push(format!("  {margin} | {}^", " ".repeat(before)));
    lines
}

/// Of a line longer than this, what lies around the column is shown.
const WIDEST: usize = 240;

/// What is shown of a line, and the column in that.
fn around(line: &str, column: usize) -> (Cow<'_, str>, usize) {
    if line.chars().nth(WIDEST).is_none() {
        return (line.into(), column);
    }
    let skipped = column.saturating_sub(WIDEST / 2);
    let part: String = line.chars().skip(skipped).take(WIDEST).collect();
    let more = if line.chars().nth(skipped + WIDEST).is_some() { "…" } else { "" };
    if skipped == 0 {
        (format!("{part}{more}").into(), column)
    } else {
        (format!("…{part}{more}").into(), column - skipped + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_column_also_behind_wide_letters_and_tabs() {
        let place = Place { source: "a.rhai".into(), line: 2, column: 7 };
        let lines = pointed(&place, Some("let a = 1;\n\t日本\" + b\n"));
        assert_eq!(lines, ["  --> a.rhai:2:7", "    |", "  2 |  日本\" + b", "    |         ^"]);
        assert_eq!(pointed(&place, None), ["  --> a.rhai:2:7"]);
        let end = Place { source: "a.rhai".into(), line: 4, column: 1 };
        assert_eq!(pointed(&end, Some("if a {\n\n")), ["  --> a.rhai:1:7", "    |", "  1 | if a {", "    |       ^"]);
    }

    #[test]
    fn nothing_in_a_failure_drives_a_terminal() {
        let mut failure = Failure::usage("a\u{1b}b\nc").hint("\u{7}");
        failure.details.push("\u{9b}".into());
        assert_eq!(failure.lines("error"), ["error: a\\u{1b}b\nc", "\\u{9b}", "hint: \\u{7}"]);
    }

    #[test]
    fn of_a_very_long_line_the_part_around_the_caret_is_shown() {
        let line = format!("{}!{}", "a".repeat(1000), "b".repeat(1000));
        let (shown, column) = around(&line, 1000);
        assert_eq!((shown.chars().count(), shown.chars().nth(column)), (WIDEST + 2, Some('!')));
        assert_eq!(around("short", 3), ("short".into(), 3));
    }

    #[test]
    fn each_kind_has_an_exit_code_of_its_own() {
        use Kind::{Bug, Interrupted, Key, Refused, Rows, Script, Usage, WillPass};
        let kinds = [Script, Usage, Key, Rows, Refused, Bug, WillPass, Interrupted];
        assert_eq!(kinds.map(Kind::exit_code), [1, 2, 3, 4, 5, 70, 75, 130]);
    }
}
