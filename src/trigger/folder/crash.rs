//! Points on a file's way at which a debug build can be made to die as if its plug had been pulled, so that tests see what
//! that leaves behind. A release build has none of it.

/// Between two steps of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// It is whole and hashed, and nothing is written.
    BeforeClaim,
    /// Its row and its run are there, and it lies in the folder.
    AfterClaim,
    /// It lies in its own folder, and its row does not know.
    AfterTake,
    /// Its run was handed over.
    AfterWake,
    /// Its run has ended, and nothing was done about it.
    BeforeLeave,
    /// Its report is there, and the file is not moved.
    AfterReport,
    /// It is moved, and its row does not know.
    AfterMove,
}

#[cfg(debug_assertions)]
mod armed {
    use super::Point;
    use std::sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    };

    const POINTS: [(&str, Point); 7] = [
        ("before_claim", Point::BeforeClaim),
        ("after_claim", Point::AfterClaim),
        ("after_take", Point::AfterTake),
        ("after_wake", Point::AfterWake),
        ("before_leave", Point::BeforeLeave),
        ("after_report", Point::AfterReport),
        ("after_move", Point::AfterMove),
    ];

    static AT: OnceLock<(Point, AtomicU64)> = OnceLock::new();

    /// Has this process die at a point: `after_claim:7` when it comes there for the seventh time. False where the text names
    /// none of these.
    pub fn arm(text: &str) -> bool {
        let (name, count) = text.split_once(':').unwrap_or((text, "1"));
        let point = POINTS.iter().find(|(known, _)| *known == name).map(|(_, point)| *point);
        match (point, count.parse()) {
            (Some(point), Ok(count)) => AT.set((point, AtomicU64::new(count))).is_ok(),
            _ => false,
        }
    }

    pub fn pass(point: Point) {
        if let Some((at, left)) = AT.get()
            && *at == point
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            std::process::abort();
        }
    }
}

#[cfg(debug_assertions)]
pub use armed::arm;

/// The process is at a point.
pub(super) fn pass(point: Point) {
    #[cfg(debug_assertions)]
    armed::pass(point);
    #[cfg(not(debug_assertions))]
    let _ = point;
}
