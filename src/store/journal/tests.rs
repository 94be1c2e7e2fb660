//! Journals kept, grown, removed, cut and damaged.

use super::*;

fn heads(frames: &[Frame]) -> Vec<&[u8]> {
    frames.iter().map(|frame| frame.head.as_slice()).collect()
}

#[test]
fn what_was_appended_is_there_again_before_and_after_it_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::volatile();
    let first = journal.append(b"one", b"body").unwrap();
    assert_eq!(journal.read(first).unwrap(), b"body");
    journal.keep(&path).unwrap();
    journal.append(b"two", b"").unwrap();
    journal.sync().unwrap();
    assert_eq!(journal.read(first.part(1, 2)).unwrap(), b"od");
    let (again, frames) = Journal::open(&path).unwrap();
    assert_eq!((heads(&frames), again.read(frames[0].body).unwrap()), (vec![&b"one"[..], b"two"], b"body".to_vec()));
    assert_eq!(again.len(), journal.len());
}

#[test]
fn frames_that_were_appended_together_are_read_like_others_before_and_after_it_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::volatile();
    journal.append_all(&[(b"one".to_vec(), b"1"), (b"two".to_vec(), b"")]).unwrap();
    journal.keep(&path).unwrap();
    journal.append_all(&[(b"three".to_vec(), b"3"), (b"four".to_vec(), b"4")]).unwrap();
    let last = journal.append(b"five", b"5").unwrap();
    let frames = journal.frames().unwrap();
    assert_eq!(heads(&frames), [&b"one"[..], b"two", b"three", b"four", b"five"]);
    assert_eq!(frames[4].body, last);
    let bodies: Vec<u8> = frames.iter().flat_map(|frame| journal.read(frame.body).unwrap()).collect();
    assert_eq!(bodies, b"1345");
    assert_eq!(heads(&Journal::open(&path).unwrap().1), heads(&frames));
}

#[test]
fn a_large_one_leaves_memory_and_no_file_behind() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::volatile();
    let body = vec![7; 3 << 20];
    let spans: Vec<Span> = (0..3).map(|_| journal.append(b"h", &body).unwrap()).collect();
    journal.spill(folder.path()).unwrap();
    assert!(matches!(journal.inner.lock().unwrap().backing, Backing::File(_)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    journal.append(b"last", b"x").unwrap();
    assert_eq!(journal.read(spans[2]).unwrap(), body);
    journal.keep(&folder.path().join("journal")).unwrap();
    let (_, frames) = Journal::open(&folder.path().join("journal")).unwrap();
    assert_eq!(heads(&frames), [&b"h"[..], b"h", b"h", b"last"]);
}

#[cfg(unix)]
#[test]
fn one_that_was_removed_is_not_safe_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::volatile();
    journal.keep(&path).unwrap();
    journal.append(b"one", b"").unwrap();
    journal.sync().unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(journal.sync().unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn one_that_is_cut_at_any_byte_or_has_a_wrong_one_is_read_up_to_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::volatile();
    let mut ends = vec![0];
    for n in 0..4_u8 {
        journal.append(&[n; 3], &vec![n; n as usize * 5]).unwrap();
        ends.push(journal.len());
    }
    journal.keep(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for cut in 0..=whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let (journal, frames) = Journal::open(&path).unwrap();
        let expected = ends.iter().filter(|end| **end > 0 && **end <= cut as u64).count();
        assert_eq!((frames.len(), journal.len()), (expected, ends[expected]), "cut at {cut}");
        journal.append(b"new", b"").unwrap();
        assert_eq!(Journal::open(&path).unwrap().1.len(), expected + 1, "cut at {cut}");
    }
    for at in 0..whole.len() {
        let mut wrong = whole.clone();
        wrong[at] ^= 0x40;
        std::fs::write(&path, &wrong).unwrap();
        let frames = Journal::open(&path).unwrap().1;
        let expected = ends.iter().filter(|end| **end > 0 && **end <= at as u64).count();
        assert_eq!(frames.len(), expected, "wrong at {at}");
    }
}

#[test]
fn one_that_is_let_go_leaves_alone_what_another_has_written_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::volatile();
    journal.keep(&path).unwrap();
    journal.append(b"one", b"").unwrap();
    let (next, _) = Journal::open(&path).unwrap();
    next.append(b"two", b"2").unwrap();
    drop(journal);
    assert_eq!(heads(&next.frames().unwrap()), [&b"one"[..], b"two"]);
    drop(next);
    assert_eq!(heads(&Journal::look(&path).unwrap().1), [&b"one"[..], b"two"]);
}

#[test]
fn room_is_made_where_little_is_made_safe_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::volatile();
    journal.keep(&path).unwrap();
    let room = || std::fs::metadata(&path).unwrap().len() - journal.len();
    let add = |bytes: u64| {
        journal.append(b"h", &vec![1; bytes as usize]).unwrap();
        room()
    };
    assert!(add(1000) > 0);
    journal.sync().unwrap();
    // What there is is used up first.
    assert!(add(2 * MUCH) > 0);
    journal.sync().unwrap();
    assert_eq!((add(4 * MUCH), add(1)), (0, 0));
    journal.sync().unwrap();
    journal.sync().unwrap();
    assert!(add(1) > 0, "little again");
    assert_eq!(Journal::open(&path).unwrap().1.len(), 5);
}

#[test]
fn one_that_has_ended_is_as_long_as_its_frames_and_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let journal = Journal::volatile();
    journal.keep(&path).unwrap();
    let span = journal.append(b"one", b"1").unwrap();
    let bytes = || std::fs::metadata(&path).unwrap().len();
    assert!(bytes() > journal.len(), "there is room behind the frames");
    journal.end();
    assert_eq!((bytes(), journal.read(span).unwrap()), (journal.len(), b"1".to_vec()));
    assert_eq!(journal.append(b"two", b"2").unwrap_err().to_string(), "the run has ended");
    assert_eq!(bytes(), journal.len());
}
