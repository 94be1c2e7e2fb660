//! From an operation and its arguments to a request. PURE: sends nothing, reads no clock, knows no key.

use super::{
    error::Refused,
    operation::{Method, Operation},
};
use std::fmt;
use url::{Host, Url};

/// An operation with its arguments, as whoever calls hands it over.
#[derive(Clone, Debug)]
pub struct Call {
    pub operation: &'static Operation,
    /// A value for each of the operation's path parameters, in order.
    pub path: Vec<String>,
    /// Query parameters by their API names.
    pub query: Vec<(&'static str, String)>,
    /// The exact bytes of the body, for creates and updates.
    pub body: Option<Vec<u8>>,
}

impl Call {
    /// A call without query and body.
    pub fn new(operation: &'static Operation, path: Vec<String>) -> Self {
        Call { operation, path, query: Vec::new(), body: None }
    }

    /// The value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Sets a query parameter, once.
    pub fn set_query(&mut self, name: &'static str, value: String) {
        self.query.retain(|(known, _)| *known != name);
        self.query.push((name, value));
    }
}

/// What goes over the wire, but for the base URL, the key and the standing headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub operation: &'static str,
    pub method: Method,
    /// Path and query below the base URL, encoded: `/customers?limit=100`.
    pub target: String,
    pub body: Option<Vec<u8>>,
    /// The same in all attempts, also in those of another process that resumes the run.
    pub idempotency_key: Option<String>,
    pub authenticated: bool,
}

impl Request {
    /// Builds the request of `call`. `idempotency_key` is the caller's and goes out with creates only.
    ///
    /// Refuses an empty id, which would turn a get into a list, and `.` and `..`, which URL parsers resolve away; a body
    /// where none belongs, and none where one belongs.
    pub fn build(call: &Call, idempotency_key: Option<&str>) -> Result<Request, Refused> {
        let operation = call.operation;
        let refused = |field: &str, message: String| Refused {
            operation: operation.name,
            field: Some(field.to_string()),
            message,
            hint: None,
        };
        let mut values = operation.path_params.iter().zip(&call.path);
        let mut target = String::new();
        for segment in operation.path.split('/').skip(1) {
            target.push('/');
            if !segment.starts_with('{') {
                target.push_str(segment);
                continue;
            }
            let (param, value) =
                values.next().ok_or_else(|| refused(segment.trim_matches(['{', '}']), "an id is missing".into()))?;
            match value.trim() {
                "" => return Err(refused(param.name, "the id is empty".into())),
                "." | ".." => return Err(refused(param.name, format!("`{value}` cannot be an id"))),
                id => encode(id, &mut target),
            }
        }
        for (at, (name, value)) in call.query.iter().enumerate() {
            target.push(if at == 0 { '?' } else { '&' });
            target.push_str(name);
            target.push('=');
            encode(value, &mut target);
        }
        if operation.has_body() != call.body.is_some() {
            let message = if operation.has_body() { "the fields are missing" } else { "it takes no fields" };
            return Err(refused("fields", message.into()));
        }
        Ok(Request {
            operation: operation.name,
            method: operation.method,
            target,
            body: call.body.clone(),
            idempotency_key: idempotency_key.filter(|_| operation.method == Method::Post).map(str::to_string),
            authenticated: operation.authenticated,
        })
    }
}

/// Percent-encodes all but the unreserved characters (RFC 3986, section 2.3).
fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}

/// Where the API lives: scheme, host, port and the path above the operations'. Never holds a user name or a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// The service's own address (API notes, introduction).
    pub const SERVICE: &str = "https://my.pivotal.app/api/v1";

    /// Reads a base URL. The error says what is wrong and never repeats credentials.
    pub fn parse(text: &str) -> Result<BaseUrl, String> {
        let url = Url::parse(text.trim_end_matches('/')).map_err(|e| format!("it is not a URL ({e})"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it holds a user name or a password; the API takes a key only".into());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it has a query or a fragment; give scheme, host and path only".into());
        }
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => return Err("it has no host".into()),
        };
        match url.scheme() {
            "https" => Ok(BaseUrl(url)),
            "http" if loopback => Ok(BaseUrl(url)),
            "http" => Err("plain http would show the key to the network; use https".into()),
            other => Err(format!("its scheme is `{other}`; use https")),
        }
    }

    /// The whole URL of a request's target.
    pub fn join(&self, target: &str) -> String {
        format!("{}{target}", self.0.as_str().trim_end_matches('/'))
    }

    /// Whether TLS is needed to reach it.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Scheme, host and port, which redirects may not leave.
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::operation;

    fn call(name: &str, path: &[&str]) -> Call {
        Call::new(operation(name).unwrap(), path.iter().map(|p| p.to_string()).collect())
    }

    #[test]
    fn ids_and_query_values_are_encoded() {
        let request = Request::build(&call("get_customer", &["a/b c?ü"]), None).unwrap();
        assert_eq!(request.target, "/customers/a%2Fb%20c%3F%C3%BC");
        let mut list = call("list_customers", &[]);
        list.set_query("cursor", "2024-01-15T09:30:00+01:00".into());
        list.set_query("limit", "1".into());
        list.set_query("limit", "100".into());
        assert_eq!(
            Request::build(&list, None).unwrap().target,
            "/customers?cursor=2024-01-15T09%3A30%3A00%2B01%3A00&limit=100"
        );
    }

    #[test]
    fn an_id_that_would_change_the_path_is_refused() {
        for id in ["", "  ", ".", ".."] {
            let refused = Request::build(&call("delete_customer", &[id]), None).unwrap_err();
            assert_eq!((refused.operation, refused.field.as_deref()), ("delete_customer", Some("id")), "{id:?}");
        }
        assert!(Request::build(&call("get_customer", &[]), None).is_err());
    }

    #[test]
    fn the_idempotency_key_goes_with_creates_only() {
        let mut create = call("create_customer", &[]);
        assert_eq!(Request::build(&create, Some("k")).unwrap_err().message, "the fields are missing");
        create.body = Some(b"{}".to_vec());
        assert_eq!(Request::build(&create, Some("k")).unwrap().idempotency_key.as_deref(), Some("k"));
        assert_eq!(Request::build(&call("delete_contact", &["7"]), Some("k")).unwrap().idempotency_key, None);
    }

    #[test]
    fn base_urls_are_https_or_loopback() {
        for good in [BaseUrl::SERVICE, "http://127.0.0.1:8080/api/v1/", "http://[::1]:81", "http://localhost:1/x"] {
            let url = BaseUrl::parse(good).unwrap();
            assert_eq!(url.join("/me"), format!("{}/me", good.trim_end_matches('/')), "{good}");
        }
        for bad in [
            "my.pivotal.app",
            "",
            "http://example.com/api",
            "ftp://example.com",
            "https://user:pw@example.com",
            "https://example.com/?key=1",
            "http://127.0.0.1.example.com",
        ] {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
        assert!(!BaseUrl::parse("https://user:hunter2@example.com").unwrap_err().contains("hunter2"));
    }
}
