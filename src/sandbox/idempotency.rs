//! Idempotency of POST: the first answer to a key is kept for 24 hours and given again, byte for byte. Owns the table of
//! answers and the set of keys in flight; must not run the request.
//!
//! A key is scoped to the workspace (the sandbox has one) and the endpoint, which is method and path. The same body means
//! the same bytes. What is kept follows Stripe: the answer of a request that was carried out, good or bad (2xx, and the
//! 404 and 409 that the stored records gave). Not kept, because nothing was carried out: 400, 401, 403, 405, 429, and 500,
//! which left nothing behind.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::problem::Problem;

const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// The longest key, in bytes.
const LONGEST: usize = 255;

/// One use of an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Claim {
    endpoint: String,
    key: String,
    body: [u8; 32],
}

/// An answer that was given before.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub status: u16,
    pub body: String,
}

impl Claim {
    /// Checks the key of a POST. Header values may be any bytes; a key is compared as text.
    pub fn new(method: &str, path: &str, key: &[u8], body: &[u8]) -> Result<Self, Problem> {
        let refuse = |code, message: &str| Problem::invalid(code, "Idempotency-Key", message);
        if key.is_empty() {
            return Err(refuse("too_small", "`Idempotency-Key` must not be empty."));
        }
        if key.len() > LONGEST {
            return Err(refuse("too_big", "`Idempotency-Key` must have at most 255 bytes."));
        }
        let key = std::str::from_utf8(key)
            .map_err(|_| refuse("invalid_string", "`Idempotency-Key` must be UTF-8."))?
            .to_owned();
        Ok(Self { endpoint: format!("{method} {path}"), key, body: Sha256::digest(body).into() })
    }

    /// The answer this key got within the last 24 hours; 409 where it came with another body.
    pub fn kept(&self, db: &Connection, now: Timestamp) -> Result<Option<Kept>, Problem> {
        let row: Option<(Vec<u8>, u16, String)> = db
            .prepare_cached("SELECT body, status, answer FROM answers WHERE endpoint = ?1 AND key = ?2 AND at_ms > ?3")?
            .query_row(params![self.endpoint, self.key, now.as_millisecond() - KEPT_MS], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        match row {
            None => Ok(None),
            Some((body, status, answer)) if body == self.body => Ok(Some(Kept { status, body: answer })),
            Some(_) => {
                Err(Problem::conflict("idempotency_key_reused", "This idempotency key was used with another body."))
            }
        }
    }

    /// Keeps the answer, and drops those whose 24 hours are over.
    pub fn keep(&self, db: &Connection, now: Timestamp, status: u16, body: &str) -> rusqlite::Result<()> {
        let now = now.as_millisecond();
        db.prepare_cached("DELETE FROM answers WHERE at_ms <= ?1")?.execute([now - KEPT_MS])?;
        db.prepare_cached(
            "INSERT OR REPLACE INTO answers (endpoint, key, body, status, answer, at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![self.endpoint, self.key, &self.body[..], status, body, now])?;
        Ok(())
    }
}

/// Whether an answer was given by a request that was carried out.
pub(super) fn is_kept(status: u16) -> bool {
    matches!(status, 200..=299 | 404 | 409)
}

/// The keys whose first request is not answered yet.
#[derive(Clone, Default)]
pub(super) struct InFlight(Arc<Mutex<HashSet<(String, String)>>>);

/// Holds a key in flight until it is dropped, so that a handler that panics frees it too.
pub(super) struct Flight {
    all: InFlight,
    key: (String, String),
}

impl InFlight {
    /// Marks the key as in flight; 409 where it already is.
    pub fn enter(&self, claim: &Claim) -> Result<Flight, Problem> {
        let key = (claim.endpoint.clone(), claim.key.clone());
        let mut keys = self.0.lock().expect("nothing panics while it holds the set");
        if !keys.insert(key.clone()) {
            return Err(Problem::conflict(
                "idempotency_key_in_use",
                "A request with this idempotency key is in flight. Retry after a short delay.",
            ));
        }
        Ok(Flight { all: self.clone(), key })
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Ok(mut keys) = self.all.0.lock() {
            keys.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(key: &str, body: &str) -> Claim {
        Claim::new("POST", "/api/v1/customers", key.as_bytes(), body.as_bytes()).unwrap()
    }

    #[test]
    fn a_key_is_in_flight_until_its_request_is_done() {
        let flights = InFlight::default();
        let first = flights.enter(&claim("k", "{}")).unwrap();
        assert_eq!(flights.enter(&claim("k", "{}")).err().unwrap().code, "idempotency_key_in_use");
        assert!(flights.enter(&claim("other", "{}")).is_ok());
        drop(first);
        assert!(flights.enter(&claim("k", "{}")).is_ok());
    }

    #[test]
    fn answers_are_kept_for_24_hours() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("tables.sql")).unwrap();
        let start = Timestamp::UNIX_EPOCH;
        let after = |ms: i64| Timestamp::from_millisecond(ms).unwrap();
        claim("k", "{}").keep(&db, start, 201, "first").unwrap();
        let kept = claim("k", "{}").kept(&db, after(KEPT_MS - 1)).unwrap();
        assert_eq!(kept, Some(Kept { status: 201, body: "first".into() }));
        assert_eq!(claim("k", "{}").kept(&db, after(KEPT_MS)).unwrap(), None);
    }

    #[test]
    fn another_body_or_too_long_a_key_is_refused() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch(include_str!("tables.sql")).unwrap();
        claim("k", "{}").keep(&db, Timestamp::UNIX_EPOCH, 201, "first").unwrap();
        let refused = claim("k", "{ }").kept(&db, Timestamp::UNIX_EPOCH).unwrap_err();
        assert_eq!((refused.status, refused.code), (409, "idempotency_key_reused"));
        assert_eq!(Claim::new("POST", "/", &[b'k'; 256], b"").unwrap_err().code, "too_big");
        assert!(Claim::new("POST", "/", &[b'k'; 255], b"").is_ok());
    }
}
