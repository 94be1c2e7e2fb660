//! A plan from the dry run to the undo, against the sandbox in another process: what is applied is what was planned, and what
//! was done is taken back.

#[cfg(unix)]
use crate::harness::terminal::Terminal;
use crate::harness::{Place, Ran, Said, Served};
use std::{collections::BTreeMap, fs, time::Duration};

/// Each kind of write, with records that are made and used, and one that takes others with it.
const SCRIPT: &str = r#"
let made = create_customer(#{name: "Neu GmbH"});
create_customer_contact(made, #{name: "Ann", email: "Ann@neu.example"});
bulk_update_customers(list_customers(#{status: "at_risk"}).take(3), #{status: "churned"});
update_onboarding(list_onboardings(#{phase: "launch"}).first(), #{waiting_on_customer: true});
delete_customer(102);
write_text("note.txt", "written");
print(`${list_customers(#{status: "churned"}).count()} ${run.dry_run}`);
"#;

pub struct Scene {
    pub served: Served,
    pub place: Place,
}

impl Scene {
    pub fn new() -> Scene {
        Scene::with(&[])
    }

    /// Of a sandbox with these arguments.
    pub fn with(args: &[&str]) -> Scene {
        let scene = Scene { served: Served::start(args), place: Place::new() };
        fs::write(scene.place.work().join("all.rhai"), SCRIPT).unwrap();
        scene
    }

    pub fn onramp(&self, args: &[&str]) -> Ran {
        self.served.used_by(self.place.onramp(args)).ran()
    }

    /// A plan of the script, and the output of its dry run.
    pub fn planned(&self) -> Ran {
        let ran = self.onramp(&["run", "all.rhai", "--dry-run", "--save", "plan.json"]);
        assert_eq!(ran.code, Some(0), "{ran}");
        ran
    }

    /// Does something else to the workspace, from elsewhere.
    #[track_caller]
    pub fn meanwhile(&self, code: &str) -> String {
        let ran = self.served.used_by(crate::harness::run(&["-e", code])).ran();
        assert_eq!(ran.code, Some(0), "{ran}");
        ran.stdout
    }

    /// All records by what they are called, without what an undo cannot bring back.
    pub fn workspace(&self) -> BTreeMap<String, serde_json::Value> {
        let all = self.meanwhile(
            "for c in list_customers() { print(c.to_json()); for k in list_customer_contacts(c) { print(k.to_json()); } } \
             for o in list_onboardings() { print(o.to_json()); }",
        );
        let mut records = BTreeMap::new();
        for line in all.lines() {
            let mut record: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
            for own in ["id", "display_id", "customer_id", "created_at", "updated_at"] {
                record.remove(own);
            }
            let record = serde_json::Value::Object(record);
            let count = records.len();
            let name = format!("{} {}", record["object"], record);
            let name = if records.contains_key(&name) { format!("{name} {count}") } else { name };
            records.insert(name, record);
        }
        records
    }

    pub fn writes(&self) -> usize {
        self.served.asked();
        ["POST", "PATCH", "DELETE"].iter().map(|method| self.served.count(method, "")).sum()
    }
}

#[test]
fn a_dry_run_sends_no_write_and_its_plan_makes_exactly_those_that_it_shows() {
    let scene = Scene::new();
    let before = scene.workspace();
    let churned = before.values().filter(|record| record["status"] == "churned").count();
    let ran = scene.planned();
    assert_eq!(scene.writes(), 0, "{ran}");
    assert!(
        ran.stdout.starts_with(&format!("{} true\nNOT SENT: what follows is only planned\n", churned + 3)),
        "{ran}"
    );
    assert!(
        ran.stdout.contains("\n7 writes: 2 creates, 4 updates, 1 delete\n1 write cannot be undone as it was"),
        "{ran}"
    );
    assert!(!scene.place.work().join("note.txt").exists(), "{ran}");
    assert!(ran.stderr.contains("the files that the script wrote are in `"), "{ran}");
    assert_eq!(scene.workspace(), before);

    let shown = scene.onramp(&["plan", "show", "plan.json"]).stdout;
    assert!(shown.contains("Neu GmbH (customer new_customer_1)"), "{shown}");
    let pages = scene.onramp(&["plan", "show", "plan.json", "--csv", "plan.csv", "--html", "plan.html"]);
    assert_eq!((pages.code, pages.stdout.as_str()), (Some(0), ""), "{pages}");
    assert!(fs::read_to_string(scene.place.work().join("plan.html")).unwrap().contains("Neu GmbH"));

    scene.onramp(&["apply", "plan.json"]).assert_all(
        2,
        "",
        "error: `onramp apply` asks before it writes, and there is no terminal\nhint: add `--yes` to go on without a question\n",
    );
    assert_eq!(scene.writes(), 0);
    let applied = scene.onramp(&["apply", "plan.json", "--yes"]);
    let runs = Said::at(&scene.place);
    runs.assert(&applied, 0, "", "7 changed\n`onramp undo run0001` takes it back\n");
    assert_eq!(scene.writes(), 7);
    let again = scene.onramp(&["apply", "plan.json", "--yes"]);
    runs.assert(&again, 0, "", "the run `run0001` has applied this plan already; nothing was sent\n");
    // Also from another machine, which knows nothing of it.
    let elsewhere = scene.served.used_by(scene.place.onramp(&["apply", "plan.json", "--yes"]));
    let elsewhere = elsewhere.env("ONRAMP_STATE_DIR", scene.place.work().join("elsewhere").to_str().unwrap()).ran();
    assert_eq!(elsewhere.code, Some(0), "{elsewhere}");
    let customers = scene.meanwhile("print(list_customers().where(#{name: \"Neu GmbH\"}).count());");
    assert_eq!(customers, "1\n", "{elsewhere}");

    // A real run of the same script would have made the same of the workspace.
    let other = Scene::new();
    let real = other.onramp(&["run", "all.rhai"]);
    assert_eq!(real.code, Some(0), "{real}");
    assert_eq!(scene.workspace(), other.workspace());
}

#[test]
fn what_was_applied_is_taken_back_and_that_again() {
    let scene = Scene::new();
    let before = scene.workspace();
    scene.planned();
    assert_eq!(scene.onramp(&["apply", "plan.json", "--yes"]).code, Some(0));
    let after = scene.workspace();
    let looked = scene.onramp(&["undo", "--last", "--dry-run"]);
    assert!(looked.stderr.ends_with("NOT SENT: this is only what would be done\n"), "{looked}");
    assert_eq!(scene.workspace(), after);
    let undone = scene.onramp(&["undo", "--last", "--yes"]);
    assert_eq!(undone.code, Some(0), "{undone}");
    assert_eq!(scene.workspace(), before, "{undone}");
    let runs = Said::at(&scene.place);
    runs.assert(
        &scene.onramp(&["undo", runs.id(1)]),
        2,
        "",
        "error: the run `run0001` was taken back by `run0002` already\nhint: `onramp undo run0002` takes that back\n",
    );
    assert_eq!(scene.onramp(&["undo", runs.id(2), "--yes"]).code, Some(0));
    assert_eq!(scene.workspace(), after);
}

#[test]
fn single_calls_bulk_calls_and_calls_from_the_command_line_are_taken_back() {
    let scene = Scene::new();
    let before = scene.workspace();
    for command in [&["run", "all.rhai"][..], &["call", "update_customer", "id=101", "mrr=7"]] {
        let ran = scene.onramp(command);
        assert_eq!(ran.code, Some(0), "{ran}");
        assert_ne!(scene.workspace(), before);
        let undone = scene.onramp(&["undo", "--last", "--yes"]);
        assert_eq!(undone.code, Some(0), "{undone}");
        assert_eq!(scene.workspace(), before, "{command:?}\n{undone}");
    }
}

#[test]
fn where_somebody_was_faster_nothing_is_sent_unless_it_is_left_out() {
    let scene = Scene::new();
    scene.planned();
    let row = "list_customers(#{status: \"at_risk\"}).first()";
    scene.meanwhile(&format!("update_customer({row}, #{{status: \"active\"}});"));
    let writes = scene.writes();
    let refused = scene.onramp(&["apply", "plan.json", "--yes"]);
    refused.assert_all(
        5,
        "",
        "error: nothing was sent: 1 record was changed since by somebody else\n  \
         Indigo Goods (customer clxjcm5t7m4fhkf3pbvb): `status` was \"at_risk\", and is \"active\" now\n\
         hint: `--skip-drifted` leaves them out and does the others\n\
         hint: make the plan again with `onramp run FILE --dry-run --save PLAN`\n",
    );
    assert_eq!(scene.writes(), writes);
    let skipped = scene.onramp(&["apply", "plan.json", "--yes", "--skip-drifted"]);
    assert_eq!(skipped.code, Some(4), "{skipped}");
    assert!(skipped.stderr.contains("6 changed, 1 left out\n"), "{skipped}");

    // And the same on the way back.
    scene.meanwhile("update_customer(list_customers(#{status: \"churned\"}).where(#{name: \"Orchard Dynamics Inc.\"}).first(), #{status: \"active\"});");
    let writes = scene.writes();
    let conflict = scene.onramp(&["undo", "--last", "--yes"]);
    assert_eq!(conflict.code, Some(5), "{conflict}");
    assert!(conflict.stderr.contains("`status` was \"churned\", and is \"active\" now\n"), "{conflict}");
    assert_eq!(scene.writes(), writes);
    assert_eq!(scene.onramp(&["undo", "--last", "--yes", "--skip-conflicts"]).code, Some(4));
}

#[test]
fn the_first_writes_are_done_and_the_others_when_it_goes_on() {
    let scene = Scene::new();
    scene.planned();
    let first = scene.onramp(&["apply", "plan.json", "--yes", "--first", "3"]);
    assert_eq!((first.code, scene.writes()), (Some(0), 3), "{first}");
    let rest = scene.onramp(&["resume", "--last"]);
    assert_eq!((rest.code, scene.writes()), (Some(0), 7), "{rest}");
    assert!(rest.stderr.starts_with("7 changed\n"), "{rest}");
}

#[test]
fn a_run_that_was_taken_back_cannot_go_on() {
    let scene = Scene::new();
    let before = scene.workspace();
    let ran = scene.onramp(&["run", "-e", "bulk_update_customers(list_customers(), #{plan: \"x\"});", "--first", "4"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    assert_eq!(scene.onramp(&["undo", "--last", "--yes"]).code, Some(0));
    assert_eq!(scene.workspace(), before);
    let runs = Said::at(&scene.place);
    runs.assert(
        &scene.onramp(&["resume", runs.id(1)]),
        2,
        "",
        "error: the run `run0001` was taken back by `run0002`\nhint: `onramp retry run0001` runs the script anew\n",
    );
}

#[test]
#[cfg(unix)]
fn somebody_at_a_terminal_is_asked_before_the_first_write_to_a_live_workspace() {
    use std::os::{fd::AsRawFd, unix::process::CommandExt};
    let scene = Scene::new();
    let question = "this writes to the live workspace `sandbox`; go on? [y/N]";
    let asked = |code: &str| {
        let onramp = scene.served.used_by(scene.place.onramp(&["run", "-e", code])).env("NO_COLOR", "1");
        let terminal = Terminal::start(onramp, 120);
        terminal.shows(question);
        terminal
    };
    let at_terminal = |code: &str, answer: &str| {
        let mut terminal = asked(code);
        terminal.types(answer);
        terminal.ended()
    };
    let code = "update_customer(101, #{mrr: 1}); update_customer(101, #{mrr: 2});";
    // Also Ctrl-C is no.
    for no in ["n\r", "\r", "\x04", "\x03"] {
        let (exit, said, ..) = at_terminal(code, no);
        assert_eq!((exit, scene.writes()), (Some(130), 0), "{no:?} {said}");
        assert!(said.contains("error: nothing was sent"), "{no:?} {said}");
    }
    assert!(!scene.place.state().join("runs").exists(), "nothing is kept");
    let (exit, said, ..) = at_terminal(code, "y\r");
    assert_eq!((exit, scene.writes()), (Some(0), 2), "{said}");
    // A bulk call shows how far it is, but not over the question.
    let mut terminal = asked("bulk_update_customers(list_customers(), #{mrr: 9});");
    assert!(!terminal.ends_within(Duration::from_secs(1)));
    terminal.prompts(question);
    terminal.types("y\r");
    let (exit, said, ..) = terminal.ended();
    assert_eq!(exit, Some(0), "{said}");
    // What is typed before the question can be seen is no answer to it.
    let before = scene.writes();
    let code = "print(\"soon\"); sleep(\"300ms\"); update_customer(101, #{mrr: 10});";
    let onramp = scene.served.used_by(scene.place.onramp(&["run", "-e", code])).env("NO_COLOR", "1");
    let mut terminal = Terminal::start(onramp, 120);
    terminal.shows("soon");
    terminal.types("y\r");
    terminal.shows(question);
    assert!(!terminal.ends_within(Duration::from_millis(300)));
    terminal.types("\x04");
    let (exit, said, ..) = terminal.ended();
    assert_eq!((exit, scene.writes()), (Some(130), before), "{said}");
    assert!(said.contains("go on? [y/N] \nerror: nothing was sent"), "{said}");
    // Also where what is said goes into a file.
    let log = scene.place.work().join("log");
    let mut onramp = scene.served.used_by(scene.place.onramp(&["run", "-e", code])).env("NO_COLOR", "1");
    let file = fs::File::create(&log).unwrap();
    // SAFETY: between fork and exec only a system call is made that is allowed there.
    unsafe {
        onramp.command().pre_exec(move || match libc::dup2(file.as_raw_fd(), libc::STDERR_FILENO) {
            -1 => Err(std::io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
    let mut terminal = Terminal::start(onramp, 120);
    terminal.shows(question);
    terminal.types("n\r");
    assert_eq!((terminal.ended().0, scene.writes()), (Some(130), before));
    let logged = fs::read_to_string(log).unwrap();
    assert!(logged.starts_with("error: nothing was sent\n") && !logged.contains("go on?"), "{logged}");
    // Without a terminal nobody is asked, nor where the writes are bounded or were said yes to.
    assert_eq!(scene.onramp(&["run", "-e", "update_customer(101, #{mrr: 3});"]).code, Some(0));
    let bounded = "// /// onramp\n// max_writes = 5\n// ///\nupdate_customer(101, #{mrr: 4});";
    for words in [&["run", "-e", bounded][..], &["run", "--yes", "-e", "update_customer(101, #{mrr: 5});"]] {
        let onramp = scene.served.used_by(scene.place.onramp(words)).env("NO_COLOR", "1");
        let (exit, said, ..) = Terminal::start(onramp, 120).ended();
        assert!(exit == Some(0) && !said.contains("go on?"), "{said}");
    }
}
