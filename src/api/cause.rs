//! Why no answer came, in words for people: from the HTTP library's chain of errors to one sentence without type names,
//! URLs or secrets. PURE; decides no retry, but says whether another attempt could help and whether anything was sent.

use crate::text;
use std::{error::Error, io, time::Duration};

/// An attempt without an answer.
#[derive(Clone, Debug)]
pub struct Failure {
    /// For example "connection refused by 127.0.0.1:1234".
    pub cause: String,
    /// Whether another attempt would fail the same way.
    pub lasting: bool,
    /// Whether the request may have reached the server.
    pub sent: bool,
}

impl Failure {
    /// One that may pass.
    pub fn passing(cause: String) -> Self {
        Failure { cause, lasting: false, sent: true }
    }

    /// One that another attempt does not mend; nothing was sent.
    pub fn lasting(cause: String) -> Self {
        Failure { cause, lasting: true, sent: false }
    }
}

/// The error and what caused it, outermost first.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let here = next?;
        next = here.source();
        Some(here)
    })
}

/// The kind of the innermost input/output error.
fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    chain(error).filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind).last()
}

/// All the texts below the HTTP library's own, which may name the URL.
fn said(error: &(dyn Error + 'static)) -> String {
    chain(error).skip(1).map(|error| error.to_string()).collect::<Vec<_>>().join(": ")
}

/// Of a request that got no answer. `connecting` says that no connection came about, `host` is host and port.
pub fn of(error: &(dyn Error + 'static), connecting: bool, host: &str, patience: Duration) -> Failure {
    let said = said(error);
    let kind = io_kind(error);
    if let Some(why) = certificate(&said) {
        return Failure::lasting(format!("the TLS certificate of {host} was not accepted ({why})"));
    }
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.contains(']') { host } else { name });
    let cause = match kind {
        _ if connecting && said.contains("dns error") => format!("the name `{name}` could not be resolved"),
        _ if said.contains("timed out") => format!("no connection to {host} within {}", text::duration(patience)),
        Some(io::ErrorKind::ConnectionRefused) => format!("connection refused by {host}"),
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
            format!("there is no way through the network to {host}")
        }
        _ if connecting && said.contains("unsuccessful tunnel") => {
            format!("the proxy did not open a connection to {host}")
        }
        _ if connecting && (kind == Some(io::ErrorKind::InvalidData) || said.contains("corrupt message")) => {
            format!("{host} does not answer with TLS")
        }
        _ if connecting => format!("no connection to {host} came about"),
        Some(io::ErrorKind::InvalidData) => "the encrypted connection was broken".into(),
        None if said.contains("message head is too large") => "the answer's headers are too long".into(),
        None if said.contains("invalid HTTP") || said.contains("parse") => "the answer was not HTTP".into(),
        _ => "the connection was closed before the answer came".into(),
    };
    Failure { cause, lasting: false, sent: !connecting }
}

/// What is wrong with a certificate, where that is the matter at all.
fn certificate(said: &str) -> Option<&'static str> {
    let said = said.to_lowercase();
    let about =
        said.split_once("certificate: ").map(|(_, about)| about).filter(|_| said.contains("peer certificate"))?;
    Some(match about {
        _ if about.contains("unknownissuer") || about.contains("unknown issuer") => "its issuer is not trusted",
        _ if about.contains("expired") => "it has expired",
        _ if about.contains("not valid yet") || about.contains("notvalidyet") => "it is not valid yet",
        _ if about.contains("name") => "it is for another name",
        _ if about.contains("causedasendentity") => "it was signed by itself",
        _ if about.contains("revoked") => "it was revoked",
        _ => "it is not valid",
    })
}

/// Of a client that could not be set up: on most machines only for want of root certificates.
pub fn of_setup(error: &(dyn Error + 'static)) -> Failure {
    Failure::lasting(if said(error).contains("CA certificates") {
        "this machine has no root certificates to check a TLS connection with; install the package `ca-certificates`"
            .into()
    } else {
        "TLS could not be set up on this machine".into()
    })
}

/// Whether an answer could not be read to its end because the connection was closed; else its compression is broken.
pub fn is_cut(error: &(dyn Error + 'static), decoding: bool) -> bool {
    !decoding || io_kind(error) == Some(io::ErrorKind::UnexpectedEof) || said(error).contains("end of file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt;

    /// An error like the HTTP library's: a text and a cause.
    #[derive(Debug)]
    struct Link(&'static str, Option<Box<dyn Error>>);

    impl fmt::Display for Link {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Link {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref()
        }
    }

    fn chained(inner: impl Into<Box<dyn Error>>) -> Link {
        Link(
            "error sending request for url (https://h/secret)",
            Some(Box::new(Link("client error", Some(inner.into())))),
        )
    }

    fn cause(inner: impl Into<Box<dyn Error>>, connecting: bool) -> Failure {
        of(&chained(inner), connecting, "api.test:8443", Duration::from_secs(10))
    }

    #[test]
    fn causes_are_sentences_for_people() {
        use io::ErrorKind::*;
        for (inner, connecting, text) in [
            (Box::<dyn Error>::from(io::Error::from(ConnectionRefused)), true, "connection refused by api.test:8443"),
            (io::Error::from(ConnectionReset).into(), false, "the connection was closed before the answer came"),
            (
                "connection closed before message completed".into(),
                false,
                "the connection was closed before the answer came",
            ),
            ("dns error: failed to lookup address".into(), true, "the name `api.test` could not be resolved"),
            ("operation timed out".into(), true, "no connection to api.test:8443 within 10 s"),
            (io::Error::from(NetworkUnreachable).into(), true, "there is no way through the network to api.test:8443"),
            (io::Error::from(InvalidData).into(), true, "api.test:8443 does not answer with TLS"),
            ("invalid HTTP version parsed".into(), false, "the answer was not HTTP"),
            ("something new".into(), true, "no connection to api.test:8443 came about"),
        ] {
            let failure = cause(inner, connecting);
            assert_eq!((failure.cause.as_str(), failure.lasting, failure.sent), (text, false, !connecting));
        }
    }

    #[test]
    fn a_certificate_that_is_not_accepted_is_not_tried_again() {
        for (said, why) in [
            ("UnknownIssuer", "its issuer is not trusted"),
            ("Other(OtherError(CaUsedAsEndEntity))", "it was signed by itself"),
            ("certificate expired: verification time 5", "it has expired"),
            ("certificate not valid for name \"x\"", "it is for another name"),
            ("BadEncoding", "it is not valid"),
        ] {
            let inner = io::Error::new(io::ErrorKind::InvalidData, format!("invalid peer certificate: {said}"));
            let failure = cause(inner, true);
            assert_eq!(failure.cause, format!("the TLS certificate of api.test:8443 was not accepted ({why})"));
            assert!(failure.lasting && !failure.sent);
        }
    }

    #[test]
    fn a_machine_without_root_certificates_is_told_what_to_install() {
        let error = chained("unexpected error: No CA certificates were loaded from the system");
        assert!(of_setup(&error).cause.contains("`ca-certificates`"));
    }
}
