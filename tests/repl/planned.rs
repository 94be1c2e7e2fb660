//! Plans of a session against a workspace that is live to it: one after the other, stopped half-way, refused.

use crate::harness::{
    Onramp, Place, Said, Served,
    terminal::{CTRL_C, CTRL_D, Terminal},
};

const PLAN: &str = "sandbox (plan) ›";

fn live(served: &Served, args: &[&str]) -> Onramp {
    served.used_by(Onramp::new(&["repl"]).args(args))
}

#[test]
fn plans_that_follow_each_other_make_each_record_once_and_never_mix_them_up() {
    let served = Served::start(&[]);
    let input = "let a = create_customer(#{name: \"A\"});\n:apply\nlet b = create_customer(#{name: \"B\"});\n\
                 update_customer(b, #{mrr: 42}).name\n:discard\nlet c = create_customer(#{name: \"B\"});\nc.id == b.id\n\
                 update_customer(c, #{mrr: 7}).name\n:apply\ncreate_customer(#{name: \"B\"}).name\n:apply\n\
                 :mode live\ncreate_customer(#{name: \"L\"}).name\n:mode plan\ncreate_customer(#{name: \"P\"}).name\n:apply\n\
                 list_customers().take(6).map(|x| `${x.name} ${x.mrr}`)\n";
    let ran = live(&served, &["--yes"]).stdin(input).ran();
    assert_eq!(ran.code, Some(0), "{ran}");
    let last = "[\"P \", \"L \", \"B \", \"B 7\", \"A \", \"Tidewater Cosmetics B.V. 69400\"]";
    assert_eq!(ran.stdout, format!("B\nfalse\nB\nB\nL\nP\n{last}\n"), "{ran}");
}

#[test]
fn what_was_planned_and_applied_has_its_real_ids_in_every_variable() {
    let served = Served::start(&[]);
    let input = "let made = create_customer(#{name: \"A\"}); const HELD = [#{deep: made}]; let number = made.display_id;\n\
                 let later = list_customers().filter(|c| c.id == made.id);\n\
                 let contact = create_customer_contact(made, #{name: \"N\", email: \"n@x.io\"});\n:apply\n\
                 made.id == get_customer(made).id\nHELD[0].deep.id == made.id\nnumber == get_customer(\"new_customer_1\").display_id\n\
                 later.count()\nget_contact(contact).customer_id == made.id\n";
    let ran = live(&served, &["--yes"]).stdin(input).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "true\ntrue\ntrue\n1\ntrue\n"), "{ran}");
}

#[test]
fn keys_of_maps_get_the_real_ids_too() {
    let served = Served::start(&[]);
    let input = "let made = create_customer(#{name: \"A\"}); let by_id = #{}; by_id[made.id] = 1; by_id.deep = [#{}];\n\
                 by_id.deep[0][`${made.display_id}`] = 2; by_id.new_customer_9 = 3;\n:apply\n\
                 by_id[made.id]\nby_id.deep[0][`${made.display_id}`]\nby_id.len()\n";
    let ran = live(&served, &["--yes"]).stdin(input).ran();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "1\n2\n3\n"), "{ran}");
}

#[test]
fn of_a_plan_that_was_dropped_half_way_what_was_made_has_its_real_ids_and_the_rest_says_that_it_is_not_there() {
    let (served, place) = (Served::start(&["--fault", "create-customer-contact:status=401@1"]), Place::new());
    let input = "let made = create_customer(#{name: \"A\"}); let found = #{}; found[made.id] = true;\n\
                 let contact = create_customer_contact(made, #{name: \"N\", email: \"n@x.io\"}); let last = [contact];\n\
                 let inside = list_customer_contacts(made).map(|c| c.name);\n:apply\n:discard\n\
                 made.id == get_customer(made).id\nfound[made.id]\ninside.count()\nget_contact(contact).name\n\
                 update_contact(last[0].display_id, #{name: \"M\"}).name\n\
                 bulk_update_contacts(last, |c| #{name: \"M\"}).failures[0].message\n\
                 list_customer_contacts(contact.id).count()\n\
                 create_customer(#{name: \"of \" + contact.id}).name\n";
    let ran = served.used_by(place.onramp(&["repl", "--yes"])).stdin(input).ran();
    let never = |line: usize, operation: &str, id: &str, text: &str| {
        format!(
            "error: `{operation}`: `{id}` was never created: it was dropped with its plan\n  --> repl:{line}:1:1\n    |\n  1 \
             | {text}\n    | ^\nhint: enter the line again that creates it\n"
        )
    };
    Said::at(&place).assert(
        &ran,
        1,
        "true\ntrue\n0\n`update_contact`: `new_contact_1` was never created: it was dropped with its plan\n",
        &[
            "NOT SENT: create_customer A (customer new_customer_1): name: \"A\", slug: \"a\", status: \"onboarding\"\n\
             NOT SENT: create_customer_contact N (contact new_contact_1): customer_id: \"new_customer_1\", name: \"N\", \
             email: \"n@x.io\", is_primary: false, labels: []\n\
             error: the service does not accept the API key: The sandbox was told to answer 401 here\n  status 401, type \
             authentication_error, code authentication_error, request id req_00000004\n\
             hint: make a new key in Pivotal's settings and put it into `PIVOTAL_API_KEY`, or name a file with \
             `--key-file`\nhint: `onramp resume run0001` goes on where it stopped; 1 change made so far\n\
             hint: in this session `:apply` goes on with the others, `:undo` takes back what was sent\n\
             2 writes dropped; 1 sent already stay as they are, and `:undo` takes them back\n"
                .to_string(),
            never(7, "get_contact", "new_contact_1", "get_contact(contact).name"),
            never(
                8,
                "update_contact",
                "9000000000000002",
                "update_contact(last[0].display_id, #{name: \"M\"}).name",
            ),
            never(10, "list_customer_contacts", "new_contact_1", "list_customer_contacts(contact.id).count()"),
            never(11, "create_customer", "new_contact_1", "create_customer(#{name: \"of \" + contact.id}).name"),
        ]
        .concat(),
    );
}

#[test]
fn what_was_made_and_taken_back_before_a_plan_was_dropped_is_gone_as_the_service_says() {
    let (served, place) = (Served::start(&["--fault", "create-customer-contact:status=401@1"]), Place::new());
    let input = "let made = create_customer(#{name: \"A\"});\n\
                 let contact = create_customer_contact(made, #{name: \"N\", email: \"n@x.io\"});\n:apply\n:undo\n:discard\n\
                 made.id.contains(\"new_\")\ntry { get_customer(made); } catch (e) { print(e.type); }\n\
                 try { get_contact(contact); } catch (e) { print(e.message); }\n";
    let ran = served.used_by(place.onramp(&["repl", "--yes"])).stdin(input).ran();
    let said = "false\nnot_found\n`new_contact_1` was never created: it was dropped with its plan\n";
    assert!(ran.code == Some(1) && ran.stdout.ends_with(said), "{ran}");
}

#[test]
fn a_plan_that_stopped_half_way_makes_nothing_twice_when_another_run_is_taken_back() {
    let (served, place) = (Served::start(&["--fault", "create-customer-contact:status=401@1"]), Place::new());
    let other = served.used_by(place.onramp(&["run", "-e", "update_customer(101, #{plan: \"x\"});"])).ran();
    assert_eq!(other.code, Some(0), "{other}");
    let run = Said::at(&place).id(1).to_string();
    let input = format!(
        "let made = create_customer(#{{name: \"A\"}}); create_customer_contact(made, #{{name: \"N\", email: \"n@x.io\"}});\n\
         :apply\n:undo {run}\n:apply\nlist_customers().filter(|c| c.name == \"A\").count()\n\
         list_customer_contacts(made).pluck(\"name\").to_array()\n"
    );
    let ran = served.used_by(place.onramp(&["repl", "--yes"])).stdin(input).ran();
    assert!(ran.stdout.ends_with("\n1\n[\"N\"]\n"), "{ran}");
}

#[test]
fn a_plan_of_which_one_part_was_taken_back_and_another_stands_is_not_sent() {
    let faults = ["create-customer-contact:status=401@1", "create-onboarding:status=401@1"];
    let (served, place) = (Served::start(&["--fault", faults[0], "--fault", faults[1]]), Place::new());
    let input = "let made = create_customer(#{name: \"A\"}); create_customer_contact(made, #{name: \"N\", email: \"n@x.io\"});\n\
                 create_onboarding(#{customer_id: made.id});\n:apply\n:apply\n:undo\n:apply\n";
    let ran = served.used_by(place.onramp(&["repl", "--yes"])).stdin(input).ran();
    let said = Said::at(&place).plain(&ran.stderr);
    let torn = "error: a part of the plan was taken back, and another part of it stands\n\
                hint: `:undo run0001` takes back the rest, `:discard` drops the plan\n";
    assert!(said.ends_with(torn), "{ran}\n{said}");
}

#[test]
fn a_plan_that_stops_half_way_is_gone_on_with_or_taken_back() {
    let served = Served::start(&["--fault", "create-customer:delay=500ms@5-20"]);
    let onramp = live(&served, &["--yes"]).env("NO_COLOR", "1");
    let mut terminal = Terminal::start(onramp, 120);
    terminal.until("the prompt", |screen| screen.trim_end().ends_with("(plan) ›"));
    terminal.types("for n in 0..30 { create_customer(#{name: \"Twin \" + n}); }\r");
    terminal.prompts(PLAN);
    terminal.types(":apply\r");
    while served.count("POST", "/customers") < 4 {
        std::thread::yield_now();
    }
    terminal.types(CTRL_C);
    let screen = terminal.prompts(PLAN);
    assert!(
        screen.contains("hint: in this session `:apply` goes on with the others, `:undo` takes back what was sent\n"),
        "{screen}"
    );
    terminal.types(CTRL_D);
    let screen = terminal.until("what would be left", |screen| screen.contains("leave once more to go"));
    assert!(
        screen.contains("30 writes planned, of which ") && screen.contains(" were sent: `:apply` goes on"),
        "{screen}"
    );
    let twins = "list_customers().filter(|c| c.name.contains(\"Twin\")).unique_by(\"name\").count()";
    // It is taken back, and what was planned is still there: it is made anew, not found.
    terminal.types(":undo\r");
    terminal.until("the end of it", |screen| screen.contains("changed\n") && screen.trim_end().ends_with(PLAN));
    assert_eq!(served.count("DELETE", "/customers/"), served.count("POST", "/customers:"));
    terminal.types(":apply\r");
    terminal.shows("30 changed\n");
    terminal.prompts(PLAN);
    assert!(terminal.answers(twins, PLAN).ends_with("30"));
    assert!(terminal.answers(":plan", PLAN).ends_with("nothing is planned"));
    terminal.types(CTRL_D);
    terminal.ends_within(std::time::Duration::from_secs(5));
}

#[test]
fn a_plan_that_cannot_be_carried_out_is_an_error_with_a_way_on_in_the_session() {
    let served = Served::start(&[]);
    let input = "update_customer(101, #{slug: \"redwood-studios\"}).slug\n:apply\n:apply\n";
    live(&served, &["--yes"]).stdin(input).ran().assert_all(
        1,
        "redwood-studios\n",
        "NOT SENT: update_customer Acme Corporation (customer 101, clx9f8g7h6j5k4l3m2n1): slug: \"acme-corp\" → \
         \"redwood-studios\"\n0 changed, 1 failed\n  update_customer Acme Corporation: The slug `redwood-studios` is taken.\n\
         error: some of it was not carried out\nnothing is planned\n",
    );

    let mut terminal = Terminal::start(live(&served, &["--yes"]).env("NO_COLOR", "1"), 120);
    terminal.until("the prompt", |screen| screen.trim_end().ends_with("(plan) ›"));
    terminal.types("update_customer(101, #{mrr: 5}).mrr\r");
    terminal.prompts(PLAN);
    live(&served, &["--writes", "-e", "update_customer(101, #{mrr: 9}).mrr"]).ran().assert_all(0, "9\n", "");
    assert_eq!(
        terminal.answers(":apply", PLAN),
        "error: nothing was sent: 1 record was changed since by somebody else\n  Acme Corporation (customer \
         clx9f8g7h6j5k4l3m2n1): `mrr` was 125000, and is 9 now\nhint: `:discard` drops the plan; enter its lines again to \
         plan them from what is there now\nhint: `:plan` shows it"
    );
    assert_eq!(terminal.answers(":discard", PLAN), "1 write dropped; nothing was sent");
}
