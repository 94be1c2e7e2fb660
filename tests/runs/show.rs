//! `onramp show`.

use super::{json, ran, said, script};
use crate::harness::Place;

const EVERYTHING: &str = r#"// /// onramp
// [params.plan]
// type = "string"
// ///
update_customer(101, #{plan: params.plan, mrr: 7});
let n = create_customer(#{name: "Neu"});
let k = create_customer_contact(n.id, #{name: "Ann", email: "Ann@x.de"});
let o = get_onboarding(127);
update_onboarding(o.id, #{waiting_on_customer: !o.waiting_on_customer});
delete_contact(k);
try { update_customer(99999, #{plan: "x"}) } catch (e) { }
get_customer("nobody");
"#;

#[test]
fn a_run_is_shown_with_all_that_it_did_and_what_to_do_next() {
    let place = Place::new();
    let failed = script(&place, "fix.rhai", EVERYTHING).args(&["--plan", "it's"]).ran();
    let runs = said(&place);
    runs.assert(
        &failed,
        1,
        "",
        "error: `get_customer` failed: There is no customer `nobody`\n  --> fix.rhai:12:1\n     |\n  \
         12 | get_customer(\"nobody\");\n     | ^\n  status 404, type not_found, code customer_not_found, request id \
         req_00000011\n\
         hint: 5 changes had been made by then: `onramp show run0001` lists them\n",
    );
    runs.by(
        place.onramp(&["show", &runs.id(1)[..3]]),
        0,
        "run run0001: failed, exit code 1\n  \
         script     fix.rhai\n  \
         command    onramp run fix.rhai --sandbox --sandbox-data s.db --plan 'it'\\''s'\n  \
         folder     <work>\n  \
         workspace  sandbox, with the key pivotal_sand…\n  \
         begun      0000-00-00 00:00:00\n  \
         ended      0000-00-00 00:00:00\n  \
         outcome    5 changed\n  \
         said       `get_customer` failed: There is no customer `nobody`\n\
         \n\
         changed\n  \
         0000-00-00 00:00:00  updated customer 101 (Acme Corporation): plan \"enterprise\" → \"it's\", mrr 125000 → 7\n  \
         0000-00-00 00:00:00  created customer 221 (Neu): name \"Neu\", slug \"neu\", status \"onboarding\"\n  \
         0000-00-00 00:00:00  created contact 241 (Ann): name \"Ann\", email \"ann@x.de\", is_primary false, labels []\n  \
         0000-00-00 00:00:00  updated onboarding 127: state \"active\" → \"waiting\", waiting_on_customer false → true\n  \
         0000-00-00 00:00:00  deleted contact 241 (Ann): name \"Ann\", email \"ann@x.de\", is_primary false, labels []\n\
         \n\
         failed\n  \
         step 7  update_customer /customers/99999: There is no customer `99999`. (status 404, customer_not_found)\n\
         \n\
         next\n  \
         `onramp undo run0001` takes back what it changed\n  \
         `onramp retry run0001` runs it once more, as a new run\n",
        "",
    );
}

#[test]
fn the_first_twenty_changes_are_shown_and_all_of_them_when_asked_for() {
    let place = Place::new();
    ran(&place, "many.rhai", "for n in 0..23 { create_customer(#{name: `New ${n}`}); }");
    let runs = said(&place);
    let count = |args: &[&str]| {
        let shown = place.onramp(&["show", runs.id(1)]).args(args).ran().stdout;
        let created = shown.lines().filter(|line| line.contains("created customer")).count();
        (created, runs.plain(&shown).contains("  and 3 more, which `onramp show run0001 --all` shows\n"))
    };
    assert_eq!([count(&[]), count(&["--all"])], [(20, true), (23, false)]);
    let shown = json(&place, &["show", runs.id(1)]);
    assert_eq!(shown["changes"].as_array().map(Vec::len), Some(23));
    let first = &shown["changes"][0];
    assert_eq!((&first["operation"], &first["object"]), (&"create_customer".into(), &"customer".into()));
    assert_eq!(first["fields"][0], serde_json::json!({"name": "name", "to": "New 0"}));
}

#[test]
fn the_newest_run_need_not_be_named() {
    let place = Place::new();
    ran(&place, "a.rhai", "update_customer(101, #{mrr: 7})");
    ran(&place, "b.rhai", r#"update_customer(101, #{mrr: 8}); log_info("eight");"#);
    let runs = said(&place);
    assert_eq!(json(&place, &["show", "--last"])["id"], runs.id(2));
    assert_eq!(json(&place, &["logs", "--last"])[0]["text"], "eight");
    place.onramp(&["retry", "--last"]).ran();
    assert_eq!(json(&place, &["show", "--last"])["script"], "b.rhai");
    for command in ["show", "logs", "retry"] {
        let both = place.onramp(&[command, "--last", runs.id(1)]).ran();
        assert_eq!((both.code, both.stdout.as_str()), (Some(2), ""), "{}", both.stderr);
    }
}

#[test]
fn a_run_that_nobody_knows_is_told() {
    let place = Place::new();
    let folder = place.state().display().to_string();
    place.onramp(&["show", "abc"]).ran().assert_all(
        2,
        "",
        &format!(
            "error: no run has been kept in `{folder}` yet\n\
             hint: a script that writes is kept; `ONRAMP_STATE_DIR` says where\n"
        ),
    );
    ran(&place, "a.rhai", "update_customer(101, #{mrr: 7})");
    for command in ["show", "logs", "resume", "retry", "pause", "unpause", "cancel"] {
        place.onramp(&[command, "1\u{1b}"]).ran().assert_all(
            2,
            "",
            "error: there is no run `1\\u{1b}`\nhint: `onramp runs` lists them\n",
        );
    }
}
