//! Runs that start by themselves, as people see them: how many wait, are at work, are done and failed, and a line for each
//! that is at work. Pure: what there is is handed in; writes nothing.

use super::glance;
use crate::{
    pace::{Board, Lane, Pace},
    text,
};
use unicode_width::UnicodeWidthStr;

/// So many runs have a line of their own.
const MOST: usize = 8;
/// So much of a name is shown.
const NAME: usize = 40;

/// The lines for a terminal of so many columns; each run has its pace, where it is at a bulk call.
pub fn lines(board: &Board, paces: &[Option<Pace>], columns: usize) -> String {
    let mut lines = vec![head(board)];
    for (lane, pace) in board.running.iter().zip(paces).take(MOST) {
        lines.push(line(lane, pace.as_ref(), columns));
    }
    if board.running.len() > MOST {
        lines.push(format!("  and {} more", board.running.len() - MOST));
    }
    let cut = |line: String| text::shortened(&line, columns).into_owned();
    lines.into_iter().map(cut).collect::<Vec<_>>().join("\n")
}

fn head(board: &Board) -> String {
    let Board { waiting, running, done, failed, paused } = board;
    let mut head = format!("{waiting} waiting  {} running  {done} done  {failed} failed", running.len());
    match paused {
        0 => {}
        1 => head.push_str("  paused"),
        many => head.push_str(&format!("  {many} folders are paused")),
    }
    head
}

fn line(lane: &Lane, pace: Option<&Pace>, columns: usize) -> String {
    let name = text::escape_control(&lane.name).into_owned();
    let name = text::shortened(&name, NAME.min(columns / 2));
    match (&lane.glance, pace) {
        (Some(glance), Some(pace)) => {
            let room = columns.saturating_sub(name.width() + 4);
            format!("  {name}  {}", glance::line(glance, pace, room))
        }
        _ => format!("  {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pace::Glance;

    #[test]
    fn what_waits_runs_and_has_ended_is_counted_and_each_run_has_a_line() {
        let glance =
            Glance { what: "create_customer".into(), done: 3, total: Some(12), changed: 3, ..Glance::default() };
        let lane = |name: &str, glance: Option<Glance>| Lane { run: "r".into(), name: name.into(), glance };
        let running = vec![lane("orders.csv", Some(glance)), lane("a\u{1b}[31m\n.csv", None)];
        let board = Board { waiting: 4, running, done: 12, failed: 1, paused: 0 };
        let paces = [Some(Pace { in_a_minute: 3, limit: None, left: None }), None];
        assert_eq!(
            lines(&board, &paces, 100),
            "4 waiting  2 running  12 done  1 failed\n\
             \u{20} orders.csv  create_customer  [=====               ]  3/12  3 changed  3 requests a minute\n\
             \u{20} a\\u{1b}[31m\\n.csv"
        );
        assert_eq!(lines(&board, &paces, 20), "4 waiting  2 runnin…\n  orders.csv  3/12\n  a\\u{1b}[3…");
        assert_eq!(
            lines(&Board { paused: 1, ..Board::default() }, &[], 80),
            "0 waiting  0 running  0 done  0 failed  paused"
        );
        let wide = Board { running: vec![lane("株式会社さくら物流.csv", None)], ..Board::default() };
        assert_eq!(lines(&wide, &[None], 21).lines().last(), Some("  株式会社…"));
        let many = Board { running: (0..10).map(|_| lane("x", None)).collect(), ..Board::default() };
        assert_eq!(lines(&many, &[const { None }; 10], 80).lines().last(), Some("  and 2 more"));
    }
}
