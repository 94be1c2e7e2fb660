//! What became of the rows of a bulk call: counted, kept in order, and given to the script. Sends nothing.

use super::report::Report;
use crate::{
    api::error::CallError,
    script::{
        fault::{Spot, Thrown},
        host::Host,
        packed::Packer,
        stream::Stream,
    },
    session::Outcome,
};
use rhai::{Array, Dynamic, Map};
use serde::Deserialize;
use std::{collections::VecDeque, sync::Arc};

/// What the script gets, field by field.
pub const RESULT: &[(&str, &str)] = &[
    ("ok", "how many rows are as wanted: `changed` and `unchanged` together"),
    ("changed", "how many were written"),
    ("unchanged", "how many needed no write, because the record was like that already"),
    ("skipped", "how many were left out, because the closure gave `()`"),
    ("failed", "how many were refused, or not tried because somebody else had changed them"),
    ("failures", "an array of them, each with `row` (from 1), `id`, `label`, `code` and `message`"),
    ("retry_rows", "an array of the rows that failed, as they were given"),
    ("rows", "a list of all rows in order, each with `row`, `id`, `label`, `outcome`, `code` and `message`"),
];

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    Changed,
    Unchanged,
    Skipped,
    Failed { code: String, message: String },
}

impl End {
    pub fn word(&self) -> &'static str {
        match self {
            End::Changed => "changed",
            End::Unchanged => "unchanged",
            End::Skipped => "skipped",
            End::Failed { .. } => "failed",
        }
    }

    /// Of a row whose arguments make no call.
    pub fn refused(thrown: &Thrown) -> End {
        End::Failed { code: "invalid_argument".into(), message: thrown.message() }
    }
}

impl From<Outcome> for End {
    fn from(outcome: Outcome) -> End {
        let failed = |code: &str, message: &str| End::Failed { code: code.into(), message: message.into() };
        match outcome {
            Outcome::Changed(_) => End::Changed,
            Outcome::Unchanged(_) => End::Unchanged,
            Outcome::Left(why) => failed("changed_since_read", &why),
            Outcome::Failed(CallError::Api(error)) => {
                let code = error.code.as_deref().unwrap_or(&error.kind);
                match error.message.as_str() {
                    "" => failed(code, &format!("status {}", error.status)),
                    message => failed(code, message),
                }
            }
            // A good status without a good answer: the service has probably done it.
            Outcome::Failed(CallError::BadAnswer(answer)) if answer.status < 300 => {
                failed("invalid_answer", &format!("{}; it may have been carried out", answer.why))
            }
            Outcome::Failed(CallError::BadAnswer(answer)) => failed("invalid_answer", &answer.why),
            Outcome::Failed(other) => failed("failed", &other.to_string()),
        }
    }
}

/// The id of the record that an answer shows.
pub fn made(outcome: &Outcome) -> Option<String> {
    #[derive(Deserialize)]
    struct Made {
        id: String,
    }
    match outcome {
        Outcome::Changed(answer) | Outcome::Unchanged(answer) => {
            serde_json::from_slice::<Made>(&answer.body).ok().map(|made| made.id)
        }
        Outcome::Left(_) | Outcome::Failed(_) => None,
    }
}

/// A row, while it is on its way.
pub struct Waiting {
    pub row: u64,
    pub value: Dynamic,
    /// The record's; of one that is created, known with the answer.
    pub id: String,
    pub label: String,
    pub end: Option<End>,
}

/// The rows of a bulk call.
pub struct Tally {
    waiting: VecDeque<Waiting>,
    rows: Packer,
    counts: [u64; 4],
    failures: Array,
    retry_rows: Array,
    pub report: Option<Report>,
    /// The rows that failed, where they are kept.
    pub failed: Option<Report>,
}

impl Tally {
    pub fn new(report: Option<Report>, failed: Option<Report>) -> Tally {
        Tally {
            waiting: VecDeque::new(),
            rows: Packer::default(),
            counts: [0; 4],
            failures: Array::new(),
            retry_rows: Array::new(),
            report,
            failed,
        }
    }

    /// A row begins; rows come in order.
    pub fn begin(&mut self, row: Waiting) {
        self.waiting.push_back(row);
        self.advance();
    }

    /// A row is done.
    pub fn end(&mut self, row: u64, end: End, made: Option<String>) {
        // Rows are in order, but some numbers are left out.
        if let Ok(at) = self.waiting.binary_search_by_key(&row, |waiting| waiting.row) {
            let waiting = &mut self.waiting[at];
            waiting.end = Some(end);
            waiting.id = made.unwrap_or_else(|| std::mem::take(&mut waiting.id));
        }
        self.advance();
    }

    /// No row will end any more. One that was not sent is left out, and holds up no other.
    pub fn close(&mut self) {
        self.waiting.retain(|row| row.end.is_some());
        self.advance();
    }

    /// Takes in what is done, in order.
    fn advance(&mut self) {
        while let Some(row) = self.waiting.pop_front_if(|row| row.end.is_some()) {
            self.enter(row);
        }
    }

    fn enter(&mut self, row: Waiting) {
        let Waiting { row, value, id, label, end } = row;
        let Some(end) = end else { return };
        let at = match &end {
            End::Changed => 0,
            End::Unchanged => 1,
            End::Skipped => 2,
            End::Failed { .. } => 3,
        };
        self.counts[at] += 1;
        let (code, message) = match &end {
            End::Failed { code, message } => (Dynamic::from(code.clone()), Dynamic::from(message.clone())),
            _ => (Dynamic::UNIT, Dynamic::UNIT),
        };
        if let Some(report) = &mut self.report {
            report.row(row, &value, &id, &end);
        }
        if let (Some(failed), End::Failed { .. }) = (&mut self.failed, &end) {
            failed.row(row, &value, &id, &end);
        }
        let mut told = Map::new();
        told.insert("row".into(), (row as i64).into());
        told.insert("id".into(), if id.is_empty() { Dynamic::UNIT } else { id.into() });
        told.insert("label".into(), label.into());
        told.insert("code".into(), code);
        told.insert("message".into(), message);
        if matches!(end, End::Failed { .. }) {
            self.failures.push(told.clone().into());
            self.retry_rows.push(value);
        }
        told.insert("outcome".into(), end.word().into());
        self.rows.push(&told.into());
    }

    /// What the script gets.
    pub fn result(self, host: &Arc<Host>, spot: &Spot) -> Dynamic {
        let [changed, unchanged, skipped, failed] = self.counts.map(|count| count as i64);
        let mut result = Map::new();
        for (name, count) in [
            ("ok", changed + unchanged),
            ("changed", changed),
            ("unchanged", unchanged),
            ("skipped", skipped),
            ("failed", failed),
        ] {
            result.insert(name.into(), count.into());
        }
        host.rows_failed(self.failures.iter().filter_map(failed_line));
        result.insert("failures".into(), self.failures.into());
        result.insert("retry_rows".into(), self.retry_rows.into());
        let rows = Stream::held(host, Arc::new(self.rows.finish()), None, spot.clone());
        result.insert("rows".into(), Dynamic::from(rows));
        result.into()
    }
}

/// A failure as the end of the run tells it.
fn failed_line(failure: &Dynamic) -> Option<String> {
    let failure = failure.read_lock::<Map>()?;
    let text = |name: &str| failure.get(name).filter(|value| !value.is_unit()).map(Dynamic::to_string);
    let label = text("label").filter(|label| !label.is_empty()).map_or(String::new(), |label| format!(", {label}"));
    Some(format!("row {}{label}: {}", text("row")?, text("message")?))
}
