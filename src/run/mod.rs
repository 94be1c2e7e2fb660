//! One job to one outcome: gives the script its thread and its stack, waits for it, and turns even a panic into an
//! outcome. Knows no trigger, no command line and no stream.

mod deep;
mod gather;
mod guard;
mod keep;
mod lines;
mod log;
mod watch;

pub use gather::{earlier, gather, journal_in, story, story_with_doubts};
pub use guard::{judge, judge_at};
pub use keep::{
    Approve, Around, Ending, Kept, Tell, folder_of, glance, journal_of, may_call, may_write, short_id, wait,
};
pub use lines::{Gone, Lines};
pub use log::{Hide, Log, Present, Tee, TeeOfLines};

use crate::{
    memory::{Bounds, Halted},
    project::Project,
    script::{self, Fault, FaultKind, Inputs, Limits, Ready, Value},
    session::{
        Session, SessionError,
        journal::digest,
        plan::{self, Plan},
    },
    stop::Reason,
    store::Counts,
};
use deep::Work;
use std::{collections::HashMap, io, panic, sync::Arc, thread};

/// The stack of a script's thread. The engine's deepest allowed nesting needs a few MiB of it.
const STACK: usize = 32 << 20;

/// What is to be run.
pub struct Job {
    /// What errors call the script: its path as it was given, `-` or `-e`.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The files that it can reach.
    pub project: Project,
    /// Its params and args, and what it may know of its run.
    pub inputs: Inputs,
    /// What it may use.
    pub limits: Limits,
}

/// How a run ended.
pub struct Outcome {
    pub end: End,
    /// What it did, or in a dry run would have done.
    pub counts: Counts,
    /// The first rows that failed, and why.
    pub failures: Vec<String>,
    /// What a dry run that came to its end, or as far as was asked, would have written.
    pub plan: Option<Result<Plan, SessionError>>,
    /// The texts of the modules that it imported, by the names that errors give them.
    pub modules: HashMap<String, String>,
}

/// The ways a run can end.
pub enum End {
    /// The script came to its end and gave this back.
    Done(Value),
    /// It failed or was stopped.
    Failed(Box<Fault>),
    /// onramp itself failed; the text says what it was doing.
    Bug(String),
}

/// Runs a job to its end. A script that cannot be brought to its own end is left behind on its thread, which then never
/// runs again or works for nobody. `ready` is the engine that the script was checked with, where it was.
pub fn run(job: &Job, ready: Option<Ready>, session: Session, sink: Box<dyn script::Sink>) -> Outcome {
    let host = ready.as_ref().map_or_else(Arc::default, |ready| ready.host().clone());
    host.begin(session, sink, job.project.clone(), job.inputs.clone(), job.limits.clone());
    let halted = Halted::default();
    let work = {
        let (host, halted) = (host.clone(), halted.clone());
        let (name, text) = (job.name.clone(), job.text.clone());
        move || {
            let _bounds = Bounds::set(host.limits.ceiling(), STACK, &halted);
            script::run(&host, ready, &name, &text)
        }
    };
    let end = match Work::begin(work) {
        Err(error) => End::Bug(no_thread(&error)),
        Ok(work) => match watch::until_end(&work, &host, &halted) {
            Some(fault) => End::Failed(Box::new(fault)),
            None => match result(work) {
                Ok(Ok(value)) => End::Done(value),
                Ok(Err(fault)) => End::Failed(fault),
                Err(what) => End::Bug(what),
            },
        },
    };
    if let (End::Failed(fault), Some(recorder)) = (&end, host.session.recorder())
        && fault.kind == FaultKind::WillPass
    {
        // What ended the run is no answer. Where that cannot be noted, the next attempt ends in the same way.
        let _ = recorder.ask_again();
    }
    let counts = host.session.control().progress.counts();
    let done = match &end {
        End::Done(_) => true,
        // Only the first rows were asked for.
        End::Failed(fault) => fault.kind == FaultKind::Stopped(Reason::Enough),
        End::Bug(_) => false,
    } && host.session.is_dry();
    if done && host.session.stop().asked() == Some(Reason::Enough) {
        // Whose plan it is can still be asked.
        host.session.stop().take_back();
    }
    let script = || plan::Script { path: job.name.clone(), sha256: digest(job.text.as_bytes()) };
    let plan = done.then(|| host.session.planned(script()).transpose()).flatten();
    Outcome { end, counts, failures: host.first_failures(), plan, modules: host.module_texts() }
}

/// Why something that is about a script's text came to nothing.
pub enum Undone {
    /// onramp itself failed; the text says what it was doing.
    Bug(String),
    /// It met a limit.
    Limit(Box<Fault>),
}

/// Does what needs as deep a stack as a script and is held to the same limits of memory and time, and waits for it. Where
/// it meets one, it is left behind on its thread.
pub fn on_deep_stack<T: Send + 'static>(
    limits: &Limits,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Undone> {
    let halted = Halted::default();
    let bounded = {
        let (halted, ceiling) = (halted.clone(), limits.ceiling());
        move || {
            let _bounds = Bounds::set(ceiling, STACK, &halted);
            work()
        }
    };
    let work = Work::begin(bounded).map_err(|error| Undone::Bug(no_thread(&error)))?;
    if watch::work_ends(&work, limits, &halted) {
        result(work).map_err(Undone::Bug)
    } else {
        Err(Undone::Limit(Box::new(limits.text_too_large())))
    }
}

/// What came of work that has ended; the error is what it broke with.
fn result<T: Send + 'static>(work: Work<T>) -> Result<T, String> {
    let result = work.result().unwrap_or_else(|| Err(Box::new("it has not ended")));
    result.map_err(|panic| words(&panic))
}

fn no_thread(error: &io::Error) -> String {
    format!("no thread for the script could be made ({error})")
}

fn words(panic: &Box<dyn std::any::Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_string()
}

/// Keeps panics of script threads off standard error: their words belong to the outcome. Called once per process.
pub fn keep_panics_quiet() {
    let standard = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if thread::current().name() != Some("script") {
            standard(info);
        }
    }));
}

/// A text that no other run has, for idempotency keys: 128 random bits.
pub fn fresh_key() -> Result<String, getrandom::Error> {
    let mut bits = [0_u8; 16];
    getrandom::fill(&mut bits)?;
    Ok(bits.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Clock,
        session::{ConnectError, Link},
        stop::Stop,
    };

    /// Breaks at the first line of data, as only a bug could.
    struct Broken;

    impl script::Sink for Broken {
        fn data(&self, text: &str) -> bool {
            panic!("no line {text:?} was expected")
        }
        fn log(&self, _: script::Level, _: &str) {}
        fn flush(&self) {}
        fn width(&self) -> Option<usize> {
            None
        }
    }

    #[test]
    fn a_panic_of_the_script_thread_is_a_bug_in_onramp() {
        keep_panics_quiet();
        let connect = || -> Result<Link, ConnectError> { panic!("the script calls nothing") };
        let session = Session::new(Box::new(connect), "k".into(), Clock::System, Stop::default());
        let job = Job {
            name: "a.rhai".into(),
            text: "print(1); print(2);".into(),
            project: Project::of_working_directory(),
            inputs: Inputs::default(),
            limits: Limits::default(),
        };
        let End::Bug(what) = run(&job, None, session, Box::new(Broken)).end else { panic!("it did not break") };
        assert_eq!(what, "no line \"1\" was expected");
    }

    /// Says nothing.
    struct Quiet;

    impl script::Sink for Quiet {
        fn data(&self, _: &str) -> bool {
            true
        }
        fn log(&self, _: script::Level, _: &str) {}
        fn flush(&self) {}
        fn width(&self) -> Option<usize> {
            None
        }
    }

    #[test]
    fn a_script_does_the_same_with_the_functions_that_it_names_as_with_all() {
        let ends = |text: &str, ready: Option<Ready>| {
            let connect = || -> Result<Link, ConnectError> { panic!("the script calls nothing") };
            let session = Session::new(Box::new(connect), "k".into(), Clock::System, Stop::default());
            let job = Job {
                name: "a.rhai".into(),
                text: text.into(),
                project: Project::of_working_directory(),
                inputs: Inputs::default(),
                limits: Limits::default(),
            };
            match run(&job, ready, session, Box::new(Quiet)).end {
                End::Done(value) => value.shown(),
                End::Failed(fault) => format!("{fault:?}"),
                End::Bug(what) => panic!("{text}: {what}"),
            }
        };
        for text in [
            "`${[1, 2.5, \"a\", 'c', (), #{b: [days(2)]}]} ${days(1)} ${1..3}`",
            "let a = [1]; a += 2; a += [3, [4]]; [a == [1, 2, 3, [4]], a != a, [4] in a, 2 in a, 9 !in a]",
            "let m = #{a: 1, b: #{c: \"x\"}}; m.b.c += 'y'; m.d = -m.a; [m, m == #{a: 1}, \"b\" in m, m.b.c.len, m?.z?.y]",
            "let t = \"héllo\"; t[1] = 'e'; [t, t - \"l\", t * 2, \"ell\" in t, 'h' in t, t < \"z\", t[1..3], t.len]",
            "let sum = 0; for (n, i) in 3..=5 { sum += n * i; } for c in \"ab\".chars() { sum += c.to_int(); } sum",
            "let b = \"ab\".to_blob(); b[0] = 255; b += 9; [b, b[0] & 0x0f, 1 << 4 | 2, 7 ^ 2, !true, -7 % 4, 2 ** 10, b == b]",
            "switch 7 { 1..5 => \"low\", 7 if 3 > 2 => \"seven\", _ => \"else\" }",
            "let s = [3, 1, 2]; s.sort(); let r = s.map(|n| n * 2).filter(|n| n > 2).reduce(|a, b| a + b, 0); [s, r]",
            "let f = |a, b| a - b; let g = f.curry(10); [g.call(3), type_of(g), is_def_var(\"g\")]",
            "let x = 5; let add = |y| x + y; x += 1; fn twice(n) { n + n } [add.call(1), twice(4), 4.twice()]",
            "fn twice() { this * 2 } let n = 4; [n.twice(), n.to_float() / 3.0, 7.5.floor(), parse_int(\"12\"), max(3, 9)]",
            "[days(2) > days(1), days(2) == days(2), days(1) + hours(3), -days(1), days(2).hours, days(1) * 3]",
            "try { throw #{code: 7} } catch (e) { e.code + 1 }",
            "[\"3\" + 4, 3 + \"4\", 'a' + 'b', \"x\" + [1], [1] + \"x\", 1.5 + 2, () == (), 1 == 1.0, \"1\" == 1]",
            "[1, 2, 3].no_such(4)",
            "1 + #{}",
        ] {
            assert_eq!(ends(text, Some(Ready::for_text(text))), ends(text, None), "{text}");
        }
    }
}
