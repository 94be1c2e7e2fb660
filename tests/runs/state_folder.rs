//! A state folder that cannot be used is told before the first write is sent.

use super::{ran, said};
use crate::harness::{Onramp, Place, Served, Server, answer, run};
use std::fs;

const WRITE: &str = "update_customer(101, #{mrr: 7});";

/// The message for a script that would write, with the state folder put for its name. Nothing but questions may have been
/// sent.
#[track_caller]
fn refused(onramp: Onramp, state: &str, code: i32) -> String {
    let me = r#"{"object":"me","api_key":{"prefix":"p"},"organization":{"id":"o","slug":"o","name":"W"}}"#;
    let server = Server::start(move |request| {
        assert!(request.starts_with("GET "), "{request}");
        answer(200, &[], me)
    });
    let ran = server.used_by(onramp).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(code), ""), "{ran}");
    assert!(server.asked().starts_with("GET /api/v1/me "));
    assert_eq!(server.unheard(), 0);
    ran.stderr.replace(state, "<state>")
}

const PLACE: &str = "  --> -e:1:1\n    |\n  1 | update_customer(101, #{mrr: 7});\n    | ^\n";
const ELSEWHERE: &str = "hint: make the folder writable, or name another one with `ONRAMP_STATE_DIR`\n";

fn writing(place: &Place, state: &str) -> Onramp {
    place.onramp(&["run", "-e", WRITE]).env("ONRAMP_STATE_DIR", state)
}

#[test]
fn a_missing_folder_is_made_for_its_owner_alone() {
    let place = Place::new();
    ran(&place, "a.rhai", WRITE);
    let runs = said(&place);
    let folder = place.state().join("runs").join(runs.id(1));
    #[cfg(unix)]
    for (path, wanted) in [
        (place.state(), 0o700),
        (folder.clone(), 0o700),
        (place.state().join("onramp.db"), 0o600),
        (folder.join("journal"), 0o600),
        (folder.join("log"), 0o600),
    ] {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, wanted, "{}", path.display());
    }
    // What was written ahead of the frames is gone with the run.
    assert!(fs::metadata(folder.join("journal")).unwrap().len() < 64 << 10);
}

#[test]
fn a_file_in_the_way_is_told() {
    let place = Place::new();
    let file = place.work().join("file");
    fs::write(&file, "").unwrap();
    for state in [file.clone(), file.join("below")] {
        let state = state.to_str().unwrap();
        let said = refused(writing(&place, state), state, 2);
        assert_eq!(said, format!("error: runs cannot be kept in `<state>`: a file is in the way\n{PLACE}{ELSEWHERE}"));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let place = Place::new();
    // Where nobody may make anything, the owner of all included.
    let said = refused(writing(&place, "/proc/onramp"), "/proc/onramp", 2);
    assert!(said.starts_with("error: runs cannot be kept in `<state>`: "), "{said}");
    assert!(said.ends_with(&format!("{PLACE}{ELSEWHERE}")), "{said}");
}

#[test]
fn a_database_that_is_damaged_or_of_a_newer_version_is_told() {
    let place = Place::new();
    let folder = place.work().join("state");
    let (state, database) = (folder.to_str().unwrap(), folder.join("onramp.db"));
    fs::create_dir(&folder).unwrap();
    fs::write(&database, "this is no database, whatever its name says. ".repeat(100)).unwrap();
    assert_eq!(
        refused(writing(&place, state), state, 2),
        format!(
            "error: `<state>/onramp.db` is damaged\n{PLACE}hint: move it away; runs that have not ended are lost with it\n"
        )
    );
    place.onramp(&["runs"]).env("ONRAMP_STATE_DIR", state).ran().assert_all(
        2,
        "",
        &format!(
            "error: `{state}/onramp.db` is damaged\nhint: move it away; runs that have not ended are lost with it\n"
        ),
    );
    fs::remove_file(&database).unwrap();
    let newer = rusqlite::Connection::open(&database).unwrap();
    newer.pragma_update(None, "user_version", 999).unwrap();
    drop(newer);
    assert_eq!(
        refused(writing(&place, state), state, 2),
        format!(
            "error: the runs in `<state>` were kept by a newer onramp\n{PLACE}\
             hint: use that one, or name another folder with `ONRAMP_STATE_DIR`\n"
        )
    );
}

#[cfg(unix)]
#[test]
fn a_disk_that_is_full_is_told_and_will_pass() {
    let place = Place::new();
    let folder = place.work().join("state");
    let state = folder.to_str().unwrap();
    // No file may grow beyond 8 KiB, as on a disk that is almost full; the database alone needs more.
    let full = place.onramp(&["run", "-e", WRITE]).within("trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\"");
    let full = full.env("ONRAMP_STATE_DIR", state);
    assert_eq!(
        refused(full, state, 75),
        format!(
            "error: runs cannot be kept in `<state>`: the disk is full\n{PLACE}\
             hint: make room on it, or name another folder with `ONRAMP_STATE_DIR`\n"
        )
    );
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_in_the_middle_stops_the_run_and_it_goes_on_when_there_is_room() {
    let place = Place::new();
    let served = Served::start(&["--customers", "1"]);
    let script = "let long = \"\"; long.pad(4000, 'x');
        for n in 0..150 { create_customer(#{name: `New ${n}`, metadata: #{long: long}}); }";
    let full = place.onramp(&["run", "-e", script]).within("trap '' XFSZ; ulimit -f 512; exec \"$0\" \"$@\"");
    let stopped = served.used_by(full).ran();
    let runs = said(&place);
    let told = format!("error: runs cannot be kept in `{}`: the disk is full\n", place.state().display());
    assert!(stopped.code == Some(75) && stopped.stderr.starts_with(&told), "{stopped}");
    assert!(
        runs.plain(&stopped.stderr).contains("hint: `onramp resume run0001` goes on where it stopped; "),
        "{stopped}"
    );
    let resumed = served.used_by(place.onramp(&["resume", runs.id(1)])).ran();
    assert_eq!(resumed.code, Some(0), "{resumed}");
    let all = served.used_by(Onramp::new(&["call", "list_customers", "--all"])).ran().stdout;
    let mut names: Vec<&str> =
        all.lines().filter_map(|line| line.split("\"name\":\"").nth(1)?.split('"').next()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!((all.lines().count(), names.len()), (151, 151), "each of them once");
}

#[test]
fn a_script_that_only_reads_needs_no_state_folder() {
    run(&["--sandbox", "-e", "print(get_customer(101).display_id)"])
        .env("ONRAMP_STATE_DIR", "/dev/null/state")
        .ran()
        .assert_all(0, "101\n", "");
}

#[cfg(unix)]
#[test]
fn each_command_that_writes_says_so_before_it_sends_anything() {
    let (place, served) = (Place::new(), Served::start(&["--customers", "3"]));
    let onramp = |args: &[&str]| served.used_by(place.onramp(args));
    let script = "bulk_update_customers(list_customers(), #{plan: \"new\"}, #{in_flight: 1});";
    fs::write(place.work().join("a.rhai"), script).unwrap();
    let called = onramp(&["call", "update_customer", "id=101", "mrr=7"]).ran();
    let first = onramp(&["run", "a.rhai", "--first", "1"]).ran();
    let planned = onramp(&["run", "a.rhai", "--dry-run", "--save", "plan.json"]).ran();
    assert_eq!([called.code, first.code, planned.code], [Some(0); 3], "{called}{first}{planned}");
    let runs = said(&place);
    served.asked();
    let sent = served.count("PATCH", "");
    let told = format!("error: runs cannot be kept in `{}`: the disk is full\n", place.state().display());
    for args in [
        &["call", "update_customer", "id=101", "mrr=8"][..],
        &["run", "a.rhai"],
        &["run", "-e", WRITE],
        &["retry", runs.id(2)],
        &["resume", runs.id(2)],
        &["resume", "--last"],
        &["undo", runs.id(1), "--yes"],
        &["apply", "plan.json", "--yes"],
    ] {
        // No file may grow at all.
        let full = place.onramp(args).within("trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"");
        let ran = served.used_by(full).ran();
        assert!(ran.code == Some(75) && ran.stderr.contains(&told), "{ran}");
        assert!(
            ran.stderr.contains("hint: make room on it, or name another folder with `ONRAMP_STATE_DIR`\n"),
            "{ran}"
        );
        served.asked();
        assert_eq!(served.count("PATCH", ""), sent, "{ran}");
    }
}

#[cfg(unix)]
#[test]
fn a_record_that_is_removed_while_its_run_is_at_work_ends_the_run_before_its_next_write() {
    let (place, served) = (Place::new(), Served::start(&["--customers", "3"]));
    let script = "update_customer(101, #{mrr: 7}); log_info(\"begun\");
loop { try { read_text(\"go\"); break; } catch (e) {} }
update_customer(102, #{mrr: 7});";
    let running = served.used_by(place.onramp(&["run", "a.rhai"]).file("a.rhai", script)).started();
    running.says("begun");
    let runs = place.state().join("runs");
    // A file that is made at this moment is in the way of the folder's removal.
    while runs.exists() {
        let _ = fs::remove_dir_all(&runs);
    }
    fs::write(place.work().join("go"), "").unwrap();
    let ran = running.ended();
    let told = format!(
        "begun\nerror: what is kept of the run in `{}` was removed while it was at work\n  --> a.rhai:3:1\n    |\n  3 | \
         update_customer(102, #{{mrr: 7}});\n    | ^\n\
         hint: leave that folder alone, or name another one with `ONRAMP_STATE_DIR`\n\
         hint: look at the workspace before you run the script again: 1 change had been made by then\n",
        place.state().display()
    );
    ran.assert_all(2, "", &told);
    served.asked();
    assert_eq!(served.count("PATCH", ""), 1);
}
