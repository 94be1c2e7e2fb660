//! A write on its way: its intent, the sending, and what became of it, in the journal before anybody else learns of it.
//! Decides nothing about what is to be sent.

use super::{
    Number, Session, SessionError,
    crash::{self, Point},
    journal::{Added, Answered, Entry, Recorder, Shown, Told},
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

/// What came back for a write.
pub(super) struct Returned {
    pub number: Number,
    pub operation: &'static Operation,
    /// The record's own id in the call.
    pub id: Option<String>,
    pub at: Timestamp,
    pub result: Result<Answer, CallError>,
    /// It certainly was not carried out, because something ended the run before; and its intent says that it was meant.
    pub unsent: bool,
}

/// Enters what became of writes, where there is a record: all of it in one write, or nothing, which is the outer error. Called
/// by whoever has the answers, before anything else is done with them: what is not entered is asked for again after a crash.
pub(super) fn enter(
    recorder: Option<&Recorder>,
    returned: Vec<Returned>,
) -> Result<Vec<Result<Outcome, SessionError>>, SessionError> {
    if let Some(recorder) = recorder {
        let entries: Vec<_> = returned.iter().filter_map(|returned| Some((returned, returned.entry()?))).collect();
        entries.iter().for_each(|(returned, _)| returned.pass(Point::BeforeAnswerStored));
        let added: Vec<_> = entries.iter().map(|(returned, entry)| returned.added(entry)).collect();
        // Where nobody knows what became of any, there is nothing to write.
        if !added.is_empty() {
            recorder.append_all(&added)?;
        }
        entries.iter().for_each(|(returned, _)| returned.pass(Point::AfterAnswerStored));
    }
    Ok(returned.into_iter().map(|returned| returned.outcome(recorder)).collect())
}

impl Returned {
    /// What the journal gets of it; nothing where nobody knows whether it was carried out.
    fn entry(&self) -> Option<Entry> {
        let n = self.number;
        match &self.result {
            Ok(Answer { status, request_id, date, .. }) => {
                let answered = Answered { status: *status, request_id: request_id.clone(), date: *date };
                Some(Entry::Answer { n, at: self.at, answered })
            }
            Err(error) => match Told::of(error) {
                Some(error) => Some(Entry::Denied { n, error }),
                None => self.unsent.then_some(Entry::Unsent { n }),
            },
        }
    }

    fn added<'a>(&'a self, entry: &'a Entry) -> Added<'a> {
        let body = self.result.as_ref().map_or(&b""[..], |answer| &answer.body);
        // A delete is answered without the object, and a create has no id yet.
        let is_update = self.result.is_ok() && self.operation.effect == Effect::Update;
        let shown = self.about().filter(|_| is_update).map_or(Shown::Unknown, |(object, id)| Shown::One(object, id));
        Added { entry, body, shown }
    }

    /// The record that it is about.
    fn about(&self) -> Option<(&str, &str)> {
        self.id.as_deref().map(|id| (object_of(self.operation), id))
    }

    fn pass(&self, point: Point) {
        if self.result.is_ok() {
            crash::pass(point);
        }
    }

    /// Enters it, where there is a record, and gives what became of it.
    pub(super) fn record(self, recorder: Option<&Recorder>) -> Result<Outcome, SessionError> {
        enter(recorder, vec![self])?.remove(0)
    }

    /// What became of it, once it is entered. An error that is no answer ends the run, and so does any without a record.
    fn outcome(self, recorder: Option<&Recorder>) -> Result<Outcome, SessionError> {
        if let (Some(recorder), Ok(_), Some((object, id)), Effect::Delete) =
            (recorder, &self.result, self.about(), self.operation.effect)
        {
            recorder.forget(object, id)?;
        }
        match self.result {
            Ok(answer) => Ok(Outcome::Changed(answer)),
            Err(error) if recorder.is_some() && Told::of(&error).is_some() => Ok(Outcome::Failed(error)),
            Err(error) => Err(error.into()),
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
    pub(super) fn send_alone(self, session: &Session, link: &Link) -> Result<Outcome, SessionError> {
        if let (Some(recorder), Some(intended)) = (session.recorder(), self.intended()) {
            recorder.append_all(&[intended])?;
            recorder.sync()?;
            crash::pass(Point::AfterIntent);
        }
        let (result, sent) = link.block_on(send(link.client(), &self));
        self.returned(session.present(), result, sent).record(session.recorder().as_deref())
    }

    /// What came back for it; whether it was `sent`, [`send`] says.
    pub(super) fn returned(self, at: Timestamp, result: Result<Answer, CallError>, sent: bool) -> Returned {
        let Prepared { number, operation, id, intent, .. } = self;
        Returned { number, operation, id, at, result, unsent: !sent && intent.is_some() }
    }

    /// Enters that it was not sent after all. Of a write whose intent is of an earlier attempt nobody knows whether it was
    /// carried out, so that it stays in doubt.
    pub(super) fn take_back(&self, recorder: &Recorder) -> Result<(), SessionError> {
        match &self.intent {
            Some(_) => recorder.append(&Entry::Unsent { n: self.number }, b""),
            None => Ok(()),
        }
    }

    /// Its intent, as it is about to go into the journal. Of a write in doubt it is there already.
    pub(super) fn intended(&self) -> Option<Added<'_>> {
        let entry = self.intent.as_ref()?;
        crash::pass(Point::BeforeIntent);
        Some(Added { entry, body: self.request.body.as_deref().unwrap_or_default(), shown: Shown::Unknown })
    }
}

#[cfg(test)]
mod tests;
