//! Whether the key belongs to the workspace that a script is for. Asked once, before the script's first call, and only
//! where a workspace is demanded.

use super::{ConnectError, ConnectKind, Link, SessionError, Workspace};
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
    api_key: Option<Key>,
    organization: Organization,
}

#[derive(Deserialize)]
struct Key {
    prefix: Option<String>,
}

#[derive(Deserialize)]
struct Organization {
    id: String,
    slug: String,
    name: Option<String>,
}

/// The workspace that the key of `link` belongs to, if that is `wanted`, by slug or by id, and the one in which the run was
/// begun, by id and slug.
pub(super) fn verify(
    link: &Link,
    wanted: Option<&str>,
    begun_in: Option<(&str, &str)>,
) -> Result<Workspace, SessionError> {
    let me = get_me(link)?;
    wanted.map_or(Ok(()), |wanted| judge(&me.organization, wanted))?;
    begun_in.map_or(Ok(()), |(id, slug)| stays(&me.organization, id, slug))?;
    Ok(shown(me))
}

/// The workspace that the key of `link` belongs to.
pub(super) fn ask(link: &Link) -> Result<Workspace, SessionError> {
    get_me(link).map(shown)
}

fn shown(Me { api_key, organization: Organization { id, slug, name } }: Me) -> Workspace {
    let key_prefix = api_key.and_then(|key| key.prefix).unwrap_or_default();
    Workspace { id, name: name.unwrap_or_else(|| slug.clone()), slug, key_prefix }
}

fn get_me(link: &Link) -> Result<Me, SessionError> {
    let get_me = operation("get_me").expect("`get_me` is in the table, as a test holds");
    let request = Request::build(&Call::new(get_me, Vec::new()), None).map_err(CallError::Refused)?;
    let answer = link.block_on(link.client().send(&request, get_me))?;
    let me = serde_json::from_slice(&answer.body).map_err(|_| {
        CallError::BadAnswer(Box::new(BadAnswer {
            operation: get_me.name,
            status: answer.status,
            why: "the answer does not say which workspace the key belongs to".into(),
            excerpt: String::new(),
            request_id: answer.request_id.clone(),
            attempts: 1,
            cut: false,
        }))
    })?;
    Ok(me)
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

fn stays(found: &Organization, id: &str, slug: &str) -> Result<(), SessionError> {
    if found.id == id {
        return Ok(());
    }
    Err(SessionError::Connect(ConnectError {
        kind: ConnectKind::Configuration,
        message: format!(
            "the run was begun in the workspace `{}`, and the key belongs to `{}`",
            text::escape_control(slug),
            text::escape_control(&found.slug)
        ),
        hints: vec!["use a key of that workspace; `onramp resume --key-file FILE` takes another one".into()],
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slug_or_the_id_will_do_and_nothing_else() {
        let found = Organization { id: "org_1".into(), slug: "acme".into(), name: None };
        assert!(judge(&found, "acme").is_ok() && judge(&found, "org_1").is_ok());
        for other in ["Acme", "acme-test", "", "org_2"] {
            let error = judge(&found, other).expect_err(other);
            assert!(error.to_string().contains("the key belongs to `acme`"), "{error}");
        }
        assert!(stays(&found, "org_1", "an earlier slug").is_ok());
        let error = stays(&found, "org_2", "beta").unwrap_err().to_string();
        assert_eq!(error, "the run was begun in the workspace `beta`, and the key belongs to `acme`");
        assert!(operation("get_me").is_some());
    }
}
