//! The unit file of docs/deploy.md: systemd takes it, and its command does what it promises to systemd.

use crate::{
    docs::blocks,
    harness::{Place, Served},
};
use std::{
    fs::{self, Permissions},
    os::unix::{fs::PermissionsExt, net::UnixDatagram},
    path::Path,
    process::Command,
    time::Duration,
};

/// The unit as it stands on the page.
fn unit() -> String {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deploy.md")).unwrap();
    blocks(&page).into_iter().find(|block| block.language == "ini").expect("the page has a unit file").text
}

/// What a key of the unit says.
fn value(unit: &str, key: &str) -> String {
    let line = unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("the unit has no {key}")).to_string()
}

#[test]
fn the_command_of_the_unit_says_that_it_is_ready_and_ends_well_when_it_is_asked_to() {
    let (unit, place) = (unit(), Place::new());
    let command = value(&unit, "ExecStart");
    let words: Vec<&str> = command.split(' ').collect();
    let at = |word: &str| words.iter().position(|found| *found == word).unwrap() + 1;
    let (dir, key) = (words[at("serve")], words[at("--key-file")]);
    fs::create_dir(place.work().join(dir)).unwrap();
    fs::write(place.work().join(dir).join("hourly.rhai"), "// /// onramp\n// schedule = \"every 1h\"\n// ///\n")
        .unwrap();
    let sandbox = Served::start(&["--customers", "0"]);
    let own = place.work().join("key");
    fs::write(&own, sandbox.key()).unwrap();
    fs::set_permissions(&own, Permissions::from_mode(0o600)).unwrap();
    let args: Vec<&str> =
        words[1..].iter().map(|word| if *word == key { own.to_str().unwrap() } else { word }).collect();
    let (socket, state) = (place.work().join("notify"), place.work().join("state"));
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert_eq!(value(&unit, "Type"), "notify");
    let (name, _) =
        value(&unit, "Environment").split_once('=').map(|(name, value)| (name.to_string(), value.to_string())).unwrap();
    let running = place.onramp(&args).env(&name, state.to_str().unwrap()).env("PIVOTAL_BASE_URL", sandbox.base_url());
    let mut running = running.env("NOTIFY_SOCKET", socket.to_str().unwrap()).started();
    let mut said = [0; 64];
    let length = loop {
        match manager.recv(&mut said) {
            Ok(length) => break length,
            Err(_) if running.has_ended() => panic!("it was never ready: {}", running.ended()),
            Err(_) => {}
        }
    };
    assert_eq!(&said[..length], b"READY=1");
    assert!(state.join("onramp.db").exists());
    running.terminate();
    let ran = running.ended();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran}");
    assert!(ran.stderr.contains("serving 1 script of `scripts`") && ran.stderr.ends_with("stopped\n"), "{ran}");
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("onramp.service");
    // The program is not installed where the tests run, but it is there.
    let (unit, program) = (unit(), env!("CARGO_BIN_EXE_onramp"));
    let installed = "/usr/local/bin/onramp";
    assert!(unit.contains(&format!("ExecStart={installed} ")));
    fs::write(&file, unit.replace(installed, program)).unwrap();
    let verified = Command::new("systemd-analyze").arg("verify").arg(&file).output();
    match verified {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            // It may have something to say of other units, too.
            assert!(output.status.success() && !said.contains("onramp.service"), "{said}");
        }
        // Not every machine is run by it.
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}"),
    }
}
