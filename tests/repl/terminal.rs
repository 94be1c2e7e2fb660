//! Sessions at a pseudo-terminal, as a person has them.

use crate::harness::{
    KEY, NOW, Onramp, Served,
    terminal::{CTRL_C, CTRL_D, CTRL_R, ENTER, TAB, Terminal, UP},
};

const SANDBOX: &str = "sandbox ›";

fn sandbox() -> Onramp {
    Onramp::new(&["repl", "--sandbox", "--now", NOW]).env("NO_COLOR", "1")
}

fn started(columns: u16) -> Terminal {
    let terminal = Terminal::start(sandbox(), columns);
    terminal.prompts(SANDBOX);
    terminal
}

/// Ends the session with Ctrl-D.
#[track_caller]
fn leave(mut terminal: Terminal) -> (String, String, Onramp) {
    terminal.types(CTRL_D);
    // A key that comes while the editor takes over the terminal may be nobody's: people press it again.
    if !terminal.ends_within(std::time::Duration::from_secs(5)) {
        terminal.types(CTRL_D);
    }
    let (code, screen, raw, onramp) = terminal.ended();
    assert_eq!(code, Some(0), "{screen}");
    (screen, raw, onramp)
}

#[test]
fn a_session_shows_what_it_is_and_what_lines_give_until_ctrl_d() {
    let mut terminal = started(100);
    assert_eq!(terminal.answers("40 + 2", SANDBOX), "42");
    assert_eq!(terminal.answers("let x = _ * 2;", SANDBOX), "");
    assert_eq!(terminal.answers("x", SANDBOX), "84");
    assert_eq!(
        terminal.answers("nope", SANDBOX),
        "error: there is no variable `nope`\n  --> repl:4:1:1\n    |\n  1 | nope\n    | ^\nhint: define it first: `let nope = …`"
    );
    assert_eq!(terminal.answers("x", SANDBOX), "84");
    let (screen, ..) = leave(terminal);
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        screen.starts_with(&format!(
            "onramp {version}, sandbox: writes go to the embedded workspace\n\
             `:help` shows the commands, Tab completes, Ctrl-D leaves\nsandbox › 40 + 2\n42\n"
        )),
        "{screen}"
    );
}

#[test]
fn what_is_no_utf_8_is_dropped_to_its_end_and_the_session_goes_on() {
    let mut terminal = started(120);
    terminal.answers("let x = 41;", SANDBOX);
    // The rest of such a line is more than the editor reads at once, and would be a line of its own.
    terminal.types([&b"// M\xfcller "[..], &b"-".repeat(1500), b"\rx = 0;\r"].concat());
    let said = "error: what was typed or pasted is no UTF-8; the line was dropped, with what came behind it\n\
                hint: set the terminal to UTF-8, or convert the text first\n";
    terminal.shows(said);
    assert_eq!(terminal.answers("x + 1", SANDBOX), "42");
    leave(terminal);
}

#[test]
fn a_line_that_lacks_its_end_goes_on_in_the_next_one() {
    let mut terminal = started(80);
    terminal.types("fn double(n) {\r");
    terminal.types("  n * 2\r");
    terminal.types("}\r");
    terminal.until("the prompt", |screen| screen.contains("}\n") && screen.trim_end().ends_with(SANDBOX));
    assert_eq!(terminal.answers("double(4)", SANDBOX), "8");
    assert_eq!(terminal.answers("if true { `a\rb` }", SANDBOX), "b` }\na\nb");
    leave(terminal);
}

#[test]
fn a_genuine_error_shows_at_once() {
    let mut terminal = started(80);
    assert!(terminal.answers("let 1 = 2", SANDBOX).starts_with("error: "));
    leave(terminal);
}

#[test]
fn many_lines_can_be_pasted() {
    let mut terminal = started(80);
    let text = "let total = 0;\nfor n in 0..4 {\n\ttotal += n;\n}\ntotal";
    terminal.types(format!("\u{1b}[200~{text}\u{1b}[201~"));
    terminal.shows("}\ntotal");
    terminal.types(ENTER);
    terminal.shows("total\n6\n");
    terminal.prompts(SANDBOX);
    leave(terminal);
    // A terminal that does not mark what is pasted sends the lines as if they were typed.
    let mut terminal = started(80);
    terminal.types("let a = [\r1,\r2\r];\ra.len()\r");
    terminal.shows("a.len()\n2");
    terminal.prompts(SANDBOX);
    leave(terminal);
}

#[test]
fn one_tab_fills_in_what_is_common_and_shows_the_candidates() {
    let mut terminal = started(100);
    terminal.types("list_cus");
    terminal.types(TAB);
    let screen = terminal.until("the candidates, and the line below them", |screen| {
        screen.contains("list_customers(options?)") && screen.trim_end().ends_with("\nsandbox › list_customer")
    });
    assert!(screen.contains("list_customer_contacts(customer_id, options?)"), "{screen}");
    terminal.types("s");
    terminal.types(TAB);
    terminal.shows("sandbox › list_customers(");
    terminal.types(").take(1).first().na");
    terminal.types(TAB);
    terminal.shows(".first().name");
    terminal.types(ENTER);
    terminal.shows("first().name\nTidewater");
    terminal.prompts(SANDBOX);
    terminal.types("update_onboarding(7, #{ph");
    terminal.types(TAB);
    terminal.shows("#{phase: ");
    terminal.types("\"lau");
    terminal.types(TAB);
    terminal.shows("#{phase: \"launch");
    terminal.types(CTRL_C);
    terminal.prompts(SANDBOX);
    terminal.types(":hi");
    terminal.types(TAB);
    terminal.shows("sandbox › :history");
    terminal.types(ENTER);
    terminal.shows("repl:1  list_customers().take(1).first().name");
    leave(terminal);
}

#[test]
fn commands_complete_what_they_take() {
    let mut terminal = started(100);
    terminal.answers("list_customers().take(2)", SANDBOX);
    for (typed, completed) in [
        (":table na", ":table name"),
        (":table name, pl", ":table name, plan"),
        (":mode sand", ":mode sandbox"),
        (":pl", ":plan "),
    ] {
        terminal.types(typed);
        terminal.types(TAB);
        terminal.shows(completed);
        terminal.types(CTRL_C);
        terminal.prompts(SANDBOX);
    }
    let sent = terminal.answers("update_customer(101, #{mrr: 1}).mrr", SANDBOX);
    assert!(sent.ends_with('1'), "{sent}");
    terminal.types(":undo ");
    terminal.types(TAB);
    terminal.until("the run", |screen| {
        let last = screen.lines().next_back().unwrap_or_default().trim_end();
        last.strip_prefix("sandbox › :undo ").is_some_and(|run| run.len() == 7)
    });
    terminal.types(CTRL_C);
    terminal.prompts(SANDBOX);
    leave(terminal);
    // What is wider than the screen is cut, so that each candidate has its line.
    let mut terminal = started(20);
    terminal.types(":h");
    terminal.types(TAB);
    terminal.shows(":h\n:help [NAME]  thes…\n:history      the …\nsandbox › :h");
    terminal.types(CTRL_C);
    leave(terminal);
}

#[test]
fn who_leaves_with_planned_writes_is_told_once() {
    let mut terminal = started(120);
    assert!(terminal.answers("exit()", SANDBOX).ends_with("the session goes on; `:quit` or Ctrl-D leaves it"));
    assert!(terminal.answers("quit()", SANDBOX).ends_with("hint: commands begin with a colon: `:help`, `:quit`"));
    let plan = "sandbox (plan) ›";
    terminal.types(":mode plan\r");
    terminal.prompts(plan);
    assert!(terminal.answers("update_customer(101, #{mrr: 5}).mrr", plan).ends_with('5'));
    let told =
        "1 write planned and not sent: `:apply` sends it, `:save FILE` keeps the lines; leave once more to drop it";
    assert_eq!(terminal.answers(":quit", plan), told);
    assert_eq!(terminal.answers("1 + 1", plan), "2");
    assert_eq!(terminal.answers(":quit", plan), told);
    leave(terminal);
}

#[test]
fn ids_that_were_seen_are_candidates_with_their_names() {
    let mut terminal = started(100);
    assert!(terminal.answers("get_customer(101).name", SANDBOX).contains("Acme Corporation"));
    assert_eq!(terminal.answers("for c in list_customers() { }", SANDBOX), "");
    terminal.types("get_customer(21");
    terminal.types(TAB);
    terminal.shows("219  Indigo Goods");
    terminal.types(CTRL_C);
    terminal.prompts(SANDBOX);
    terminal.types("let x = \"Indigo");
    terminal.types(TAB);
    terminal.shows("let x = \"Indigo Goods");
    terminal.types("\";\r");
    terminal.prompts(SANDBOX);
    leave(terminal);
}

#[test]
fn ctrl_c_clears_the_line() {
    let mut terminal = started(80);
    terminal.types("fn never(");
    terminal.shows("never(");
    terminal.types(CTRL_C);
    terminal.prompts(SANDBOX);
    terminal.types("let a = [\r");
    terminal.types("1,");
    terminal.shows("\n1,");
    terminal.types(CTRL_C);
    terminal.prompts(SANDBOX);
    assert_eq!(terminal.answers("1", SANDBOX), "1");
    leave(terminal);
}

#[test]
fn ctrl_c_stops_a_loop_a_sleep_and_a_walk_and_keeps_the_session() {
    let onramp = sandbox().args(&["--sandbox-fault", "list-customers:delay=50ms@2-"]);
    let mut terminal = Terminal::start(onramp, 100);
    terminal.prompts(SANDBOX);
    assert_eq!(terminal.answers("let kept = 7;", SANDBOX), "");
    for line in [
        "print(\"begun\"); loop { kept += 0; }",
        "print(\"begun\"); sleep(600);",
        "print(\"begun\"); loop { for c in list_customers() { kept += 0; } }",
        "print(\"begun\"); try { loop { } } catch { } loop { }",
    ] {
        terminal.types(line);
        terminal.types(ENTER);
        terminal.shows(&format!("{line}\nbegun"));
        terminal.types(CTRL_C);
        terminal.until("the prompt", |screen| {
            let after = screen.rsplit("\nbegun\n").next().unwrap_or_default();
            after.contains("error: interrupted\n") && after.trim_end().ends_with(SANDBOX)
        });
    }
    assert_eq!(terminal.answers("kept", SANDBOX), "7");
    leave(terminal);
}

#[test]
fn ctrl_c_at_an_empty_prompt_ends_nothing() {
    let mut terminal = started(80);
    for pressed in 1..4 {
        terminal.types(CTRL_C);
        terminal.until("another prompt", |screen| screen.matches(SANDBOX).count() > pressed);
    }
    assert_eq!(terminal.answers("2", SANDBOX), "2");
    leave(terminal);
}

#[test]
fn a_terminal_that_is_closed_by_a_signal_is_left_as_it_was() {
    let terminal = started(80);
    assert!(!terminal.echoes());
    terminal.signal(libc::SIGTERM);
    terminal.until("the end", |_| true);
    while !terminal.echoes() {
        std::thread::yield_now();
    }
    let (code, ..) = terminal.ended();
    assert_eq!(code, Some(130));
}

#[test]
fn a_session_that_waits_for_lines_without_a_prompt_ends_with_ctrl_c() {
    let onramp = sandbox().within("exec \"$0\" \"$@\" > values.txt");
    let values = onramp.path("values.txt");
    let mut terminal = Terminal::start(onramp, 80);
    terminal.types("1 + 1\rnope\r");
    terminal.shows("error: there is no variable `nope`");
    assert_eq!(std::fs::read_to_string(&values).unwrap(), "2\n");
    terminal.shows("hint: define it first");
    terminal.types(CTRL_C);
    let (code, ..) = terminal.ended();
    assert_eq!(code, Some(130));
}

#[test]
fn history_goes_on_from_session_to_session_and_holds_no_key() {
    let mut terminal = started(80);
    assert_eq!(terminal.answers("let remembered = 1;", SANDBOX), "");
    assert_eq!(terminal.answers(&format!("let k = \"{KEY}\";"), SANDBOX), "");
    assert_eq!(terminal.answers("1 + 1", SANDBOX), "2");
    let (_, _, onramp) = leave(terminal);
    let file = onramp.home().join(".local/state/onramp/repl_history");
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.contains("let remembered") && kept.contains("1 + 1") && !kept.contains("pivotal_"), "{kept}");
    let mode = |path: &std::path::Path| {
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777
    };
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));

    let onramp = onramp.again(&["repl", "--sandbox", "--now", NOW]).env("NO_COLOR", "1");
    let mut terminal = Terminal::start(onramp, 80);
    terminal.prompts(SANDBOX);
    terminal.types(UP);
    terminal.shows("› 1 + 1");
    terminal.types(ENTER);
    terminal.shows("› 1 + 1\n2\n");
    terminal.prompts(SANDBOX);
    terminal.types(CTRL_R);
    terminal.types("remem");
    terminal.shows("`remem': let remembered = 1;");
    terminal.types(ENTER);
    terminal.prompts(SANDBOX);
    assert_eq!(terminal.answers("remembered", SANDBOX), "1");
    leave(terminal);
}

#[test]
fn history_that_cannot_be_written_is_one_warning() {
    let onramp = sandbox().file("state", "not a folder");
    let state = onramp.path("state").display().to_string();
    let mut terminal = Terminal::start(onramp.env("ONRAMP_STATE_DIR", &state), 200);
    terminal.prompts(SANDBOX);
    assert_eq!(terminal.answers("1", SANDBOX), "1");
    assert_eq!(terminal.answers("2", SANDBOX), "2");
    let (screen, ..) = leave(terminal);
    assert_eq!(screen.matches("warning: the lines of this session are not kept: ").count(), 1, "{screen}");
}

#[test]
fn tables_fit_narrow_and_wide_terminals_also_after_a_resize() {
    let mut terminal = started(20);
    let table = terminal.answers("list_customers()", SANDBOX);
    assert!(table.contains("\ndisplay_id  name\n       220  Tidewat…\n"), "{table}");
    leave(terminal);
    let mut terminal = started(200);
    let table = terminal.answers("list_customers().take(1)", SANDBOX);
    let heading = "display_id  name                      status      plan      mrr  domain                 created_at";
    assert_eq!(table.lines().next().unwrap(), heading);
    terminal.resize(40);
    let table = terminal.answers("_", SANDBOX);
    let rows = || table.lines().take_while(|line| !line.starts_with("left out"));
    assert!(rows().count() == 2 && rows().all(|line| line.chars().count() <= 40), "{table}");
    assert!(table.contains('…'), "{table}");
    leave(terminal);
}

#[test]
fn without_colour_nothing_but_the_editor_writes_escapes() {
    let mut terminal = started(80);
    terminal.answers("let x = \"text\"; nope", SANDBOX);
    let (_, raw, _) = leave(terminal);
    assert!(!raw.contains("\u{1b}[3") && !raw.contains("\u{1b}[1;"), "{raw:?}");
    // With colours the words of the language, strings and the prompt have one.
    let onramp = Onramp::new(&["repl", "--sandbox", "--now", NOW]);
    let mut terminal = Terminal::start(onramp, 80);
    terminal.prompts(SANDBOX);
    terminal.types("let x = \"text\"\r");
    terminal.until("another prompt", |screen| screen.matches(SANDBOX).count() == 2);
    let (_, raw, _) = leave(terminal);
    for coloured in ["\u{1b}[35mlet\u{1b}[0m", "\u{1b}[32m\"text\"\u{1b}[0m", "\u{1b}[32msandbox › \u{1b}[0m"] {
        assert!(raw.contains(coloured), "{coloured:?} in {raw:?}");
    }
}

#[test]
fn a_live_workspace_is_not_changed_by_accident() {
    let served = Served::start(&[]);
    let onramp = served.used_by(Onramp::new(&["repl"])).env("NO_COLOR", "1");
    let mut terminal = Terminal::start(onramp, 120);
    let first = terminal.until("the key's prefix", |screen| screen.trim_end().ends_with("(plan) ›"));
    assert!(
        first.contains("plan: writes are planned and not sent; `:plan` shows them, `:apply` sends them"),
        "{first}"
    );
    assert!(first.lines().next_back().unwrap().starts_with("pivotal_"), "{first}");
    terminal.types("get_customer(101).mrr\r");
    let screen = terminal
        .until("the workspace", |screen| screen.trim_end().ends_with("(plan) ›") && screen.contains("\n125000\n"));
    let plan = screen.lines().next_back().unwrap().trim_end().to_string();
    assert!(!plan.starts_with("pivotal_"), "{screen}");
    let live = plan.replace("plan", "LIVE");
    let planned = terminal.answers("update_customer(101, #{mrr: 1}).mrr", &plan);
    assert!(planned.contains("NOT SENT: update_customer Acme Corporation") && planned.ends_with('1'), "{planned}");
    terminal.types(":apply\r");
    terminal.shows("send 1 write to `sandbox`? [y/N]");
    terminal.types(CTRL_C);
    terminal.shows("\nnothing was sent\n");
    terminal.prompts(&plan);
    terminal.types(":apply\r");
    terminal.until("another question", |screen| screen.matches("send 1 write to `sandbox`? [y/N]").count() == 2);
    terminal.types("y\r");
    terminal
        .until("what was applied", |screen| screen.contains("1 changed\n") && screen.trim_end().ends_with("(plan) ›"));
    terminal.types(":undo\r");
    terminal.shows("take it back by 1 write? [y/N]");
    terminal.types("n\r");
    terminal.shows("[y/N] n\nnothing was sent\n");
    terminal.prompts(&plan);
    terminal.types(":undo\r");
    terminal.until("another question", |screen| screen.matches("take it back by 1 write? [y/N]").count() == 2);
    terminal.types("y\r");
    terminal.prompts(&plan);
    assert!(terminal.answers("get_customer(101).mrr", &plan).ends_with("125000"));
    terminal.types(":mode live\r");
    terminal.prompts(&live);
    assert!(terminal.answers("update_customer(101, #{mrr: 1}).mrr", &live).ends_with('1'));

    terminal.types("delete_customer(102)\r");
    terminal.shows("delete_customer 102: delete it from the live workspace? [y/N]");
    terminal.types("n\r");
    let screen = terminal.prompts(&live);
    assert!(screen.contains("error: `delete_customer` was not sent: it was not confirmed\n"), "{screen}");
    terminal.types("delete_customer(103).deleted\r");
    terminal.shows("delete_customer 103: delete");
    terminal.types("yes\r");
    terminal.shows("[y/N] yes\n1 change sent; `:undo` takes it back\ntrue\n");
    terminal.prompts(&live);
    terminal.types("delete_customer(104)\r");
    terminal.shows("delete_customer 104: delete");
    terminal.types(CTRL_C);
    terminal.shows("error: interrupted");
    terminal.prompts(&live);
    let budget = terminal.answers(":budget", &live);
    assert!(budget.ends_with("4 changes made in this session"), "{budget}");
    terminal.types(":mode plan\r");
    terminal.prompts(&plan);
    leave(terminal);
}

#[test]
fn a_missing_key_is_said_before_the_first_line() {
    let terminal = Terminal::start(Onramp::new(&["repl"]), 120);
    let (code, screen, ..) = terminal.ended();
    assert_eq!(code, Some(3));
    assert!(screen.starts_with("error: there is no API key\n"), "{screen}");
}
