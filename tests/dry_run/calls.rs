//! Calls made by chance: of all kinds, to single records, whole lists and first pages, good ones and such as are refused.
//! Knows neither a service nor a session.

use super::{side::call, twin::Pair};
use onramp::api::request::Call;

/// A call, before it is known which records there are.
pub type Op = (u8, u16, u16, u16);

/// So many kinds of calls there are: the first part of an [`Op`] is below it.
pub const KINDS: u8 = 21;

/// From this kind on they write.
pub const WRITES: u8 = 5;

/// A call in a dry run, and the same in a real one.
pub enum Deed {
    /// One answer.
    Read(Call, Call),
    /// A list, to its end.
    Walk(Call, Call),
    Write(Call, Call),
}

const CUSTOMER: &[&str] = &[
    r#"{"status":"active"}"#,
    r#"{"status":"churned","mrr":0}"#,
    r#"{"status":"onboarding"}"#,
    r#"{"name":"Renamed # Ltd"}"#,
    r#"{"slug":"slug-#"}"#,
    r#"{"slug":"acme-corp"}"#,
    r#"{"domain":null,"plan":null}"#,
    r#"{"metadata":{"a":[1.50,"ä"],"b":{"c":null}}}"#,
    r#"{"metadata":null}"#,
    r#"{"monthly_orders":12,"unknown":true}"#,
    "{}",
    r#"{"mrr":-1}"#,
    r#"{"mrr":"5"}"#,
    r#"{"mrr":1.5}"#,
    r#"{"mrr":99999999999999999999}"#,
    r#"{"name":"  "}"#,
    r#"{"name":null}"#,
    r#"{"status":"gone"}"#,
    r#"{"metadata":[]}"#,
    r#"{"status":null,"mrr":-1}"#,
    r#"{"mrr":-1,"status":null}"#,
    "[]",
    r#"{"name":"#,
];

const NEW_CUSTOMER: &[&str] = &[
    r##"{"name":"Blue Bottle #"}"##,
    r##"{"name":"Twin #"}"##,
    r##"{"name":"Twin #"}"##,
    r##"{"name":"株式会社 #","status":"active","mrr":5,"metadata":{"x":1}}"##,
    r##"{"name":"O'Brien & Söhne #","slug":"slug-#"}"##,
    r#"{"name":"Taken","slug":"acme-corp"}"#,
    r#"{"slug":"x"}"#,
    r#"{"name":""}"#,
    r#"{"name":"x","slug":null}"#,
];

const CONTACT: &[&str] = &[
    r#"{"title":"CTO"}"#,
    r#"{"title":null}"#,
    r#"{"is_primary":true}"#,
    r#"{"is_primary":null}"#,
    r#"{"labels":["champion","ä"]}"#,
    r#"{"labels":null}"#,
    r#"{"email":"Someone#@Example.com"}"#,
    r#"{"email":"shared@example.com"}"#,
    r#"{"email":"no address"}"#,
    r#"{"email":null}"#,
    r#"{"labels":"x"}"#,
    r#"{"labels":[1]}"#,
    r#"{"is_primary":"yes"}"#,
    r#"{"name":"Ada #","title":7}"#,
    r#"{"name":"Ada #"}"#,
    "{}",
];

const NEW_CONTACT: &[&str] = &[
    r##"{"name":"Ada King","email":"Ada#@Example.com"}"##,
    r##"{"name":"Ada King","email":"shared@example.com"}"##,
    r##"{"name":"Ada King","email":"SHARED@example.com","is_primary":true,"labels":["a"]}"##,
    r#"{"name":"Ada"}"#,
    r#"{"email":"a@b"}"#,
    r#"{"name":"Ada","email":"a@b@c"}"#,
];

const ONBOARDING: &[&str] = &[
    r#"{"waiting_on_customer":true}"#,
    r#"{"waiting_on_customer":false}"#,
    r#"{"waiting_on_customer":null}"#,
    r#"{"state":"waiting"}"#,
    r#"{"state":"paused"}"#,
    r#"{"state":"active"}"#,
    r#"{"state":"paused","waiting_on_customer":true}"#,
    r#"{"state":"waiting","waiting_on_customer":false}"#,
    r#"{"phase":"launch"}"#,
    r#"{"phase":"completed","completed_at":"2026-05-01"}"#,
    r#"{"notes":"call\nagain","csm_id":"u1"}"#,
    r#"{"target_launch_date":"2027-01-15T10:00:00+02:00"}"#,
    r#"{"target_launch_date":"2027-01-15T10:00:00.123456Z"}"#,
    r#"{"target_launch_date":"soon"}"#,
    r#"{"target_launch_date":"2027-01-15 10:00:00Z"}"#,
    r#"{"phase":"nowhere"}"#,
    r#"{"state":null}"#,
    r#"{"waiting_on_customer":1}"#,
    r#"{"customer_id":"x","notes":"moved"}"#,
    "{}",
];

const STATUSES: &[&str] = &["", "", "active", "churned", "onboarding", "at_risk", "nope"];
const STATES: &[&str] = &["", "", "", "waiting", "active", "paused", "nope"];
const PHASES: &[&str] = &["", "", "", "launch", "before_getting_started", "completed"];
const LIMITS: &[&str] = &["", "", "1", "2", "3", "7", "100"];

/// One of `all`, by chance.
fn pick<T: Copy>(all: &[T], n: u16) -> T {
    all[usize::from(n) % all.len()]
}

fn few(pool: &[Pair]) -> &[Pair] {
    &pool[..pool.len().min(3)]
}

/// The ids of a record in both worlds, in one form; now and then of one that nobody has.
fn id(pool: &[Pair], n: u16) -> (String, String) {
    if n.is_multiple_of(23) || pool.is_empty() {
        return ("nobody".into(), "nobody".into());
    }
    let half = usize::from(n / 2);
    // The newest more often: those that this run has made.
    let at = if n % 5 < 2 { pool.len() - 1 - half % pool.len().min(6) } else { half % pool.len() };
    let pair = &pool[at];
    match n % 2 {
        0 => (pair.dry.0.clone(), pair.real.0.clone()),
        _ => (pair.dry.1.clone(), pair.real.1.clone()),
    }
}

/// `#` is a number: of its own where the overlay cannot know what is taken, else one of a few.
fn numbered(text: &str, n: u16, own: Option<usize>) -> String {
    let number = own.map_or_else(|| (n / 7 % 4).to_string(), |own| format!("z{own}z"));
    let text = text.replace('#', &number);
    if own.is_some() {
        text.replace("shared@", &format!("shared{number}@")).replace("acme-corp", &number)
    } else {
        text
    }
}

/// What a call by chance is among these customers, contacts and onboardings.
pub fn deed(pools: &[Vec<Pair>; 3], (what, a, b, c): Op, own: Option<usize>) -> Deed {
    let customer = id(&pools[0], a);
    let both = |name: &str, ids: Option<&(String, String)>, body: Option<(String, String)>| -> (Call, Call) {
        let paths = ids.map_or((vec![], vec![]), |(dry, real)| (vec![dry.as_str()], vec![real.as_str()]));
        let (dry, real) = body.map_or((None, None), |(dry, real)| (Some(dry), Some(real)));
        (call(name, &paths.0, dry.as_deref()), call(name, &paths.1, real.as_deref()))
    };
    let body = |bodies: &[&str]| {
        let body = numbered(pick(bodies, c), b, own);
        Some((body.clone(), body))
    };
    let write = |(dry, real): (Call, Call)| Deed::Write(dry, real);
    match what {
        0..=2 => {
            let name =
                pick(&["list_customers", "list_onboardings", "list_customer_contacts", "list_customer_onboardings"], b);
            let (mut dry, mut real) = both(name, name.contains("_customer_").then_some(&customer), None);
            let mut set = |name: &'static str, value: &str, other: &str| {
                if !value.is_empty() {
                    dry.set_query(name, value.into());
                    real.set_query(name, other.into());
                }
            };
            let limit = pick(LIMITS, c / 3);
            set("limit", limit, limit);
            match name {
                "list_customers" => {
                    let status = pick(STATUSES, c);
                    set("status", status, status);
                }
                "list_onboardings" => {
                    let (state, phase) = (pick(STATES, c), pick(PHASES, c / 5));
                    set("state", state, state);
                    set("phase", phase, phase);
                    if a % 3 == 0 {
                        set("customer_id", &customer.0, &customer.1);
                    }
                }
                _ => {}
            }
            if what == 2 {
                // One page, from anywhere, with odd limits and cursors now and then.
                if b % 3 == 0 {
                    let cursors =
                        ["2026-03-01T00:00:00Z", "2025-01-01T00:00:00.500Z", "2026-05-26T17:21:09.412Z", "soon"];
                    let cursor = pick(&cursors, a);
                    dry.set_query("cursor", cursor.to_string());
                    real.set_query("cursor", cursor.to_string());
                }
                if b % 7 == 0 {
                    let limit = pick(&["0", "101", "x", "-3"], a);
                    dry.set_query("limit", limit.to_string());
                    real.set_query("limit", limit.to_string());
                }
                Deed::Read(dry, real)
            } else {
                Deed::Walk(dry, real)
            }
        }
        3 | 4 => {
            let (kind, name) = pick(&[(0, "get_customer"), (1, "get_contact"), (2, "get_onboarding")], b);
            let mut ids = id(&pools[kind], a);
            if c.is_multiple_of(9) {
                // One of another kind, by the form that is unique.
                ids = id(&pools[(kind + 1) % 3], a & !1);
            }
            let (dry, real) = both(name, Some(&ids), None);
            Deed::Read(dry, real)
        }
        5 => write(both("create_customer", None, body(NEW_CUSTOMER))),
        6 | 7 => write(both("create_customer_contact", Some(&customer), body(NEW_CONTACT))),
        8 => {
            let body = |id: &str| {
                let rest = pick(
                    &["", r#","state":"waiting""#, r#","notes":"x","waiting_on_customer":true"#, r#","phase":"x""#],
                    c,
                );
                if c % 17 == 0 { "{}".into() } else { format!(r#"{{"customer_id":"{id}"{rest}}}"#) }
            };
            write(both("create_onboarding", None, Some((body(&customer.0), body(&customer.1)))))
        }
        9 | 10 => write(both("update_customer", Some(&customer), body(CUSTOMER))),
        11 | 12 => write(both("update_contact", Some(&id(&pools[1], a)), body(CONTACT))),
        13..=15 => write(both("update_onboarding", Some(&id(&pools[2], a)), body(ONBOARDING))),
        16 => write(both("delete_customer", Some(&customer), None)),
        17 => write(both("delete_contact", Some(&id(&pools[1], a)), None)),
        18 => write(both("delete_onboarding", Some(&id(&pools[2], a)), None)),
        // What must be unique goes round among a few.
        19 => write(both("update_customer", Some(&id(few(&pools[0]), a)), body(&[r##"{"slug":"slug-#"}"##]))),
        _ => write(both("update_contact", Some(&id(few(&pools[1]), a)), body(&[r##"{"email":"on-#@example.com"}"##]))),
    }
}
