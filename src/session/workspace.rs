//! Whether the key belongs to the workspace that a script is for. Asked once, before the script's first call, and only
//! where a workspace is demanded.

use super::{ConnectError, ConnectKind, Link, SessionError};
use crate::{
    api::{
        error::{BadAnswer, CallError},
        operation,
        request::{Call, Request},
    },
    text,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Me {
    organization: Organization,
}

#[derive(Deserialize)]
struct Organization {
    id: String,
    slug: String,
}

/// Passes if the key of `link` belongs to `wanted`, by slug or by id.
pub(super) fn verify(link: &Link, wanted: &str) -> Result<(), SessionError> {
    let get_me = operation("get_me").expect("`get_me` is in the table, as a test holds");
    let request = Request::build(&Call::new(get_me, Vec::new()), None).map_err(CallError::Refused)?;
    let answer = link.block_on(link.client().send(&request, get_me))?;
    let me: Me = serde_json::from_slice(&answer.body).map_err(|_| {
        CallError::BadAnswer(Box::new(BadAnswer {
            operation: get_me.name,
            status: answer.status,
            why: "the answer does not say which workspace the key belongs to".into(),
            excerpt: String::new(),
            request_id: answer.request_id.clone(),
            attempts: 1,
        }))
    })?;
    judge(&me.organization, wanted)
}

fn judge(found: &Organization, wanted: &str) -> Result<(), SessionError> {
    if wanted == found.slug || wanted == found.id {
        return Ok(());
    }
    Err(SessionError::Connect(ConnectError {
        kind: ConnectKind::Configuration,
        message: format!(
            "only the workspace `{}` may be used here, and the key belongs to `{}`",
            text::escape_control(wanted),
            text::escape_control(&found.slug)
        ),
        hints: vec![
            "use a key of that workspace, or change `workspace` in the script's header or in `onramp.toml`".into(),
        ],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slug_or_the_id_will_do_and_nothing_else() {
        let found = Organization { id: "org_1".into(), slug: "acme".into() };
        assert!(judge(&found, "acme").is_ok() && judge(&found, "org_1").is_ok());
        for other in ["Acme", "acme-test", "", "org_2"] {
            let error = judge(&found, other).expect_err(other);
            assert!(error.to_string().contains("the key belongs to `acme`"), "{error}");
        }
        assert!(operation("get_me").is_some());
    }
}
