//! The client: one call from its request to a checked answer or a typed error, with as many attempts as help. Paces
//! itself by the budget, decides by `retry`, sends by `transport`; must not print and must not know where a call came
//! from.

pub use super::{
    budget::{FORMAT, Ledger, Share, Unshared},
    settings::{MAX_WAIT, Settings, Timing},
};

use super::{
    answer::{self, Hide},
    budget::{Budget, Halt, Pass, Seen},
    cause::Failure,
    error::{ApiError, BadAnswer, CallError},
    operation::Operation,
    reach::{self, Reach},
    request::Request,
    retry::{self, Outcome, Verdict},
    transport::{End, Headers, MAX_BODY, Reply, Transport},
};
use crate::{clock::Clock, secret::Redactor, stop::Stop, text::Rate};
use std::{
    borrow::Cow,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::Instant;

/// One attempt, for whoever watches.
#[derive(Clone, Debug)]
pub struct Attempt<'a> {
    pub request: &'a Request,
    /// From 1. A 429 does not count, so the next attempt has the same number.
    pub number: u32,
    /// The status, or why there was none.
    pub result: Result<u16, &'a str>,
    pub elapsed: Duration,
    /// How many calls the rate budget would let through at once.
    pub budget_left: Option<u32>,
    /// After how long it will be tried again, if it will.
    pub retry_in: Option<Duration>,
    /// Nothing comes back to any call, and it is tried for so long in all until something does.
    pub outlasts: Option<Duration>,
    pub request_id: Option<&'a str>,
    /// The value of a `Deprecation` header.
    pub deprecated: Option<&'a str>,
}

/// A good answer: a 2xx with the JSON that the operation promises.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    pub request_id: Option<String>,
    /// The server's time.
    pub date: Option<jiff::Timestamp>,
}

/// How fast calls get through.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The rate that the budget keeps to at present.
    pub rate: Rate,
    /// How long a request takes from its sending to its answer, of late; zero before the first.
    pub latency: Duration,
}

type Watch = Box<dyn Fn(&Attempt<'_>) + Send + Sync>;

/// The one way to the API. Shared by all tasks of a process.
pub struct Client {
    transport: Transport,
    budget: Budget,
    hide: Hide,
    timing: Timing,
    max_wait: Duration,
    clock: Clock,
    stop: Stop,
    watch: Option<Watch>,
    reach: Reach,
    /// Microseconds, smoothed.
    latency: AtomicU64,
}

/// How one attempt ended: with what the call would give now, and what that means for another attempt.
struct Tried {
    result: Result<Answer, CallError>,
    verdict: Verdict,
    status: Result<u16, String>,
    headers: Headers,
    sent: bool,
    /// No answer came, and another attempt may get one.
    away: bool,
}

impl Client {
    /// A client that has not connected yet. `watch` is told of every attempt.
    pub fn new(settings: Settings, watch: Option<Watch>) -> Client {
        let Settings { base_url, key, rate, max_wait, share, timing, clock, stop } = settings;
        // Until headers say more (API notes, "Rate limits").
        let guess = if key.is_test_key() { 30 } else { 60 };
        Client {
            transport: Transport::new(base_url, key.clone(), &timing),
            budget: Budget::new(rate, guess, max_wait, &timing, share),
            hide: Hide::new(key),
            timing,
            max_wait,
            clock,
            stop,
            watch,
            reach: Reach::new(),
            latency: AtomicU64::new(0),
        }
    }

    /// How fast calls get through at present.
    pub fn pace(&self) -> Pace {
        Pace { rate: self.budget.rate(), latency: Duration::from_micros(self.latency.load(Ordering::Relaxed)) }
    }

    /// How long nothing goes out from here, because the rate is used up; `None` where nothing waits for that.
    pub fn wait(&self) -> Option<Duration> {
        self.budget.wait()
    }

    /// The filter that hides the key, for other sinks.
    pub fn redactor(&self) -> &Redactor {
        self.hide.redactor()
    }

    /// How many calls the rate budget would let through at once.
    pub fn budget_left(&self) -> u32 {
        self.budget.left()
    }

    /// Sends `request`, again where that helps, and gives a checked answer.
    ///
    /// A POST without an idempotency key gets one for this call, so that none is ever repeated without.
    ///
    /// While nothing comes back to any call, though the service was there before, it is tried for as long as `max_wait`
    /// allows: with all its attempts again and again.
    pub async fn send(&self, request: &Request, operation: &'static Operation) -> Result<Answer, CallError> {
        self.send_noting(request, operation, &AtomicBool::new(false)).await
    }

    /// The same; notes in `sent` whether it may have been carried out: a request that has left this machine, and was not
    /// turned away by a 429 or a 401.
    pub async fn send_noting(
        &self,
        request: &Request,
        operation: &'static Operation,
        sent: &AtomicBool,
    ) -> Result<Answer, CallError> {
        let key = idempotency_key(request);
        let mut attempt = 1;
        let mut spent = Duration::ZERO;
        // What the last attempt ended with, for the case that the next one is cut short by the call's deadline.
        let mut before: Option<CallError> = None;
        // Since when it has been cut off, how many attempts there were in all, and whether they are more than its own.
        let (mut away, mut tries, mut outlasts): (Option<Instant>, u32, bool) = (None, 0, false);
        loop {
            let pass = self.budget.enter(&self.stop, request.authenticated).await.map_err(|halt| match halt {
                Halt::Stopped(reason) => CallError::Stopped(reason),
                Halt::Blocked(waited) => {
                    CallError::Blocked { operation: operation.name, waited, max_wait: self.max_wait }
                }
            })?;
            let allowance = self.timing.attempt.min(self.timing.call.saturating_sub(spent));
            let begun = Instant::now();
            let before_it = sent.swap(true, Ordering::Relaxed);
            let sending = self.transport.send(request, key.as_deref(), allowance);
            let reply = if operation.effect.writes() {
                sending.await
            } else {
                tokio::select! {
                    biased;
                    reason = self.stop.wait() => return Err(CallError::Stopped(reason)),
                    reply = sending => reply,
                }
            };
            let elapsed = begun.elapsed();
            spent += elapsed;
            self.learn(elapsed);
            let cut_short = reply.is_err() && elapsed >= allowance && allowance < self.timing.attempt;
            tries += 1;
            let tried = match reply {
                Ok(reply) => self.judge(reply, operation, attempt),
                Err(failure) => {
                    let waited = away.filter(|_| outlasts).map(|away| away.elapsed());
                    self.failed(failure, operation, attempt, (tries, waited))
                }
            };
            away = tried.away.then(|| self.reach.cut_off(away));
            if tried.status.is_ok() {
                self.reach.hear();
            }
            // Neither a 429 nor a 401 carries anything out.
            if tried.verdict == Verdict::Gate
                || matches!(tried.status, Ok(401))
                || (tried.status.is_err() && !tried.sent)
            {
                sent.store(before_it, Ordering::Relaxed);
            }
            let (retry_in, budget_left) = self.account(pass, &tried, attempt, spent);
            let outlast = if retry_in.is_none() { self.outlast(away, begun) } else { None };
            self.tell(request, attempt, elapsed, &tried, (retry_in, outlast), budget_left);
            if let Some(delay) = outlast {
                self.sleep(delay).await?;
                // Another round, as of a call that was sent before.
                (attempt, spent, before, outlasts) = (2, Duration::ZERO, None, true);
                continue;
            }
            if tried.verdict != Verdict::Take
                && let Some(reason) = self.stop.asked()
            {
                return Err(CallError::Stopped(reason));
            }
            if cut_short
                && retry_in.is_none()
                && let Some(cause) = before
            {
                return Err(cause);
            }
            if tried.verdict == Verdict::Take {
                return tried.result;
            }
            if tried.verdict == Verdict::Gate {
                // Not counted: neither as an attempt nor in the call's time.
                spent = spent.saturating_sub(elapsed);
                continue;
            }
            let Some(delay) = retry_in else { return tried.result };
            before = tried.result.err();
            self.sleep(delay).await?;
            spent += delay;
            attempt += 1;
        }
    }

    /// Waits, unless somebody asks to stop.
    async fn sleep(&self, delay: Duration) -> Result<(), CallError> {
        tokio::select! {
            biased;
            reason = self.stop.wait() => Err(CallError::Stopped(reason)),
            () = tokio::time::sleep(delay) => Ok(()),
        }
    }

    /// After how long a call that got no answer in all its attempts begins with them again: not at all, unless nothing
    /// comes back to anybody.
    fn outlast(&self, away: Option<Instant>, begun: Instant) -> Option<Duration> {
        let worth = self.reach.is_worth_waiting(away?, begun, self.max_wait) && self.stop.asked().is_none();
        worth.then(|| reach::delay(self.timing.backoff_cap, fastrand::f64()))
    }

    /// Lost updates between tasks only smooth it a little less.
    fn learn(&self, elapsed: Duration) {
        let (known, new) =
            (self.latency.load(Ordering::Relaxed), u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX));
        let smoothed = if known == 0 { new } else { known - known / 8 + new / 8 };
        self.latency.store(smoothed, Ordering::Relaxed);
    }

    /// Gives the slot back to the budget in the way that fits, and finds the delay before another attempt: `None`
    /// where there will be none.
    fn account(&self, pass: Pass<'_>, tried: &Tried, attempt: u32, spent: Duration) -> (Option<Duration>, Option<u32>) {
        let headers = &tried.headers;
        let now = headers.date.unwrap_or_else(|| self.clock.now());
        let retry_after = headers.retry_after.as_deref().and_then(|value| retry::parse_retry_after(value, now));
        let stopped = self.stop.asked().is_some();
        let left = match &tried.status {
            Ok(_) if tried.verdict == Verdict::Gate => {
                let (wait, left) = pass.refused(retry_after);
                return (wait.filter(|_| !stopped), left);
            }
            Ok(_) => pass.answered(seen(headers)),
            Err(_) if tried.sent => pass.lost(),
            Err(_) => pass.unsent(),
        };
        let random = fastrand::f64();
        let own = retry::backoff(self.timing.backoff_base, self.timing.backoff_cap, attempt, random);
        let delay = match tried.verdict {
            Verdict::Again => Some(retry_after.unwrap_or(own)),
            Verdict::Later => Some(retry_after.unwrap_or(own.max(self.timing.backoff_base / 2))),
            Verdict::Take | Verdict::Gate => None,
        };
        // An attempt with next to no time left would only hide the real cause behind a time-out of its own.
        let enough = self.timing.call - self.timing.call / 20;
        (delay.filter(|delay| !stopped && spent + *delay < enough), left)
    }

    /// What an answer means.
    fn judge(&self, reply: Reply, operation: &'static Operation, attempt: u32) -> Tried {
        let Reply { status, mut headers, body, end } = reply;
        for shown in [&mut headers.request_id, &mut headers.deprecated].into_iter().flatten() {
            *shown = self.hide.text(shown);
        }
        let cut = matches!(end, End::Cut);
        let bad = |why: String, final_: bool| {
            let answer = BadAnswer {
                operation: operation.name,
                status,
                why,
                excerpt: self.hide.excerpt(&body),
                request_id: headers.request_id.clone(),
                attempts: attempt,
                cut,
            };
            (Err(CallError::BadAnswer(Box::new(answer))), Outcome::Bad { final_ })
        };
        let error = || ApiError {
            attempts: attempt,
            request_id: headers.request_id.clone(),
            ..answer::api_error(operation.name, status, &body, &self.hide)
        };
        let mut said = None;
        let (result, outcome) = match end {
            End::Redirect(why) => bad(self.hide.text(&why), true),
            End::TooLarge if !matches!(status, 401 | 429) => {
                bad(format!("the answer is larger than {} MiB", MAX_BODY >> 20), true)
            }
            _ if !(200..300).contains(&status) => {
                let error = said.insert(Box::new(error()));
                let outcome = Outcome::Status { status, code: error.code.as_deref(), message: &error.message };
                let error = error.clone();
                (Err(if status == 401 { CallError::Key(error) } else { CallError::Api(error) }), outcome)
            }
            End::Cut => bad("the connection was closed in the middle of the answer".into(), false),
            End::Garbled => bad("the answer's compression is broken".into(), false),
            End::Whole | End::TooLarge => match answer::check(&body, operation.returns, &self.hide) {
                Err(why) => bad(why, false),
                Ok(()) => {
                    let (request_id, date) = (headers.request_id.clone(), headers.date);
                    (Ok(Answer { status, body, request_id, date }), Outcome::Good)
                }
            },
        };
        let verdict = retry::verdict(operation.effect, outcome, attempt, self.timing.attempts);
        Tried { result, verdict, status: Ok(status), headers, sent: true, away: false }
    }

    /// What the lack of an answer means, to a call that was tried so often and has waited so long beyond its own attempts.
    fn failed(
        &self,
        failure: Failure,
        operation: &'static Operation,
        attempt: u32,
        (attempts, waited): (u32, Option<Duration>),
    ) -> Tried {
        let outcome = Outcome::Failed { final_: failure.lasting };
        let verdict = retry::verdict(operation.effect, outcome, attempt, self.timing.attempts);
        let cause = self.hide.text(&failure.cause);
        let error = CallError::Network { operation: operation.name, attempts, cause: cause.clone(), waited };
        let headers = Headers::default();
        Tried { result: Err(error), verdict, status: Err(cause), headers, sent: failure.sent, away: !failure.lasting }
    }

    fn tell(
        &self,
        request: &Request,
        number: u32,
        elapsed: Duration,
        tried: &Tried,
        (retry_in, outlast): (Option<Duration>, Option<Duration>),
        budget_left: Option<u32>,
    ) {
        let Some(watch) = &self.watch else { return };
        watch(&Attempt {
            request,
            number,
            result: tried.status.as_ref().map(|status| *status).map_err(String::as_str),
            elapsed,
            budget_left,
            retry_in: retry_in.or(outlast),
            outlasts: outlast.map(|_| self.max_wait),
            request_id: tried.headers.request_id.as_deref(),
            deprecated: tried.headers.deprecated.as_deref(),
        });
    }
}

/// The key of a POST: the caller's, or one for this call alone.
fn idempotency_key(request: &Request) -> Option<Cow<'_, str>> {
    match &request.idempotency_key {
        Some(key) => Some(Cow::Borrowed(key)),
        None if request.method == super::operation::Method::Post => {
            Some(Cow::Owned(format!("onramp-{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))))
        }
        None => None,
    }
}

/// What the headers say about the rate, by the server's own clock.
fn seen(headers: &Headers) -> Seen {
    let reset_in = headers
        .reset
        .zip(headers.date)
        .map(|(reset, date)| Duration::from_secs(u64::try_from(reset.saturating_sub(date.as_second())).unwrap_or(0)));
    Seen { limit: headers.limit, remaining: headers.remaining, reset_in }
}
