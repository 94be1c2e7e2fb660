//! The sandbox's keys and what each may do. Owns the check of the `Authorization` header; no other key is ever taken, so
//! that a real key sent here by mistake opens nothing. Must not count requests.

use super::problem::Problem;

/// The key of a live workspace, which may do everything.
pub const KEY: &str = "pivotal_sandbox_key";
/// A test key: the same data, with a rate-limit bucket of its own.
pub const TEST_KEY: &str = "pivotal_test_sandbox_key";
/// A key that was revoked: always 401 `api_key_revoked`.
pub const REVOKED_KEY: &str = "pivotal_sandbox_revoked";
/// A key that may only read: writes answer 403.
pub const READ_ONLY_KEY: &str = "pivotal_sandbox_readonly";

/// Who is asking.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Principal {
    /// Names the key without showing it; also names its rate-limit bucket.
    pub id: &'static str,
    pub name: &'static str,
    /// The first dozen characters of the key.
    pub prefix: &'static str,
    pub scopes: &'static [&'static str],
}

impl Principal {
    /// Whether the key may create, change and delete.
    pub fn may_write(&self) -> bool {
        self.scopes.contains(&"write")
    }
}

const LIVE: Principal =
    Principal { id: "key_sandbox_live", name: "Sandbox", prefix: KEY.split_at(12).0, scopes: &["read", "write"] };
const TEST: Principal = Principal {
    id: "key_sandbox_test",
    name: "Sandbox (test)",
    prefix: TEST_KEY.split_at(12).0,
    scopes: &["read", "write"],
};
const READ_ONLY: Principal = Principal {
    id: "key_sandbox_readonly",
    name: "Sandbox (read only)",
    prefix: READ_ONLY_KEY.split_at(12).0,
    scopes: &["read"],
};

const NOBODY: Principal = Principal { id: "", name: "", prefix: "", scopes: &[] };

/// Who asks where no key is needed.
pub(super) fn nobody() -> &'static Principal {
    &NOBODY
}

/// Finds out who is asking from the value of the `Authorization` header.
pub(super) fn check(header: Option<&str>) -> Result<&'static Principal, Problem> {
    let Some(header) = header else {
        return Err(Problem::unauthenticated(
            "authentication_error",
            "The Authorization header is missing. Send `Authorization: Bearer <key>`.",
        ));
    };
    // The scheme's name is case-insensitive (RFC 9110), the key is not.
    let key = match header.split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => key.trim(),
        _ => "",
    };
    match key {
        KEY => Ok(&LIVE),
        TEST_KEY => Ok(&TEST),
        READ_ONLY_KEY => Ok(&READ_ONLY),
        REVOKED_KEY => Err(Problem::revoked()),
        _ => Err(Problem::unauthenticated("authentication_error", "This API key is not known to the sandbox.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_visible_prefix_is_the_first_dozen_characters() {
        assert_eq!(check(Some("Bearer pivotal_sandbox_key")).unwrap().prefix, "pivotal_sand");
        assert_eq!(check(Some("bearer pivotal_test_sandbox_key")).unwrap().prefix, "pivotal_test");
    }

    #[test]
    fn other_schemes_and_other_keys_are_refused() {
        for header in [
            None,
            Some(""),
            Some("pivotal_sandbox_key"),
            Some("Basic pivotal_sandbox_key"),
            Some("Bearer pivotal_live_x"),
        ] {
            assert_eq!(check(header).unwrap_err().code, "authentication_error", "{header:?}");
        }
        assert_eq!(check(Some("Bearer pivotal_sandbox_revoked")).unwrap_err().code, "api_key_revoked");
    }
}
