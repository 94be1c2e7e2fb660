//! What lines write is kept: each line that does is a run, which can be looked at and taken back, and no other line is.

use crate::harness::{
    Place, Ran, Said, Served,
    terminal::{CTRL_C, CTRL_D, ENTER, Terminal},
};

/// A session that sends writes at once, from a pipe.
fn session(served: &Served, place: &Place, input: &str) -> Ran {
    served.used_by(place.onramp(&["repl", "--writes", "--yes"])).stdin(input).ran()
}

fn mrr(served: &Served, place: &Place) -> String {
    served.used_by(place.onramp(&["repl", "-e", "get_customer(101).mrr"])).ran().stdout
}

#[test]
fn each_line_that_writes_is_a_run_and_no_other_line_is() {
    let (served, place) = (Served::start(&[]), Place::new());
    let runs = || place.onramp(&["runs"]).ran();
    session(&served, &place, "list_customers().count()\nupdate_customer\nlet update_customer = 1\n").assert_all(
        1,
        "120\n",
        "error: there is no variable `update_customer`\n  --> repl:2:1:1\n    |\n  1 | update_customer\n    | ^\n\
         hint: to call the function, write `update_customer(…)`\nhint: define it first: `let update_customer = …`\n",
    );
    assert!(!place.state().join("onramp.db").exists());
    runs().assert_all(0, "", "no run has been kept yet\n");

    let input = "fn up(n) { log_info(\"up\"); update_customer(101, #{mrr: n}).mrr }\nup(5)\nget_customer(101).mrr\nup(5)\n\
                 up(6); throw \"enough\"\n";
    let ran = session(&served, &place, input);
    let said = Said::at(&place);
    said.assert(
        &ran,
        1,
        "5\n5\n5\n",
        "up\nup\nup\nerror: enough\n  --> repl:5:1:8\n    |\n  1 | up(6); throw \"enough\"\n    |        ^\n\
         hint: `onramp undo run0003` takes back the change that was sent by then\n",
    );
    said.assert(
        &runs(),
        0,
        "run      begun                script                       workspace  state   outcome      exit\n\
         run0003  0000-00-00 00:00:00  repl: up(6); throw \"enough\"  sandbox    failed  1 changed       1\n\
         run0002  0000-00-00 00:00:00  repl: up(5)                  sandbox    done    1 unchanged     0\n\
         run0001  0000-00-00 00:00:00  repl: up(5)                  sandbox    done    1 changed       0\n",
        "",
    );
    said.by(
        place.onramp(&["show", said.id(3)]),
        0,
        "run run0003: failed, exit code 1\n  script     repl: up(6); throw \"enough\"\n  command    onramp repl --writes \
         --yes\n  folder     <work>\n  workspace  sandbox, with the key pivotal_sand…\n  begun      0000-00-00 00:00:00\n  \
         ended      0000-00-00 00:00:00\n  outcome    1 changed\n  said       enough\n\nchanged\n  0000-00-00 00:00:00  \
         updated customer 101 (Acme Corporation): mrr 5 → 6\n\nnext\n  `onramp undo run0003` takes back what it changed\n",
        "",
    );
    assert!(place.onramp(&["logs", said.id(1)]).ran().stdout.contains("up"));
    let last = format!("the last run is `{}`: repl: up(6); throw \"enough\"\n1 changed\n", said.id(3));
    served.used_by(place.onramp(&["undo", "--last", "--yes"])).ran().assert_all(0, "", &last);
    assert_eq!(mrr(&served, &place), "5\n");
    served.used_by(place.onramp(&["undo", said.id(1), "--yes"])).ran().assert_all(0, "", "1 changed\n");
    assert_eq!(mrr(&served, &place), "125000\n");
}

#[test]
fn undo_takes_back_the_latest_line_and_then_the_one_before() {
    let (served, place) = (Served::start(&[]), Place::new());
    let input = "update_customer(101, #{mrr: 1}).mrr\nlet gone = delete_contact(list_customer_contacts(101).first());\n\
                 update_customer(101, #{mrr: 2}).mrr\n:undo\nget_customer(101).mrr\n:undo\nlist_customer_contacts(101).count()\n\
                 :undo\nget_customer(101).mrr\n:undo\n";
    let before = served.used_by(place.onramp(&["repl", "-e", "list_customer_contacts(101).count()"])).ran().stdout;
    let ran = session(&served, &place, input);
    let values: Vec<&str> = ran.stdout.lines().filter(|line| line.parse::<u64>().is_ok()).collect();
    assert_eq!(values, ["1", "2", "1", before.trim_end(), "125000"], "{ran}");
    assert!(
        ran.stderr.ends_with(
            "error: this session has changed nothing that could be taken back\nhint: name a run: `:undo RUN`; `onramp runs` \
             lists them\n"
        ),
        "{ran}"
    );
}

#[test]
fn scripts_and_lists_that_write_only_when_they_are_walked_are_runs_too() {
    let (served, place) = (Served::start(&[]), Place::new());
    let script = "for c in list_customers().take(2) { update_customer(c, #{mrr: 3}); }\n";
    let input = ":load fix.rhai\nlet lazy = list_customers().take(2).map(|c| update_customer(c, #{mrr: 4}));\nlazy\n\
                 list_customers().take(2).map(|c| update_customer(c, #{mrr: 5}))\n:csv out.csv\n";
    std::fs::write(place.work().join("fix.rhai"), script).unwrap();
    let ran = session(&served, &place, input);
    assert_eq!(ran.code, Some(0), "{ran}");
    let said = Said::at(&place);
    let listed = said.plain(&place.onramp(&["runs"]).ran().stdout);
    let listed: Vec<&str> = listed.lines().skip(1).map(|line| line[30..].split("  ").next().unwrap()).collect();
    let lazy = "repl: list_customers().take(2).map(|c| update_customer(c, #{…";
    assert_eq!(listed, ["repl: :csv", lazy, "repl: lazy", "fix.rhai"], "{ran}");
}

#[test]
fn a_line_that_was_killed_is_not_resumed_but_can_be_taken_back() {
    let (served, place) = (Served::start(&[]), Place::new());
    let input = "for c in list_customers().take(3) { update_customer(c, #{mrr: 3}); }\n";
    let killed =
        served.used_by(place.onramp(&["repl", "--writes"])).env("ONRAMP_CRASH_AT", "answered:2").stdin(input).ran();
    assert_ne!(killed.code, Some(0), "{killed}");
    let said = Said::at(&place);
    said.by(
        served.used_by(place.onramp(&["resume", said.id(1)])),
        2,
        "",
        "error: the run `run0001` was a line of a session, which cannot be resumed: the session's variables are gone\n\
         hint: `onramp undo run0001` takes back what it had changed when it stopped\n\
         hint: `onramp show run0001` tells how far it was; do the rest in another session\n",
    );
    said.by(
        place.onramp(&["retry", said.id(1)]),
        2,
        "",
        "error: the run `run0001` was a line of a session, which alone means nothing\n\
         hint: enter it again in `onramp repl`, or save the lines of a session as a script there with `:save FILE`\n",
    );
    let shown = said.plain(&place.onramp(&["show", said.id(1)]).ran().stdout);
    assert!(shown.ends_with("\n\nnext\n  `onramp undo run0001` takes back what it changed\n"), "{shown}");
    // Of the second write nobody knows: it had been carried out, and is taken back as well.
    let script = "repl: for c in list_customers().take(3) { update_customer(c,…";
    let last = format!("the last run is `{}`: {script}\n2 changed\n", said.id(1));
    served.used_by(place.onramp(&["undo", "--last", "--yes"])).ran().assert_all(0, "", &last);
}

#[test]
fn at_a_terminal_a_line_says_what_it_has_sent_also_where_it_is_stopped() {
    let served = Served::start(&[]);
    let onramp = served.used_by(Place::new().onramp(&["repl", "--writes"])).env("NO_COLOR", "1");
    let mut terminal = Terminal::start(onramp, 120);
    let screen = terminal.until("the prompt", |screen| screen.trim_end().ends_with("(LIVE) ›"));
    assert!(screen.starts_with("onramp "), "{screen}");
    terminal.types("get_me().organization.slug\r");
    let live = "sandbox (LIVE) ›";
    terminal.prompts(live);
    assert_eq!(
        terminal.answers("update_customer(101, #{mrr: 1}).mrr", live),
        "1 change sent; `:undo` takes it back\n1"
    );
    terminal.types("for n in 2..9 { update_customer(101, #{mrr: n}); if n == 3 { print(\"two\"); loop { } } }");
    terminal.types(ENTER);
    terminal.shows("\ntwo");
    terminal.types(CTRL_C);
    terminal.shows("error: interrupted\nhint: `:undo` takes back the 2 changes that were sent by then\n");
    terminal.prompts(live);
    terminal.types(":undo\r");
    terminal.shows("take it back by 1 write? [y/N]");
    terminal.types("y\r");
    terminal.prompts(live);
    assert_eq!(terminal.answers("get_customer(101).mrr", live), "1");
    terminal.types(CTRL_D);
    terminal.ends_within(std::time::Duration::from_secs(5));
}

#[test]
fn a_line_can_be_held_and_cancelled_from_another_terminal() {
    let (served, place) = (Served::start(&[]), Place::new());
    let onramp = served.used_by(place.onramp(&["repl", "--writes"])).env("NO_COLOR", "1");
    let mut terminal = Terminal::start(onramp, 120);
    terminal.until("the prompt", |screen| screen.trim_end().ends_with("(LIVE) ›"));
    terminal.types("for n in 1..1000000 { update_customer(101, #{mrr: n}); if n == 2 { print(\"two\"); } }\r");
    terminal.shows("\ntwo");
    let said = Said::at(&place);
    let paused = place.onramp(&["pause", said.id(1)]).ran();
    assert_eq!(paused.code, Some(0), "{paused}");
    terminal.shows("paused from another terminal; ");
    let cancelled = place.onramp(&["cancel", said.id(1)]).ran();
    assert_eq!(cancelled.code, Some(0), "{cancelled}");
    terminal.shows("error: cancelled from another terminal\nhint: `:undo` takes back the ");
    // The next line is another run, and nobody holds it.
    terminal.types("update_customer(102, #{mrr: 5}).mrr\r");
    terminal.shows("1 change sent; `:undo` takes it back\n5");
    terminal.types(CTRL_D);
    terminal.ends_within(std::time::Duration::from_secs(5));
    let shown = place.onramp(&["show", said.id(1)]).ran().stdout;
    assert!(shown.contains(": cancelled, exit code 130\n") && !shown.contains("onramp resume"), "{shown}");
}
