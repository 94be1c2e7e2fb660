//! The loop at a terminal: prompt, line editor, history, keys. What a line means is decided elsewhere.

use super::{
    Activity, Mode, Options, batch,
    helper::Editing,
    history::{self, Kept},
    session::{AnswerTo, Broken, Next, Session},
};
use crate::{
    error::{Failure, Kind},
    stop::{Reason, Stop},
    text, ui,
};
use rustyline::{
    Behavior, ColorMode, CompletionType, Config, Editor,
    error::ReadlineError,
    hint::HistoryHinter,
    history::{FileHistory, MemHistory},
};
use std::{io, thread, time::Duration};

/// Runs the loop to its end and gives back the exit code.
pub fn run(session: &mut Session, options: &Options) -> Result<u8, Failure> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .completion_prompt_limit(usize::MAX)
        .max_history_size(history::MOST)
        .map_err(|error| unusable(&error))?
        .history_ignore_dups(true)
        .map_err(|error| unusable(&error))?
        .color_mode(if options.colour { ColorMode::Enabled } else { ColorMode::Disabled })
        .behavior(Behavior::Stdio)
        .build();
    let mut kept = Kept::new(&options.history);
    let lines = kept.load(&config, &session.ui);
    let mut editor: Editor<Editing, FileHistory> =
        Editor::with_history(config, lines).map_err(|error| unusable(&error))?;
    editor.set_helper(Some(Editing {
        lines: session.lines.clone(),
        colour: options.colour,
        from_history: HistoryHinter::new(),
        size: (80, 24),
        writes: session.writes,
        runs: Vec::new(),
    }));
    options.questions.will_be_answered();
    session.answer_to =
        Some(answering(&config_of_questions(), &session.activity, session.lines.host().session.stop())?);
    greet(session);
    let mut warned = false;
    loop {
        session.ui.flush();
        let prompt = session.prompt();
        let read = {
            let _reading = session.activity.reading();
            let size = editor.dimensions();
            if let Some(helper) = editor.helper_mut() {
                helper.runs.clone_from(&session.applied);
                if let Some((columns, rows)) = size {
                    helper.size = (usize::from(columns), usize::from(rows));
                }
            }
            editor.readline(&(prompt.clone(), painted(&prompt, session.switch.mode())))
        };
        let line = match read {
            Ok(line) => line,
            // The line is gone, the session goes on.
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) if may_leave(session, &mut warned) => return Ok(0),
            Err(ReadlineError::Eof) => continue,
            Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                // What is pasted comes in pieces; within this time all of it is there.
                thread::sleep(Duration::from_millis(200));
                ui::drop_what_is_typed();
                session.ui.failure(
                    &Failure::usage(
                        "what was typed or pasted is no UTF-8; the line was dropped, with what came behind it",
                    )
                    .hint("set the terminal to UTF-8, or convert the text first"),
                );
                continue;
            }
            Err(error) => return Err(unusable(&error)),
        };
        if history::may_be_kept(&line, &session.ui) {
            let _ = editor.add_history_entry(line.trim_end());
            kept.append(editor.history_mut(), &session.ui);
        }
        let (before, word) = (warned, line.trim().trim_end_matches("()"));
        warned = false;
        match batch::take(session, &line) {
            Ok(Next::Line) if word == "exit" => session.ui.status("the session goes on; `:quit` or Ctrl-D leaves it"),
            Ok(Next::Line) => {}
            Ok(Next::Quit) => {
                warned = before;
                if may_leave(session, &mut warned) {
                    return Ok(0);
                }
            }
            Err(Broken::Line(mut failure)) => {
                if let ("quit" | "exit" | "q" | "help", Kind::Usage) = (word, failure.kind) {
                    failure.hints = vec!["commands begin with a colon: `:help`, `:quit`".into()];
                }
                session.ui.failure(&failure);
            }
            Err(Broken::Session(failure)) => return Err(failure),
        }
    }
}

fn greet(session: &Session) {
    session.ui.status(&format!("onramp {}, {}", env!("CARGO_PKG_VERSION"), session.switch.mode().about()));
    session.ui.status("`:help` shows the commands, Tab completes, Ctrl-D leaves");
}

/// Whether the session may end. Writes that are planned would be lost with it, so that is said first, once.
fn may_leave(session: &Session, warned: &mut bool) -> bool {
    let planned = session.lines.host().session.planned_count();
    if planned == 0 || std::mem::replace(warned, true) {
        return true;
    }
    let writes = text::plural(planned, "write");
    let them = if planned == 1 { "it" } else { "them" };
    if let (sent @ 1.., Some(run)) = (session.sent, session.half_sent.last()) {
        session.ui.status(&format!(
            "{writes} planned, of which {sent} were sent: `:apply` goes on with the others, and once the session is over \
             `onramp resume {run}` does; leave once more to go"
        ));
        return false;
    }
    session.ui.status(&format!(
        "{writes} planned and not sent: `:apply` sends {them}, `:save FILE` keeps the lines; leave once more to drop {them}"
    ));
    false
}

fn painted(prompt: &str, mode: Mode) -> String {
    let style = match mode {
        Mode::Live => "1;31",
        Mode::Plan => "36",
        Mode::Sandbox => "32",
    };
    format!("\u{1b}[{style}m{prompt}\u{1b}[0m")
}

fn unusable(error: &ReadlineError) -> Failure {
    Failure::new(Kind::Script, format!("the terminal cannot be used: {}", error.to_string().to_lowercase()))
        .hint("give the lines on standard input, or one with `-e CODE`")
}

fn config_of_questions() -> Config {
    Config::builder().color_mode(ColorMode::Disabled).behavior(Behavior::Stdio).build()
}

/// Asks at the same terminal while a line runs. Ctrl-C means no, and stops the line.
fn answering(config: &Config, activity: &Activity, stop: &Stop) -> Result<AnswerTo, Failure> {
    let mut editor: Editor<(), MemHistory> =
        Editor::with_history(config.clone(), MemHistory::with_config(config)).map_err(|error| unusable(&error))?;
    let (activity, stop) = (activity.clone(), stop.clone());
    Ok(Box::new(move |question| {
        let _reading = activity.reading();
        ui::drop_what_is_typed();
        match editor.readline(question) {
            Ok(answer) => matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"),
            Err(ReadlineError::Interrupted) => {
                stop.ask(Reason::Interrupt);
                false
            }
            Err(_) => false,
        }
    }))
}
