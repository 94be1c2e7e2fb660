//! Modules that import each other in a circle. Only imports that always happen count: those at the top of a file.

use super::{Finding, Severity, facts::Unit};
use crate::script::translate;
use std::collections::HashSet;

/// Every import that closes a circle, beginning from the first unit.
pub fn find(units: &[Unit]) -> Vec<Finding> {
    let mut search = Search { units, chain: Vec::new(), done: HashSet::new(), findings: Vec::new() };
    if let Some(first) = units.first() {
        search.visit(first);
    }
    search.findings
}

struct Search<'a> {
    units: &'a [Unit],
    /// What is being imported, outermost first.
    chain: Vec<&'a str>,
    done: HashSet<&'a str>,
    findings: Vec<Finding>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, unit: &'a Unit) {
        self.chain.push(&unit.name);
        for (file, at) in &unit.always_imported {
            if let Some(start) = self.chain.iter().position(|name| name == file) {
                let circle = self.chain[start..].iter().copied().chain([file.as_str()]);
                let circle = circle.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ");
                self.findings.push(Finding {
                    severity: Severity::Error,
                    message: format!("the modules import each other in a circle: {circle}"),
                    place: translate::place(&unit.name, *at),
                    hints: vec!["put what both of them need into a module of its own".into()],
                });
            } else if !self.done.contains(file.as_str())
                && let Some(next) = self.units.iter().find(|unit| unit.name == *file)
            {
                self.visit(next);
            }
        }
        self.chain.pop();
        self.done.insert(&unit.name);
    }
}
