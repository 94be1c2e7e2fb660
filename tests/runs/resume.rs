//! Runs that stopped and go on: nothing lost, nothing doubled.

use super::{json, said, script, until};
use crate::harness::{KEY, Onramp, Place, Ran, Said, Served, Server, answer};
use serde_json::Value;
use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering},
};

/// Three writes with what a script observes in between, in a workspace of its own process.
const THREE: &str = "print(\"begun\"); let a = get_customer(101); update_customer(101, #{mrr: a.mrr + 1});
    print(now()); print(read_text(\"in.txt\")); print(env(\"TONE\"));
    let n = create_customer(#{name: \"New\"}); print(n.display_id);
    update_customer(102, #{mrr: 5}); print(\"done\");";

/// The header that lets it read the environment.
const TONE: &str = "// /// onramp\n// env = [\"TONE\"]\n// ///\n";

struct Killed {
    place: Place,
    served: Served,
}

impl Killed {
    /// A run that was killed while its last write was under way: carried out, or not.
    fn in_its_last_write() -> Killed {
        let killed = Killed { place: Place::new(), served: Served::start(&["--fault", "update-customer:delay=10m@2"]) };
        let text = format!("{TONE}{THREE}");
        let run = killed.place.onramp(&["run", "a.rhai"]).file("a.rhai", text).file("in.txt", "then");
        let running = killed.with(run).started();
        let id = until("a run", || json(&killed.place, &["runs"])[0]["id"].as_str().map(str::to_string));
        in_doubt(&killed.place, &id, "/customers/102");
        running.kill();
        killed
    }

    fn with(&self, onramp: Onramp) -> Onramp {
        self.served.used_by(onramp).env("TONE", "calm")
    }

    fn resume(&self, args: &[&str]) -> Onramp {
        self.with(self.place.onramp(&["resume"]).args(args))
    }

    fn call(&self, args: &[&str]) -> Value {
        let ran = self.served.used_by(Onramp::new(&["call"]).args(args)).ran();
        serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"))
    }
}

/// Waits until a write to `target` is about to go out, or under way.
#[track_caller]
fn in_doubt(place: &Place, id: &str, target: &str) {
    until(target, || (json(place, &["show", id])["doubts"][0]["target"] == target).then_some(()));
}

fn is_done(ran: &Ran, at: &str) {
    ran.assert_all(0, &format!("begun\n{at}\nthen\n[redacted]\n221\ndone\n"), "");
}

#[test]
fn a_run_that_was_killed_goes_on_and_ends_up_with_each_write_once() {
    let killed = Killed::in_its_last_write();
    let runs = said(&killed.place);
    let shown = killed.place.onramp(&["show", runs.id(1)]).ran().stdout;
    let (before, doubt) = shown.split_once("\nin doubt: sent, or about to be, when the run stopped\n").unwrap();
    assert!(doubt.starts_with("  step 7  update_customer /customers/102\n"), "{shown}");
    assert_eq!(
        before.matches("  updated customer 101 ").count() + before.matches("  created customer 221 ").count(),
        2
    );
    assert!(shown.contains("` goes on where it stopped\n"), "{shown}");
    // What it reads from files is as it was.
    fs::write(killed.place.work().join("in.txt"), "now").unwrap();
    let ran = killed.resume(&["--last"]).ran();
    let at = ran.stdout.lines().nth(1).unwrap_or_default().to_string();
    is_done(&ran, &at);
    let begun = json(&killed.place, &["show", runs.id(1)]);
    assert!(at.as_str() < begun["attempts"][1].as_str().unwrap(), "the time is that of the first attempt: {at}");
    assert_eq!((&begun["state"], begun["changes"].as_array().map(Vec::len)), (&"done".into(), Some(3)));
    assert_eq!(killed.call(&["get_customer", "id=102"])["mrr"], 5);
    let newest = killed.call(&["list_customers", "limit=2"]);
    assert_eq!(newest["data"][0]["display_id"], 221);
    assert_ne!(newest["data"][1]["name"], "New", "it was created once");
    let ended = "the run `run0001` has ended (done); there is nothing to go on with\n";
    runs.by(killed.resume(&[runs.id(1)]), 0, "", ended);
    let none = "error: there is no run that stopped before its end\nhint: `onramp runs` lists all of them\n";
    runs.by(killed.resume(&["--last"]), 2, "", none);
}

#[test]
fn a_run_that_failed_has_ended_and_keeps_its_exit_code() {
    let place = Place::new();
    assert_eq!(script(&place, "a.rhai", "update_customer(101, #{mrr: 7}); exit(1)").ran().code, Some(1));
    let runs = said(&place);
    let ended = "the run `run0001` has ended (failed); there is nothing to go on with\n";
    runs.by(place.onramp(&["resume", runs.id(1)]), 1, "", ended);
}

#[test]
fn of_two_that_resume_at_once_one_does() {
    let killed = Killed::in_its_last_write();
    let runs = said(&killed.place);
    let both = [killed.resume(&[runs.id(1)]).started(), killed.resume(&[runs.id(1)]).started()];
    let mut ended = both.map(|running| running.ended());
    ended.sort_by_key(|ran| (ran.code, ran.stdout.is_empty()));
    let [first, second] = ended;
    assert!(first.code == Some(0) && first.stdout.ends_with("221\ndone\n"), "{first}");
    // The slower one met it at work, or came when all was done.
    let refused = "error: the run `run0001` is at work in another process\n\
                   hint: see it with `onramp status`; `onramp cancel run0001` stops it\n";
    let late = "the run `run0001` has ended (done); there is nothing to go on with\n";
    let between = "error: the run `run0001` has come to its end in another process\n\
                   hint: see it with `onramp show run0001`\n";
    let told = runs.plain(&second.stderr);
    assert!(
        [(Some(2), refused), (Some(2), between), (Some(0), late)].contains(&(second.code, told.as_str())),
        "{second}"
    );
    assert_eq!(json(&killed.place, &["show", runs.id(1)])["changes"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_script_that_changed_is_noted_and_the_recorded_text_runs() {
    let killed = Killed::in_its_last_write();
    let runs = said(&killed.place);
    fs::write(killed.place.work().join("a.rhai"), "print(\"other\")").unwrap();
    let ran = killed.resume(&[runs.id(1)]).ran();
    assert!(ran.code == Some(0) && ran.stdout.starts_with("begun\n") && ran.stdout.ends_with("\ndone\n"), "{ran}");
    let noted = "`a.rhai` has changed since; the run `run0001` goes on with the text that it began with\n";
    assert_eq!(runs.plain(&ran.stderr), noted);
}

#[test]
fn a_value_that_is_another_one_stops_a_run_until_it_is_as_it_was() {
    let killed = Killed::in_its_last_write();
    let runs = said(&killed.place);
    let ran = killed.resume(&[runs.id(1)]).env("TONE", "loud").ran();
    assert_eq!(ran.code, Some(2), "{ran}");
    let said = "error: the environment value `TONE` is not the same as when the run began\n  --> a.rhai:5:";
    assert!(ran.stderr.starts_with(said), "{ran}");
    let hints = "hint: put it back as it was; `onramp retry` begins the script anew with what is there now\n\
                 hint: `onramp resume run0001` goes on where it stopped; 2 changes made so far\n";
    assert!(runs.plain(&ran.stderr).ends_with(hints), "{ran}");
    for stream in [&ran.stdout, &ran.stderr] {
        assert!(!stream.contains("calm") && !stream.contains("loud"), "{ran}");
    }
    assert_eq!(killed.resume(&[runs.id(1)]).ran().code, Some(0), "as it was, it goes on");
}

#[test]
fn a_run_that_goes_another_way_is_stopped_with_both_sides_shown() {
    let killed = Killed::in_its_last_write();
    let runs = said(&killed.place);
    // Its text never changes; so that it does something else, the record itself is tampered with.
    let db = rusqlite::Connection::open(killed.place.state().join("onramp.db")).unwrap();
    let changed = db.execute("UPDATE run SET job = replace(job, 'mrr: 5', 'mrr: 6')", []).unwrap();
    assert_eq!(changed, 1);
    let ran = killed.resume(&[runs.id(1)]).ran();
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.contains("error: the run went another way than before at step 7, and was stopped\n"), "{ran}");
    let sides: Vec<&str> =
        ran.stderr.lines().filter(|line| line.contains("`update_customer` /customers/102")).collect();
    assert!(sides.len() == 2 && sides[0].starts_with("  before: ") && sides[1].starts_with("  now:    "), "{ran}");
    assert_ne!(sides[0].rsplit(' ').next(), sides[1].rsplit(' ').next(), "{ran}");
}

/// A run whose key was revoked at its second write.
fn revoked(place: &Place, served: &Served, script: &str, zone: &str) -> Ran {
    let run = place.onramp(&["run", "a.rhai"]).file("a.rhai", script).env("TZ", zone);
    served.used_by(run).ran()
}

/// Goes on with it, by another key.
fn with_another_key(place: &Place, served: &Served) -> Onramp {
    served.used_by(place.onramp(&["resume", "--last"])).env("PIVOTAL_API_KEY", onramp::sandbox::TEST_KEY)
}

#[test]
fn a_file_that_is_too_large_to_be_kept_has_to_be_as_it_was() {
    let (place, served) = (Place::new(), Served::start(&["--fault", "update-customer:revoke@2"]));
    let script = "update_customer(101, #{mrr: 7}); let text = read_text(\"large.txt\");
update_customer(102, #{mrr: 7}); print(text.len());";
    let path = place.work().join("large.txt");
    let mut large = vec![b'x'; (64 << 20) + 1];
    fs::write(&path, &large).unwrap();
    assert_eq!(revoked(&place, &served, script, "UTC").code, Some(3));
    let runs = said(&place);
    large[1000] = b'y';
    fs::write(&path, &large).unwrap();
    runs.by(
        with_another_key(&place, &served),
        2,
        "",
        "error: the file `large.txt` is not the same as when the run began\n  --> a.rhai:1:45\n    |\n  1 | \
         update_customer(101, #{mrr: 7}); let text = read_text(\"large.txt\");\n    |                                             ^\n\
         hint: put it back as it was; `onramp retry` begins the script anew with what is there now\n\
         hint: `onramp resume run0001` goes on where it stopped; 1 change made so far\n",
    );
    large[1000] = b'x';
    fs::write(&path, &large).unwrap();
    with_another_key(&place, &served).ran().assert_all(0, "67108865\n", "");
}

#[test]
fn dates_are_meant_in_the_zone_of_the_machine_on_which_the_run_began() {
    let (place, served) = (Place::new(), Served::start(&["--fault", "update-customer:revoke@2"]));
    let script = "print(parse_time(\"2026-05-26T09:00:00\")); update_customer(101, #{mrr: 7});
update_customer(102, #{mrr: 7}); print(now().zone);";
    let stopped = revoked(&place, &served, script, "America/New_York");
    assert_eq!((stopped.code, stopped.stdout.as_str()), (Some(3), "2026-05-26T09:00:00-04:00\n"), "{stopped}");
    let ran = with_another_key(&place, &served).env("TZ", "Asia/Tokyo").ran();
    ran.assert_all(0, "2026-05-26T09:00:00-04:00\nAmerica/New_York\n", "");
}

#[test]
fn a_run_against_an_embedded_sandbox_that_is_gone_cannot_go_on() {
    let place = Place::new();
    let running = place
        .onramp(&[
            "run",
            "--sandbox",
            "-e",
            "update_customer(101, #{mrr: 7}); log_info(\"begun\"); loop { get_health(); }",
        ])
        .started();
    running.says("begun");
    running.kill();
    let runs = said(&place);
    runs.by(
        place.onramp(&["resume", runs.id(1)]),
        2,
        "",
        "error: the run `run0001` was against an embedded sandbox, which is gone\n\
         hint: run it again; `--sandbox-data FILE` keeps a sandbox, and so does `onramp sandbox` in another terminal\n",
    );
    let shown = place.onramp(&["show", runs.id(1)]).ran().stdout;
    assert!(!shown.contains("onramp resume") && shown.contains("onramp retry"), "{shown}");
}

/// The workspace of a small server that knows some keys.
fn workspace(id: &str, prefix: &str) -> String {
    format!(
        r#"{{"object":"me","api_key":{{"prefix":"{prefix}"}},"organization":{{"id":"{id}","slug":"{id}","name":"W"}}}}"#
    )
}

const OTHER: &str = "pivotal_Zz9Yy8Xx7Ww6Vv5Uu4Tt3Ss2Rr1Q";
const STRANGER: &str = "pivotal_Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9J";

#[test]
fn a_run_whose_key_was_revoked_goes_on_with_another_key_of_the_same_workspace() {
    let present = AtomicU32::new(1);
    let server = Server::start(move |request| {
        let customer = |mrr: u32| {
            present.store(mrr, Ordering::SeqCst);
            let text = format!(r#"{{"object":"customer","id":"c1","display_id":101,"name":"Acme","mrr":{mrr}}}"#);
            answer(200, &[], &text)
        };
        let request = request.to_lowercase();
        let by = |key: &str| request.contains(&key.to_lowercase());
        match () {
            () if by(STRANGER) => answer(200, &[], &workspace("org_9", "pivotal_Aa1B")),
            () if by(OTHER) && request.starts_with("get /api/v1/me ") => {
                answer(200, &[], &workspace("org_1", "pivotal_Zz9Y"))
            }
            () if request.starts_with("get /api/v1/me ") => answer(200, &[], &workspace("org_1", "pivotal_abcd")),
            () if request.starts_with("get ") => customer(present.load(Ordering::SeqCst)),
            // The key is good for the first write and revoked at the second.
            () if by(KEY) && request.contains("\"mrr\":3") => {
                let said = r#"{"error":{"type":"authentication_error","code":"key_revoked","message":"revoked"}}"#;
                answer(401, &[], said)
            }
            () if request.contains("\"mrr\":3") => customer(3),
            () => customer(2),
        }
    });
    let place = Place::new();
    let script = "update_customer(101, #{mrr: 2}); print(1); update_customer(101, #{mrr: 3}); print(2);";
    let stopped = server.used_by(place.onramp(&["run", "-e", script])).ran();
    let runs = said(&place);
    assert!(stopped.code == Some(3) && stopped.stdout == "1\n", "{stopped}");
    let way_on = "hint: `onramp resume run0001` goes on where it stopped; 1 change made so far\n";
    assert!(runs.plain(&stopped.stderr).ends_with(way_on), "{stopped}");
    assert_eq!(json(&place, &["runs"])[0]["state"], "stopped");
    let key_file = |key: &str| {
        let onramp = place.onramp(&["resume", runs.id(1), "--key-file", "given-key"]).file("given-key", key);
        let path = onramp.path("given-key");
        #[cfg(unix)]
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        onramp.env("PIVOTAL_BASE_URL", server.base_url())
    };
    let elsewhere = key_file(STRANGER).ran();
    assert_eq!(elsewhere.code, Some(2), "{elsewhere}");
    let said = "error: the run was begun in the workspace `org_1`, and the key belongs to `org_9`\n";
    assert!(elsewhere.stderr.starts_with(said), "{elsewhere}");
    assert_eq!(json(&place, &["runs"])[0]["state"], "stopped", "and it can still go on");
    let wrong_place = place.onramp(&["resume", runs.id(1)]).env("PIVOTAL_API_KEY", KEY).ran();
    assert!(wrong_place.code == Some(2) && wrong_place.stderr.contains("talked to http://127.0.0.1:"), "{wrong_place}");
    let resumed = key_file(OTHER).args(&["-v"]).ran();
    assert!(resumed.code == Some(0) && resumed.stdout == "1\n2\n", "{resumed}");
    assert!(resumed.stderr.contains("PATCH /customers/101: 200, "), "{resumed}");
    let shown = json(&place, &["show", runs.id(1)]);
    assert_eq!(shown["changes"].as_array().map(Vec::len), Some(2));
    assert_eq!(json(&place, &["runs"])[0]["key_prefix"], "pivotal_Zz9Y", "the key that it ended with");
}

#[test]
fn a_call_that_was_killed_finds_out_what_became_of_it() {
    let place = Place::new();
    let served = Served::start(&["--fault", "create-customer:delay=10m@1"]);
    let running = served.used_by(place.onramp(&["call", "create_customer", "name=Once"])).started();
    let id = until("a run", || json(&place, &["runs"])[0]["id"].as_str().map(str::to_string));
    in_doubt(&place, &id, "/customers");
    running.kill();
    let resumed = served.used_by(place.onramp(&["resume", "--last"])).ran();
    assert!(resumed.code == Some(0) && resumed.stdout.contains("\"name\": \"Once\""), "{resumed}");
    let all = served.used_by(Onramp::new(&["call", "list_customers", "--all"])).ran().stdout;
    assert_eq!(all.matches("\"Once\"").count(), 1);
}

#[test]
fn a_run_whose_answers_were_cut_goes_on_where_it_stopped() {
    let (served, place) = (Served::start(&["--fault", "update-customer:cut@2-6"]), Place::new());
    let text = "for id in [101, 102, 103] { print(update_customer(id, #{mrr: 7}).mrr); }";
    let ran = served.used_by(place.onramp(&["run", "a.rhai"]).file("a.rhai", text)).ran();
    let said = Said::at(&place);
    said.assert(
        &ran,
        75,
        "7\n",
        "error: `update_customer` failed: the connection was closed in the middle of the answer\n  --> a.rhai:1:35\n    |\n  1 | \
         for id in [101, 102, 103] { print(update_customer(id, #{mrr: 7}).mrr); }\n    |                                   ^\n  \
         status 200, request id req_00000009\n  the answer began: {\"object\":\"customer\",\"id\":\"clxzxnkq7w2teua1i30r\",\
         \"display_id\":102,\"name\":\"Redwood Studios\",\"slug\":\"redwood-studios\",\"domain\":\"redwoodstudios.shop\",\
         \"status\":\"active\",\"plan\":\"starter\",\"mrr\":7,\"monthly_o…\n  tried 5 times\n\
         hint: run it again; if it stays so, tell Pivotal's support the request id\n\
         hint: `onramp resume run0001` goes on where it stopped; 1 change made so far\n",
    );
    served.used_by(place.onramp(&["resume", said.id(1)])).ran().assert_all(0, "7\n7\n7\n", "");
    assert_eq!(served.count("PATCH", "/customers/103"), 1);
}
