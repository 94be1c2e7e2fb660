//! Sessions without a terminal: both streams, whole.

use crate::harness::{NOW, Onramp, Served};

fn piped(input: &str) -> Onramp {
    Onramp::new(&["repl", "--sandbox", "--now", NOW]).stdin(input)
}

#[test]
fn each_statement_gives_its_value_and_an_error_ends_nothing() {
    piped("let x = 1\nx + 1\nnope\nfn f(n) {\n  n * 10\n}\n\nf(x)\n// only a comment\n:vars\n").ran().assert_all(
        1,
        "2\n10\nx  integer 1\n",
        "error: there is no variable `nope`\n  --> repl:3:1:1\n    |\n  1 | nope\n    | ^\n\
         hint: define it first: `let nope = …`\n",
    );
    piped("1").ran().assert_all(0, "1\n", "");
    piped("let open = [\n1,\n").ran().assert_all(
        1,
        "",
        "error: `]` is missing to end this array literal\n  --> repl:1:2:3\n    |\n  2 | 1,\n    |   ^\n",
    );
    piped(":quit\n1\n").ran().assert_all(0, "", "");
}

#[test]
fn the_first_error_can_end_it_with_its_own_exit_code() {
    let ran = piped("1\nnope\n2\n").args(&["--stop-on-error"]).ran();
    let error = "error: there is no variable `nope`\n  --> repl:2:1:1\n    |\n  1 | nope\n    | ^\n\
                 hint: define it first: `let nope = …`\n";
    ran.assert_all(2, "1\n", error);
    let ran = Onramp::new(&["repl", "--stop-on-error"]).stdin("get_customer(1)\n2\n").ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(3), ""), "{ran}");
}

#[test]
fn values_come_as_text_or_as_json() {
    let input = "get_customer(101).mrr\n[1, ()]\nlist_customers().take(2).map(|c| #{n: c.name})\n\"a\\nb\"\n";
    piped(input).ran().assert_all(0, "125000\n[1, ]\nn\nTidewater Cosmetics B.V.\nIndigo Goods\na\nb\n", "");
    piped(input).args(&["--output", "json"]).ran().assert_all(
        0,
        "125000\n[\n  1,\n  null\n]\n[\n  {\n    \"n\": \"Tidewater Cosmetics B.V.\"\n  },\n  {\n    \"n\": \"Indigo Goods\"\n  }\n]\n\"a\\nb\"\n",
        "",
    );
    piped(input).args(&["--output", "jsonl"]).ran().assert_all(
        0,
        "125000\n1\nnull\n{\"n\":\"Tidewater Cosmetics B.V.\"}\n{\"n\":\"Indigo Goods\"}\n\"a\\nb\"\n",
        "",
    );
}

#[test]
fn a_long_list_is_cut_and_no_more_of_it_is_fetched() {
    let ran = piped("list_customers()\n").args(&["-v"]).ran();
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(ran.stdout.lines().count(), 51, "{ran}");
    assert_eq!(ran.stderr.matches("GET /customers").count(), 1, "{ran}");
    assert!(ran.stderr.contains("limit=51"), "{ran}");
    assert!(
        ran.stderr.ends_with(
            "the first 50 of a longer list: `_.skip(50)` goes on, `_.where(…)` narrows it, `:csv FILE` writes all of it\n"
        ),
        "{ran}"
    );
    let ran = piped("list_customers()\n").args(&["--output", "jsonl"]).ran();
    assert_eq!(ran.stdout.lines().count(), 120, "{ran}");
}

#[test]
fn code_on_the_command_line_gives_its_value_and_its_exit_code() {
    let code = |code: &str| Onramp::new(&["repl", "--sandbox", "--now", NOW, "-e", code]).ran();
    code("let a = 20; a + 1").assert_all(0, "21\n", "");
    code("let a = 20;").assert_all(0, "", "");
    code("1 +").assert_all(
        2,
        "",
        "error: the script ends in the middle of a statement\n  --> -e:1:4\n    |\n  1 | 1 +\n    |    ^\n",
    );
    let ran = Onramp::new(&["repl", "-e", "get_me()"]).ran();
    assert_eq!(ran.code, Some(3), "{ran}");
}

#[test]
fn scripts_are_loaded_into_the_session() {
    let lib = "fn double(n) {\n  n * two()\n}\nfn two() { 2 }\nlet base = 20;\nimport \"more\" as more;\n";
    let ran = piped("double(base) + more::one()\n:load bad.rhai\n:load none.rhai\nmore::one()\n")
        .args(&["--preload", "lib.rhai"])
        .file("lib.rhai", lib)
        .file("more.rhai", "fn one() { 1 }")
        .file("bad.rhai", "let ok = 1;\nok + nope;\n")
        .ran();
    ran.assert_all(
        1,
        "41\n1\n",
        "error: there is no variable `nope`\n  --> bad.rhai:2:6\n    |\n  2 | ok + nope;\n    |      ^\n\
         hint: define it first: `let nope = …`\n\
         error: the script `none.rhai` cannot be read: there is no such file\n\
         hint: check the path; it is relative to the present folder\n",
    );
    let ran = piped("1\n").args(&["--preload", "none.rhai"]).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{ran}");
}

#[test]
fn the_last_value_is_shown_and_written_another_way() {
    let input = "list_customers().take(2)\n:table name, mrr\n:table nmae\n:json\n:csv out.csv\n:csv ../out.csv\n";
    let ran = piped(input).ran();
    let table =
        "name                        mrr\nTidewater Cosmetics B.V.  69400\nIndigo Goods              43600\n[\n  {\n";
    assert!(ran.stdout.contains(table), "{ran}");
    assert!(
        ran.stderr
            .starts_with("error: a customer has no property `nmae`\nhint: did you mean `name`?\nwrote `out.csv`\n"),
        "{ran}"
    );
    let csv = std::fs::read_to_string(ran.folder().join("out.csv")).unwrap();
    assert_eq!(csv.lines().count(), 3, "{csv}");
    assert!(ran.stderr.contains("`../out.csv`"), "{ran}");
    assert_eq!(ran.code, Some(1), "{ran}");
    piped(":json\n").ran().assert_all(
        1,
        "",
        "error: there is no last value yet\nhint: write something that gives one, such as `list_customers()`\n",
    );
}

#[test]
fn commands_answer_and_unknown_ones_get_a_hint() {
    piped(":hlep\n:vars x\n:load\n:mode fast\n:nothing\n:mode live\n:mode\n").ran().assert_all(
        1,
        "",
        "error: there is no command `:hlep`\nhint: did you mean `:help`?\n\
         error: `:vars` takes nothing\nhint: write `:vars` alone\n\
         error: `:load` needs a file\nhint: write for example `:load customers.rhai`\n\
         error: there is no mode `fast`\nhint: use `plan` or `sandbox`\n\
         error: there is no command `:nothing`\nhint: `:help` shows them all\n\
         error: this session has no live workspace: it works in a sandbox\n\
         hint: say `:mode sandbox`, or start another session without `--sandbox`\n\
         sandbox: writes go to the embedded workspace\n",
    );
    piped("fn own(a, b) { a }\n:help own\n:help filter\n:help :time\n:help fliter\n").ran().assert_all(
        1,
        "own(a, b)\n\nA function of this session\nrows.filter(|row| …)\n\n\
         Only the rows for which the closure gives `true`\n\nExample\n  \
         list_customers().filter(|c| c.name.contains(\"Acme\")).count()\n\
         :time [CODE]\nhow long the last line took, or this one takes\n",
        "error: there is nothing called `fliter`\nhint: did you mean `filter`?\n",
    );
    let ran = piped("1\n:history\n:budget\n:functions\n:help\n").ran();
    assert!(
        ran.stdout.starts_with("1\nrepl:1  1\nnothing has been sent yet\n0 changes made in this session\n"),
        "{ran}"
    );
    for line in ["Customers\n", "\n:csv FILE            writes all rows"] {
        assert!(ran.stdout.contains(line), "{line}: {ran}");
    }
}

#[test]
fn a_live_key_starts_in_plan_mode_also_without_a_terminal() {
    let served = Served::start(&[]);
    let live = |args: &[&str]| served.used_by(Onramp::new(&["repl"]).args(args));
    let code = "update_customer(101, #{mrr: 5})";
    let planned = "NOT SENT: update_customer Acme Corporation (customer 101, clx9f8g7h6j5k4l3m2n1): mrr: 125000 → 5\n";
    live(&["-e", &format!("{code}.mrr")]).ran().assert_all(0, "5\n", planned);
    // What is planned is seen in the session, and by nobody else.
    live(&[]).stdin(format!("{code}.mrr\nget_customer(101).mrr\n")).ran().assert_all(0, "5\n5\n", planned);
    live(&["-e", "get_customer(101).mrr"]).ran().assert_all(0, "125000\n", "");
    live(&[]).stdin(format!("{code}.mrr\n:apply\n:mode live\n:discard\n")).ran().assert_all(
        1,
        "5\n",
        &format!(
            "{planned}error: a question is asked before anything is sent, and there is no terminal\nhint: start the session \
             with `--yes` to go on without a question\nerror: 1 write planned and not sent\nhint: `:apply` sends them, \
             `:discard` drops them\n1 write dropped; nothing was sent\n"
        ),
    );
    live(&["--writes", "-e", &format!("{code}.mrr")]).ran().assert_all(0, "5\n", "");
    live(&["--writes", "-e", "delete_customer(102)"]).ran().assert_all(
        1,
        "",
        "error: `delete_customer` was not sent: deletes are asked about, and there is nobody to ask\n  --> -e:1:1\n    |\n  \
         1 | delete_customer(102)\n    | ^\nhint: start the session with `--yes` to delete without a question\n",
    );
    live(&["--writes", "--yes", "-e", "delete_customer(102).deleted"]).ran().assert_all(0, "true\n", "");
    live(&[]).stdin(":mode live\nupdate_customer(101, #{mrr: 6}).mrr\n").ran().assert_all(
        0,
        "6\n",
        "LIVE: writes are sent at once; `:mode plan` holds them back\n",
    );
}

#[test]
fn a_line_that_meets_a_limit_leaves_the_session_as_it_was() {
    let input =
        "let kept = 7\nloop { }\nlet all = []; loop { all.push(blob(100000)) }\nkept\nfn f(n) { f(n) } f(1)\nkept\n";
    let ran = piped(input).args(&["--max-run-time", "300ms", "--max-memory", "32MiB"]).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "7\n7\n"), "{ran}");
    let first: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(
        first,
        [
            "error: the script ran for more than 300 ms, waiting not counted",
            "error: the script's data take more than 32 MiB of memory",
            "error: functions call each other more than 64 deep"
        ],
        "{ran}"
    );
    let hints: Vec<&str> = ran.stderr.lines().filter(|line| line.contains("the limit")).collect();
    assert_eq!(
        hints,
        [
            "hint: start the session with `--max-run-time 5m` to raise the limit",
            "hint: start the session with `--max-memory 64MiB` to raise the limit"
        ],
        "{ran}"
    );
    // What a single step has left behind lets nothing else run, so it goes.
    let ran = piped("let kept = 7; let some = blob(20900000); let big = some;\nkept\nkept\n:vars\n")
        .args(&["--max-memory", "32MiB"])
        .ran();
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(1), "7\nkept  integer 7\nsome  blob of 20900000 bytes\n"),
        "{ran}"
    );
    assert!(ran.stderr.contains("hint: go on without `big`, which was given up to make room\n"), "{ran}");
}

#[test]
fn a_step_that_takes_all_memory_at_once_ends_the_session_and_says_so() {
    let input = "1\nlet a = blob(8000000); loop { a += a; }\n2\n";
    let ran = piped(input).args(&["--max-memory", "32MiB"]).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), "1\n"), "{ran}");
    assert!(ran.stderr.starts_with("error: the script's data take more than 32 MiB of memory\n"), "{ran}");
    assert!(
        ran.stderr.ends_with("hint: start another session: this one cannot go on, and its variables are gone\n"),
        "{ran}"
    );
}

#[test]
fn nobody_who_reads_is_the_quiet_end_of_it() {
    let input = "list_customers()\n".repeat(3) + "let n = 0; while n < 100000000 { print(n); n += 1 }\n";
    let mut running = piped(&input).started();
    running.line();
    running.close_stdout();
    let ran = running.ended();
    assert_eq!(ran.code, Some(0), "{ran}");
}

#[test]
fn what_is_certainly_wrong_is_said_before_anything_of_a_line_runs() {
    piped(
        "print(\"no\"); update_onboarding(7, #{phse: 1})\nprint(\"no\"); nope(1)\nfn f(n) { g(n) }\nfn g(n) { n + 1 }\nf(1)\n\
         print(\"no\"); g(1, 2)\nlet m = #{run: |x| x + 1};\nm.run(3)\nprint(\"no\"); _ + zz\nswitch _ { 4 => \"four\", _ => 0 }\n\
         is_def_fn(\"zap\", 0) && zap()\ntry { nope() } catch { }\nlist_customers().filter(|c| nop(c))\n",
    )
    .ran()
    .assert_all(
        1,
        "2\n4\nfour\nfalse\n",
        "error: `update_onboarding`: it has no field `phse`\n  --> repl:1:1:37\n    |\n  1 | print(\"no\"); update_onboarding(7, \
         #{phse: 1})\n    |                                     ^\nhint: did you mean `phase`?\n\
         error: there is no function `nope`\n  --> repl:2:1:14\n    |\n  1 | print(\"no\"); nope(1)\n    |              ^\n\
         error: `g` takes 1 argument, not 2\n  --> repl:6:1:14\n    |\n  1 | print(\"no\"); g(1, 2)\n    |              ^\n\
         hint: call it as `g(n)`\n\
         error: there is no variable `zz`\n  --> repl:9:1:18\n    |\n  1 | print(\"no\"); _ + zz\n    |                  ^\n\
         hint: define it first: `let zz = …`\n\
         error: there is no function `nope`\n  --> repl:12:1:7\n    |\n  1 | try { nope() } catch { }\n    |       ^\n\
         error: there is no function `nop`\n  --> repl:13:1:29\n    |\n  1 | list_customers().filter(|c| nop(c))\n    |                             ^\nhint: did you mean `now`?\n",
    );
    piped("_\n").ran().assert_all(
        1,
        "",
        "error: there is no variable `_`\n  --> repl:1:1:1\n    |\n  1 | _\n    | ^\n\
         hint: `_` is the last value: write something that gives one, such as `list_customers()`\n",
    );
}

#[test]
fn a_line_that_is_no_text_is_an_error_and_ends_nothing() {
    let mut input = b"let kept = 1\nfn open() {\n\xff\xfe\n".to_vec();
    input.extend(b"kept\n");
    let error = "error: line 3 of standard input is not UTF-8 text\nhint: save it as UTF-8\n";
    Onramp::new(&["repl", "--sandbox"]).stdin(&input).ran().assert_all(1, "1\n", error);
    Onramp::new(&["repl", "--sandbox", "--stop-on-error"]).stdin(&input).ran().assert_all(2, "", error);
}

#[test]
fn columns_that_are_not_there_are_an_error_also_of_one_object_and_of_what_has_none() {
    piped("get_customer(101)\n:table nmae\n:table name, mrr\n5\n:table name\n").ran().assert_all(
        1,
        &format!("{}name  Acme Corporation\nmrr   125000\n5\n", customer()),
        "error: a customer has no property `nmae`\nhint: did you mean `name`?\nerror: an integer has no columns\n",
    );
}

/// The customer 101, as a session shows it.
fn customer() -> String {
    piped("get_customer(101)\n").ran().stdout.clone()
}

#[test]
fn commands_are_known_by_their_beginnings_and_by_what_others_call_them() {
    let hint = |typed: &str, meant: &str| {
        let ran = piped(&format!("{typed}\n")).ran();
        let wanted = format!("error: there is no command `{typed}`\nhint: did you mean `{meant}`?\n");
        ran.assert_all(1, "", &wanted);
    };
    for (typed, meant) in
        [(":q", ":quit"), (":exit", ":quit"), (":u", ":undo"), (":?", ":help"), (":functoins", ":functions")]
    {
        hint(typed, meant);
    }
    piped(": quit\n1\n").ran().assert_all(0, "", "");
}

#[test]
fn of_a_long_plan_the_first_writes_are_shown_and_all_where_that_is_said() {
    let input = ":mode plan\nfor c in list_customers().take(25) { update_customer(c, #{mrr: 5}); }\n";
    let ran = piped(&format!("{input}:plan\n")).ran();
    assert!(ran.stdout.contains("\n  … and 5 (`:plan all` shows all)\n"), "{ran}");
    let ran = piped(&format!("{input}:plan all\n:plan some\n")).ran();
    assert_eq!(ran.stdout.matches("    mrr: ").count(), 25, "{ran}");
    let error = "error: `:plan` takes no `some`\nhint: write `:plan`, or `:plan all` for every write\n";
    assert!(ran.code == Some(1) && ran.stderr.ends_with(error), "{ran}");
}
