//! What was said (flags, environment) and what it means. The only reader of environment variables.

use crate::{
    api::request::BaseUrl,
    error::{Failure, Kind},
    secret::{BadKey, Secret},
};
use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

/// The environment variables that are understood.
const KEY: &str = "PIVOTAL_API_KEY";
const BASE_URL: &str = "PIVOTAL_BASE_URL";
const STATE_DIR: &str = "ONRAMP_STATE_DIR";
const NOTIFY_COMMAND: &str = "ONRAMP_NOTIFY_COMMAND";
const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
#[cfg(debug_assertions)]
const CRASH_AT: &str = "ONRAMP_CRASH_AT";

/// No key is anywhere near this long; a larger file is another file.
const LARGEST_KEY_FILE: u64 = 4096;

/// Whether colour is wanted at all (<https://no-color.org>), and the terminal is one that knows what it means.
pub fn colour_wanted() -> bool {
    let knows = cfg!(windows) || env::var_os("TERM").is_some_and(|name| !name.is_empty() && name != "dumb");
    knows && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Where a debug build is to die, for tests of what that leaves behind.
#[cfg(debug_assertions)]
pub fn crash_at() -> Option<String> {
    env::var(CRASH_AT).ok()
}

/// The command that is told of failed runs, where the environment names one.
pub fn notify_command() -> Result<Option<String>, Failure> {
    let set = env::var_os(NOTIFY_COMMAND).filter(|value| !value.is_empty());
    set.map(|value| unicode(NOTIFY_COMMAND, value)).transpose()
}

/// The environment as a program may see it that is not ours: without our own variables, and without any whose value
/// `is_secret`.
pub fn environment_of_others(is_secret: impl Fn(&str) -> bool) -> Vec<(OsString, OsString)> {
    let is_ours = |name: &str| {
        let upper = name.to_ascii_uppercase();
        upper.starts_with("PIVOTAL_") || upper.starts_with("ONRAMP_") || upper == NOTIFY_SOCKET
    };
    env::vars_os()
        .filter(|(name, value)| !is_ours(&name.to_string_lossy()) && !is_secret(&value.to_string_lossy()))
        .collect()
}

/// Tells the service manager that started this process, if one did and wants to know, what it is at: `READY=1`,
/// `STOPPING=1` (`sd_notify(3)`).
#[cfg(target_os = "linux")]
pub fn tell_manager(state: &str) -> std::io::Result<()> {
    use std::os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    };
    let Some(socket) = env::var_os(NOTIFY_SOCKET).filter(|socket| !socket.is_empty()) else { return Ok(()) };
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(&socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(not(target_os = "linux"))]
pub fn tell_manager(_: &str) -> std::io::Result<()> {
    Ok(())
}

/// The base URL: the flag's, else the environment's, else the service's own.
pub fn base_url(flag: Option<&str>) -> Result<BaseUrl, Failure> {
    let from_environment = env::var_os(BASE_URL).filter(|value| !value.is_empty());
    let (source, text) = match (flag, from_environment) {
        (Some(text), _) => ("--base-url", text.to_string()),
        (None, Some(text)) => (BASE_URL, unicode(BASE_URL, text)?),
        (None, None) => (BASE_URL, BaseUrl::SERVICE.to_string()),
    };
    BaseUrl::parse(&text).map_err(|why| {
        Failure::usage(format!("`{source}` cannot be used: {why}"))
            .hint(format!("write it as `{}`; plain http is for 127.0.0.1 and localhost only", BaseUrl::SERVICE))
    })
}

/// The key: the key file's, else the environment's.
pub fn key(key_file: Option<&Path>) -> Result<Secret, Failure> {
    match key_file {
        Some(path) => key_from_file(path),
        None => match env::var_os(KEY) {
            None => Err(missing()),
            Some(value) if value.is_empty() => Err(missing()),
            Some(value) => Secret::key(&unicode(KEY, value).map_err(|failure| Failure { kind: Kind::Key, ..failure })?)
                .map_err(|why| bad_key(&format!("`{KEY}`"), &why)),
        },
    }
}

/// Whatever stands in the environment as a key, good or not: it is hidden before it is used.
pub fn key_in_environment() -> Option<Secret> {
    let text = env::var(KEY).ok()?;
    // Of less there is nothing to keep secret, and hiding it would ruin what is shown.
    (text.trim().len() >= 8).then(|| Secret::new(text.trim()))
}

fn missing() -> Failure {
    Failure::new(Kind::Key, "there is no API key")
        .hint(format!("set `{KEY}`, or name a file that holds the key with `--key-file`"))
        .hint("add `--sandbox` to try it without a key, against an embedded workspace")
}

fn bad_key(source: &str, why: &BadKey) -> Failure {
    Failure::new(Kind::Key, format!("the API key in {source} cannot be used: {why}"))
        .hint("copy it again from Pivotal's settings; it begins with `pivotal_`")
}

fn key_from_file(path: &Path) -> Result<Secret, Failure> {
    // A key where its file's name belongs must not be shown as one.
    if let Some(key) = path.to_str().and_then(|text| Secret::key(text).ok()).filter(|_| !path.exists()) {
        return Err(Failure::new(
            Kind::Key,
            format!("`--key-file` takes the name of a file, not the key `{key}` itself"),
        )
        .hint("put the key into a file that only you can read, or into `PIVOTAL_API_KEY`")
        .hint("make a new key if others can see this command line"));
    }
    let shown = path.display();
    let failed = |why: String| Failure::new(Kind::Key, format!("the key file `{shown}` {why}"));
    let mut file = fs::File::open(path).map_err(|error| failed(format!("cannot be read: {}", reason(&error))))?;
    let about = file.metadata().map_err(|error| failed(format!("cannot be read: {}", reason(&error))))?;
    if !about.is_file() || about.len() > LARGEST_KEY_FILE {
        return Err(failed("is not a file with a key".into()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if about.permissions().mode() & 0o077 != 0 {
            return Err(failed("can be read by others".into()).hint(format!("run `chmod 600 {shown}`")));
        }
    }
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    file.read_to_end(&mut bytes).map_err(|error| failed(format!("cannot be read: {}", reason(&error))))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| failed("is not text".into()))?;
    // Editors end a file with a line break; anything beyond that is not ours to guess.
    let text = text.strip_suffix('\n').unwrap_or(text);
    Secret::key(text.strip_suffix('\r').unwrap_or(text)).map_err(|why| bad_key(&format!("`{shown}`"), &why))
}

/// The values of environment variables that a script declares. Where one is missing or is no text, the error says which
/// one, by its position, and what is wrong with it.
pub fn declared(names: &[&str]) -> Result<BTreeMap<String, Secret>, (usize, String)> {
    let value = |(at, name): (usize, &&str)| match env::var_os(name).map(OsString::into_string) {
        Some(Ok(value)) => Ok((name.to_string(), Secret::new(value))),
        Some(Err(_)) => Err((at, format!("the environment variable `{name}` is not text"))),
        None => Err((at, format!("the environment variable `{name}` is not set"))),
    };
    names.iter().enumerate().map(value).collect()
}

fn unicode(name: &str, value: OsString) -> Result<String, Failure> {
    value.into_string().map_err(|_| Failure::usage(format!("`{name}` is not text")))
}

/// Why a file could not be used, in plain words.
pub fn reason(error: &std::io::Error) -> String {
    use std::io::ErrorKind as Kind;
    match error.kind() {
        Kind::NotFound => "there is no such file".into(),
        Kind::PermissionDenied => "permission denied".into(),
        Kind::IsADirectory => "it is a folder".into(),
        Kind::InvalidData => "it is not UTF-8 text".into(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_lowercase()
        }
    }
}

/// The folder for what onramp keeps between runs: `ONRAMP_STATE_DIR`, else the platform's own for such things. It may not
/// exist yet.
pub fn state_dir() -> Result<PathBuf, Failure> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(own) = set(STATE_DIR) {
        return std::path::absolute(&own)
            .map_err(|error| Failure::usage(format!("`{STATE_DIR}` cannot be used: {}", reason(&error))));
    }
    // XDG Base Directory Specification: a relative path is to be ignored.
    if let Some(state) = set("XDG_STATE_HOME").filter(|path| path.is_absolute()) {
        return Ok(state.join("onramp"));
    }
    let home = env::home_dir().filter(|home| home.is_absolute()).ok_or_else(|| {
        Failure::usage("there is no home folder to keep runs in").hint(format!("name a folder with `{STATE_DIR}`"))
    })?;
    Ok(if cfg!(target_os = "macos") {
        home.join("Library/Application Support/onramp")
    } else if cfg!(windows) {
        home.join("AppData/Local/onramp")
    } else {
        home.join(".local/state/onramp")
    })
}
