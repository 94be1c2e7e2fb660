//! What the check found: plain data in the order of the text. Whoever shows it adds source line and caret.

use crate::script::Place;
use std::collections::BTreeMap;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The script would fail, or would not do what it says.
    Error,
    /// It may be right: the API may know more than this version of onramp.
    Warning,
}

impl Severity {
    /// As it is shown: `error` or `warning`.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// Lower case, names in back-ticks, no final period.
    pub message: String,
    pub place: Option<Place>,
    /// What to do, in the imperative.
    pub hints: Vec<String>,
}

/// All that was found in a script and the modules it imports.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order of the text, the script's own first.
    pub findings: Vec<Finding>,
    /// The texts that the places are in, by their names.
    pub texts: BTreeMap<String, String>,
}

impl Report {
    /// Whether the script must not run.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many findings are of that severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}
