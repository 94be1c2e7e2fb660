//! Whether a call is tried again, and after how long. PURE: no clock, no chance, no waiting; the caller hands in the
//! time and the random number. The 429 gate and the rate budget are not its business.

use super::operation::Effect;
use jiff::Timestamp;
use std::time::Duration;

/// Beyond this a `Retry-After` is taken for a mistake.
const ABSURD: Duration = Duration::from_secs(30 * 24 * 3600);

/// Codes that say what is wrong with a create and have nothing to do with its idempotency key (API notes, "Errors").
const OTHER_CODES: &[&str] = &[
    "missing_field",
    "invalid_type",
    "invalid_string",
    "invalid_enum_value",
    "too_small",
    "too_big",
    "customer_not_found",
    "contact_not_found",
    "onboarding_not_found",
];

/// Reads a `Retry-After`: seconds, or an HTTP date seen from `now`. `None` for one that is past, negative, absurdly
/// far away or not readable; our own delay takes its place.
pub fn parse_retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        Duration::from_secs(value.parse().ok()?)
    } else {
        let at = Timestamp::try_from(httpdate::parse_http_date(value).ok()?).ok()?;
        Duration::try_from(at.duration_since(now)).ok()?
    };
    (wait <= ABSURD).then_some(wait)
}

/// Full-jitter backoff after `attempt` (from 1): anything between nothing and `base`, doubled each time up to `cap`.
/// `random` is in 0..1.
pub fn backoff(base: Duration, cap: Duration, attempt: u32, random: f64) -> Duration {
    let ceiling = base.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(cap);
    ceiling.mul_f64(random.clamp(0.0, 1.0))
}

/// How one attempt ended, as far as the decision needs it.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// A 2xx with the JSON that was promised.
    Good,
    /// A 2xx without it; `final_` where the same call would fail the same way (too large, a redirect).
    Bad { final_: bool },
    /// Any other status, with what the API's error says.
    Status { status: u16, code: Option<&'a str>, message: &'a str },
    /// No answer; `final_` where another attempt cannot help (the certificate is not accepted).
    Failed { final_: bool },
}

/// What to do after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the call's answer, good or bad.
    Take,
    /// Try again after a backoff. The next attempt counts.
    Again,
    /// The same key is still at work on the server: try again, but not at once. The next attempt counts.
    Later,
    /// A 429: the gate says when, and the attempt does not count.
    Gate,
}

/// Decides over attempt number `attempt` (from 1) of at most `most`.
///
/// A create may be repeated because each carries an idempotency key; reads, updates and deletes because repeating them
/// changes nothing (API notes, "Idempotency").
pub fn verdict(effect: Effect, outcome: Outcome<'_>, attempt: u32, most: u32) -> Verdict {
    let wanted = match outcome {
        Outcome::Good => Verdict::Take,
        Outcome::Status { status: 429, .. } => return Verdict::Gate,
        Outcome::Bad { final_ } | Outcome::Failed { final_ } if final_ => Verdict::Take,
        Outcome::Bad { .. } | Outcome::Failed { .. } => Verdict::Again,
        Outcome::Status { status: 408 | 500 | 502 | 503 | 504, .. } => Verdict::Again,
        Outcome::Status { status: 409, code, message }
            if effect == Effect::Create && in_flight(code, message, attempt) =>
        {
            Verdict::Later
        }
        Outcome::Status { .. } => Verdict::Take,
    };
    if attempt >= most { Verdict::Take } else { wanted }
}

/// Whether a 409 to a create says that the first call with its key is still at work. The notes give no code for it, so
/// it goes by the words, and in a repeated attempt by the lack of any other explanation.
fn in_flight(code: Option<&str>, message: &str, attempt: u32) -> bool {
    if code.is_some_and(|code| code.ends_with("_taken")) {
        return false;
    }
    let said = format!("{} {message}", code.unwrap_or_default()).to_lowercase().replace(['_', '-'], " ");
    if another_body(&said) {
        return false;
    }
    let words = ["idempoten", "in flight", "inflight", "in progress", "being processed", "in use"];
    words.iter().any(|word| said.contains(word)) || attempt > 1 && code.is_none_or(|code| !OTHER_CODES.contains(&code))
}

/// Whether a 409 speaks of a key that came before with another body, which no repetition mends.
fn another_body(said: &str) -> bool {
    if ["mismatch", "not match", "reuse", "re use"].iter().any(|word| said.contains(word)) {
        return true;
    }
    let words: Vec<&str> = said.split_whitespace().collect();
    words.iter().enumerate().any(|(at, word)| {
        let next = words.iter().skip(at + 1).take(2);
        matches!(*word, "another" | "different" | "other")
            && next
                .into_iter()
                .any(|w| ["body", "payload", "param", "content", "data"].iter().any(|n| w.starts_with(n)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_all_its_forms() {
        let now: Timestamp = "2026-05-26T17:21:09Z".parse().unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("86400", Some(86_400)),
            ("Tue, 26 May 2026 17:21:39 GMT", Some(30)),
            ("Tuesday, 26-May-26 17:21:39 GMT", Some(30)),
            ("Tue, 26 May 2026 17:21:08 GMT", None),
            ("Thu, 01 Jan 1970 00:00:00 GMT", None),
            ("Fri, 31 Dec 9999 23:59:59 GMT", None),
            ("", None),
            ("-1", None),
            ("+5", None),
            ("1.5", None),
            ("soon", None),
            ("99999999", None),
            ("99999999999999999999999", None),
            ("2026-05-26T17:21:39Z", None),
        ] {
            assert_eq!(parse_retry_after(value, now), seconds.map(Duration::from_secs), "{value:?}");
        }
    }

    #[test]
    fn the_backoff_doubles_up_to_its_cap_and_jitters_fully() {
        let (base, cap) = (Duration::from_millis(500), Duration::from_secs(10));
        let ceilings: Vec<u128> = (1..=7).map(|n| backoff(base, cap, n, 1.0).as_millis()).collect();
        assert_eq!(ceilings, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        assert_eq!(backoff(base, cap, 3, 0.0), Duration::ZERO);
        assert_eq!(backoff(base, cap, 3, 0.5), Duration::from_secs(1));
        assert_eq!(backoff(base, cap, u32::MAX, 1.0), cap);
    }

    fn status(status: u16) -> Outcome<'static> {
        Outcome::Status { status, code: None, message: "" }
    }

    #[test]
    fn what_passes_is_repeated_and_what_stays_is_not() {
        for effect in [Effect::Read, Effect::Create, Effect::Update, Effect::Delete] {
            for code in [408, 500, 502, 503, 504] {
                assert_eq!(verdict(effect, status(code), 1, 5), Verdict::Again, "{effect:?} {code}");
                assert_eq!(verdict(effect, status(code), 5, 5), Verdict::Take, "{effect:?} {code}");
            }
            for code in [304, 400, 401, 403, 404, 405, 409, 410, 413, 422, 501, 505] {
                assert_eq!(verdict(effect, status(code), 1, 5), Verdict::Take, "{effect:?} {code}");
            }
            assert_eq!(verdict(effect, status(429), 5, 5), Verdict::Gate);
            for (outcome, wanted) in [
                (Outcome::Good, Verdict::Take),
                (Outcome::Bad { final_: false }, Verdict::Again),
                (Outcome::Bad { final_: true }, Verdict::Take),
                (Outcome::Failed { final_: false }, Verdict::Again),
                (Outcome::Failed { final_: true }, Verdict::Take),
            ] {
                assert_eq!(verdict(effect, outcome, 4, 5), wanted, "{effect:?} {outcome:?}");
            }
        }
    }

    #[test]
    fn a_conflict_is_repeated_only_while_the_key_is_at_work() {
        for (code, message, attempt, repeated) in [
            (Some("idempotency_in_flight"), "", 1, true),
            (Some("idempotency_key_in_use"), "The key is in use", 1, true),
            (Some("conflict"), "Another request with this Idempotency-Key is in progress", 1, true),
            (None, "The first request is still being processed", 1, true),
            (None, "", 1, false),
            (None, "", 2, true),
            (Some("something_new"), "No", 1, false),
            (Some("something_new"), "No", 2, true),
            (Some("customer_not_found"), "No", 2, false),
            (Some("slug_taken"), "The slug is in use", 3, false),
            (Some("email_taken"), "idempotency", 2, false),
            (Some("idempotency_mismatch"), "", 3, false),
            (Some("idempotency_key_reuse"), "", 3, false),
            (Some("idempotency_conflict"), "The key was used with a different request body", 3, false),
            (None, "This Idempotency-Key came before with another body", 2, false),
            (None, "The body does not match the first request of this key", 2, false),
        ] {
            let outcome = Outcome::Status { status: 409, code, message };
            let wanted = if repeated { Verdict::Later } else { Verdict::Take };
            assert_eq!(verdict(Effect::Create, outcome, attempt, 5), wanted, "{code:?} {message:?} {attempt}");
            assert_eq!(verdict(Effect::Update, outcome, attempt, 5), Verdict::Take);
        }
    }
}
