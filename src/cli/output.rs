//! The forms in which a command writes its result: for people, or for machines.

use crate::{script::Sink, ui::Ui};
use serde_json::Value;

/// How a result is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Output {
    /// For people
    #[default]
    Text,
    /// One value, on several lines
    Json,
    /// One object on each line
    Jsonl,
}

/// The flag that chooses.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Format {
    /// How the result is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output: Output,
}

impl Output {
    /// Writes objects for machines: one array, or a line for each. For people there is nothing to write here.
    pub fn objects(self, ui: &Ui, objects: Vec<Value>) {
        match self {
            Output::Text => {}
            Output::Json => drop(ui.data(&format!("{:#}", Value::Array(objects)))),
            // Whoever reads may have seen enough before the end.
            Output::Jsonl => drop(objects.iter().all(|object| ui.data(&object.to_string()))),
        }
    }

    /// Writes one object for machines. For people there is nothing to write here.
    pub fn object(self, ui: &Ui, object: &Value) {
        match self {
            Output::Text => {}
            Output::Json => drop(ui.data(&format!("{object:#}"))),
            Output::Jsonl => drop(ui.data(&object.to_string())),
        }
    }
}
