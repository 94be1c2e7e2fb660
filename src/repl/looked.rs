//! What is certainly wrong with a line is said before anything of it runs. What that is, the check decides.

use super::session::{Broken, Session};
use crate::{
    error::{Failure, Kind},
    script::check::{Finding, Severity},
};

/// More errors of one text than these help nobody.
const MOST: usize = 20;

impl Session {
    /// Shows what the check finds in a text. An error if it must not run: the last one, those before it have been shown.
    pub fn look_at(&mut self, name: &str, text: &str) -> Result<(), Broken> {
        let (line, source) = (name.to_string(), text.to_string());
        let findings = self.with(move |script| script.look_at(&line, &source))?;
        let (errors, warnings): (Vec<Finding>, Vec<Finding>) =
            findings.into_iter().partition(|finding| finding.severity == Severity::Error);
        for warning in warnings.iter().take(MOST).filter(|_| errors.is_empty()) {
            self.ui.warning(&failure(warning, name, text));
        }
        let mut errors: Vec<Failure> = errors.iter().take(MOST).map(|error| failure(error, name, text)).collect();
        let Some(last) = errors.pop() else { return Ok(()) };
        errors.iter().for_each(|error| self.ui.failure(error));
        Err(last.into())
    }
}

fn failure(finding: &Finding, name: &str, text: &str) -> Failure {
    let failure = Failure { hints: finding.hints.clone(), ..Failure::new(Kind::Usage, &finding.message) };
    match &finding.place {
        Some(place) => failure.at(place, (place.source == name).then_some(text)),
        None => failure,
    }
}
