//! What a run observes outside of its writes: answers to reads, pages, the clock, the environment, files. Each is numbered,
//! recorded, and in a resumed run the same as it was.

use super::{
    Number, Session, SessionError,
    journal::{Added, Answered, Asked, Entry, Recorded, Shown, Told},
    seen::Part,
    write::{diverged, hash, same, shown},
};
use crate::{
    api::{client::Answer, error::CallError, page::Page, request::Request},
    secret::Secret,
};
use jiff::Timestamp;
use std::{
    io::{self, Read, Write},
    time::Duration,
};
use tokio::runtime::Builder;

impl Session {
    /// The answer that an earlier attempt of the run recorded for this read, or its error. `None` where there is none yet.
    pub(super) fn recorded(
        &self,
        number: Number,
        request: &Request,
    ) -> Result<Option<Result<Answer, SessionError>>, SessionError> {
        let Some(recorder) = self.recorder() else { return Ok(None) };
        let Some(recorded) = recorder.past(number)? else { return Ok(None) };
        let asked = Asked::of(request);
        match recorded {
            Recorded::Answered(was, result) => {
                same(number, &was, &asked)?;
                if let Err(told) = &result {
                    recorder.tell(number, told);
                }
                Ok(Some(result.map_err(|told| told.error(&was.operation).into())))
            }
            Recorded::Unchanged(was, _) | Recorded::Left(was, _) => Err(diverged(number, &shown(&was), &shown(&asked))),
            Recorded::Doubt(doubt) => Err(diverged(number, &shown(&doubt.asked), &shown(&asked))),
            Recorded::Observed { what, name, .. } => Err(diverged(number, &format!("{what} `{name}`"), &shown(&asked))),
        }
    }

    /// Enters what a read brought.
    pub(super) fn enter_read(
        &self,
        number: Number,
        request: &Request,
        result: &Result<Answer, CallError>,
    ) -> Result<(), SessionError> {
        match result {
            Ok(answer) => self.enter_answer(number, request, answer, None),
            Err(error) => {
                let Some(recorder) = self.recorder() else { return Ok(()) };
                match Told::of(error) {
                    Some(error) => {
                        let asked = Asked::of(request);
                        recorder.append(&Entry::Refused { n: number, asked, error }, b"")?;
                    }
                    None => recorder.go_on(),
                }
                Ok(())
            }
        }
    }

    /// Enters the answer to a read; `page` where its rows are known.
    pub(super) fn enter_answer(
        &self,
        number: Number,
        request: &Request,
        answer: &Answer,
        page: Option<&Page<'_>>,
    ) -> Result<(), SessionError> {
        let Some(recorder) = self.recorder() else { return Ok(()) };
        let Answer { status, body, request_id, date } = answer;
        let answered = Answered { status: *status, request_id: request_id.clone(), date: *date };
        let entry = Entry::Read { n: number, asked: Asked::of(request), at: self.present(), answered };
        let rows = page.map(|page| page.rows().map(|row| Part::of(row.as_bytes(), body)).collect::<Vec<_>>());
        let shown = rows.as_deref().map_or(Shown::Unknown, Shown::Rows);
        recorder.append_all(&[Added { entry: &entry, body, shown }])
    }

    /// The present time, as an observation of this run.
    pub fn now(&self) -> Result<Timestamp, SessionError> {
        let text = self.observe("the time", "", || Ok::<_, SessionError>(self.clock.now().to_string().into_bytes()))?;
        let time = std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok());
        Ok(time.unwrap_or_else(|| self.clock.now()))
    }

    /// A value of the environment, as an observation of this run; none where the script does not declare it.
    pub fn environment(&self, name: &str) -> Result<Option<&Secret>, SessionError> {
        let number = self.number();
        let Some(value) = self.environment.get(name) else { return Ok(None) };
        // Never the value itself, and no digest that could be looked up elsewhere.
        let salted = format!("{}\0{}", self.run_key, value.expose());
        self.hold(number, "the environment value", name, &hash(salted.as_bytes()))?;
        Ok(Some(value))
    }

    /// Something that the run observes, by `live`; in a resumed run what was observed then.
    ///
    /// `what` and `name` say what it is, for the case that a resumed run asks for something else.
    pub fn observe<E: From<SessionError>>(
        &self,
        what: &str,
        name: &str,
        live: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let number = self.number();
        if let Some(body) = self.observed(number, what, name)? {
            return Ok(body);
        }
        let body = live()?;
        if let Some(recorder) = self.recorder() {
            let entry = Entry::Observed { n: number, what: what.into(), name: name.into(), hash: None };
            recorder.append(&entry, &body)?;
        }
        Ok(body)
    }

    /// A file that the run reads, by `live`. A resumed run gets it as it was: up to 64 MiB are kept, packed; a larger one
    /// has to be the same still.
    pub fn read_file<E: From<SessionError>>(
        &self,
        path: &str,
        live: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        self.read_file_as(self.number(), path, live)
    }

    /// A file that whoever starts the run gives it besides its script. It has a number of its own, so that the run's others
    /// are the same without it.
    pub fn read_given<E: From<SessionError>>(
        &self,
        path: &str,
        live: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        self.read_file_as(Number::default(), path, live)
    }

    fn read_file_as<E: From<SessionError>>(
        &self,
        number: Number,
        path: &str,
        live: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        const FILE: &str = "the file";
        let Some(recorder) = self.recorder() else { return live() };
        if let Some(Recorded::Observed { hash: None, .. }) = recorder.past(number)?
            && let Some(packed) = self.observed(number, FILE, path)?
        {
            return unpack(&packed).map_err(|error| recorder.damaged(&error).into());
        }
        let bytes = live()?;
        if bytes.len() > KEPT_FILE {
            self.hold(number, FILE, path, &hash(&bytes))?;
        } else {
            let entry = Entry::Observed { n: number, what: FILE.into(), name: path.into(), hash: None };
            recorder.append(&entry, &pack(&bytes))?;
        }
        Ok(bytes)
    }

    /// Gives a number to something that a run does outside of the API, such as a file that it writes. A resumed run does
    /// it again.
    pub fn step(&self) -> Number {
        self.number()
    }

    /// Waits, as something that this run does. Ends early where somebody asks to stop; a resumed run that waited already
    /// goes on.
    pub fn sleep(&self, span: Duration) -> Result<(), SessionError> {
        let number = self.number();
        if self.observed(number, "a sleep", "")?.is_some() {
            return Ok(());
        }
        // A runtime of its own: a script that only sleeps opens no connection.
        let runtime = Builder::new_current_thread().enable_time().build();
        let runtime = runtime.expect("a runtime without input and output needs nothing of the system");
        runtime.block_on(async {
            tokio::select! {
                biased;
                reason = self.stop.wait() => Err(SessionError::from(CallError::Stopped(reason))),
                () = tokio::time::sleep(span) => Ok(()),
            }
        })?;
        if let Some(recorder) = self.recorder() {
            let entry = Entry::Observed { n: number, what: "a sleep".into(), name: String::new(), hash: None };
            recorder.append(&entry, b"")?;
        }
        Ok(())
    }

    /// What was observed under this number in an earlier attempt.
    fn observed(&self, number: Number, what: &str, name: &str) -> Result<Option<Vec<u8>>, SessionError> {
        match self.recorder().map(|recorder| recorder.past(number)).transpose()?.flatten() {
            None => Ok(None),
            Some(Recorded::Observed { what: was, name: of, body, .. }) if was == what && of == name => Ok(Some(body)),
            Some(other) => Err(diverged(number, &told(&other), &format!("{what} `{name}`"))),
        }
    }

    /// Something that is not kept itself, and has to be the same in a resumed run.
    pub(super) fn hold(&self, number: Number, what: &str, name: &str, hash: &str) -> Result<(), SessionError> {
        let Some(recorder) = self.recorder() else { return Ok(()) };
        match recorder.past(number)? {
            None => {
                let hash = Some(hash.to_string());
                let entry = Entry::Observed { n: number, what: what.into(), name: name.into(), hash };
                recorder.append(&entry, b"").map(drop)
            }
            Some(Recorded::Observed { what: was, name: of, hash: Some(known), .. }) if was == what && of == name => {
                if known == hash {
                    Ok(())
                } else {
                    Err(SessionError::Another(format!("{what} `{name}`")))
                }
            }
            Some(other) => Err(diverged(number, &told(&other), &format!("{what} `{name}`"))),
        }
    }
}

/// A larger file is not kept, but has to be the same when the run goes on.
const KEPT_FILE: usize = 64 << 20;

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).and_then(|()| packer.finish()).expect("writing to memory does not fail")
}

fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    flate2::read::DeflateDecoder::new(packed).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn told(recorded: &Recorded) -> String {
    match recorded {
        Recorded::Answered(asked, _) | Recorded::Unchanged(asked, _) | Recorded::Left(asked, _) => shown(asked),
        Recorded::Doubt(doubt) => shown(&doubt.asked),
        Recorded::Observed { what, name, .. } => format!("{what} `{name}`"),
    }
}
