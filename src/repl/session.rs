//! A session without its terminal: runs texts on the session's thread, shows what they give, and remembers what was said.
//! Reads no input and knows no key.

use super::{Activity, Carry, Mode, Options, Output, Questions, ReadScript, Switch, saved::Good, view};
use crate::{
    error::{Failure, Kind},
    run::{Gone, Lines},
    script::{
        Fault, FaultKind, Interactive, Sink,
        interactive::{Done, Shape, Shown},
    },
    stop::Reason,
    text,
    ui::Ui,
};
use std::{
    collections::BTreeMap,
    rc::Rc,
    time::{Duration, Instant},
};

/// So many rows are shown of a list.
pub const ROWS: usize = 50;

/// What comes after a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another line.
    Line,
    /// The end.
    Quit,
}

/// Why a line came to nothing.
#[derive(Debug)]
pub enum Broken {
    /// The session goes on.
    Line(Failure),
    /// The session is over.
    Session(Failure),
}

impl Broken {
    /// The failure itself.
    pub fn failure(self) -> Failure {
        match self {
            Broken::Line(failure) | Broken::Session(failure) => failure,
        }
    }
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Broken {
        Broken::Line(failure)
    }
}

/// Answers a question of the script's, at the terminal.
pub type AnswerTo = Box<dyn FnMut(&str) -> bool>;

pub struct Session {
    pub lines: Rc<Lines>,
    pub ui: Ui,
    pub switch: Switch,
    /// The mode that sends writes.
    pub writes: Mode,
    pub activity: Activity,
    questions: Questions,
    /// How questions are answered; they wait in vain where there is no terminal, which they know.
    pub answer_to: Option<AnswerTo>,
    pub read: ReadScript,
    pub at_terminal: bool,
    output: Output,
    /// What the workspace is called.
    pub called: String,
    /// How often the service may still be asked for it.
    asks: u8,
    /// The lines that went well.
    pub good: Vec<Good>,
    /// All lines, with their names.
    pub said: Vec<(String, String)>,
    number: usize,
    /// How long the latest line took.
    pub took: Option<Duration>,
    pub carry: Rc<dyn Carry>,
    /// Applies and takes back without a question.
    pub yes: bool,
    /// The runs that this session has made and not taken back, the newest last.
    pub applied: Vec<String>,
    /// Whether anything that was said so far can write.
    pub may_write: bool,
    /// What was sent of the present plan, where its application has stopped in the middle.
    pub sent: u64,
    /// The ids of what it has made by then, by the provisional ones.
    pub half_made: BTreeMap<String, String>,
    /// The runs that have sent a part of the present plan and were not taken back.
    pub half_sent: Vec<String>,
    /// Whether a part of the present plan was taken back while another one stands.
    pub torn: bool,
}

impl Session {
    pub fn new(options: &Options, lines: Lines, ui: &Ui) -> Session {
        Session {
            lines: Rc::new(lines),
            ui: ui.clone(),
            switch: options.switch.clone(),
            writes: options.writes,
            activity: options.activity.clone(),
            questions: options.questions.clone(),
            answer_to: None,
            read: options.read,
            at_terminal: options.at_terminal,
            output: options.output.unwrap_or(Output::Text),
            called: options.called.clone(),
            asks: if options.writes == Mode::Sandbox { 0 } else { 3 },
            good: Vec::new(),
            said: Vec::new(),
            number: 0,
            took: None,
            carry: options.carry.clone(),
            yes: options.yes,
            applied: Vec::new(),
            may_write: false,
            sent: 0,
            half_made: BTreeMap::new(),
            half_sent: Vec::new(),
            torn: false,
        }
    }

    /// Runs a line and shows its value.
    pub fn line(&mut self, text: &str) -> Result<(), Broken> {
        self.number += 1;
        let name = format!("repl:{}", self.number);
        self.said.push((name.clone(), text.to_string()));
        self.run(&name, text, Some(self.shape()))
    }

    /// Runs the text of the command line and shows its value.
    pub fn code(&mut self, text: &str) -> Result<(), Broken> {
        self.run("-e", text, Some(self.shape()))
    }

    fn shape(&self) -> Shape {
        match self.output {
            Output::Text => Shape::Table { columns: None, rows: ROWS },
            Output::Json => Shape::Json,
            Output::JsonLines => Shape::JsonLines,
        }
    }

    /// Runs the text of a script; its value is not shown.
    pub fn load(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        self.run(name, text, None).map_err(Broken::failure)
    }

    /// Runs a text that errors call `name`, and shows its value in a shape.
    pub fn run(&mut self, name: &str, text: &str, shape: Option<Shape>) -> Result<(), Broken> {
        self.look_at(name, text)?;
        let begun = Instant::now();
        let running = self.begin_line(name, text)?;
        let (line, source) = (name.to_string(), text.to_string());
        let result = self.with(move |script| {
            let done = script.eval(&line, &source)?;
            let shown = match shape.filter(|_| done.value) {
                Some(shape) => script.show(&line, &shape),
                None => Ok(Shown::Nothing),
            };
            Ok::<(Done, Result<Shown, Box<Fault>>), Box<Fault>>((done, shown))
        });
        self.took = Some(begun.elapsed());
        let result = match result {
            Ok(Ok((done, shown))) => {
                let Done { only_functions, functions, value_in, returns, meant_last, .. } = done;
                // In a script it would be the end.
                if text.trim().trim_end_matches(';') != "exit()" {
                    let text = text.to_string();
                    self.good.push(Good { text, only_functions, functions, value_in, returns, meant_last });
                }
                shown.map_err(|fault| self.broken(&fault))
            }
            Ok(Err(fault)) => Err(self.broken(&fault)),
            Err(broken) => Err(broken),
        };
        let shown = self.end_line(running, result)?;
        self.show(&shown);
        self.ask_for_the_workspace();
        Ok(())
    }

    /// Does something on the session's thread, and answers its questions meanwhile.
    pub fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Interactive) -> T + Send + 'static,
    ) -> Result<T, Broken> {
        let _running = self.activity.running();
        let lines = self.lines.clone();
        let stop = lines.host().session.stop().clone();
        let (questions, answer_to) = (&self.questions, &mut self.answer_to);
        let result = lines.with(work, || {
            if let (Some((question, reply)), Some(answer_to)) = (questions.take(), answer_to.as_mut()) {
                // A line that has been stopped may be gone by now.
                let _ = reply.send(stop.asked().is_none() && answer_to(&question));
            }
        });
        result.map_err(|gone| match gone {
            Gone::Bug(what) => Broken::Line(Failure::bug(&what)),
            Gone::Lost(what) => Broken::Session(Failure::bug(&what)),
            Gone::Over(fault) => {
                let failure = Failure::of_fault(&fault, &|_| None);
                Broken::Session(
                    failure.hint("start another session: this one cannot go on, and its variables are gone"),
                )
            }
        })
    }

    fn broken(&self, fault: &Fault) -> Broken {
        let failure = self.failure(fault);
        match fault.kind {
            // Nobody hears what is said any more.
            FaultKind::Stopped(Reason::OutputClosed) => Broken::Session(failure),
            _ => Broken::Line(failure),
        }
    }

    /// A fault, as people see it.
    pub fn failure(&self, fault: &Fault) -> Failure {
        // Ctrl-C where a question was asked is an answer, too, but not one to talk about.
        let interrupted = self.lines.host().session.stop().asked() == Some(Reason::Interrupt);
        if interrupted || fault.kind == FaultKind::Stopped(Reason::Interrupt) {
            return Failure::new(Kind::Interrupted, "interrupted");
        }
        if fault.kind == FaultKind::Stopped(Reason::Cancelled) {
            return Failure::new(Kind::Interrupted, "cancelled from another terminal");
        }
        if fault.kind == FaultKind::Stopped(Reason::OutputClosed) {
            return Failure::new(Kind::Interrupted, "standard output was closed, so the line was stopped");
        }
        let texts = self.lines.host().module_texts();
        let failure = Failure::of_fault(fault, &|name| texts.get(name).cloned());
        if fault.kind == FaultKind::Key && self.lines.host().session.is_connected() {
            return failure.hint("start another session with it: this one keeps its key; `:save FILE` keeps its lines");
        }
        failure
    }

    /// Shows a value, and what is to be said of it.
    pub fn show(&self, shown: &Shown) {
        let view = view::lay_out(shown, self.ui.width());
        if !view.lines.is_empty() {
            self.ui.line(&view.lines.join("\n"));
        }
        if let Some(note) = view.note {
            self.ui.status(&note);
        }
    }

    /// The last value in another shape.
    pub fn show_last(&mut self, name: &str, shape: Shape) -> Result<(), Broken> {
        let line = name.to_string();
        // A list that is walked only now can write.
        let shown = self.aside(name, move |script| script.show(&line, &shape))?;
        self.show(&shown);
        Ok(())
    }

    /// Does what a command asks of the script, as a line that errors do not point at: it is no text of a script.
    pub fn aside<T: Send + 'static>(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut Interactive) -> Result<T, Box<Fault>> + Send + 'static,
    ) -> Result<T, Broken> {
        let running = self.begin_line(name, name)?;
        let result = self.with(work).and_then(|done| {
            done.map_err(|mut fault| {
                fault.place = None;
                self.broken(&fault)
            })
        });
        self.end_line(running, result)
    }

    /// Asks the service what the workspace is called, as soon as a line has used the connection anyway; again where no
    /// answer came.
    fn ask_for_the_workspace(&mut self) {
        if !self.at_terminal || self.asks == 0 || !self.lines.host().session.is_connected() {
            return;
        }
        self.asks -= 1;
        if let Ok(Some(name)) = self.with(|script| script.workspace()) {
            self.asks = 0;
            self.called = text::escape_control(&name).into_owned();
        }
    }

    /// `acme (plan) › `.
    pub fn prompt(&self) -> String {
        match self.switch.mode() {
            Mode::Sandbox => "sandbox › ".to_string(),
            Mode::Plan => format!("{} (plan) › ", self.called),
            Mode::Live => format!("{} (LIVE) › ", self.called),
        }
    }
}
