//! What the line editor asks while a line is written: whether it is whole, what could follow, how it looks. Asks the
//! session's thread, which has nothing else to do then; sends no request.

use super::{
    Mode,
    commands::{self, COMMANDS, Takes},
    highlight,
};
use crate::{
    run::Lines,
    script::interactive::{Candidate, Completion},
    text,
};
use rustyline::{
    Context, Helper,
    completion::{Candidate as Shown, Completer},
    highlight::{CmdKind, Highlighter},
    hint::{Hinter, HistoryHinter},
    validate::{ValidationContext, ValidationResult, Validator},
};
use std::{borrow::Cow, fs, path::Path, rc::Rc};
use unicode_width::UnicodeWidthStr;

/// The editor's view of a session.
pub struct Editing {
    pub lines: Rc<Lines>,
    /// Hints need a colour of their own, or they would pass for text.
    pub colour: bool,
    pub from_history: HistoryHinter,
    /// Columns and rows of the terminal.
    pub size: (usize, usize),
    /// The mode that sends writes.
    pub writes: Mode,
    /// The runs that can be taken back, the newest last.
    pub runs: Vec<String>,
}

impl Helper for Editing {}

impl Validator for Editing {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        let text = context.input().to_string();
        if text.trim().is_empty() || commands::is_command(&text) {
            return Ok(ValidationResult::Valid(None));
        }
        // A session that cannot answer says so when the line is run.
        let whole = self.lines.with(move |script| script.is_whole(&text), || {}).unwrap_or(true);
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

/// A candidate for the editor.
pub struct Choice(Candidate);

impl Shown for Choice {
    fn display(&self) -> &str {
        &self.0.shown
    }
    fn replacement(&self) -> &str {
        &self.0.text
    }
}

impl Completer for Editing {
    type Candidate = Choice;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Choice>)> {
        let Completion { start, candidates, more } = self.completion(line, at);
        Ok((start, fitting(candidates, more, self.size).into_iter().map(Choice).collect()))
    }
}

impl Editing {
    /// The candidates at the byte `at` of a line.
    pub fn completion(&self, line: &str, at: usize) -> Completion {
        if commands::is_command(line) {
            return self.command(line, at);
        }
        self.script(line, at)
    }

    fn script(&self, text: &str, at: usize) -> Completion {
        let text = text.to_string();
        self.lines.with(move |script| script.complete(&text, at), || {}).unwrap_or_default()
    }

    fn command(&self, line: &str, at: usize) -> Completion {
        let Some(before) = line.get(..at) else { return Completion::default() };
        let begin = line.find(':').map_or(0, |colon| colon + 1);
        let Some((name, rest)) = before.get(begin..).and_then(|text| text.split_once(char::is_whitespace)) else {
            let word = before.get(begin..).unwrap_or_default();
            let fitting = || COMMANDS.iter().filter(|command| command.name.starts_with(word));
            let width = fitting().map(|command| commands::usage(command).width()).max().unwrap_or(0);
            let candidates = fitting().map(|command| Candidate {
                text: format!("{}{}", command.name, if command.args.is_empty() { "" } else { " " }),
                shown: format!("{:<width$}  {}", commands::usage(command), command.help),
            });
            return Completion { start: begin.min(at), candidates: candidates.collect(), more: 0 };
        };
        let Some(command) = COMMANDS.iter().find(|command| command.name == name) else { return Completion::default() };
        let from = at - rest.trim_start().len();
        let word = &line[from..at];
        let plain = |names: Vec<String>| Completion {
            start: from,
            candidates: names.into_iter().map(|name| Candidate { text: name.clone(), shown: name }).collect(),
            more: 0,
        };
        match command.takes {
            Takes::Nothing => Completion::default(),
            Takes::Words(words) => plain(beginning(words.iter(), word)),
            Takes::Mode => plain(beginning([self.writes.word(), Mode::Plan.word()].iter(), word)),
            Takes::Run => plain(beginning(self.runs.iter().rev(), word)),
            Takes::Path => plain(names_below(word)),
            Takes::ProjectPath => plain(self.lines.host().project.names_below(word)),
            Takes::Code => shifted(self.script(word, word.len()), from),
            Takes::Fields => {
                let begin = from + word.rfind([',', ' ']).map_or(0, |at| at + 1);
                // The fields of an object, or those of the rows of a list.
                let mut candidates = Vec::new();
                for value in ["_.", "_.first()."] {
                    let text = format!("{value}{}", &line[begin..at]);
                    candidates.extend(self.script(&text, text.len()).candidates);
                }
                candidates.retain(|candidate| !candidate.text.contains('('));
                Completion { start: begin, candidates, more: 0 }
            }
            Takes::Function => {
                let mut found = shifted(self.script(word, word.len()), from);
                for candidate in &mut found.candidates {
                    candidate.text.truncate(candidate.text.find('(').unwrap_or(candidate.text.len()));
                }
                found
            }
        }
    }
}

/// As many candidates as fit on a screen, and how many more there are: paging through them would hold the keys that write
/// the next letter, Ctrl-C among them. `more` are not among the candidates.
fn fitting(mut candidates: Vec<Candidate>, more: usize, (columns, rows): (usize, usize)) -> Vec<Candidate> {
    for candidate in &mut candidates {
        candidate.shown = text::shortened(&candidate.shown, columns.saturating_sub(1).max(8)).into_owned();
    }
    let widest = candidates.iter().map(|candidate| candidate.shown.width()).max().unwrap_or(0) + 2;
    let room = rows.saturating_sub(3).max(1) * (columns / widest.min(columns).max(1)).max(1);
    if candidates.len() <= room && more == 0 {
        return candidates;
    }
    // What all have in common is filled in, so the last line must not have less of it.
    let common = candidates.iter().skip(1).fold(candidates[0].text.clone(), |common, candidate| {
        let same = common.char_indices().zip(candidate.text.chars()).find(|((_, a), b)| a != b);
        let end = same.map_or(common.len().min(candidate.text.len()), |((at, _), _)| at);
        common[..end].to_string()
    });
    let shown = candidates.len().min(room - 1);
    let more = more + candidates.len() - shown;
    candidates.truncate(shown);
    candidates.push(Candidate { text: common, shown: format!("… and {more} more") });
    candidates
}

/// The words that begin like this.
fn beginning<'w>(words: impl Iterator<Item = &'w (impl AsRef<str> + 'w)>, begun: &str) -> Vec<String> {
    words.map(AsRef::as_ref).filter(|word| word.starts_with(begun)).map(str::to_string).collect()
}

fn shifted(found: Completion, by: usize) -> Completion {
    Completion { start: found.start + by, ..found }
}

/// The paths that begin like `typed`; folders with a `/` behind.
fn names_below(typed: &str) -> Vec<String> {
    let (folder, begun) = typed.rsplit_once('/').map_or(("", typed), |(folder, begun)| (folder, begun));
    let place = match folder {
        "" if typed.starts_with('/') => Path::new("/"),
        "" => Path::new("."),
        folder => Path::new(folder),
    };
    // What cannot be read has nothing to offer.
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .take(1000)
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let fits = name.starts_with(begun) && (!name.starts_with('.') || begun.starts_with('.'));
            let end = if entry.path().is_dir() { "/" } else { "" };
            fits.then(|| format!("{}{name}{end}", &typed[..typed.len() - begun.len()]))
        })
        .collect();
    names.sort_unstable();
    names
}

impl Hinter for Editing {
    type Hint = String;

    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<String> {
        let hint = self.colour.then(|| self.from_history.hint(line, at, context)).flatten()?;
        // Of a text of several lines the first is enough to recognise it, but not to run it.
        (!hint.contains('\n')).then_some(hint)
    }
}

impl Highlighter for Editing {
    fn highlight<'l>(&self, line: &'l str, at: usize) -> Cow<'l, str> {
        highlight::painted(line, Some(at)).into()
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        format!("\u{1b}[2m{hint}\u{1b}[0m").into()
    }

    fn highlight_char(&self, line: &str, at: usize, kind: CmdKind) -> bool {
        // Each key may change what a word is; a moved cursor only which brackets belong together.
        kind != CmdKind::MoveCursor || highlight::is_at_bracket(line, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_candidates_are_shown_than_fit_and_the_common_part_stays() {
        let all = |count: usize| -> Vec<Candidate> {
            let one = |at: usize| Candidate { text: format!("same_{at}"), shown: format!("same_{at}(…)") };
            (0..count).map(one).collect()
        };
        assert_eq!(fitting(all(5), 0, (80, 24)).len(), 5);
        assert_eq!(fitting(Vec::new(), 0, (80, 24)), []);
        let shown = fitting(all(100), 0, (24, 13));
        assert_eq!(shown.len(), 10 * 2);
        assert_eq!(shown[19], Candidate { text: "same_".into(), shown: "… and 81 more".into() });
        assert_eq!(fitting(all(3), 0, (1, 1)).len(), 1);
        assert_eq!(fitting(all(3), 7, (80, 24))[3].shown, "… and 7 more");
    }
}
