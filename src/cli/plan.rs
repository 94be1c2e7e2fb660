//! `onramp plan`: plans for whoever has to approve them, and how a dry run shows its own.

use super::written;
use crate::{
    config,
    error::Failure,
    script::Sink,
    session::plan::{
        self, Plan,
        render::{self, Options, Others},
    },
    text,
    ui::Ui,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Look at plans
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Show(ShowArgs),
}

/// Show a plan that a dry run has saved
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    #[command(flatten)]
    as_text: AsText,
    /// Write it as a table for a spreadsheet to this file
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    csv: Option<PathBuf>,
    /// Write it as a page to read and to print to this file
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    html: Option<PathBuf>,
}

/// How a plan is shown.
#[derive(Debug, clap::Args)]
pub struct AsText {
    /// Show every change, and not only the first 20 of each kind
    #[arg(long, help_heading = "Dry run")]
    all: bool,
    /// Show the plan for people or as JSON (docs/plan-format.md)
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Dry run")]
    output: Format,
}

/// What a dry run does with its plan.
#[derive(Debug, clap::Args)]
pub struct Show {
    #[command(flatten)]
    as_text: AsText,
    /// Keep the plan in this file, for `onramp plan show` and `onramp apply`
    #[arg(long, value_name = "FILE", requires = "dry_run", help_heading = "Dry run")]
    save: Option<PathBuf>,
}

/// The forms of a plan on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub fn run(command: &Command, ui: &Ui) -> Result<u8, Failure> {
    let Command::Show(args) = command;
    let plan = read(&args.plan)?;
    let options = Options { all: args.as_text.all, ..Options::default() };
    for (path, text) in [(&args.csv, render::csv(&plan)), (&args.html, render::html(&plan, &options))] {
        if let Some(path) = path {
            written::whole(path, &text)?;
            ui.status(&format!("written to `{}`", text::escape_control(&path.display().to_string())));
        }
    }
    if args.csv.is_none() && args.html.is_none() {
        let Plan { workspace, created_at, script, .. } = &plan;
        let shown = |text: &str| text::escape_control(text).into_owned();
        let heading = format!(
            "a plan for the workspace `{}` ({}), made {created_at:.0} by `{}`",
            shown(&workspace.slug),
            shown(&workspace.id),
            shown(&script.path)
        );
        args.as_text.show(&plan, &heading, &options, ui);
    }
    Ok(0)
}

/// Reads a plan; what is wrong with one is told.
fn read(path: &Path) -> Result<Plan, Failure> {
    understood(&path.display().to_string(), &read_text(path)?)
}

/// The text of a plan's file.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("the plan `{shown}` cannot be read: {}", config::reason(&error))))
}

/// The plan that a text holds. `name` is what people call it.
pub fn understood(name: &str, text: &str) -> Result<Plan, Failure> {
    plan::read(text)
        .map_err(|bad| Failure::usage(format!("the plan `{name}` cannot be used: {}", bad.message)).hint(bad.hint))
}

impl Show {
    /// Whether standard output is the plan's alone.
    pub fn takes_output(&self) -> bool {
        self.as_text.output == Format::Json
    }

    /// The flag that says how a plan is shown, if one was given.
    pub fn flag(&self) -> Option<&'static str> {
        match (self.as_text.output, self.as_text.all) {
            (Format::Json, _) => Some("--output json"),
            (Format::Text, true) => Some("--all"),
            (Format::Text, false) => None,
        }
    }

    /// Shows a plan that was only just made, and keeps it where that was asked for.
    pub fn plan(&self, plan: &Plan, others: Others, ui: &Ui) -> Result<(), Failure> {
        if let Some(path) = &self.save {
            written::whole(path, &plan.to_json())?;
        }
        let options = Options { all: self.as_text.all, not_sent: true, others, ..Options::default() };
        self.as_text.show(plan, "NOT SENT: what follows is only planned", &options, ui);
        if let Some(path) = &self.save {
            let path = path.display();
            ui.status(&format!("the plan is in `{path}`: `onramp apply {path}` makes exactly these changes"));
        }
        Ok(())
    }
}

/// What is said of a plan without writes.
fn nothing(plan: &Plan) -> String {
    match plan.totals.unchanged {
        0 => "NOT SENT: nothing would be changed".into(),
        unchanged => {
            format!("NOT SENT: nothing would be changed; {} would change nothing", text::plural(unchanged, "write"))
        }
    }
}

impl AsText {
    fn show(&self, plan: &Plan, heading: &str, options: &Options, ui: &Ui) {
        match self.output {
            Format::Json => ui.data(plan.to_json().trim_end()),
            Format::Text if plan.entries.is_empty() => ui.data(&nothing(plan)),
            Format::Text => ui.data(format!("{heading}\n\n{}", render::text(plan, options)).trim_end()),
        };
    }
}
