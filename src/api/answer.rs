//! What an answer says: whether it is the JSON that an operation promises, what an error means, how its first
//! characters may be shown. PURE; decides nothing about trying again.

use super::{
    error::{ApiError, kind_of_status},
    operation::Returns,
};
use crate::{
    secret::{Redactor, Secret},
    text,
};
use serde::Deserialize;
use serde_json::value::RawValue;

/// How many characters of a strange answer are shown.
const EXCERPT: usize = 200;

/// How many characters an error's texts may have; more is no message for people.
const MESSAGE: usize = 2000;

/// The members that tell one kind of answer from another. Everything else passes unread.
#[derive(Deserialize)]
struct Shape<'a> {
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
}

/// Checks that the body of a 2xx is what the operation promises. The error completes "got status 200, but …".
pub fn check(body: &[u8], returns: Returns, hide: &Hide) -> Result<(), String> {
    let Ok(body) = std::str::from_utf8(body) else {
        return Err("the answer is not JSON".into());
    };
    if body.trim().is_empty() {
        return Err("the answer is empty".into());
    }
    let shape: Shape = match serde_json::from_str(body) {
        Ok(shape) => shape,
        Err(e) if e.is_eof() => return Err("the answer ends in the middle of its JSON".into()),
        Err(_) if looks_like_html(body) => return Err("the answer is a web page, not JSON".into()),
        Err(e) if e.is_data() => return Err("the answer is JSON, but not the object that was promised".into()),
        Err(_) => return Err("the answer is not JSON".into()),
    };
    let object = shape.object.and_then(string);
    let wanted = match returns {
        Returns::List(_) => {
            if object.as_deref() == Some("list") && shape.data.is_some_and(|data| data.get().starts_with('[')) {
                return Ok(());
            }
            "list"
        }
        _ if returns.object().name.is_empty() => {
            return match shape.status.and_then(string) {
                Some(_) => Ok(()),
                None => Err("the answer has no `status`".into()),
            };
        }
        _ => returns.object().name,
    };
    match object {
        Some(object) if object == wanted && wanted != "list" => Ok(()),
        Some(object) if object != wanted => {
            let object = hide.excerpt(object.as_bytes());
            Err(format!("the answer is the object `{}` instead of `{wanted}`", text::cut(&object, 40)))
        }
        Some(_) => Err("the list has no `data`".into()),
        None => Err(format!("the answer is not the object `{wanted}`")),
    }
}

fn string(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

fn looks_like_html(body: &str) -> bool {
    body.trim_start().starts_with('<')
}

/// Reads an error answer: the API's own format, or status and first characters. `attempts` is set by the caller.
pub fn api_error(operation: &'static str, status: u16, body: &[u8], hide: &Hide) -> ApiError {
    let mut error = ApiError {
        operation,
        status,
        kind: kind_of_status(status).into(),
        code: None,
        message: String::new(),
        field: None,
        request_id: None,
        excerpt: None,
        attempts: 0,
    };
    let said: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let Some(said) = said.as_ref().and_then(|said| said.get("error")).and_then(|said| said.as_object()) else {
        error.excerpt = Some(hide.excerpt(body)).filter(|excerpt| !excerpt.is_empty());
        return error;
    };
    let field = |name: &str| {
        let text = hide.text(said.get(name)?.as_str()?);
        (!text.is_empty()).then(|| text::cut(&text, MESSAGE).into_owned())
    };
    error.code = field("code");
    error.message = field("message").unwrap_or_default();
    error.field = field("field");
    if let Some(kind) = field("type") {
        error.kind = kind;
    }
    if error.message.is_empty() && error.code.is_none() {
        error.excerpt = Some(hide.excerpt(body));
    }
    error
}

/// Takes the key out of the server's words.
#[derive(Debug)]
pub struct Hide {
    key: Secret,
    redactor: Redactor,
}

impl Hide {
    /// Hides `key`.
    pub fn new(key: Secret) -> Self {
        let mut redactor = Redactor::of(key.clone());
        // Host names are made lower-case by whoever reads them.
        redactor.add(Secret::new(key.expose().to_lowercase()));
        Hide { redactor, key }
    }

    /// The filter itself, for other sinks.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// `text` without the key.
    pub fn text(&self, text: &str) -> String {
        self.redactor.redact(text).into_owned()
    }

    /// The first characters of `body`, without the key, on one line. The key goes before anything is cut; and as the
    /// connection may have cut the body inside the key, the beginning of one at the end goes too.
    pub fn excerpt(&self, body: &[u8]) -> String {
        let lossy = String::from_utf8_lossy(body);
        let mut clean = self.text(lossy.trim());
        let key = self.key.expose();
        let shown = self.key.prefix().len();
        if let Some(part) =
            (shown + 1..key.len()).rev().find(|n| key.is_char_boundary(*n) && clean.ends_with(&key[..*n]))
        {
            clean.truncate(clean.len() - part + shown);
            clean.push('…');
        }
        text::escape_control(&text::cut(&clean, EXCERPT)).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation;

    fn promised(name: &str) -> Returns {
        operation(name).unwrap().returns
    }

    #[test]
    fn an_answer_is_the_object_promised_or_says_what_it_is() {
        let hide = Hide::new(Secret::new("pivotal_K8s9verysecretrest"));
        for (name, body, why) in [
            ("get_customer", r#"{"object":"customer","id":"c1","x":[{"y":1}]}"#, ""),
            ("get_customer", " {\"id\":\"c1\",\"object\":\"customer\"}\n", ""),
            ("get_customer", "", "the answer is empty"),
            ("get_customer", " \r\n", "the answer is empty"),
            ("get_customer", r#"{"object":"customer","#, "the answer ends in the middle of its JSON"),
            ("get_customer", "<html>502</html>", "the answer is a web page, not JSON"),
            ("get_customer", "upstream error", "the answer is not JSON"),
            ("get_customer", r#"{"object":"customer"} {}"#, "the answer is not JSON"),
            ("get_customer", "[]", "the answer is JSON, but not the object that was promised"),
            ("get_customer", "null", "the answer is JSON, but not the object that was promised"),
            ("get_customer", "{}", "the answer is not the object `customer`"),
            ("get_customer", r#"{"object":7}"#, "the answer is not the object `customer`"),
            ("get_customer", r#"{"object":"contact"}"#, "the answer is the object `contact` instead of `customer`"),
            ("delete_customer", r#"{"object":"deleted","id":"c1"}"#, ""),
            ("delete_customer", r#"{"object":"customer"}"#, "the answer is the object `customer` instead of `deleted`"),
            ("get_me", r#"{"object":"me"}"#, ""),
            ("get_health", r#"{"status":"ok"}"#, ""),
            ("get_health", r#"{"status":null}"#, "the answer has no `status`"),
            ("list_customers", r#"{"object":"list","data":[],"has_more":false}"#, ""),
            ("list_customers", r#"{"object":"list","data":{}}"#, "the list has no `data`"),
            ("list_customers", r#"{"object":"list"}"#, "the list has no `data`"),
            ("list_customers", r#"{"data":[]}"#, "the answer is not the object `list`"),
        ] {
            assert_eq!(check(body.as_bytes(), promised(name), &hide).err().unwrap_or_default(), why, "{name} {body}");
        }
        assert_eq!(check(b"\xff\xfe", promised("get_me"), &hide), Err("the answer is not JSON".into()));
    }

    #[test]
    fn an_error_answer_is_read_in_the_api_s_format_or_shown_as_it_came() {
        let hide = Hide::new(Secret::new("pivotal_K8s9verysecretrest"));
        let body = br#"{"error":{"type":"conflict","code":"slug_taken","message":"no pivotal_K8s9verysecretrest","field":"slug"}}"#;
        let error = api_error("create_customer", 409, body, &hide);
        assert_eq!((error.kind.as_str(), error.code.as_deref()), ("conflict", Some("slug_taken")));
        assert_eq!((error.message.as_str(), error.field.as_deref()), ("no [redacted]", Some("slug")));
        assert_eq!(error.excerpt, None);
        for (status, body, kind, excerpt) in [
            (502, "<html>\n", "internal_error", Some("<html>")),
            (404, "", "not_found", None),
            (400, r#"{"error":"nope"}"#, "invalid_request_error", Some(r#"{"error":"nope"}"#)),
            (403, r#"{"error":{}}"#, "permission_error", Some(r#"{"error":{}}"#)),
        ] {
            let error = api_error("get_me", status, body.as_bytes(), &hide);
            assert_eq!((error.kind.as_str(), error.excerpt.as_deref()), (kind, excerpt), "{status}");
        }
    }

    #[test]
    fn an_excerpt_never_shows_the_key_nor_the_beginning_of_one() {
        let hide = Hide::new(Secret::new("pivotal_K8s9verysecretrest"));
        let around = format!("{} pivotal_K8s9verysecretrest!", "x".repeat(EXCERPT - 10));
        assert!(hide.excerpt(around.as_bytes()).ends_with("x [redacted…"), "{}", hide.excerpt(around.as_bytes()));
        assert_eq!(hide.excerpt(b"key pivotal_K8s9verysecre"), "key pivotal_K8s9…");
        assert_eq!(hide.excerpt(b"key pivotal_K8s9"), "key pivotal_K8s9");
        assert_eq!(hide.excerpt(b"a\x1b[2Jb\r\nc\xff"), "a\\u{1b}[2Jb\\r\\nc\u{fffd}");
    }
}
