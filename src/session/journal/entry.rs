//! What a journal says, frame by frame: heads as JSON; the bytes of answers and bodies follow them as they are. A format
//! that was released is only added to.

use super::super::Number;
use super::time::{some_time, time};
use crate::api::{
    self,
    error::{ApiError, BadAnswer, CUT, CallError},
    operation::Operation,
    request::{Call, Request},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The version of this format.
pub const FORMAT: u32 = 1;

/// One frame's head.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// A process began to work at the run.
    Attempt {
        format: u32,
        onramp: String,
        #[serde(serialize_with = "time")]
        at: Timestamp,
    },
    /// A read with its answer, which is the frame's body. A page's number has the page in its second place.
    Read {
        n: Number,
        #[serde(flatten)]
        asked: Asked,
        #[serde(serialize_with = "time")]
        at: Timestamp,
        #[serde(flatten)]
        answered: Answered,
    },
    /// A call that the API refused, or answered with what it does not promise.
    Refused {
        n: Number,
        #[serde(flatten)]
        asked: Asked,
        error: Told,
    },
    /// A write that is about to be sent; its body is the frame's.
    Intent {
        n: Number,
        #[serde(flatten)]
        asked: Asked,
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        #[serde(serialize_with = "time")]
        at: Timestamp,
        /// The same moment by the server's clock, where an answer has told it.
        #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "some_time")]
        server: Option<Timestamp>,
        /// The fields that an update sets, as they were before. Absent where nobody knows.
        #[serde(skip_serializing_if = "Option::is_none")]
        before: Option<BTreeMap<String, serde_json::Value>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        label: Option<String>,
    },
    /// What vanishes with the record that the delete of that number is about: the frame's body is an array of objects.
    Children {
        n: Number,
        /// They could not be read to their end.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cut: bool,
    },
    /// The answer to the intent of that number; the frame's body.
    Answer {
        n: Number,
        #[serde(serialize_with = "time")]
        at: Timestamp,
        #[serde(flatten)]
        answered: Answered,
    },
    /// The API refused the intent of that number.
    Denied { n: Number, error: Told },
    /// The intent of that number was not sent after all.
    Unsent { n: Number },
    /// A write that would have changed nothing. The frame's body is the object as it is.
    Unchanged {
        n: Number,
        #[serde(flatten)]
        asked: Asked,
    },
    /// A row that was left alone, because somebody else has changed it since it was read.
    Left {
        n: Number,
        #[serde(flatten)]
        asked: Asked,
        why: String,
    },
    /// What was recorded under that number ended the run: the next attempt asks again.
    Again { n: Number },
    /// Something else that the run observed: the frame's body.
    Observed {
        n: Number,
        what: String,
        name: String,
        /// SHA-256 of what is not kept itself: it has to be the same again.
        #[serde(skip_serializing_if = "Option::is_none")]
        hash: Option<String>,
    },
    /// Objects that were looked at again, for their present state alone: the frame's body is an answer.
    Looked {
        at: Timestamp,
        /// Of a page: what it was asked for with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<String>,
    },
}

impl Entry {
    /// The head of its frame.
    pub fn head(&self) -> Vec<u8> {
        // Hardly any needs more room.
        let mut head = Vec::with_capacity(512);
        serde_json::to_writer(&mut head, self).expect("an entry is made of texts and numbers");
        head
    }
}

/// A call, as it can be told from another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub operation: String,
    pub target: String,
    /// SHA-256 of the body, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl Asked {
    pub fn of(request: &Request) -> Asked {
        Asked {
            operation: request.operation.to_string(),
            target: request.target.clone(),
            body: request.body.as_deref().map(digest),
        }
    }
}

/// What is kept of an answer besides its body.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answered {
    pub status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The server's time.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "some_time")]
    pub date: Option<Timestamp>,
}

/// An error that a script was told of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    /// The answer was not what the API promises; `message` says why.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    bad: bool,
    status: u16,
    #[serde(rename = "type")]
    kind: String,
    code: Option<String>,
    message: String,
    field: Option<String>,
    request_id: Option<String>,
    excerpt: Option<String>,
    attempts: u32,
}

impl Told {
    /// Of an error that belongs into a journal: scripts can catch it, and it is an answer. `None` for all others.
    pub fn of(error: &CallError) -> Option<Told> {
        Some(match error {
            CallError::Api(error) => Told {
                bad: false,
                status: error.status,
                kind: error.kind.clone(),
                code: error.code.clone(),
                message: error.message.clone(),
                field: error.field.clone(),
                request_id: error.request_id.clone(),
                excerpt: error.excerpt.clone(),
                attempts: error.attempts,
            },
            CallError::BadAnswer(answer) => Told {
                bad: true,
                status: answer.status,
                kind: String::new(),
                code: answer.cut.then(|| CUT.to_string()),
                message: answer.why.clone(),
                field: None,
                request_id: answer.request_id.clone(),
                excerpt: Some(answer.excerpt.clone()),
                attempts: answer.attempts,
            },
            _ => return None,
        })
    }

    /// The error again. `operation` is the name that the journal has for it.
    pub fn error(self, operation: &str) -> CallError {
        let operation = api::operation(operation).map_or("", |operation| operation.name);
        let Told { bad, status, kind, code, message, field, request_id, excerpt, attempts } = self;
        if bad {
            let excerpt = excerpt.unwrap_or_default();
            return CallError::BadAnswer(Box::new(BadAnswer {
                operation,
                status,
                why: message,
                excerpt,
                request_id,
                attempts,
                cut: code.as_deref() == Some(CUT),
            }));
        }
        CallError::Api(Box::new(ApiError {
            operation,
            status,
            kind,
            code,
            message,
            field,
            request_id,
            excerpt,
            attempts,
        }))
    }

    /// On one line, for people.
    pub fn words(&self) -> String {
        let code = self.code.as_deref().or(Some(self.kind.as_str()).filter(|kind| !kind.is_empty()));
        let code = code.map_or(String::new(), |code| format!(", {code}"));
        let said = if self.message.is_empty() { String::new() } else { format!("{} ", self.message) };
        format!("{said}(status {}{code})", self.status)
    }

    /// Whether the call may succeed later without anybody changing anything.
    pub fn will_pass(&self) -> bool {
        let cut = self.bad && self.code.as_deref() == Some(CUT);
        cut || self.status == 408 || self.status == 429 || self.status >= 500
    }
}

/// SHA-256, in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [0; 64];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(Sha256::digest(bytes)) {
        pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    std::str::from_utf8(&digits).expect("digits are ASCII").to_string()
}

impl Asked {
    /// The call that it was, with its body.
    pub fn call(&self, operation: &'static Operation, body: &[u8]) -> Call {
        let given = self.target.split('?').next().unwrap_or_default().split('/');
        let placed = operation.path.split('/').zip(given);
        let path = placed.filter(|(place, _)| place.starts_with('{')).map(|(_, value)| decoded(value)).collect();
        let mut call = Call::new(operation, path);
        call.body = operation.has_body().then(|| body.to_vec());
        call
    }
}

/// A part of a path, without percent-encoding (RFC 3986, section 2.1).
fn decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_sha_256_in_hexadecimal() {
        assert_eq!(digest(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
