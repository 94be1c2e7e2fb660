//! What a write needs to know first: how its record is, on its own or on its page, and what would vanish with it. What is
//! read goes into the journal. Sends no write.

use super::{
    Number, Session, SessionError,
    journal::{Entry, Recorder},
    seen::Snapshot,
    write::object_of,
};
use crate::{
    api::{
        self,
        client::Answer,
        error::CallError,
        operation::Operation,
        page::Walk,
        request::{Call, Request},
    },
    text,
};

impl Session {
    /// The object that a write is about, as the run has seen it; read first where it has not.
    pub(super) fn look(
        &self,
        recorder: &Recorder,
        operation: &Operation,
        id: &str,
    ) -> Result<Option<Snapshot>, SessionError> {
        let object = object_of(operation);
        if let Some(snapshot) = recorder.snapshot(object, id)? {
            return Ok(Some(snapshot));
        }
        if self.reads_before_it_writes { self.fetch(recorder, object, id) } else { Ok(None) }
    }

    /// The present state of an object, from the API.
    fn fetch(&self, recorder: &Recorder, object: &str, id: &str) -> Result<Option<Snapshot>, SessionError> {
        let Some(get) = api::operation(&format!("get_{object}")) else { return Ok(None) };
        let request = Request::build(&Call::new(get, vec![id.to_string()]), None).map_err(CallError::Refused)?;
        let link = self.link()?;
        match link.block_on(link.client().send(&request, get)) {
            Ok(answer) => {
                recorder.append(&Entry::Looked { at: self.present(), target: None }, &answer.body)?;
                recorder.snapshot(object, id)
            }
            // The write itself will say so, in its own name.
            Err(CallError::Api(error)) if error.status == 404 => Ok(None),
            // Nobody knows what would be overwritten.
            Err(error) => Err(error.into()),
        }
    }

    /// Reads what vanishes with a record before it is deleted, so that an undo can make it again. Says what that is, where
    /// there is something. `again`: an earlier attempt has done so, and perhaps deleted the record.
    pub(super) fn keep_children(
        &self,
        recorder: &Recorder,
        number: Number,
        operation: &Operation,
        id: &str,
        again: bool,
    ) -> Result<Option<String>, SessionError> {
        let (mut children, mut kinds, mut any, mut cut) = (Vec::new(), Vec::new(), false, false);
        for list in api::children_of(operation) {
            any = true;
            let before = children.len();
            let mut walk = Walk::new(Call::new(list, vec![id.to_string()]));
            loop {
                // A list that cannot be walked to its end is kept as far as it goes.
                let call = match walk.next() {
                    Ok(Some(call)) => call,
                    Ok(None) => break,
                    Err(_) => {
                        cut = true;
                        break;
                    }
                };
                let Some((_, answer)) = self.ask_for_page(&call)? else {
                    // What has vanished with it was kept by then.
                    if again {
                        return Ok(None);
                    }
                    // That it is gone the delete itself will say.
                    break;
                };
                let Ok(rows) = walk.accept(&answer.body) else {
                    cut = true;
                    break;
                };
                children.extend(rows.into_iter().map(|row| row.json));
            }
            let count = children.len() - before;
            if count > 0 {
                kinds.push(text::plural(count, list.returns.object().name));
            }
        }
        if any {
            let body = serde_json::to_vec(&children).expect("JSON stays JSON");
            recorder.append(&Entry::Children { n: number, cut }, &body)?;
        }
        if kinds.is_empty() && cut {
            return Ok(Some("nobody knows what would vanish with it: its lists cannot be walked to their end".into()));
        }
        let said = || format!("it has {} by now, which would vanish with it", kinds.join(" and "));
        Ok((!kinds.is_empty()).then(said))
    }

    /// A page of a list, with what was asked for; `None` where the record whose list it is is gone.
    pub(super) fn ask_for_page(&self, call: &Call) -> Result<Option<(Request, Answer)>, SessionError> {
        let request = Request::build(call, None).map_err(CallError::Refused)?;
        let link = self.link()?;
        match link.block_on(link.client().send(&request, call.operation)) {
            Ok(answer) => Ok(Some((request, answer))),
            Err(CallError::Api(error)) if error.status == 404 => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The present state of an object that came with a page a while ago. The whole page is asked for, which serves its
    /// neighbours too.
    pub(super) fn look_at_page(
        &self,
        recorder: &Recorder,
        operation: &Operation,
        old: &Snapshot,
        id: &str,
    ) -> Result<Option<Snapshot>, SessionError> {
        let object = operation.returns.object().name;
        let link = self.link()?;
        if let Some(target) = &old.page
            && !recorder.is_fresh(target, self.present())
            && let Some(list) = api::operations().find(|list| list.is_list() && list.returns.object().name == object)
        {
            let request = Request {
                operation: list.name,
                method: list.method,
                target: target.clone(),
                body: None,
                idempotency_key: None,
                authenticated: true,
            };
            let answer = link.block_on(link.client().send(&request, list))?;
            let looked = Entry::Looked { at: self.present(), target: Some(target.clone()) };
            recorder.append(&looked, &answer.body)?;
            if let Some(now) = recorder.snapshot(object, id)?
                && now.at > old.at
            {
                return Ok(Some(now));
            }
        }
        // It is no longer on its page, or never was on one.
        self.fetch(recorder, object, id)
    }
}

/// The lists of what belongs to a record of this kind, and vanishes with it.
pub(super) fn lists_below(object: &str) -> impl Iterator<Item = &'static Operation> + use<> {
    api::operation(&format!("delete_{object}")).into_iter().flat_map(api::children_of)
}
