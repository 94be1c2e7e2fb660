//! Shows how far a bulk call is: on a terminal one line that changes, elsewhere a sentence now and then. Knows when to look
//! and where to draw; what is said comes from `glance`.

use super::{
    LOCK, Ui, board,
    glance::{self, Pulse},
};
use crate::{
    pace::{Board, Glance, Meter},
    text,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Between two looks.
const TICK: Duration = Duration::from_millis(250);
/// Between two sentences where there is no terminal.
const SENTENCE: Duration = Duration::from_secs(30);

/// The line of a terminal that changes; the others are written above it.
#[derive(Default)]
pub struct Bar(Mutex<Drawn>);

#[derive(Default)]
struct Drawn {
    bar: Option<ProgressBar>,
    /// It is not to be drawn now.
    away: bool,
}

impl Bar {
    /// Writes to the terminal while the line is out of the way.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.0.lock().expect(LOCK).bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Asks something where the line would be: it would be drawn over the question.
    pub fn away<T>(&self, ask: impl FnOnce() -> T) -> T {
        let away = |away| self.0.lock().expect(LOCK).away = away;
        away(true);
        self.clear();
        let answer = ask();
        away(false);
        answer
    }

    /// Shows the line, or several with breaks between them.
    fn show(&self, line: String, target: impl FnOnce() -> ProgressDrawTarget) {
        let mut drawn = self.0.lock().expect(LOCK);
        if drawn.away {
            return;
        }
        let bar = drawn.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{msg}").expect("the template is right");
            ProgressBar::with_draw_target(None, target()).with_style(style)
        });
        if bar.message() == line {
            // A terminal that is drawn anew for nothing flickers.
            return;
        }
        bar.set_message(line);
        bar.tick();
    }

    fn clear(&self) {
        if let Some(bar) = self.0.lock().expect(LOCK).bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// A run that is being watched, until this is dropped.
pub struct Followed {
    over: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Ui {
    /// Shows how far a run is, as `look` tells it, until what comes back is dropped. Nothing is shown while it has no bulk
    /// call to tell of.
    pub fn follow(&self, look: impl Fn() -> Option<Glance> + Send + 'static) -> Followed {
        let ui = self.clone();
        let (mut meter, mut pulse) = (Meter::default(), Pulse::new(SENTENCE));
        Followed::every_tick(self, move |now| {
            let Some(glance) = look() else {
                ui.bar().clear();
                return;
            };
            let pace = meter.look(now, &glance);
            if !glance::tells(&glance) {
                ui.bar().clear();
                return;
            }
            if Ui::is_drawn() {
                ui.bar().show(glance::line(&glance, &pace, Ui::room()), Ui::draw_target);
            } else if pulse.is_due(glance.call, now) {
                ui.status(&glance::sentence(&glance, &pace));
            }
        })
    }

    /// The same for runs that start by themselves: on a terminal how many wait, are at work and have ended, elsewhere a
    /// sentence now and then for each that is at work.
    pub fn follow_all(&self, look: impl Fn() -> Board + Send + 'static) -> Followed {
        let ui = self.clone();
        let mut known: HashMap<String, (Meter, Pulse)> = HashMap::new();
        Followed::every_tick(self, move |now| {
            let board = look();
            known.retain(|run, _| board.running.iter().any(|lane| lane.run == *run));
            let mut paces = Vec::new();
            for lane in &board.running {
                let (meter, pulse) =
                    known.entry(lane.run.clone()).or_insert_with(|| (Meter::default(), Pulse::new(SENTENCE)));
                let pace = lane.glance.as_ref().map(|glance| meter.look(now, glance));
                if let (Some(glance), Some(pace)) = (&lane.glance, &pace)
                    && !Ui::is_drawn()
                    && pulse.is_due(glance.call, now)
                {
                    let name = text::escape_control(&lane.name);
                    ui.status(&format!("`{name}`: {}", glance::sentence(glance, pace)));
                }
                paces.push(pace);
            }
            if Ui::is_drawn() {
                ui.bar().show(board::lines(&board, &paces, Ui::room()), Ui::draw_target);
            }
        })
    }

    /// Whether progress is drawn, on a terminal that can.
    pub fn is_drawn() -> bool {
        !Ui::draw_target().is_hidden()
    }

    /// One column is left free: some terminals go on to the next line as soon as the last one is used.
    fn room() -> usize {
        Ui::columns().saturating_sub(1)
    }
}

impl Followed {
    fn every_tick(ui: &Ui, mut tick: impl FnMut(Duration) + Send + 'static) -> Followed {
        let over: Arc<(Mutex<bool>, Condvar)> = Arc::default();
        let (ended, ui) = (over.clone(), ui.clone());
        let follow = move || {
            let begun = Instant::now();
            let (over, woken) = &*ended;
            let mut over = over.lock().expect(LOCK);
            loop {
                over = woken.wait_timeout(over, TICK).expect(LOCK).0;
                if *over {
                    break;
                }
                tick(begun.elapsed());
            }
            ui.bar().clear();
        };
        // Without a thread to spare, the run goes on unwatched.
        let thread = thread::Builder::new().name("progress".into()).spawn(follow).ok();
        Followed { over, thread }
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        *self.over.0.lock().expect(LOCK) = true;
        self.over.1.notify_all();
        if let Some(thread) = self.thread.take() {
            // If it panicked, nothing is shown any more, and the run is over all the same.
            let _ = thread.join();
        }
    }
}
