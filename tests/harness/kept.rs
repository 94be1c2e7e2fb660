//! What the program says of kept runs, with what differs from one run of a test to the next put into a fixed form.

use super::{Onramp, Place, Ran};
use serde_json::Value;

/// The ids of runs, the oldest first, and what is said of them.
pub struct Said {
    ids: Vec<String>,
    places: Vec<(String, &'static str)>,
}

impl Said {
    /// Of the runs that are kept at a place by now.
    pub fn at(place: &Place) -> Said {
        let listed = place.onramp(&["runs", "--limit", "1000000", "--output", "json"]).ran();
        let listed: Vec<Value> = serde_json::from_str(&listed.stdout).unwrap_or_else(|_| panic!("{listed}"));
        let ids = listed.iter().rev().map(|run| run["id"].as_str().unwrap().to_string()).collect();
        let text = |path: &std::path::Path| path.to_str().unwrap().to_string();
        Said { ids, places: vec![(text(&place.state()), "<state>"), (text(place.work()), "<work>")] }
    }

    /// The id of the run that began as the `nth`, from 1.
    #[track_caller]
    pub fn id(&self, nth: usize) -> &str {
        &self.ids[nth - 1]
    }

    /// The text with `run0001` for the id of the first run and so on, with one time for all times, and with the folders'
    /// names. Nothing changes its width but the folders.
    pub fn plain(&self, text: &str) -> String {
        let mut plain = text.to_string();
        for (at, id) in self.ids.iter().enumerate() {
            plain = plain.replace(id, &format!("run{:04}", at + 1));
        }
        for (path, name) in &self.places {
            plain = plain.replace(path, name);
        }
        times(&plain)
    }

    /// Holds the exit code and both streams, in that form, against what was expected.
    #[track_caller]
    pub fn assert(&self, ran: &Ran, code: i32, stdout: &str, stderr: &str) {
        let found = (ran.code, self.plain(&ran.stdout), self.plain(&ran.stderr));
        let (_, out, err) = &found;
        assert!(
            (found.0, out.as_str(), err.as_str()) == (Some(code), stdout, stderr),
            "expected exit code {code}\n--- stdout\n{stdout}--- stderr\n{stderr}---\n\
             found {:?}\n--- stdout\n{out}--- stderr\n{err}---\n{ran}",
            found.0,
        );
    }

    /// Runs the program and holds what it says against what was expected.
    #[track_caller]
    pub fn by(&self, onramp: Onramp, code: i32, stdout: &str, stderr: &str) {
        self.assert(&onramp.ran(), code, stdout, stderr);
    }
}

/// `2026-11-23 23:56:10` and the like become noughts.
fn times(text: &str) -> String {
    const SHAPE: &str = "0000-00-00 00:00:00";
    let fits = |part: &str| {
        let alike = |(c, shape): (u8, u8)| if shape == b'0' { c.is_ascii_digit() } else { c == shape };
        part.bytes().zip(SHAPE.bytes()).all(alike)
    };
    let (mut plain, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        let time = rest.get(..SHAPE.len()).is_some_and(fits);
        let step = if time { SHAPE.len() } else { c.len_utf8() };
        plain.push_str(if time { SHAPE } else { &rest[..step] });
        rest = &rest[step..];
    }
    plain
}
