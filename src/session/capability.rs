//! What a run may do: which writes, how many, in which workspace. Held here, below the script, so that nothing a script or
//! a module does gets around it. Reads are always allowed. Sends nothing itself.

use super::{
    Guard,
    allow::{Allow, Allowed, Refusal},
};
use crate::{api::request::Call, text};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

/// What a run may do. The default may do everything.
#[derive(Debug, Default)]
pub struct Capability {
    allow: Allow,
    /// How many writes may be sent.
    max_writes: Option<u64>,
    /// Whoever started the run wants no write at all.
    read_only: bool,
    /// The slug or the id of the only workspace that may be talked to.
    workspace: Option<String>,
    /// The id and the slug of the workspace in which the run was begun.
    begun_in: Option<(String, String)>,
    /// Whoever has the last word on each write.
    guard: Guard,
    /// Writes that were let through.
    passed: AtomicU64,
}

impl Capability {
    /// What a script's header allows: writes, how many of them, and in which workspace.
    pub fn new(allow: Option<Vec<Allowed>>, max_writes: Option<u64>, workspace: Option<String>) -> Capability {
        Capability { allow: Allow(allow), max_writes, workspace, ..Capability::default() }
    }

    /// Lets no write pass from now on.
    pub fn forbid_writes(&mut self) {
        self.read_only = true;
    }

    /// Asks `guard` before each write that nothing else forbids.
    pub fn set_guard(&mut self, guard: Guard) {
        self.guard = guard;
    }

    /// Whether any write may pass.
    pub fn may_write(&self) -> bool {
        !self.read_only && self.max_writes != Some(0) && self.allow.0.as_ref().is_none_or(|rules| !rules.is_empty())
    }

    /// Holds a run that goes on to the workspace in which it was begun.
    pub fn stay_in(&mut self, id: &str, slug: &str) {
        self.begun_in = Some((id.to_string(), slug.to_string()));
    }

    /// The id and the slug of the workspace in which the run was begun.
    pub fn begun_in(&self) -> Option<(&str, &str)> {
        self.begun_in.as_ref().map(|(id, slug)| (id.as_str(), slug.as_str()))
    }

    /// How many writes may be sent, where that is bounded.
    pub fn max_writes(&self) -> Option<u64> {
        self.max_writes
    }

    /// The slug or the id of the only workspace that may be talked to.
    pub fn workspace(&self) -> Option<&str> {
        self.workspace.as_deref()
    }

    /// The writes that it allows.
    pub fn allow(&self) -> &Allow {
        &self.allow
    }

    /// Lets a call pass, and counts it if it writes; called when nothing but the sending is left to do.
    pub fn pass(&self, call: &Call) -> Result<(), Refusal> {
        self.permit(call)?;
        if call.operation.effect.writes() { self.count(call.operation.name) } else { Ok(()) }
    }

    /// Whether a call may be made at all, however many others there were.
    pub fn permit(&self, call: &Call) -> Result<(), Refusal> {
        self.allows(call)?;
        if call.operation.effect.writes() { self.guard.pass(call) } else { Ok(()) }
    }

    /// Whether the rules allow a call, also one that is only planned.
    pub fn allows(&self, call: &Call) -> Result<(), Refusal> {
        let operation = call.operation;
        if !operation.effect.writes() {
            return Ok(());
        }
        let name = operation.name;
        if self.read_only {
            return Err(Refusal {
                message: format!("`{name}` was not sent: the run is read-only"),
                hint: "run it without `--read-only` to let it write".into(),
            });
        }
        let allow = &self.allow;
        let objection = allow
            .objection(operation, None)
            .or_else(|| fields(call).iter().find_map(|field| allow.objection(operation, Some(field))));
        if let Some(Refusal { message, hint }) = objection {
            return Err(Refusal { message: format!("`{name}` was not sent: {message}"), hint });
        }
        Ok(())
    }

    /// Counts a write that is about to be sent, or was.
    pub fn count(&self, name: &str) -> Result<(), Refusal> {
        let most = self.max_writes.unwrap_or(u64::MAX);
        let counted = self
            .passed
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |passed| (passed < most).then_some(passed + 1));
        counted.map(|_| ()).map_err(|_| Refusal {
            message: format!(
                "`{name}` was not sent: the run may make at most {}",
                text::plural(most as usize, "write")
            ),
            hint: "raise `max_writes` in the script's header if so many are meant".into(),
        })
    }
}

/// The names of the fields that a call sets. Bodies are built by onramp itself; one that cannot be read is taken for a
/// field without a name, which no rule allows.
fn fields(call: &Call) -> Vec<String> {
    let Some(body) = &call.body else { return Vec::new() };
    match serde_json::from_slice::<BTreeMap<String, serde::de::IgnoredAny>>(body) {
        Ok(fields) => fields.into_keys().collect(),
        Err(_) => vec![String::new()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation;
    use proptest::prelude::*;

    fn capability(allow: Option<&[&str]>, max_writes: Option<u64>) -> Capability {
        let allow = allow.map(|rules| rules.iter().map(|rule| Allowed::parse(rule).unwrap()).collect());
        Capability { allow: Allow(allow), max_writes, ..Capability::default() }
    }

    fn call(name: &str, body: Option<&str>) -> Call {
        let mut call = Call::new(operation(name).unwrap(), vec!["7".into()]);
        call.body = body.map(|body| body.as_bytes().to_vec());
        call
    }

    #[test]
    fn only_what_is_allowed_passes() {
        let update = |body| call("update_onboarding", Some(body));
        let rules = capability(Some(&["update_onboarding.state", "update_onboarding.notes", "delete_contact"]), None);
        for good in [
            update(r#"{"state":"active"}"#),
            update(r#"{"state":"active","notes":null}"#),
            update("{}"),
            call("delete_contact", None),
            call("get_onboarding", None),
            call("list_customers", None),
        ] {
            assert_eq!(rules.pass(&good), Ok(()), "{good:?}");
        }
        for bad in [
            update(r#"{"phase":"launch"}"#),
            update(r#"{"state":"active","phase":"launch"}"#),
            update(r#"{"st\u0061te":"active","ph\u0061se":"launch"}"#),
            update("[]"),
            call("delete_onboarding", None),
            call("create_customer", Some(r#"{"state":1}"#)),
        ] {
            assert!(rules.pass(&bad).is_err(), "{bad:?}");
        }
        assert!(capability(Some(&[]), None).pass(&update("{}")).is_err());
        assert!(capability(None, None).pass(&update(r#"{"phase":"launch"}"#)).is_ok());
    }

    #[test]
    fn a_refusal_names_the_rule_and_what_to_change() {
        let refusal = capability(Some(&["delete_contact"]), None).pass(&call("delete_customer", None)).unwrap_err();
        assert_eq!(refusal.message, "`delete_customer` was not sent: the script's header allows `delete_contact`");
        assert!(refusal.hint.contains("add `\"delete_customer\"` to `allow`"), "{}", refusal.hint);
        let read_only = Capability { read_only: true, ..Capability::default() };
        let refusal = read_only.pass(&call("delete_customer", None)).unwrap_err();
        assert_eq!(refusal.message, "`delete_customer` was not sent: the run is read-only");
    }

    #[test]
    fn a_rule_is_held_against_the_table_of_operations() {
        for (rule, hint) in [
            ("update_onbording", "did you mean `update_onboarding`?"),
            ("update_onboarding.stat", "did you mean `update_onboarding.state`?"),
            ("get_customer", "leave it out; reads are always allowed"),
            ("delete_contact.name", "write `delete_contact`"),
            ("update_onboarding.customer_id", "use "),
            ("", "use "),
            ("update_onboarding.", "use "),
        ] {
            let bad = Allowed::parse(rule).expect_err(rule);
            assert!(bad.hint.starts_with(hint), "{rule}: {bad:?}");
        }
        assert_eq!(
            Allowed::parse("create_customer_contact.email").unwrap().to_string(),
            "create_customer_contact.email"
        );
    }

    proptest! {
        #[test]
        fn never_more_writes_than_the_limit_pass(limit in 0_u64..20, calls in proptest::collection::vec(any::<bool>(), 0..60)) {
            let capability = capability(None, Some(limit));
            let (mut writes, mut wanted) = (0, 0);
            for write in calls {
                let passed = capability.pass(&call(if write { "delete_contact" } else { "get_contact" }, None)).is_ok();
                prop_assert!(write || passed);
                wanted += u64::from(write);
                writes += u64::from(write && passed);
            }
            prop_assert_eq!(writes, limit.min(wanted));
        }

        #[test]
        fn no_rule_and_no_body_makes_it_panic(rule in "\\PC*", body in "\\PC*") {
            let _ = Allowed::parse(&rule);
            let _ = capability(Some(&["update_customer.name"]), None).pass(&call("update_customer", Some(&body)));
        }
    }
}
