//! Answers that are wrong on purpose: the error of a status, a proxy's page, an answer without its body. Owns what they
//! look like; must not decide who gets one.

use axum::body::{Body, HttpBody};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response, StatusCode};

use super::{Kind, Line};
use crate::sandbox::problem::Problem;

/// The error that `status=…` answers with. Its message says that it was asked for, so that nobody looks for a bug.
pub(in crate::sandbox) fn injected(status: u16) -> Problem {
    let kind = match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found",
        409 => "conflict",
        500.. => "internal_error",
        _ => "invalid_request_error",
    };
    Problem { status, kind, code: kind, message: format!("The sandbox was told to answer {status} here."), field: None }
}

/// A proxy's page: it knows nothing of the API, so it has none of its headers.
pub(in crate::sandbox) fn page(status: u16) -> Response<Body> {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let title = match code.canonical_reason() {
        Some(reason) => format!("{status} {reason}"),
        None => status.to_string(),
    };
    let mut response = Response::new(Body::from(format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>a proxy</center>\r\n</body>\r\n</html>\r\n"
    )));
    *response.status_mut() = code;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// Spoils an answer that is ready, or the connection it would go out on.
pub(in crate::sandbox) fn spoil(kind: Kind, response: &mut Response<Body>, line: Option<&Line>) {
    match (kind, line) {
        (Kind::ResetBefore | Kind::ResetAfter, Some(line)) => line.reset(),
        (Kind::Cut, Some(line)) => {
            // A body made from a text knows its length.
            let length = response.body().size_hint().lower();
            line.cut_after(length / 2);
        }
        (Kind::Empty, _) => *response.body_mut() = Body::empty(),
        _ => {}
    }
}
