//! The key in no sink: every way in which a server or a mistake could bring it back, and both streams and all files
//! searched for it afterwards.

use crate::harness::{KEY, Onramp, Ran, Server, answer, run};
use std::{fs, path::Path};

/// The first dozen characters of a key may be shown, nothing of what follows.
fn secret() -> String {
    KEY[12..].to_lowercase()
}

/// Neither in what the program said nor in any file it could have written.
#[track_caller]
fn secret_is_nowhere(ran: &Ran) {
    let secret = secret();
    for text in [&ran.stdout, &ran.stderr] {
        // Half of it would be too much as well.
        for part in [&secret[..6], &secret[secret.len() - 6..]] {
            assert!(!text.to_lowercase().contains(part), "it shows {part}: {ran}");
        }
    }
    for folder in ran.folders() {
        search(folder, &secret, ran);
    }
}

#[track_caller]
fn search(folder: &Path, secret: &str, ran: &Ran) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, secret, ran);
        } else if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("given-")) {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).to_lowercase();
            assert!(!text.contains(secret), "{} holds it: {ran}", path.display());
        }
    }
}

/// What scripts do with what they get and with what goes wrong, in every sink there is.
const SCRIPTS: &[&str] = &[
    "get_customer(101)",
    "print(get_customer(101)); debug(get_customer(101)); log_info(get_customer(101))",
    "for c in list_customers() { print(c); table([c]); }",
    "try { get_customer(101) } catch (e) { print(e); debug(e); log_info(e); log_warn(e.message); log_error(e); table([e]); }",
    "try { get_customer(101) } catch (e) { print(`${e.operation} ${e.status} ${e.type} ${e.code} ${e.field} ${e.request_id}`); }",
    "try { get_customer(101) } catch (e) { throw e }",
    "try { get_customer(101) } catch (e) { throw `failed: ${e}` }",
    "try { get_customer(101) } catch (e) { throw #{inner: e} }",
    "let c = get_customer(101); throw c.name",
    "let c = get_customer(101); c[c.name]",
    "create_customer(#{name: \"x\"})",
    "let c = get_customer(101); parse_time(c.name)",
    "let c = get_customer(101); update_customer(101, #{[c.name]: 1})",
    "let c = get_customer(101); let m = #{}; m[c.name] = 1; update_customer(101, m)",
];

#[test]
fn no_answer_of_a_server_brings_the_key_to_light() {
    let filler = "x".repeat(190);
    let text = |body: &str| body.replace("KEY", KEY);
    let header = format!("Bearer {KEY}");
    let error = |status: u16| {
        let body =
            text(r#"{"error":{"type":"t_KEY","code":"KEY","message":"Authorization: Bearer KEY","field":"KEY"}}"#);
        answer(status, &[("x-request-id", KEY), ("deprecation", &header)], &body)
    };
    let customer = text(
        r#"{"object":"customer","id":"KEY","name":"KEY","display_id":101,"created_at":"2026-05-01T00:00:00Z","KEY":"KEY"}"#,
    );
    let list = format!(r#"{{"object":"list","data":[{customer}],"has_more":false,"next_cursor":null}}"#);
    let cut = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\nretry-after: 0\r\ncontent-length: 99\r\n\r\n{}",
        &KEY[..KEY.len() - 3]
    );
    let cut = cut.into_bytes();
    let answers = [
        ("a customer", answer(200, &[("x-request-id", KEY)], &customer)),
        ("a list", answer(200, &[("deprecation", KEY)], &list)),
        ("400", error(400)),
        ("401", error(401)),
        ("403", error(403)),
        ("404", error(404)),
        ("500", error(500)),
        ("502 as a page", answer(502, &[], &text("<html><h1>502</h1><pre>Authorization: Bearer KEY</pre></html>"))),
        ("502, cut inside the key", answer(502, &[], &format!("<p>{filler}{KEY}"))),
        ("200 as a page", answer(200, &[], &format!("<p>{}{KEY}</p>", &filler[..185]))),
        ("another object", answer(200, &[], &text(r#"{"object":"a longer kind of object: KEY"}"#))),
        ("broken JSON", answer(200, &[], &text(r#"{"object":"customer","name":"KEY""#))),
        ("a body cut inside the key", cut),
        ("a redirect elsewhere", answer(302, &[("location", &text("https://KEY.example.com/KEY?key=KEY"))], "")),
        ("a redirect to a user name", answer(302, &[("location", &text("https://KEY@127.0.0.1/KEY"))], "")),
        ("a redirect to nowhere", answer(302, &[("location", &text("https://[KEY"))], "")),
        ("a strange redirect", answer(307, &[("location", &text("pivotal-KEY:KEY"))], &text("KEY"))),
        ("an error of another form", answer(400, &[], &text(r#"{"error":"KEY","KEY":"KEY"}"#))),
    ];
    for (name, bytes) in answers {
        let server = Server::start(move |_| bytes.clone());
        for script in SCRIPTS {
            let ran = server.used_by(run(&["-v", "-e", script])).ran();
            assert_ne!(ran.code, Some(70), "{name}: {ran}");
            secret_is_nowhere(&ran);
        }
    }
}

#[test]
fn what_is_not_even_http_does_not_bring_it_either() {
    let server = Server::start(|_| format!("{KEY} {KEY} {KEY}\r\n\r\n").into_bytes());
    let running = server.used_by(run(&["-v", "-e", "get_customer(101)"])).started();
    running.says("again in");
    running.interrupt();
    secret_is_nowhere(&running.ended());
}

#[test]
fn the_key_itself_reaches_the_server_and_only_in_its_header() {
    let server = Server::start(|_| answer(404, &[], ""));
    let ran =
        server.used_by(run(&["-v", "-e", "try { get_customer(101) } catch {} create_customer(#{name: \"x\"})"])).ran();
    secret_is_nowhere(&ran);
    for _ in 0..2 {
        let request = server.asked();
        let with: Vec<&str> = request.lines().filter(|line| line.to_lowercase().contains(&secret())).collect();
        assert_eq!(with, [format!("authorization: Bearer {KEY}")], "{request}");
    }
    let ran = server.used_by(run(&["-e", "get_health()"])).ran();
    secret_is_nowhere(&ran);
    assert!(!server.asked().contains(KEY), "health needs no key");
}

#[test]
fn settings_in_the_wrong_place_do_not_show_the_key() {
    let swapped = format!("https://{KEY}@my.pivotal.app/api/v1");
    let as_query = format!("https://my.pivotal.app/?key={KEY}");
    let as_path = format!("http://127.0.0.1:1/{KEY}");
    for url in [KEY, &swapped, &as_query, &format!("{KEY}://x"), &format!("http://{KEY}/")] {
        for onramp in
            [run(&["-e", "print(1)", "--base-url", url]), run(&["-e", "print(1)"]).env("PIVOTAL_BASE_URL", url)]
        {
            secret_is_nowhere(&onramp.env("PIVOTAL_API_KEY", KEY).ran());
        }
    }
    let health = ["-v", "-e", "print(get_health())", "--base-url", &as_path, "--max-wait", "1s"];
    let running = run(&health).env("PIVOTAL_API_KEY", KEY).started();
    running.says("again in");
    running.interrupt();
    secret_is_nowhere(&running.ended());
    let ran = run(&["-e", "get_me()", "--key-file", KEY]).ran();
    secret_is_nowhere(&ran);
    assert!(ran.stderr.starts_with("error: `--key-file` takes the name of a file, not the key"), "{ran}");
    for broken in [
        format!("{KEY}\n"),
        format!(" {KEY}"),
        format!("{KEY} {KEY}"),
        format!("{KEY}ü"),
        KEY.replace("pivotal", "Pivotal"),
    ] {
        let ran = run(&["-e", "get_me()"]).env("PIVOTAL_API_KEY", &broken).ran();
        assert_eq!(ran.code, Some(3), "{ran}");
        secret_is_nowhere(&ran);
    }
}

#[cfg(unix)]
#[test]
fn a_key_file_is_read_only_where_it_is_private_and_never_shown() {
    use std::os::unix::fs::PermissionsExt;
    let with = |content: &str, mode: u32| -> Onramp {
        let onramp = run(&["-v", "-e", "get_customer(101)", "--key-file", "given-key"]).file("given-key", content);
        fs::set_permissions(onramp.path("given-key"), fs::Permissions::from_mode(mode)).unwrap();
        onramp
    };
    let refused = |onramp: Onramp, message: &str, hint: &str| {
        let ran = onramp.ran();
        secret_is_nowhere(&ran);
        let place = "  --> -e:1:1\n    |\n  1 | get_customer(101)\n    | ^\n";
        ran.assert_all(3, "", &format!("error: {message}\n{place}{hint}"));
    };
    let server = Server::start(|_| answer(404, &[], &format!(r#"{{"error":{{"message":"no {KEY}"}}}}"#)));
    for content in [KEY.to_string(), format!("{KEY}\n"), format!("{KEY}\r\n")] {
        let ran = with(&content, 0o600).env("PIVOTAL_BASE_URL", server.base_url()).ran();
        secret_is_nowhere(&ran);
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(server.asked().contains(&format!("authorization: Bearer {KEY}\r\n")));
    }
    for mode in [0o644, 0o640, 0o604, 0o620] {
        refused(with(KEY, mode), "the key file `given-key` can be read by others", "hint: run `chmod 600 given-key`\n");
    }
    let again = "hint: copy it again from Pivotal's settings; it begins with `pivotal_`\n";
    for content in [format!("{KEY}\n\n"), format!("{KEY}\n{KEY}\n"), format!("{}\n{}", &KEY[..15], &KEY[15..])] {
        let message =
            "the API key in `given-key` cannot be used: it contains a line break or another control character";
        refused(with(&content, 0o600), message, again);
    }
    refused(with("", 0o600), "the API key in `given-key` cannot be used: it is empty", again);
    let long = "x".repeat(5000);
    refused(with(&long, 0o600), "the key file `given-key` is not a file with a key", "");
    let missing = run(&["-v", "-e", "get_customer(101)", "--key-file", "nowhere"]);
    refused(missing, "the key file `nowhere` cannot be read: there is no such file", "");
    let folder = run(&["-v", "-e", "get_customer(101)", "--key-file", "."]);
    refused(folder, "the key file `.` is not a file with a key", "");
    assert_eq!(server.unheard(), 0);
}
