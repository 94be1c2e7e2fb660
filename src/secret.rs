//! The API key and whatever else must not be shown: a value that prints as its visible prefix, and the filter that
//! every sink passes text through. Must not be serialised, compared in logs or written anywhere.

use std::{borrow::Cow, fmt};
use zeroize::Zeroizing;

/// How much of a key may be shown (API notes, "Authentication": the first dozen characters).
const VISIBLE: usize = 12;

/// What every key begins with.
const START: &str = "pivotal_";

/// How long the hidden part must be to be replaced wherever it stands without its prefix.
const HIDDEN_ALONE: usize = 8;

/// Values shorter than this are not hidden.
const SHORTEST: usize = 4;

/// What a hidden value becomes in text.
const HIDDEN: &str = "[redacted]";

/// A secret string. `Debug` and `Display` show the visible prefix only; the memory is wiped on drop.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// Why a text cannot be a key. Never contains the text.
#[derive(Debug, PartialEq, Eq)]
pub enum BadKey {
    /// Nothing but blanks.
    Empty,
    /// A line break or another control character stands inside it.
    Control,
    /// A blank or a character that no key has stands inside it.
    Character,
    /// It does not start with `pivotal_`.
    Prefix,
    /// Nothing or next to nothing follows `pivotal_`.
    Short,
}

impl fmt::Display for BadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadKey::Empty => "it is empty",
            BadKey::Control => "it contains a line break or another control character",
            BadKey::Character => "it contains a blank or a character that no key has",
            BadKey::Prefix => "it does not start with `pivotal_`",
            BadKey::Short => "it is too short",
        })
    }
}

impl Secret {
    /// Takes any text as a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(Zeroizing::new(text.into()))
    }

    /// Takes an API key: `pivotal_…` of letters, digits, `_` and `-`. The text is used as it is, never trimmed: a
    /// key with a line break at its end would be sent as another header.
    pub fn key(text: &str) -> Result<Self, BadKey> {
        if text.trim().is_empty() {
            return Err(BadKey::Empty);
        }
        if text.chars().any(char::is_control) {
            return Err(BadKey::Control);
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            return Err(BadKey::Character);
        }
        let Some(rest) = text.strip_prefix(START) else {
            return Err(BadKey::Prefix);
        };
        // Shorter than its own visible prefix there would be nothing left to hide.
        if rest.len() < 8 {
            return Err(BadKey::Short);
        }
        Ok(Secret::new(text))
    }

    /// The secret itself, for the one header that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The part that may be shown, for example `pivotal_K8s9`.
    pub fn prefix(&self) -> &str {
        let end = self.0.char_indices().nth(VISIBLE).map_or(self.0.len(), |(at, _)| at);
        // Of a short secret nothing is left to hide behind a prefix, so nothing is shown.
        if end + 4 > self.0.len() { "" } else { &self.0[..end] }
    }

    fn is_key(&self) -> bool {
        self.0.starts_with(START)
    }

    /// The part of a key behind its prefix, where it is long enough to be told from other text.
    fn hidden(&self) -> Option<&str> {
        let rest = &self.0[self.prefix().len()..];
        (self.is_key() && rest.len() >= HIDDEN_ALONE).then_some(rest)
    }

    /// The texts in which it could be seen: itself, its lines, and itself as a JSON string. Values of fewer than four
    /// letters are none: hiding every `1` would ruin what is shown and keep nothing secret.
    pub fn forms(&self) -> Vec<Secret> {
        let escaped = [('\\', "\\\\"), ('"', "\\\""), ('\n', "\\n"), ('\r', "\\r"), ('\t', "\\t")]
            .iter()
            .fold(self.clone(), |text, (letter, shown)| Secret::new(text.expose().replace(*letter, shown)));
        let mut forms = vec![self.clone(), escaped];
        forms.extend(self.0.lines().map(|line| Secret::new(line.trim())));
        forms.retain(|form| form.0.chars().count() >= SHORTEST);
        forms.sort_by_key(|form| std::cmp::Reverse(form.0.len()));
        forms.dedup_by(|a, b| a.0 == b.0);
        forms
    }

    /// Whether this is a test key, which has a smaller rate limit of its own.
    pub fn is_test_key(&self) -> bool {
        self.0.starts_with("pivotal_test_")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.prefix())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Takes secrets out of text. Each sink owns or shares one; text is filtered whole, before it is cut or wrapped.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
}

impl Redactor {
    /// A filter that hides `secret`.
    pub fn of(secret: Secret) -> Self {
        Redactor { secrets: vec![secret] }
    }

    /// Hides one more secret from now on.
    pub fn add(&mut self, secret: Secret) {
        self.secrets.push(secret);
    }

    /// `text` with each secret replaced by `[redacted]`; a key in whatever case it stands there (a host name, for
    /// example, is made lower case on its way), and its hidden part also where that stands alone.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.secrets {
            let whole = secret.expose();
            if !secret.is_key() {
                if !whole.is_empty() && text.contains(whole) {
                    text = Cow::Owned(text.replace(whole, HIDDEN));
                }
                continue;
            }
            for part in [Some(whole), secret.hidden()].into_iter().flatten() {
                if let Some(clean) = without(&text, part) {
                    text = Cow::Owned(clean);
                }
            }
        }
        text
    }
}

/// `text` with `part` replaced in any ASCII case; `None` where it does not occur.
fn without(text: &str, part: &str) -> Option<String> {
    // Bytes keep their places when ASCII letters change their case.
    let (lower, part) = (Zeroizing::new(text.to_ascii_lowercase()), Zeroizing::new(part.to_ascii_lowercase()));
    let mut out = String::new();
    let mut done = 0;
    for (at, found) in lower.match_indices(part.as_str()) {
        out.push_str(&text[done..at]);
        out.push_str(HIDDEN);
        done = at + found.len();
    }
    (done > 0).then(|| out + &text[done..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_its_prefix_and_nothing_else() {
        let key = Secret::key("pivotal_K8s9verysecretrest").unwrap();
        assert_eq!(format!("{key} {key:?}"), "pivotal_K8s9… pivotal_K8s9…");
        assert_eq!(format!("{:?}", Redactor::of(key)), "Redactor { secrets: [pivotal_K8s9…] }");
        assert_eq!(Secret::new("hunter2").to_string(), "…");
    }

    #[test]
    fn a_key_is_refused_without_being_repeated() {
        for (text, why) in [
            ("", BadKey::Empty),
            (" \n", BadKey::Empty),
            ("pivotal_abcdefgh\n", BadKey::Control),
            ("pivotal_abc defgh", BadKey::Character),
            ("pivotal_abcdefgü", BadKey::Character),
            ("sk_live_abcdefgh", BadKey::Prefix),
            ("pivotal_abc", BadKey::Short),
        ] {
            assert_eq!(Secret::key(text).unwrap_err(), why, "{text:?}");
        }
    }

    #[test]
    fn a_value_is_hidden_in_each_form_in_which_it_could_be_seen() {
        let forms = |text: &str| Secret::new(text).forms().iter().map(|f| f.expose().to_string()).collect::<Vec<_>>();
        assert_eq!(forms("hunter2"), ["hunter2"]);
        assert_eq!(forms("a\"b\\c"), ["a\\\"b\\\\c", "a\"b\\c"]);
        assert_eq!(forms("first\nsecond"), ["first\\nsecond", "first\nsecond", "second", "first"]);
        assert!(forms("yes").is_empty() && forms("").is_empty());
    }

    #[test]
    fn the_filter_hides_every_occurrence() {
        let mut filter = Redactor::of(Secret::new("s3cr3t-one"));
        filter.add(Secret::new("other"));
        assert_eq!(filter.redact("a s3cr3t-one b s3cr3t-one, other"), "a [redacted] b [redacted], [redacted]");
        assert!(matches!(filter.redact("nothing here"), Cow::Borrowed(_)));
    }

    #[test]
    fn the_filter_hides_a_key_in_any_case_and_its_hidden_part_alone() {
        let filter = Redactor::of(Secret::key("pivotal_K8s9verySecretRest").unwrap());
        assert_eq!(filter.redact("ü pivotal_k8s9verysecretrest.example ü"), "ü [redacted].example ü");
        assert_eq!(filter.redact("…VERYSECRETREST, pivotal_K8s9"), "…[redacted], pivotal_K8s9");
        let short = Redactor::of(Secret::key("pivotal_sandbox_key").unwrap());
        assert_eq!(short.redact("box_key of pivotal_sandbox_key"), "box_key of [redacted]");
    }
}
