//! A write on its way: its intent, the sending, and what became of it, in the journal before anybody else learns of it.
//! Decides nothing about what is to be sent.

use super::{
    Number, Session, SessionError,
    crash::{self, Point},
    journal::{Answered, Entry, Recorder, Told},
    link::Link,
    write::{Outcome, object_of},
};
use crate::api::{
    client::{Answer, Client},
    error::CallError,
    operation::{Effect, Operation},
    request::Request,
};
use jiff::Timestamp;
use std::sync::atomic::AtomicBool;

/// A write that is ready to go out, once its intent is safe.
pub(super) struct Prepared {
    pub number: Number,
    pub operation: &'static Operation,
    pub request: Request,
    pub intent: Option<Entry>,
    /// The record's own id in the call.
    pub id: Option<String>,
}

/// Enters what became of a write that was sent. Called by whoever has the answer, before anything else is done with it: what
/// is not entered is asked for again after a crash.
pub(super) fn enter(
    recorder: Option<&Recorder>,
    at: Timestamp,
    number: Number,
    operation: &'static Operation,
    id: Option<&str>,
    result: Result<Answer, CallError>,
) -> Result<Outcome, SessionError> {
    match result {
        Ok(answer) => {
            if let Some(recorder) = recorder {
                crash::pass(Point::BeforeAnswerStored);
                let Answer { status, ref request_id, date, .. } = answer;
                let answered = Answered { status, request_id: request_id.clone(), date };
                let about = id.map(|id| (object_of(operation), id));
                let shown = about.filter(|_| operation.effect == Effect::Update);
                recorder.append_of(&Entry::Answer { n: number, at, answered }, &answer.body, shown)?;
                if let (Some((object, id)), Effect::Delete) = (about, operation.effect) {
                    recorder.forget(object, id)?;
                }
                crash::pass(Point::AfterAnswerStored);
            }
            Ok(Outcome::Changed(answer))
        }
        Err(error) => {
            let (Some(recorder), Some(told)) = (recorder, Told::of(&error)) else { return Err(error.into()) };
            recorder.append(&Entry::Denied { n: number, error: told }, b"")?;
            Ok(Outcome::Failed(error))
        }
    }
}

/// Sends a write that is ready. Nothing of it touches the journal. Gives as well whether it may have been carried out.
pub(super) async fn send(client: &Client, prepared: &Prepared) -> (Result<Answer, CallError>, bool) {
    let sent = AtomicBool::new(false);
    let result = crash::wait(client.send_noting(&prepared.request, prepared.operation, &sent)).await;
    (result, sent.into_inner())
}

impl Prepared {
    /// Makes its intent safe, and sends it.
    pub(super) fn send_alone(&self, session: &Session, link: &Link) -> Result<Outcome, SessionError> {
        if let (Some(recorder), Some(intended)) = (session.recorder(), self.intended()) {
            recorder.append_intents(&[intended])?;
            recorder.sync()?;
            crash::pass(Point::AfterIntent);
        }
        let (result, sent) = link.block_on(send(link.client(), self));
        self.entered(session.recorder().as_deref(), session.present(), result, sent)
    }

    /// Enters what became of it. What certainly was not carried out, because something ended the run before, is taken back,
    /// so that nobody has to find out.
    pub(super) fn entered(
        &self,
        recorder: Option<&Recorder>,
        at: Timestamp,
        result: Result<Answer, CallError>,
        sent: bool,
    ) -> Result<Outcome, SessionError> {
        match result {
            Err(error) if !sent && Told::of(&error).is_none() => {
                recorder.map_or(Ok(()), |recorder| self.take_back(recorder))?;
                Err(error.into())
            }
            result => enter(recorder, at, self.number, self.operation, self.id.as_deref(), result),
        }
    }

    /// Enters that it was not sent after all. Of a write whose intent is of an earlier attempt nobody knows whether it was
    /// carried out, so that it stays in doubt.
    pub(super) fn take_back(&self, recorder: &Recorder) -> Result<(), SessionError> {
        match &self.intent {
            Some(_) => recorder.append(&Entry::Unsent { n: self.number }, b"").map(drop),
            None => Ok(()),
        }
    }

    /// Its intent, with the body, as it is about to go into the journal.
    pub(super) fn intended(&self) -> Option<(&Entry, &[u8])> {
        let intent = self.intent.as_ref()?;
        crash::pass(Point::BeforeIntent);
        Some((intent, self.request.body.as_deref().unwrap_or_default()))
    }
}
