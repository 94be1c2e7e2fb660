//! Points at which a debug build can be made to die as if its plug had been pulled, so that tests see what that leaves
//! behind. A release build has none of it.

/// Where a write can be cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(debug_assertions), expect(dead_code, reason = "a release build dies nowhere"))]
pub(super) enum Point {
    /// The run is in the store, and its journal is not yet a file.
    BeforeJournal,
    /// The intent is not in the journal yet.
    BeforeIntent,
    /// The intents of a group are safe; nothing of it went out.
    AfterIntent,
    /// The request is on its way, and its answer is not there.
    Sent,
    /// The answer has come, and whoever records it does not know.
    Answered,
    /// The answer is about to go into the journal.
    BeforeAnswerStored,
    /// The answer is in the journal.
    AfterAnswerStored,
}

#[cfg(debug_assertions)]
mod armed {
    use super::Point;
    use std::{
        future::Future,
        process,
        sync::{
            OnceLock,
            atomic::{AtomicU64, Ordering},
        },
        time::Duration,
    };

    const POINTS: [(&str, Point); 7] = [
        ("before_journal", Point::BeforeJournal),
        ("before_intent", Point::BeforeIntent),
        ("after_intent", Point::AfterIntent),
        ("sent", Point::Sent),
        ("answered", Point::Answered),
        ("before_answer_stored", Point::BeforeAnswerStored),
        ("after_answer_stored", Point::AfterAnswerStored),
    ];

    /// Long enough for a request to get to a server on this machine.
    const ON_THE_WAY: Duration = Duration::from_millis(3);

    /// The point, and how often it is passed before that is the end.
    static AT: OnceLock<(Point, AtomicU64)> = OnceLock::new();

    /// Has this process die at a point: `after_intent:7` when it comes there for the seventh time. False where the text
    /// names none.
    pub fn arm(text: &str) -> bool {
        let (name, count) = text.split_once(':').unwrap_or((text, "1"));
        let point = POINTS.iter().find(|(known, _)| *known == name).map(|(_, point)| *point);
        let (Some(point), Ok(count)) = (point, count.parse::<u64>()) else { return false };
        AT.set((point, AtomicU64::new(count))).is_ok()
    }

    fn is_due(point: Point) -> bool {
        AT.get().is_some_and(|(at, left)| *at == point && left.fetch_sub(1, Ordering::SeqCst) == 1)
    }

    pub(in crate::session) fn pass(point: Point) {
        if is_due(point) {
            process::abort();
        }
    }

    /// Waits for an answer, or dies while it is awaited.
    pub(in crate::session) async fn wait<T>(answer: impl Future<Output = T>) -> T {
        if is_due(Point::Sent) {
            let _ = tokio::time::timeout(ON_THE_WAY, answer).await;
            process::abort();
        }
        let answer = answer.await;
        pass(Point::Answered);
        answer
    }
}

#[cfg(debug_assertions)]
pub use armed::arm;
#[cfg(debug_assertions)]
pub(super) use armed::{pass, wait};

/// Nothing happens here.
#[cfg(not(debug_assertions))]
#[inline]
pub(super) fn pass(_: Point) {}

/// Waits for an answer.
#[cfg(not(debug_assertions))]
#[inline]
pub(super) async fn wait<T>(answer: impl std::future::Future<Output = T>) -> T {
    answer.await
}
