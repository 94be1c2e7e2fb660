//! One walk over a list: pages are fetched through the session, one ahead of the script, and numbered when the script
//! gets them. How pages hang together is `api::page`'s business.

use super::{Number, Session, SessionError};
use crate::api::{
    client::Answer,
    error::{BadAnswer, CallError, Incomplete},
    operation::Operation,
    page::{Row, Walk, WalkError},
    request::{Call, Request},
};
use tokio::task::JoinHandle;

/// A walk in progress. Dropping it drops the page that was fetched ahead.
pub struct Listing {
    /// The call's own number; page *k* is (number, k), counted when it is handed over.
    number: Number,
    operation: &'static str,
    pages: u64,
    walk: Walk,
    ahead: Option<JoinHandle<Result<Answer, CallError>>>,
    /// Rows still wanted, where the script's demand is known.
    wanted: Option<usize>,
}

impl Listing {
    pub(super) fn new(number: Number, mut call: Call, wanted: Option<usize>) -> Listing {
        if let (Some(rows @ 1..=100), None) = (wanted, call.query("limit")) {
            call.set_query("limit", rows.to_string());
        }
        Listing { number, operation: call.operation.name, pages: 0, walk: Walk::new(call), ahead: None, wanted }
    }

    /// The rows of the next page; `None` at the end of the list. A page may be empty without being the last.
    pub fn next_page(&mut self, session: &Session) -> Result<Option<Vec<Row>>, SessionError> {
        let Some(call) = self.walk.next().map_err(|error| incomplete(self.operation, &error))? else { return Ok(None) };
        session.knows_its_ids(&call)?;
        let number = self.number.page(self.pages + 1);
        let request = Request::build(&call, None).map_err(CallError::Refused)?;
        let planned = session.plan(&call)?;
        let dry = planned.is_some();
        let known = match planned {
            Some(planned) => Some(planned?.0),
            None => session.recorded(number, &request)?.transpose()?,
        };
        let is_known = known.is_some();
        let answer = match known {
            Some(answer) => answer,
            None => self.fetch(session, number, &request, call.operation)?,
        };
        let page = self.walk.read(&answer.body);
        // Before the walk goes on: where it cannot be recorded, it was not given.
        if !is_known {
            session.enter_answer(number, &request, &answer, page.as_ref().ok())?;
        }
        let rows = self.walk.accept_page(page).map_err(|error| broken(self.operation, &answer, &error))?;
        self.pages += 1;
        if let Some(wanted) = &mut self.wanted {
            *wanted = wanted.saturating_sub(rows.len());
        }
        // What is in the way of the page after this one is said when that page is asked for.
        let after = self.number.page(self.pages + 1);
        // A page of a dry run follows from the writes so far, so none is asked for ahead.
        if self.wanted != Some(0)
            && !dry
            && !session.recorder().is_some_and(|recorder| recorder.knows(after))
            && let Ok(Some(call)) = self.walk.next()
        {
            let link = session.link()?;
            let request = Request::build(&call, None).map_err(CallError::Refused)?;
            let client = link.client().clone();
            self.ahead = Some(link.runtime().spawn(async move { client.send(&request, call.operation).await }));
        }
        Ok(Some(rows))
    }

    /// Gets a page that is not recorded; records only why there is none.
    fn fetch(
        &mut self,
        session: &Session,
        number: Number,
        request: &Request,
        operation: &'static Operation,
    ) -> Result<Answer, SessionError> {
        let link = session.link()?;
        let result = match self.ahead.take() {
            Some(task) => link.block_on(task).unwrap_or_else(|failed| match failed.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(CallError::Stopped(session.stop().asked().unwrap_or(crate::stop::Reason::Interrupt))),
            }),
            None => {
                session.control().pass(session.stop())?;
                link.block_on(link.client().send(request, operation))
            }
        };
        if result.is_err() {
            session.enter_read(number, request, &result)?;
        }
        Ok(result?)
    }

    /// Whether no page follows those that were given.
    pub fn is_over(&self) -> bool {
        self.walk.is_over()
    }

    /// What the script's author should know of this list, once.
    pub fn take_note(&mut self) -> Option<String> {
        self.walk.take_note()
    }
}

/// An answer that is no page of a list, or leads nowhere.
fn broken(operation: &'static str, answer: &Answer, error: &WalkError) -> CallError {
    CallError::BadAnswer(Box::new(BadAnswer {
        operation,
        status: answer.status,
        why: error.to_string(),
        excerpt: String::new(),
        request_id: answer.request_id.clone(),
        attempts: 1,
        cut: false,
    }))
}

/// A list that cannot be walked to its end, although all answers were good ones.
fn incomplete(operation: &'static str, error: &WalkError) -> CallError {
    CallError::Incomplete(Incomplete { operation, why: error.to_string(), hint: error.hint() })
}

impl Drop for Listing {
    fn drop(&mut self) {
        if let Some(task) = self.ahead.take() {
            task.abort();
        }
    }
}
