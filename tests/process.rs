//! How the program behaves as a process: where scripts come from, what it says when it cannot begin, how it ends.

use crate::harness::{KEY, Place, Ran, Said, Served, Server, answer, run, run_in_sandbox};

const LIST: &str = r#"{"object":"list","data":[{"object":"customer","id":"c1","name":"Acme","created_at":"2026-05-01T00:00:00Z"}],"has_more":false,"next_cursor":null}"#;

#[test]
fn a_script_comes_from_a_file_from_standard_input_or_from_the_command_line() {
    run(&["hello.rhai"]).file("hello.rhai", "print(1 + 1)").ran().assert_all(0, "2\n", "");
    run(&["-"]).stdin("print(1 + 1)").ran().assert_all(0, "2\n", "");
    run(&["-e", "print(1 + 1)"]).ran().assert_all(0, "2\n", "");
    run_in_sandbox(&["-e", "print(list_customers().count())"]).ran().assert_all(0, "120\n", "");
    let caret = "error: division by zero: 1 / 0\n  --> -:2:3\n    |\n  2 | 1 / 0\n    |   ^\n";
    run(&["-"]).stdin("print(1);\n1 / 0").ran().assert_all(1, "1\n", caret);
}

#[test]
fn flags_stand_before_or_after_the_file() {
    run(&["--sandbox", "a.rhai"]).file("a.rhai", "print(get_health().status)").ran().assert_all(0, "ok\n", "");
    run(&["a.rhai", "--sandbox"]).file("a.rhai", "print(get_health().status)").ran().assert_all(0, "ok\n", "");
}

#[test]
fn a_byte_order_mark_windows_line_ends_and_an_empty_script_are_taken_as_they_are() {
    run(&["a.rhai"]).file("a.rhai", "\u{feff}print(\"ü\");").ran().assert_all(0, "ü\n", "");
    run(&["a.rhai"]).file("a.rhai", "print(1);\r\nprint(2);\r\n").ran().assert_all(0, "1\n2\n", "");
    run(&["a.rhai"]).file("a.rhai", "").ran().assert_all(0, "", "");
    run(&["a.rhai"]).file("a.rhai", "// nothing but words\n").ran().assert_all(0, "", "");
    let caret = "error: division by zero: 1 / 0\n  --> a.rhai:2:5\n    |\n  2 |   1 / 0;\n    |     ^\n";
    run(&["a.rhai"]).file("a.rhai", "\u{feff}let a = 1;\r\n  1 / 0;\r\n").ran().assert_all(1, "", caret);
}

#[test]
fn a_script_that_cannot_be_read_is_wrong_usage() {
    run(&["a.rhai"]).ran().assert_all(
        2,
        "",
        "error: the script `a.rhai` cannot be read: there is no such file\n\
         hint: check the path; it is relative to the present folder\n",
    );
    run(&["."]).ran().assert_all(
        2,
        "",
        "error: the script `.` cannot be read: it is a folder\nhint: name one script in it\n",
    );
    run(&["a.rhai"]).file("a.rhai", b"print(\"\xff\")").ran().assert_all(
        2,
        "",
        "error: the script `a.rhai` cannot be read: it is not UTF-8 text\nhint: save it as UTF-8\n",
    );
}

#[test]
fn a_script_that_only_prints_needs_no_key_and_opens_no_connection() {
    let server = Server::start(|_| answer(500, &[], ""));
    run(&["-e", "print(1)"]).env("PIVOTAL_BASE_URL", server.base_url()).ran().assert_all(0, "1\n", "");
    server.used_by(run(&["-e", "let later = list_customers(); print(1)"])).ran().assert_all(0, "1\n", "");
    assert_eq!(server.unheard(), 0);
}

#[test]
fn without_a_key_the_first_call_says_how_to_give_one() {
    let expected = "error: there is no API key\n  --> -e:1:10\n    |\n  1 | print(1);get_me()\n    |          ^\n\
                    hint: set `PIVOTAL_API_KEY`, or name a file that holds the key with `--key-file`\n\
                    hint: add `--sandbox` to try it without a key, against an embedded workspace\n";
    run(&["-e", "print(1);get_me()"]).ran().assert_all(3, "1\n", expected);
    run(&["-e", "print(1);get_me()"]).env("PIVOTAL_API_KEY", "").ran().assert_all(3, "1\n", expected);
    let caught = "try { get_me() } catch { print(\"not reached\") }";
    assert_eq!(run(&["-e", caught]).ran().code, Some(3), "no `catch` holds it up");
}

#[test]
fn a_key_that_cannot_be_one_is_refused_before_anything_is_sent() {
    let server = Server::start(|_| answer(500, &[], ""));
    for (key, why) in [
        ("sk_live_0123456789", "it does not start with `pivotal_`"),
        ("pivotal_abc", "it is too short"),
        ("pivotal_0123456789\n", "it contains a line break or another control character"),
        ("pivotal_01234 56789", "it contains a blank or a character that no key has"),
        (" ", "it is empty"),
    ] {
        let ran = server.used_by(run(&["-e", "get_me()"])).env("PIVOTAL_API_KEY", key).ran();
        let expected = format!(
            "error: the API key in `PIVOTAL_API_KEY` cannot be used: {why}\n  --> -e:1:1\n    |\n  1 | get_me()\n    | ^\n\
             hint: copy it again from Pivotal's settings; it begins with `pivotal_`\n"
        );
        ran.assert_all(3, "", &expected);
    }
    assert_eq!(server.unheard(), 0);
}

#[test]
fn a_base_url_that_would_give_the_key_away_is_refused_before_the_script_begins() {
    let hint = "hint: write it as `https://my.pivotal.app/api/v1`; plain http is for 127.0.0.1 and localhost only\n";
    for (url, why) in [
        ("my.pivotal.app", "it is not a URL (relative URL without a base)"),
        ("http://my.pivotal.app/api/v1", "plain http would show the key to the network; use https"),
        ("http://127.0.0.1.example.com", "plain http would show the key to the network; use https"),
        ("https://me:secret@my.pivotal.app", "it holds a user name or a password; the API takes a key only"),
        ("https://my.pivotal.app/api/v1?key=1", "it has a query or a fragment; give scheme, host and path only"),
        ("ftp://my.pivotal.app", "its scheme is `ftp`; use https"),
    ] {
        let from_environment = run(&["-e", "print(1)"]).env("PIVOTAL_BASE_URL", url).ran();
        from_environment.assert_all(2, "", &format!("error: `PIVOTAL_BASE_URL` cannot be used: {why}\n{hint}"));
        let from_flag = run(&["-e", "print(1)", "--base-url", url]).ran();
        from_flag.assert_all(2, "", &format!("error: `--base-url` cannot be used: {why}\n{hint}"));
    }
}

#[test]
fn a_server_that_is_not_pivotal_is_told_by_its_first_words() {
    let server = Server::start(|_| answer(200, &[("content-type", "text/html")], "<html><body>Welcome</body></html>"));
    server.used_by(run(&["-e", "get_customer(101)"])).ran().assert_all(
        1,
        "",
        "error: `get_customer` failed: the answer is a web page, not JSON\n  --> -e:1:1\n    |\n  1 | get_customer(101)\n    | ^\n  \
         status 200\n  the answer began: <html><body>Welcome</body></html>\n  tried 5 times\n\
         hint: check that the base URL is the one of the Pivotal API\n",
    );
}

#[test]
fn a_revoked_key_ends_the_run_and_a_key_that_may_only_read_can_be_caught() {
    let sandbox = Served::start(&["--customers", "3"]);
    let script = "try { print(get_me().api_key.name); create_customer(#{name: \"x\"}) } catch (e) { print(e.type) }";
    let with = |key: &str| sandbox.used_by(run(&["-e", script])).env("PIVOTAL_API_KEY", key).ran();
    let revoked = with(onramp::sandbox::REVOKED_KEY);
    assert_eq!((revoked.code, revoked.stdout.as_str()), (Some(3), ""), "{revoked}");
    assert!(revoked.stderr.starts_with("error: the API key has been revoked\n  --> -e:1:13\n"), "{revoked}");
    let wrong = with(KEY);
    assert_eq!(wrong.code, Some(3), "{wrong}");
    assert!(wrong.stderr.starts_with("error: the service does not accept the API key"), "{wrong}");
    with(onramp::sandbox::READ_ONLY_KEY).assert_all(0, "Sandbox (read only)\npermission_error\n", "");
}

#[test]
fn the_sandbox_never_sees_the_real_key_nor_the_real_service_the_run() {
    let server = Server::start(|_| answer(500, &[], ""));
    let script = "print(get_me().api_key.prefix); print(list_customers().count())";
    let ran = server.used_by(run_in_sandbox(&["-v", "-e", script])).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "pivotal_sand\n120\n"), "{ran}");
    assert_eq!(server.unheard(), 0);
}

#[test]
fn verbose_shows_each_request_with_its_status() {
    let ran = run_in_sandbox(&["-v", "-e", "get_customer(101); try { get_contact(\"a b\") } catch {}"]).ran();
    let lines: Vec<&str> = ran.stderr.lines().collect();
    let begins = ["GET /customers/101: 200, ", "GET /contacts/a%20b: 404, "];
    assert!(lines.len() == 2 && lines.iter().zip(begins).all(|(line, begin)| line.starts_with(begin)), "{ran}");
}

#[test]
fn an_interrupt_ends_the_wait_for_a_slow_server() {
    let server = Server::start(|_| Vec::new());
    let running = server.used_by(run(&["-e", "print(\"before\"); get_customer(101); print(\"after\")"])).started();
    server.asked();
    running.interrupt();
    running.ended().assert_all(
        130,
        "before\n",
        "stopping after what is in flight; Ctrl-C again stops at once\nerror: interrupted\n",
    );
}

#[test]
fn a_second_interrupt_ends_a_write_that_nobody_answers_at_once() {
    let me = r#"{"object":"me","api_key":{"prefix":"p"},"organization":{"id":"o","slug":"o","name":"W"}}"#;
    let server = Server::start(move |asked| if asked.starts_with("GET ") { answer(200, &[], me) } else { Vec::new() });
    let place = Place::new();
    let running = server.used_by(place.onramp(&["run", "-e", "create_customer(#{name: \"Acme\"})"])).started();
    server.asked();
    assert!(server.asked().starts_with("POST "));
    running.interrupt();
    running.says("Ctrl-C again stops at once\n");
    running.interrupt();
    let ran = running.ended();
    let said = "stopping after what is in flight; Ctrl-C again stops at once\nerror: stopped at once\n\
        hint: `onramp resume run0001` goes on where it stopped, and finds out what became of what was in flight\n";
    Said::at(&place).assert(&ran, 130, "", said);
}

#[test]
fn an_interrupt_stops_a_script_in_an_endless_loop() {
    for script in [
        "log_info(\"begun\"); loop {}",
        "log_info(\"begun\"); while true { try { throw 1 } catch {} }",
        "log_info(\"begun\"); fn again() { loop { let a = [1, 2].map(|x| x + 1); } } again()",
    ] {
        let running = run(&["-e", script]).started();
        running.says("begun\n");
        running.interrupt();
        let expected = "begun\nstopping after what is in flight; Ctrl-C again stops at once\nerror: interrupted\n";
        running.ended().assert_all(130, "", expected);
    }
}

#[test]
fn a_second_interrupt_ends_a_script_whose_output_nobody_reads() {
    // More than a pipe holds, so its `print` waits for a reader that does not come.
    let script =
        "let text = \"x\"; for i in 0..20 { text += text; } log_info(\"begun\"); print(text); print(\"not reached\")";
    let sandbox = Served::start(&[]);
    for write in ["", "update_customer(101, #{mrr: 1}); "] {
        let place = Place::new();
        let running = sandbox.used_by(place.onramp(&["run", "-e", &format!("print(1); {write}{script}")])).started();
        running.says("begun\n");
        running.interrupt();
        running.says("stopping after what is in flight");
        running.interrupt();
        let ran = running.ended();
        assert_eq!(ran.code, Some(130), "{}", ran.stderr);
        // What has written can go on, and what has not has nothing to go on with.
        assert_eq!(
            ran.stderr.contains("error: stopped at once\nhint: `onramp resume "),
            !write.is_empty(),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn an_interrupt_after_changes_says_how_many_there_are() {
    let sandbox = Served::start(&["--customers", "3"]);
    let script = "create_customer(#{name: \"One\"}); create_customer(#{name: \"Two\"}); log_info(\"begun\"); loop {}";
    let running = sandbox.used_by(run(&["-e", script])).started();
    running.says("begun\n");
    running.interrupt();
    let ran = running.ended();
    assert_eq!(ran.code, Some(130), "{ran}");
    assert!(ran.stderr.contains("2 changes"), "{ran}");
}

#[test]
fn a_reader_that_has_seen_enough_ends_a_report_quietly() {
    let script = "for page in 0..1000 { for c in list_customers() { print(`${page} ${c.name}`); } }";
    let mut running = run_in_sandbox(&["-e", script]).started();
    assert!(running.line().starts_with("0 "));
    running.close_stdout();
    running.ended().assert_all(0, "", "");

    let mut running = run(&["-e", "print(\"nobody reads this\")"]).started();
    running.close_stdout();
    running.ended().assert_all(0, "", "");
}

#[test]
fn a_reader_that_goes_away_in_the_middle_of_changes_is_no_success() {
    let script = "create_customer(#{name: \"One\"}); loop { print(\"line\"); get_health(); }";
    let mut running = run_in_sandbox(&["-e", script]).started();
    running.line();
    running.close_stdout();
    let ran = running.ended();
    assert_eq!(ran.code, Some(130), "{ran}");
    assert!(ran.stderr.starts_with("error: standard output was closed, so the script was stopped\nhint: "), "{ran}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_an_error() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let assert = |ran: Ran| {
        let said = ran.stderr.strip_prefix("error: standard output cannot be written: ").unwrap_or_default();
        assert!(ran.code == Some(1) && said.lines().count() == 1 && !said.contains("os error"), "{ran}");
    };
    assert(run(&["-e", "print(1)"]).stdout_to(full()).ran());
    assert(run_in_sandbox(&["-e", "loop { print(1); get_health(); }"]).stdout_to(full()).ran());
}

#[test]
fn a_list_is_read_from_a_server_that_sends_less_than_it_documents() {
    let server = Server::start(|_| answer(200, &[], LIST));
    let script = "for c in list_customers() { print(`${c.name} ${c.plan == ()}`); }";
    server.used_by(run(&["-e", script])).ran().assert_all(0, "Acme true\n", "");
    assert!(server.asked().starts_with("GET /api/v1/customers?limit=100 HTTP/1.1\r\n"));
}

#[test]
fn an_error_of_the_service_that_will_pass_exits_with_75() {
    let server = Server::start(|_| answer(503, &[], ""));
    let ran = server.used_by(run(&["-e", "get_customer(101)"])).ran();
    assert_eq!(ran.code, Some(75), "{ran}");
    assert!(ran.stderr.starts_with("error: `get_customer` failed: status 503\n"), "{ran}");
}

#[test]
fn no_value_is_shown_by_the_name_of_a_rust_type() {
    let script = r#"
        let values = [list_customers(), now(), now() - now(), |x| x, 0..3, 0..=3, 'c', 1.5, (), blob(2), 18446744073709551615];
        for value in values {
            log_info(value); log_warn([value]); log_error(#{a: value});
            print(value); debug(value); print([value]); print(#{a: value}); print(`${value}`);
            table([#{a: value, b: [value]}]);
            try { throw value } catch (e) { print(e); log_info(e); }
        }
    "#;
    let ran = run_in_sandbox(&["-e", script]).ran();
    assert_eq!(ran.code, Some(0), "{ran}");
    for name in ["::", "Dynamic", "FnPtr", "i64", "f64", "ImmutableString", "Some("] {
        assert!(!ran.stdout.contains(name) && !ran.stderr.contains(name), "{name}: {ran}");
    }
}
