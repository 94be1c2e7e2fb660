//! Makes docs/repl.svg: a picture of a real session, for the README. The session runs at a pseudo-terminal, and what a
//! person would see is drawn cell by cell. `cargo run --example repl_picture -- docs/repl.svg`

#[cfg(unix)]
#[path = "../../tests/harness/pty.rs"]
mod pty;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    use std::{env, ffi::OsString, fs, process::ExitCode};
    let words: Vec<OsString> = env::args_os().collect();
    // The session is this same program, started by itself.
    if words.get(1).is_some_and(|word| word == "repl") {
        return onramp::run(&words, &onramp::Ui::new(true));
    }
    let Some(path) = words.get(1) else {
        eprintln!("name the file to write, such as docs/repl.svg");
        return ExitCode::from(2);
    };
    fs::write(path, drawing::svg(&drawing::session())).expect("the file can be written");
    ExitCode::SUCCESS
}

#[cfg(not(unix))]
fn main() {
    eprintln!("this needs a pseudo-terminal");
}

#[cfg(unix)]
mod drawing {
    use super::pty;
    use std::{
        env,
        io::{Read, Write},
        process::Command,
    };
    use vt100::{Color, Parser, Screen};

    const COLUMNS: u16 = 92;
    const ROWS: u16 = 31;
    const PROMPT: &str = "sandbox ›";
    /// What is typed; the last one is left at its candidates.
    const LINES: &[&str] = &[
        "list_customers().where(#{status: \"at_risk\"}).take(5)\r",
        "_.sum(\"mrr\")\r",
        "get_onboarding(7).phaze\r",
        "fn late(o) { o.target_launch_date != () && o.completed_at == () }\r",
        "list_onboardings().filter(|o| late(o)).count()\r",
        "update_onboarding(7, #{p\t",
    ];

    /// The screen at the end of the session.
    pub fn session() -> Parser {
        let home = tempfile::tempdir().expect("there is room for a folder");
        let mut command = Command::new(env::current_exe().expect("a program knows its own path"));
        command.args(["repl", "--sandbox", "--now", "2026-05-26T12:00:00Z"]).env_clear();
        command.env("HOME", home.path()).env("TERM", "xterm-256color").current_dir(home.path());
        let (mut child, mut terminal) = pty::spawn(&mut command, ROWS, COLUMNS);
        let size = |count: u16| count.try_into().expect("it is not zero");
        let mut screen = Parser::new(size(ROWS), size(COLUMNS), 0);
        wait(&mut terminal, &mut screen, 1, PROMPT);
        for (at, line) in LINES.iter().enumerate() {
            terminal.write_all(line.as_bytes()).expect("the terminal takes keys");
            let until = if line.ends_with('\t') { "#{p" } else { PROMPT };
            wait(&mut terminal, &mut screen, at + 2, until);
        }
        let _ = child.kill();
        let _ = child.wait();
        screen
    }

    fn wait(terminal: &mut std::fs::File, screen: &mut Parser, prompts: usize, until: &str) {
        let mut piece = [0; 4096];
        loop {
            let text = screen.screen().contents();
            let last = text.lines().next_back().unwrap_or_default().trim_end().to_string();
            if text.matches(PROMPT).count() >= prompts && last.ends_with(until.trim_end()) {
                return;
            }
            let read = terminal.read(&mut piece).expect("the session lives");
            screen.process(&piece[..read]);
        }
    }

    /// The colours of a dark terminal.
    const COLOURS: [&str; 8] = ["#45475a", "#f38ba8", "#a6e3a1", "#f9e2af", "#89b4fa", "#cba6f7", "#94e2d5", "#bac2de"];
    const TEXT: &str = "#cdd6f4";
    const BACK: &str = "#1e1e2e";
    const WIDTH: f64 = 8.4;
    const HEIGHT: f64 = 18.0;
    const EDGE: f64 = 16.0;

    /// The screen as a picture.
    pub fn svg(parser: &Parser) -> String {
        let screen = parser.screen();
        // A line that goes on in the next row has two of them.
        let rows = screen.rows(0, COLUMNS).collect::<Vec<_>>();
        let rows = rows.iter().rposition(|row| !row.trim().is_empty()).map_or(0, |last| last + 1);
        let (width, height) = (f64::from(COLUMNS) * WIDTH + 2.0 * EDGE, rows as f64 * HEIGHT + 2.0 * EDGE);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
             height=\"{height:.0}\" font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"14\">\n\
             <title>A session of onramp repl</title>\n\
             <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACK}\"/>\n"
        );
        for row in 0..rows as u16 {
            for run in runs(screen, row) {
                let (x, y) = (EDGE + f64::from(run.column) * WIDTH, EDGE + (f64::from(row) + 0.75) * HEIGHT);
                let style = format!(
                    "{}{}",
                    if run.bold { " font-weight=\"bold\"" } else { "" },
                    if run.dim { " opacity=\"0.6\"" } else { "" }
                );
                // Held to its columns, whatever font the reader has.
                let length = f64::from(run.columns) * WIDTH;
                out.push_str(&format!(
                    "<text x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{length:.1}\" fill=\"{}\"{style} xml:space=\"preserve\">{}</text>\n",
                    run.colour,
                    escaped(&run.text)
                ));
            }
        }
        out.push_str("</svg>\n");
        out
    }

    /// Cells of one style that stand side by side.
    struct Run {
        column: u16,
        columns: u16,
        text: String,
        colour: &'static str,
        bold: bool,
        dim: bool,
    }

    fn runs(screen: &Screen, row: u16) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for column in 0..COLUMNS {
            let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else { continue };
            let colour = match cell.fgcolor() {
                Color::Idx(index) => COLOURS[usize::from(index % 8)],
                _ => TEXT,
            };
            let text = if cell.has_contents() { cell.contents() } else { " " };
            let columns = if cell.is_wide() { 2 } else { 1 };
            match runs.last_mut() {
                Some(run) if (run.colour, run.bold, run.dim) == (colour, cell.bold(), cell.dim()) => {
                    run.text.push_str(text);
                    run.columns += columns;
                }
                _ => runs.push(Run {
                    column,
                    columns,
                    text: text.to_string(),
                    colour,
                    bold: cell.bold(),
                    dim: cell.dim(),
                }),
            }
        }
        if let Some(last) = runs.last_mut() {
            let kept = last.text.trim_end().chars().count();
            let cut = last.text.chars().count() - kept;
            last.columns -= u16::try_from(cut).unwrap_or(0);
            last.text.truncate(last.text.trim_end().len());
        }
        runs.retain(|run| !run.text.trim().is_empty());
        runs
    }

    fn escaped(text: &str) -> String {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }
}
