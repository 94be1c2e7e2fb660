//! Runs that are killed, resumed and killed again, until their end: nothing is lost, nothing is done twice, and nobody can
//! tell afterwards that it was not one run. `scripts/dev/crash.sh` does it for long.

mod cases;
mod model;

use crate::harness::{Onramp, Place, Ran, Served, run};
use cases::{CASES, Case, DUMP};
use std::{env, fs, thread, time::Duration};

/// The points at which a debug build can be made to die, and how often each is passed before.
const POINTS: [(&str, u32); 7] = [
    ("before_journal", 1),
    ("before_intent", 2),
    ("after_intent", 2),
    ("sent", 3),
    ("answered", 3),
    ("before_answer_stored", 3),
    ("after_answer_stored", 2),
];

/// A rate at which no group has more than twenty intents, and which holds up nobody here.
const LIMITED: &[&str] = &["--rate", "60000/min"];

/// How often everything is done; `ONRAMP_CRASH_ROUNDS` says more.
fn rounds() -> u64 {
    env::var("ONRAMP_CRASH_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap())
}

/// What a run leaves behind, wherever people can see it.
#[derive(Debug, PartialEq)]
struct Left {
    stdout: String,
    report: Option<String>,
    workspace: String,
}

/// One workspace, and a run in it that may take many attempts.
struct Trial<'a> {
    case: &'a Case,
    flags: &'static [&'static str],
    served: Served,
    place: Place,
    ran: Option<Ran>,
    kills: usize,
    /// What the latest attempt has said.
    said: String,
}

/// How an attempt is cut short.
enum Cut {
    Never,
    /// `SIGKILL` after so many more requests, and so many microseconds.
    After(usize, u64),
    /// At a point, when it is passed for that time.
    At(&'static str, u32),
}

impl<'a> Trial<'a> {
    fn new(case: &'a Case, flags: &'static [&'static str]) -> Trial<'a> {
        Trial {
            case,
            flags,
            served: Served::start(&["--customers", "24"]),
            place: Place::new(),
            ran: None,
            kills: 0,
            said: String::new(),
        }
    }

    fn begun(&self) -> Onramp {
        self.place.onramp(&["run", "script.rhai"]).args(self.flags)
    }

    /// Runs the script, or goes on with it. True once it came to its end.
    fn attempt(&mut self, cut: &Cut) -> bool {
        let onramp = match self.ran.take() {
            None => self.begun().file("script.rhai", self.case.script),
            // What was killed before its first write has left nothing to go on with.
            Some(_) if !self.place.state().join("runs").exists() => self.begun(),
            Some(_) => self.place.onramp(&["resume", "--last"]),
        };
        let mut onramp = self.served.used_by(onramp);
        if let Cut::At(point, count) = cut {
            onramp = onramp.env("ONRAMP_CRASH_AT", &format!("{point}:{count}"));
        }
        let mut running = onramp.started();
        let mut ran = match cut {
            Cut::After(requests, micros)
                if self.served.has_answered(self.served.log().len() + requests, || running.has_ended()) =>
            {
                // Somewhere between two requests, and not always right behind one.
                thread::sleep(Duration::from_micros(*micros));
                running.kill()
            }
            _ => running.ended(),
        };
        if ran.code == Some(2) && ran.stderr.starts_with("error: there is no run that stopped before its end\n") {
            if self.writes() > 0 {
                // It was killed behind its end.
                ran.code = Some(0);
                ran.stdout = std::mem::take(&mut self.said);
            } else {
                // Its place in the store was not quite made.
                ran.code = None;
                fs::remove_dir_all(self.place.state().join("runs")).unwrap();
            }
        }
        self.said = ran.stdout.clone();
        let ended = ran.code.is_some();
        assert!(ran.code.is_none_or(|code| code == 0), "{ran}");
        self.kills += usize::from(!ended);
        self.ran = Some(ran);
        ended
    }

    /// What can be seen of it, once it has come to its end.
    fn left(&mut self) -> Left {
        let sent = self.served.asked();
        let ran = self.ran.take().unwrap();
        let report = fs::read_to_string(ran.folder().join("out.csv")).ok().map(|csv| self.without_new_ids(&csv));
        let stdout = ran.stdout.clone();
        let again = self.served.used_by(self.place.onramp(&["resume", "--last"])).ran();
        assert_eq!(again.code, Some(2), "there is nothing to go on with: {again}");
        assert_eq!(self.served.asked(), sent, "{again}");
        let dump = self.served.used_by(run(&["-e", DUMP])).ran();
        assert_eq!(dump.code, Some(0), "{dump}");
        Left { stdout, report, workspace: dump.stdout }
    }

    /// A report without the ids of created records, which no two workspaces have in common. Each has to be there.
    fn without_new_ids(&self, csv: &str) -> String {
        if !self.case.name.ends_with("create") {
            return csv.to_string();
        }
        let line = |line: &str| match line.rsplit(',').collect::<Vec<_>>()[..] {
            [error, code, outcome @ "changed", id, ref before @ ..] => {
                assert!(id.starts_with("clx"), "{line}");
                let before: Vec<&str> = before.iter().rev().copied().collect();
                format!("{},<id>,{outcome},{code},{error}\n", before.join(","))
            }
            _ => format!("{line}\n"),
        };
        csv.lines().map(line).collect()
    }

    /// Writes that were sent, whatever became of them.
    fn writes(&self) -> usize {
        self.served.asked();
        ["POST", "PATCH", "DELETE"].iter().map(|method| self.served.count(method, "")).sum()
    }
}

/// What one run leaves behind that nothing disturbs, and how many writes it sends.
fn undisturbed(case: &Case) -> (Left, usize) {
    let mut trial = Trial::new(case, &[]);
    assert!(trial.attempt(&Cut::Never));
    let writes = trial.writes();
    (trial.left(), writes)
}

#[track_caller]
fn is_as_if_undisturbed(mut trial: Trial<'_>, expected: &Left, writes: usize, what: &str) -> usize {
    let name = trial.case.name;
    let (sent, kills) = (trial.writes(), trial.kills);
    let left = trial.left();
    assert_eq!(&left, expected, "{name}, {what}");
    // Only what was in flight when the run was killed is sent again.
    let most = writes + kills * trial.case.in_flight;
    assert!(writes <= sent && sent <= most, "{name}, {what}: {sent} of {writes} sent, {kills} kills");
    kills
}

/// Kills runs of a case at random points until they end.
fn killed_at_random(case: &Case) {
    let (expected, writes) = undisturbed(case);
    let mut kills = 0;
    for round in 0..rounds() {
        let seed = round * 1000 + case.name.len() as u64;
        let mut random = fastrand::Rng::with_seed(seed);
        // With no limit all intents may be made safe at once; at the other rate they are in groups.
        let mut trial = Trial::new(case, if seed.is_multiple_of(2) { &[] } else { LIMITED });
        while !trial.attempt(&Cut::After(random.usize(0..14), random.u64(0..2000))) {}
        kills += is_as_if_undisturbed(trial, &expected, writes, &format!("seed {seed}"));
    }
    println!("{}: {kills} kills at random points; 0 lost, 0 doubled, 0 wrong", case.name);
}

/// Has one run of a case die at each point in turn, at a rate at which intents are made safe in groups, and without one, where
/// many answers come back together.
fn dies_at_each_point(case: &Case) {
    let (expected, writes) = undisturbed(case);
    let mut kills = 0;
    for (round, flags) in (0..rounds()).flat_map(|round| [(round, LIMITED), (round, &[])]) {
        let mut random = fastrand::Rng::with_seed(round);
        let mut trial = Trial::new(case, flags);
        let is_first = round == 0 && !flags.is_empty();
        for (point, count) in POINTS {
            let count = if is_first || point == "before_journal" { count } else { random.u32(1..7) };
            if trial.attempt(&Cut::At(point, count)) {
                break;
            }
        }
        if is_first {
            assert!(trial.kills == POINTS.len(), "{}: {} kills", case.name, trial.kills);
        }
        if trial.ran.as_ref().is_some_and(|ran| ran.code.is_none()) {
            assert!(trial.attempt(&Cut::Never));
        }
        kills += is_as_if_undisturbed(trial, &expected, writes, &format!("round {round} {flags:?}"));
    }
    println!("{}: {kills} kills at given points; 0 lost, 0 doubled, 0 wrong", case.name);
}

#[test]
fn a_bulk_update_that_is_killed_at_random_points_is_carried_out_once() {
    killed_at_random(&CASES[0]);
}

#[test]
fn a_bulk_create_that_is_killed_at_random_points_is_carried_out_once() {
    killed_at_random(&CASES[1]);
}

#[test]
fn a_bulk_delete_that_is_killed_at_random_points_is_carried_out_once() {
    killed_at_random(&CASES[2]);
}

#[test]
fn single_calls_that_are_killed_at_random_points_are_carried_out_once() {
    killed_at_random(&CASES[3]);
}

#[test]
#[cfg(debug_assertions)]
fn a_bulk_update_that_dies_at_each_point_is_carried_out_once() {
    dies_at_each_point(&CASES[0]);
}

#[test]
#[cfg(debug_assertions)]
fn a_bulk_create_that_dies_at_each_point_is_carried_out_once() {
    dies_at_each_point(&CASES[1]);
}

#[test]
#[cfg(debug_assertions)]
fn a_bulk_delete_that_dies_at_each_point_is_carried_out_once() {
    dies_at_each_point(&CASES[2]);
}

#[test]
#[cfg(debug_assertions)]
fn single_calls_that_die_at_each_point_are_carried_out_once() {
    dies_at_each_point(&CASES[3]);
}

#[test]
#[cfg(debug_assertions)]
fn a_point_that_is_none_is_refused() {
    Onramp::new(&["resume", "--last"]).env("ONRAMP_CRASH_AT", "nowhere").ran().assert_all(
        2,
        "",
        "error: there is no point `nowhere` to crash at\n",
    );
}
