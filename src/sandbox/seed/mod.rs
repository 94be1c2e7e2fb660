//! The workspace a sandbox begins with: companies, people and onboardings that look like a real one's, with the awkward
//! values that real ones have. The same seed on the same day gives the same data. Owns that plausibility; writes through
//! `rows` only.
//!
//! Customers are made oldest first, so that `display_id` and `created_at` grow together. Dates are counted back from
//! midnight (UTC) of the clock's day.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::ident;
use super::record::Record;
use super::rows::Table;
use dice::Dice;

mod children;
mod dice;
mod words;

/// How far back the oldest customer goes.
const DAYS: u64 = 900;
const DAY_MS: i64 = 86_400_000;

/// What the making of all records shares.
struct Maker<'a> {
    db: &'a Connection,
    seed: u64,
    dice: Dice,
    /// Midnight of the day, in milliseconds.
    today: i64,
    /// The number of each base slug's last use.
    slugs: HashMap<String, u32>,
    next_contact: i64,
    next_onboarding: i64,
}

/// What contacts and onboardings need to know of their customer.
struct Customer {
    display_id: i64,
    id: String,
    domain: String,
    created_ms: i64,
}

/// Fills empty tables.
pub(super) fn fill(db: &Connection, seed: u64, customers: u32, now: Timestamp) -> rusqlite::Result<()> {
    let mut maker = Maker {
        db,
        seed,
        dice: Dice::new(seed),
        today: now.as_millisecond().div_euclid(DAY_MS) * DAY_MS,
        slugs: HashMap::new(),
        next_contact: Table::Contacts.first_display_id(),
        next_onboarding: Table::Onboardings.first_display_id(),
    };
    let mut created = Moment { ms: 0, millis_shown: false };
    for index in 0..customers {
        created = maker.created(index, customers, created);
        let plan = children::OnboardingPlan::draw(&mut maker.dice, index, customers);
        let customer = maker.customer(index, created, &plan)?;
        maker.contacts(&customer)?;
        maker.onboardings(&customer, &plan)?;
    }
    Ok(())
}

/// An instant and the form it is shown in; the notes allow both.
#[derive(Clone, Copy)]
struct Moment {
    ms: i64,
    millis_shown: bool,
}

impl Moment {
    fn text(self) -> String {
        // Milliseconds since 1970 of any date jiff can hold; the epoch stands in for what it cannot.
        let at = Timestamp::from_millisecond(self.ms).unwrap_or(Timestamp::UNIX_EPOCH);
        if self.millis_shown { format!("{at:.3}") } else { format!("{at:.0}") }
    }
}

impl Maker<'_> {
    /// When the customer of this index was created. Some share it with the one before them, among these always runs of
    /// four that lie across the edges of pages of 25 and of 100.
    fn created(&mut self, index: u32, customers: u32, before: Moment) -> Moment {
        // The place in a list, newest first, from 0.
        let place = customers - 1 - index;
        let across_a_page = (23..=25).contains(&place) || (place >= 98 && matches!(place % 100, 98 | 99 | 0));
        let by_chance = self.dice.percent(4);
        if index > 1 && (across_a_page || by_chance) {
            return before;
        }
        let span = SignedDuration::from_hours(24 * DAYS as i64).as_millis() as u64;
        let share = span / u64::from(customers.max(1));
        let into = share * u64::from(index) + self.dice.below(share.max(1));
        let ms = self.today - (span - into) as i64;
        let millis_shown = self.dice.percent(60);
        Moment { ms: if millis_shown { ms } else { ms.div_euclid(1000) * 1000 }, millis_shown }
    }

    /// A moment up to so many milliseconds after another, never later than the day began.
    fn after(&mut self, ms: i64, by: u64) -> Moment {
        // Where the time would not be over yet, the remainder falls somewhere into what there is, so that recent dates
        // do not pile up at midnight.
        let room = (self.today - ms).max(0).unsigned_abs();
        let ms = ms + (if by <= room { by } else { by % (room + 1) }).cast_signed();
        let millis_shown = self.dice.percent(70);
        // Up to the next whole second: down might put it before what came first. Midnight is whole.
        Moment { ms: if millis_shown { ms } else { (ms + 999).div_euclid(1000) * 1000 }, millis_shown }
    }

    fn customer(&mut self, index: u32, created: Moment, plan: &children::OnboardingPlan) -> rusqlite::Result<Customer> {
        let display_id = Table::Customers.first_display_id() + i64::from(index);
        // The example of the documentation, whose id examples may then use. It has no `metadata`, as there.
        let acme = index == 0;
        let id = match acme {
            true => "clx9f8g7h6j5k4l3m2n1".to_owned(),
            false => ident::cuid(self.seed, "customer", display_id),
        };
        let (name, domain) = self.company(index);
        let slug = if acme { self.slug("acme-corp") } else { self.slug(&ident::slug(&name)) };
        let mut record = Record::default();
        record.put("object", "customer");
        record.put("id", &id);
        record.put("display_id", display_id);
        record.put("name", &name);
        record.put("slug", slug);
        let status = if acme { "active" } else { plan.status };
        record.put("domain", if acme || !self.dice.percent(6) { Some(&domain) } else { None });
        record.put("status", status);
        for (field, value) in if acme { acme_fields() } else { self.business(status) } {
            record.put(field, value);
        }
        record.put("created_at", created.text());
        self.updated(&mut record, created, 120);
        self.add(Table::Customers, display_id, &id, created.ms, None, &record)?;
        Ok(Customer { display_id, id, domain, created_ms: created.ms })
    }

    /// Sets `updated_at`: now and then when it was created, else up to so many days later.
    fn updated(&mut self, record: &mut Record, from: Moment, days: i64) {
        let by = self.dice.below((days * DAY_MS).unsigned_abs());
        let at = if self.dice.percent(25) { from } else { self.after(from.ms, by) };
        record.put("updated_at", at.text());
    }

    fn company(&mut self, index: u32) -> (String, String) {
        if index == 0 {
            return ("Acme Corporation".to_owned(), "acmecorp.com".to_owned());
        }
        if index % 7 == 3 {
            let (name, domain) = words::AWKWARD[(index / 7) as usize % words::AWKWARD.len()];
            return (name.to_owned(), domain.to_owned());
        }
        let first = self.dice.pick(words::FIRST_WORDS);
        let second = self.dice.pick(words::SECOND_WORDS);
        let form = self.dice.pick(words::FORMS);
        let end = self.dice.pick(&[".com", ".com", ".com", ".io", ".co", ".de", ".eu", ".shop"]);
        let domain = format!("{first}{second}{end}").replace(' ', "").to_lowercase();
        (format!("{first} {second}{form}"), domain)
    }

    /// The base, or with `-2`, `-3`… where it was used before. No base ends in a number.
    fn slug(&mut self, base: &str) -> String {
        let uses = self.slugs.entry(base.to_owned()).or_insert(0);
        *uses += 1;
        if *uses == 1 { base.to_owned() } else { format!("{base}-{uses}") }
    }

    /// The fields that may be null, and are now and then.
    fn business(&mut self, status: &str) -> Vec<(&'static str, Value)> {
        let dice = &mut self.dice;
        let (plan, low, high) = words::PLANS[[0, 0, 0, 1, 1, 1, 1, 2, 2][dice.below(9) as usize]];
        let mrr = dice.within(low, high) / 100 * 100;
        let mrr = match status {
            "churned" | "archived" => Some(0),
            _ if dice.percent(10) => None,
            _ => Some(mrr),
        };
        let metadata = match dice.below(5) {
            0 => Value::Null,
            1 => json!({}),
            2 => json!({"region": dice.pick(&["EMEA", "AMER", "APAC"]), "tier": dice.within(1, 3)}),
            3 => {
                json!({"source": "import", "tags": ["b2b", "größer"], "renewal": {"month": dice.within(1, 12), "auto": true}})
            }
            _ => {
                json!({"erp_id": format!("ERP-{}", dice.within(1000, 9999)), "score": dice.within(0, 100) as f64 / 4.0})
            }
        };
        vec![
            ("plan", (!dice.percent(5)).then_some(plan).into()),
            ("mrr", mrr.into()),
            ("monthly_orders", (!dice.percent(12)).then(|| dice.within(5, low / 20 + 200)).into()),
            ("hubspot_company_id", dice.external("hs_", 80).into()),
            ("hubspot_deal_id", dice.external("deal_", 60).into()),
            ("stripe_customer_id", dice.external("cus_", 75).into()),
            ("intercom_company_id", dice.external("intco_", 40).into()),
            ("slack_channel_id", dice.external("C", 50).into()),
            ("metadata", metadata),
        ]
    }

    fn add(
        &self,
        table: Table,
        display_id: i64,
        id: &str,
        created_ms: i64,
        customer: Option<i64>,
        record: &Record,
    ) -> rusqlite::Result<()> {
        let json = record.to_text().map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        table.insert(self.db, display_id, id, created_ms, customer, &json)
    }
}

fn acme_fields() -> Vec<(&'static str, Value)> {
    vec![
        ("plan", json!("enterprise")),
        ("mrr", json!(125_000)),
        ("monthly_orders", json!(320)),
        ("hubspot_company_id", json!("hs_987654321")),
        ("hubspot_deal_id", json!("deal_123456789")),
        ("stripe_customer_id", json!("cus_J5K8L9M0N1O2P3")),
        ("intercom_company_id", json!("intco_456789123")),
        ("slack_channel_id", json!("C024BE7LT")),
    ]
}
