//! A session in a dry run: writes are planned, and reads see them as if they had been made. Also what becomes of the
//! provisional ids once a plan is applied. Sends no write.

use super::{
    LOCK, Session, SessionError, Workspace,
    overlay::{Overlay, Wrote},
    plan,
};
use crate::api::{
    client::Answer,
    error::{CallError, Refused},
    request::{Call, Request},
};
use std::collections::BTreeMap;

/// What a dry run answers, and what that did to the plan.
type Planned = (Answer, Wrote);

impl Session {
    /// Sends no write from here on, but plans them: reads see them as if they had been made.
    pub fn with_dry_run(self) -> Session {
        *self.overlay.lock().expect(LOCK) = Some(Overlay::new(self.clock.clone()));
        self
    }

    /// Plans writes from here on, beginning with none, or sends them again. It is another plan than the one before: neither
    /// provisional ids nor keys come twice in a session.
    pub fn set_dry(&self, dry: bool) {
        let (mut overlay, mut numbers) = (self.overlay.lock().expect(LOCK), self.numbers.lock().expect(LOCK));
        let old = overlay.take();
        *numbers = old.as_ref().map_or(*numbers, Overlay::numbers).next();
        self.given_up.lock().expect(LOCK).extend(old.into_iter().flat_map(Overlay::into_ids));
        *overlay = dry.then(|| Overlay::numbered(self.clock.clone(), *numbers));
    }

    /// What is planned is another plan from here on: what was sent of it has been taken back, and would be sent again.
    pub fn plan_anew(&self) {
        if let Some(overlay) = self.overlay.lock().expect(LOCK).as_mut() {
            overlay.begin_anew();
        }
    }

    /// How many writes are planned so far.
    pub fn planned_count(&self) -> usize {
        self.overlay.lock().expect(LOCK).as_ref().map_or(0, |overlay| overlay.entries().len())
    }

    /// The writes that are planned so far, but for the first `known`.
    pub fn planned_since(&self, known: usize) -> Vec<plan::Entry> {
        let overlay = self.overlay.lock().expect(LOCK);
        overlay.as_ref().map_or_else(Vec::new, |overlay| overlay.entries().get(known..).unwrap_or_default().to_vec())
    }

    /// Provisional ids mean these records from here on: a plan that held them was applied, or a part of it.
    pub fn learn_ids(&self, made: BTreeMap<String, String>) {
        self.made.lock().expect(LOCK).extend(made);
    }

    /// What became of the provisional ids of plans that this session has applied.
    pub fn learnt_ids(&self) -> BTreeMap<String, String> {
        self.made.lock().expect(LOCK).clone()
    }

    /// The call with real ids in place of the provisional ones that are known.
    pub(super) fn real(&self, mut call: Call) -> Call {
        let made = self.made.lock().expect(LOCK);
        if !made.is_empty() {
            let real = |word: &str| made.get(word).cloned();
            for part in &mut call.path {
                *part = plan::provisional::replaced(part, &real, false);
            }
            for (_, value) in &mut call.query {
                *value = plan::provisional::replaced(value, &real, false);
            }
            if let Some(body) =
                call.body.as_mut().filter(|body| !plan::provisional::places(&String::from_utf8_lossy(body)).is_empty())
            {
                *body = plan::provisional::replaced(&String::from_utf8_lossy(body), &real, true).into_bytes();
            }
        }
        call
    }

    /// An error where a call, with its real ids in place, speaks of a record that a plan was to make and did not: the
    /// service would only say that there is none of this id.
    pub(super) fn knows_its_ids(&self, call: &Call) -> Result<(), CallError> {
        let given_up = self.given_up.lock().expect(LOCK);
        if given_up.is_empty() {
            return Ok(());
        }
        let body = call.body.as_deref().map(String::from_utf8_lossy);
        let texts = call.path.iter().map(String::as_str).chain(call.query.iter().map(|(_, value)| value.as_str()));
        let lost = texts.chain(body.as_deref()).find_map(|text| {
            let places = plan::provisional::places(text).into_iter();
            places.map(|place| &text[place]).find(|word| given_up.contains(*word))
        });
        let Some(id) = lost else { return Ok(()) };
        Err(CallError::Refused(Refused {
            operation: call.operation.name,
            field: None,
            message: format!("`{id}` was never created: it was dropped with its plan"),
            hint: Some("enter the line again that creates it".into()),
        }))
    }

    /// The answer to a call of a dry run, and what it did to the plan; `None` where the run is none.
    pub(super) fn plan(&self, call: &Call) -> Result<Option<Result<Planned, SessionError>>, SessionError> {
        // Whoever is halted for its use of memory must not hold the plan.
        crate::memory::unbounded(|| {
            let mut overlay = self.overlay.lock().expect(LOCK);
            let Some(overlay) = overlay.as_mut() else { return Ok(None) };
            self.capability.allows(call).map_err(SessionError::Refusal)?;
            self.control.pass(&self.stop)?;
            let link = self.link()?;
            let live = |call: &Call| {
                let request = Request::build(call, None).map_err(CallError::Refused)?;
                link.block_on(link.client().send(&request, call.operation))
            };
            let planned = overlay.call(call, &live);
            if let Ok((_, Wrote::Entry(_))) = planned
                && let Err(refusal) = self.capability.count(call.operation.name)
            {
                overlay.drop_last();
                return Err(SessionError::Refusal(refusal));
            }
            Ok(Some(planned.map_err(SessionError::from)))
        })
    }

    /// The plan of a dry run; `None` where the run is none. Asks which workspace it is for.
    pub fn planned(&self, script: plan::Script) -> Result<Option<plan::Plan>, SessionError> {
        let overlay = self.overlay.lock().expect(LOCK);
        let Some(overlay) = overlay.as_ref() else { return Ok(None) };
        let Workspace { id: workspace, slug, .. } = self.workspace()?;
        let plan = overlay.plan(plan::Head {
            onramp: env!("CARGO_PKG_VERSION").into(),
            id: overlay.plan_id(&self.run_key),
            created_at: self.present(),
            workspace: plan::Workspace { id: workspace, slug },
            script,
        });
        Ok(Some(plan.with_rate(self.link()?.client().pace().rate)))
    }

    /// Whether writes are planned and not sent.
    pub fn is_dry(&self) -> bool {
        self.overlay.lock().expect(LOCK).is_some()
    }
}
