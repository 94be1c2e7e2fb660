//! `onramp check`: the static check of scripts, and the same check before a run.

use super::{
    line,
    output::{Format, Output},
    schedule::{Now, moment, scripts::identity},
    source::{self, Script},
};
use crate::{
    error::{self, Failure},
    header::Problem,
    project::Project,
    run::{self, Undone},
    script::{
        Limits, Place, Ready,
        check::{Finding, Report, Severity, check_with},
    },
    session::Allow,
    text,
    trigger::schedule::Plan,
    ui::Ui,
};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Look for mistakes in scripts, without running them and without a request
#[derive(Debug, clap::Args)]
#[command(after_help = "\
It looks at all of a script: dead branches, functions, closures and imported modules. What it cannot know for certain \
it does not report. `onramp run` does the same first and does not start on an error; warnings stop nothing. Of a script \
with a schedule it says when that is due next.

With `--output json` standard output is one array, with `--output jsonl` one object on each line, each with the members \
`file`, `line`, `column` (both from 1, in characters; null where there is no place), `severity` (`error` or \
`warning`), `message` and `hints` (an array of texts).

Exit codes: 0 no errors; 2 there are errors, or a file cannot be read.")]
pub struct Args {
    /// The scripts, or `-` for standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    now: Now,
    #[command(flatten)]
    format: Format,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    run::keep_panics_quiet();
    let (flags, clock) = (line::run_flags(), args.now.clock());
    let mut next = Vec::new();
    let mut report = Report::default();
    let mut unreadable = Vec::new();
    for path in &args.files {
        let (name, text) = match source::text_of(path) {
            Ok(found) => found,
            Err(failure) => {
                unreadable.push((path.display().to_string(), failure));
                continue;
            }
        };
        let project = source::project_of(path);
        let (workspace, bad) = source::workspace_of(&project);
        let (allowed, problems) = match run::judge_at(&text, &flags, workspace.as_deref(), &clock) {
            Ok((header, capability)) => {
                if let Some(plan) = Plan::of(&identity(path), &header.triggers)
                    && let Some(due) = plan.after(clock.now()).next()
                {
                    next.push(format!("{}: due next {}", text::escape_control(&name), moment::line(&plan, &due)));
                }
                (capability.allow().clone(), Vec::new())
            }
            Err(problems) => (Allow::default(), problems),
        };
        let problems = problems.into_iter().map(|problem| found(&name, problem));
        let bad = bad.map(|bad| {
            report.texts.insert(bad.file.clone(), bad.text);
            found(&bad.file, Problem::new(bad.line, bad.column, bad.message).hint(bad.hint))
        });
        let (Report { findings, texts }, _) = look_at(&name, &text, &project, &allowed)?;
        // A module that several scripts import is reported once.
        let new: Vec<Finding> =
            problems.chain(bad).chain(findings).filter(|finding| !report.findings.contains(finding)).collect();
        report.findings.extend(new);
        report.texts.extend(texts);
        report.texts.insert(name, text);
    }
    let errors = report.count(Severity::Error) + unreadable.len();
    if args.format.output == Output::Text {
        for (_, failure) in &unreadable {
            ui.failure(failure);
        }
        show(&report, ui);
        next.iter().for_each(|line| ui.status(line));
        ui.status(&summary(args.files.len(), errors, report.count(Severity::Warning)));
    }
    let unread = unreadable.iter().map(|(file, failure)| unread(file, failure));
    args.format.output.objects(ui, unread.chain(report.findings.iter().map(as_json)).collect());
    Ok(if errors > 0 { error::Kind::Usage.exit_code() } else { 0 })
}

/// The check before a run: shows what it finds. `None` if the script must not start, else the engine for it.
pub fn passes(script: &Script, ui: &Ui) -> Result<Option<Ready>, Failure> {
    let (report, ready) = look_at(&script.name, &script.text, &script.project, script.capability.allow())?;
    show(&report, ui);
    if report.has_errors() {
        let errors = text::plural(report.count(Severity::Error), "error");
        ui.status(&format!("the script was not started because of {errors}"));
    }
    Ok((!report.has_errors()).then_some(ready))
}

fn look_at(name: &str, text: &str, project: &Project, allow: &Allow) -> Result<(Report, Ready), Failure> {
    let (name, text, project, allow) = (name.to_string(), text.to_string(), project.clone(), allow.clone());
    let looked = run::on_deep_stack(&Limits::default(), move || {
        let ready = Ready::for_text(&text);
        (check_with(&ready, &name, &text, &project, &allow), ready)
    });
    looked.map_err(|undone| match undone {
        Undone::Bug(what) => Failure::bug(&what),
        Undone::Limit(fault) => Failure::of_fault(&fault, &|_| None),
    })
}

/// A problem with a header as one finding among the others.
fn found(name: &str, problem: Problem) -> Finding {
    let place = Place { source: name.into(), line: problem.line, column: problem.column };
    Finding { severity: Severity::Error, place: Some(place), message: problem.message, hints: problem.hints }
}

/// More findings than this help nobody.
const MOST_SHOWN: usize = 100;

/// The findings, each with its source line, with an empty line between them.
fn show(report: &Report, ui: &Ui) {
    for finding in report.findings.iter().take(MOST_SHOWN) {
        let mut details = Vec::new();
        if let Some(place) = &finding.place {
            details.extend(error::pointed(place, report.texts.get(&place.source).map(String::as_str)));
        }
        let failure = Failure { details, hints: finding.hints.clone(), ..Failure::usage(&finding.message) };
        match finding.severity {
            Severity::Error => ui.failure(&failure),
            Severity::Warning => ui.warning(&failure),
        }
    }
    if let Some(more) = report.findings.len().checked_sub(MOST_SHOWN + 1) {
        ui.status(&format!("and {} more, which `onramp check --output jsonl` shows", more + 1));
    }
}

fn summary(files: usize, errors: usize, warnings: usize) -> String {
    let mut counts = Vec::new();
    for (count, noun) in [(errors, "error"), (warnings, "warning")] {
        if count > 0 {
            counts.push(text::plural(count, noun));
        }
    }
    let found = if counts.is_empty() { "nothing to report".into() } else { text::joined(counts, "and") };
    format!("{found} in {}", text::plural(files, "script"))
}

fn as_json(finding: &Finding) -> Value {
    let place = finding.place.as_ref();
    json!({
        "file": place.map(|place| &place.source),
        "line": place.map(|place| place.line),
        "column": place.map(|place| place.column),
        "severity": finding.severity.word(),
        "message": finding.message,
        "hints": finding.hints,
    })
}

fn unread(file: &str, failure: &Failure) -> Value {
    json!({
        "file": file,
        "line": null,
        "column": null,
        "severity": Severity::Error.word(),
        "message": failure.message,
        "hints": failure.hints,
    })
}
