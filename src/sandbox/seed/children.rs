//! The seeded contacts and onboardings of a customer. Owns how phase, state and dates of an onboarding hang together;
//! must not make customers.

use super::words;
use super::{Customer, DAY_MS, Dice, Maker, Moment};
use crate::sandbox::ident;
use crate::sandbox::record::Record;
use crate::sandbox::rows::Table;

/// What a customer's onboardings will be. It is drawn before the customer, whose status follows from it.
pub(super) struct OnboardingPlan {
    /// Phase and state of each.
    onboardings: Vec<(&'static str, &'static str)>,
    /// The customer's status.
    pub status: &'static str,
}

impl OnboardingPlan {
    /// The newest customers walk through all phases and states, so that even a small workspace has each and the first
    /// page of a list shows them; of the others chance decides, and most are done. The documentation's customer is done.
    pub fn draw(dice: &mut Dice, index: u32, customers: u32) -> Self {
        let place = (customers - 1 - index) as usize;
        let (phases, states) = (words::PHASES, words::STATES);
        let mut onboardings = Vec::new();
        if index == 0 {
            onboardings.push(("completed", "active"));
        } else if place < phases.len() * states.len() {
            onboardings.push((phases[place % phases.len()], states[(place + place / phases.len()) % states.len()]));
        } else if !dice.percent(12) {
            onboardings.push(Self::chance(dice));
        }
        if index > 0 && dice.percent(8) {
            onboardings.push(Self::chance(dice));
        }
        let done = onboardings.iter().all(|(phase, _)| *phase == "completed");
        let status = match (done, dice.below(100)) {
            (true, 0..70) => "active",
            (true, 70..80) => "at_risk",
            (true, 80..92) => "churned",
            (true, _) => "archived",
            (false, 0..78) => "onboarding",
            (false, 78..93) => "at_risk",
            (false, _) => "churned",
        };
        Self { onboardings, status }
    }

    fn chance(dice: &mut Dice) -> (&'static str, &'static str) {
        if dice.percent(55) {
            return ("completed", "active");
        }
        let phase = dice.pick(&words::PHASES[..6]);
        let state = match dice.below(100) {
            0..55 => "active",
            55..65 => "paused",
            65..80 => "at_risk",
            _ => "waiting",
        };
        (phase, state)
    }
}

impl Maker<'_> {
    pub(super) fn contacts(&mut self, customer: &Customer) -> rusqlite::Result<()> {
        let count = [0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 4, 4][self.dice.below(15) as usize];
        let count = if customer.display_id == Table::Customers.first_display_id() { 2 } else { count };
        let first = self.dice.below(words::PEOPLE.len() as u64) as usize;
        for place in 0..count {
            // Steps through the people, so that nobody stands twice at one customer.
            let (given, family, address) = words::PEOPLE[(first + place * 3) % words::PEOPLE.len()];
            let display_id = self.next_contact;
            self.next_contact += 1;
            let id = ident::cuid(self.seed, "contact", display_id);
            let mut record = Record::default();
            record.put("object", "contact");
            record.put("id", &id);
            record.put("display_id", display_id);
            record.put("customer_id", &customer.id);
            record.put("name", format!("{given} {family}"));
            record.put("email", format!("{address}@{}", customer.domain));
            let title = self.dice.pick(words::TITLES);
            record.put("title", (!self.dice.percent(20)).then_some(title));
            record.put("is_primary", place == 0);
            record.put("labels", self.dice.pick(words::LABELS));
            let by = self.dice.below(20 * DAY_MS as u64);
            let created = self.after(customer.created_ms, by);
            record.put("created_at", created.text());
            self.updated(&mut record, created, 60);
            self.add(Table::Contacts, display_id, &id, created.ms, Some(customer.display_id), &record)?;
        }
        Ok(())
    }

    pub(super) fn onboardings(&mut self, customer: &Customer, plan: &OnboardingPlan) -> rusqlite::Result<()> {
        for &(phase, state) in &plan.onboardings {
            self.onboarding(customer, phase, state)?;
        }
        Ok(())
    }

    fn onboarding(&mut self, customer: &Customer, phase: &str, state: &str) -> rusqlite::Result<()> {
        let display_id = self.next_onboarding;
        self.next_onboarding += 1;
        let id = ident::cuid(self.seed, "onboarding", display_id);
        let days = |count: u64| count as i64 * DAY_MS;
        let done = phase == "completed";
        // What is not done was begun within the last months, even where the customer is an old one.
        let earliest = if done { customer.created_ms } else { customer.created_ms.max(self.today - days(160)) };
        let by = self.dice.below(15 * DAY_MS as u64);
        let created = self.after(earliest, by);
        let by = self.dice.below(20 * DAY_MS as u64);
        let started = (phase != words::PHASES[0]).then(|| self.after(created.ms, by));
        let by = days(self.dice.within(25, 140)).unsigned_abs() + self.dice.below(DAY_MS as u64);
        let completed = started.filter(|_| done).map(|at| self.after(at.ms, by));
        // Where it is not done, the day may have passed: such an onboarding is late.
        let target = match completed {
            Some(at) => at.ms + days(self.dice.below(30)) - days(15),
            None => (self.today + days(self.dice.within(0, 130)) - days(45)).max(created.ms + days(7)),
        };
        let target =
            (!self.dice.percent(15)).then(|| Moment { ms: target.div_euclid(DAY_MS) * DAY_MS, millis_shown: false });

        let mut record = Record::default();
        record.put("object", "onboarding");
        record.put("id", &id);
        record.put("display_id", display_id);
        record.put("customer_id", &customer.id);
        let template = self.dice.pick(&["tpl_standard", "tpl_enterprise", "tpl_migration"]);
        record.put("template_id", (!self.dice.percent(20)).then_some(template));
        record.put("phase", phase);
        record.put("state", state);
        record.put("started_at", started.map(Moment::text));
        record.put("completed_at", completed.map(Moment::text));
        record.put("target_launch_date", target.map(Moment::text));
        for (field, count, chance) in
            [("csm_id", 6, 92), ("se_id", 4, 70), ("designer_id", 3, 50), ("product_ops_id", 2, 30)]
        {
            let person = format!("usr_{}_{}", field.trim_end_matches("_id"), self.dice.within(1, count));
            record.put(field, self.dice.percent(chance).then_some(person));
        }
        let note = self.dice.pick(words::NOTES);
        // The first one always has a note with a line break.
        let note = if display_id == 1 { Some(words::NOTES[0]) } else { self.dice.percent(60).then_some(note) };
        record.put("notes", note);
        record.put("waiting_on_customer", state == "waiting");
        record.put("created_at", created.text());
        // The last of its own dates was a change too.
        self.updated(&mut record, completed.or(started).unwrap_or(created), 10);
        self.add(Table::Onboardings, display_id, &id, created.ms, Some(customer.display_id), &record)
    }
}
