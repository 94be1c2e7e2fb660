//! The data file: kept, reused, and never mistaken for something else.

use std::fs;

use onramp::sandbox::{Options, StartError, start};

use super::{Api, options};

#[tokio::test]
async fn a_data_file_outlives_the_sandbox_and_is_not_seeded_again() {
    let folder = tempfile::tempdir().unwrap();
    let data = Some(folder.path().join("sandbox.db"));
    let first = Api::with(Options { data: data.clone(), ..options(5) }).await;
    let made = first.post("/customers", r#"{"name":"Kept"}"#).await.created();
    first.delete("/customers/101").await.ok();
    let all = first.walk("/customers", 100).await;
    first.handle.stop().await;

    let second = Api::with(Options { data, seed: 9, customers: 50, ..options(0) }).await;
    assert_eq!(second.walk("/customers", 100).await, all);
    assert_eq!(second.get("/customers/106").await.ok(), made);
    assert_eq!(second.post("/customers", r#"{"name":"Next"}"#).await.created()["display_id"], 107);
    second.get("/customers/101").await.refused(404, "not_found", "customer_not_found", "");
}

#[tokio::test]
async fn an_empty_file_becomes_a_sandbox_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let api = Api::with(Options { data: Some(file.path().to_owned()), ..options(2) }).await;
    assert_eq!(api.walk("/customers", 100).await.len(), 2);
}

#[tokio::test]
async fn a_file_that_is_something_else_is_refused_and_left_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "not a database at all").unwrap();
    for path in [other, text] {
        let before = fs::read(&path).unwrap();
        let error = start(Options { data: Some(path.clone()), ..options(2) }, None).await.unwrap_err();
        assert!(matches!(error, StartError::NotSandboxData(_)));
        assert_eq!(error.to_string(), format!("`{}` is not a sandbox data file; it was left as it is", path.display()));
        assert_eq!(fs::read(&path).unwrap(), before);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named_with_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no/such/folder/sandbox.db");
    let error = start(Options { data: Some(path.clone()), ..options(2) }, None).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot open the sandbox data file `{}`: ", path.display())), "{error}");
    let error = start(Options { data: Some(folder.path().to_owned()), ..options(2) }, None).await.unwrap_err();
    assert!(matches!(error, StartError::Data { .. }));
}

#[tokio::test]
async fn two_sandboxes_do_not_share_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let data = Some(folder.path().join("sandbox.db"));
    let _first = Api::with(Options { data: data.clone(), ..options(2) }).await;
    let error = start(Options { data, ..options(2) }, None).await.unwrap_err();
    assert!(matches!(error, StartError::DataInUse(_)), "{error}");
}
