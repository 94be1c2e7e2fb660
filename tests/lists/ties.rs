//! Ties that fill a page, through the real program and the sandbox: its fixed clock gives all rows one time.

use crate::harness::{NOW, Onramp, run};
use onramp::{
    clock::Clock,
    sandbox::{Handle, Options, start},
};
use serde_json::json;
use std::sync::{Arc, Mutex};
use tokio::runtime::{Builder, Runtime};

/// A sandbox of the test's own, with an empty workspace, in which it is always [`NOW`].
struct Sandbox {
    runtime: Runtime,
    handle: Handle,
    gets: Arc<Mutex<Vec<String>>>,
    client: reqwest::Client,
}

const STATUSES: [&str; 5] = ["onboarding", "active", "at_risk", "churned", "archived"];
const PHASES: [&str; 7] =
    ["before_getting_started", "program_design", "review", "program_buildout", "internal_qa", "launch", "completed"];

impl Sandbox {
    fn new() -> Sandbox {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let options = Options { customers: 0, clock: Clock::Fixed(NOW.parse().unwrap()), ..Options::default() };
        let gets = Arc::new(Mutex::new(Vec::new()));
        let seen = gets.clone();
        let on_request = move |served: &onramp::sandbox::Served| {
            if served.method == "GET" {
                seen.lock().unwrap().push(served.path.clone());
            }
        };
        let handle = runtime.block_on(start(options, Some(Box::new(on_request)))).unwrap();
        Sandbox { runtime, handle, gets, client: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    /// Makes a record; gives its number.
    fn post(&self, path: &str, body: serde_json::Value) -> i64 {
        let request = self.client.post(format!("{}{path}", self.handle.base_url())).bearer_auth(self.handle.key());
        let text = self.runtime.block_on(async { request.body(body.to_string()).send().await?.text().await }).unwrap();
        let made: serde_json::Value = serde_json::from_str(&text).unwrap();
        made["display_id"].as_i64().unwrap_or_else(|| panic!("{text}"))
    }

    fn run(&self, script: &str) -> Onramp {
        run(&["-e", script]).env("PIVOTAL_BASE_URL", &self.handle.base_url()).env("PIVOTAL_API_KEY", self.handle.key())
    }

    fn pages(&self) -> usize {
        self.gets.lock().unwrap().len()
    }
}

/// The script prints how many rows it got and how many of them are different ones.
fn counting(list: &str) -> String {
    format!(
        "let ids = #{{}}; let n = 0; for row in {list} {{ n += 1; ids[row.id] = 1; }} print(`${{n}} ${{ids.len()}}`);"
    )
}

#[test]
fn customers_of_one_time_are_all_there() {
    let sandbox = Sandbox::new();
    for n in 0..270 {
        sandbox.post("/customers", json!({"name": format!("Tied {n}"), "status": STATUSES[n % 5]}));
    }
    let note = "warning: `list_customers`: 270 rows were created at `2026-05-26T12:00:00.000Z`, more than a page holds; \
                they were asked for by `status`, and rows with a `status` that onramp does not know would be missing\n";
    sandbox.run(&counting("list_customers()")).ran().assert_all(0, "270 270\n", note);
    // The page that is full of the tie, a slice for each status, and what is older.
    assert_eq!(sandbox.pages(), 7);
    sandbox.run(&counting("list_customers(#{status: \"active\"})")).ran().assert_all(0, "54 54\n", "");
    // What is taken before the tie must be split costs no slice.
    let before = sandbox.pages();
    sandbox.run(&counting("list_customers().take(100)")).ran().assert_all(0, "100 100\n", "");
    assert_eq!(sandbox.pages() - before, 1);
}

#[test]
fn onboardings_of_one_time_are_all_there() {
    let sandbox = Sandbox::new();
    let customer = sandbox.post("/customers", json!({"name": "Tied"})).to_string();
    for n in 0..400 {
        // More than a page in one phase; some wait.
        let phase = if n < 150 { "launch" } else { PHASES[n % 7] };
        let state = ["active", "paused", "at_risk"][n % 3];
        let body = json!({"customer_id": customer, "phase": phase, "state": state, "waiting_on_customer": n % 4 == 0});
        sandbox.post("/onboardings", body);
    }
    let ran = sandbox.run(&counting("list_onboardings()")).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "400 400\n"), "{ran}");
    assert_eq!(ran.stderr.matches("warning: ").count(), 1, "{ran}");
    assert!(ran.stderr.contains("`list_onboardings`: 400 rows") && ran.stderr.contains("`phase` and `state`"), "{ran}");
    // One page, seven phases, four states of the phase that fills a page, and what is older.
    assert_eq!(sandbox.pages(), 13);
    let ran = sandbox.run(&counting("list_customer_onboardings(101)")).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran}");
    assert!(ran.stderr.contains("100 rows or more were created at `2026-05-26T12:00:00.000Z`"), "{ran}");
}

#[test]
fn contacts_of_one_time_fail_with_the_time_and_the_count() {
    let sandbox = Sandbox::new();
    sandbox.post("/customers", json!({"name": "Tied"}));
    for n in 0..130 {
        sandbox.post("/customers/101/contacts", json!({"name": "Ada", "email": format!("ada{n}@example.com")}));
    }
    let ran = sandbox.run("let n = 0;\nfor c in list_customer_contacts(101) { n += 1; }").ran();
    let lines = [
        "error: `list_customer_contacts`: 100 rows or more were created at `2026-05-26T12:00:00.000Z`, which fills a \
         page, and this list has no filter to reach the others with",
        "  --> -e:2:10",
        "    |",
        "  2 | for c in list_customer_contacts(101) { n += 1; }",
        "    |          ^",
        "hint: give `cursor: \"2026-05-26T12:00:00.000Z\"` to read the list below these rows",
    ];
    ran.assert_all(1, "", &(lines.join("\n") + "\n"));
    assert_eq!(sandbox.pages(), 1);
    let script = "try { for c in list_customer_contacts(101) { c.id; } } catch (e) { print(e.type); }";
    sandbox.run(script).ran().assert_all(0, "incomplete_list\n", "");
    sandbox.run(&counting("list_customer_contacts(101).take(100)")).ran().assert_all(0, "100 100\n", "");
}
