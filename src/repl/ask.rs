//! Questions from the script's thread to the person at the terminal, who sits at another one. Knows neither the question
//! nor the terminal.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
    mpsc::{self, Sender},
};

const LOCK: &str = "no code panics while it holds this lock";

/// A question and the way of its answer.
pub type Question = (String, Sender<bool>);

/// The questions of a session, one at a time. Clones are the same.
#[derive(Clone, Default)]
pub struct Questions(Arc<Inner>);

#[derive(Default)]
struct Inner {
    answered: AtomicBool,
    pending: Mutex<Option<Question>>,
}

impl Questions {
    /// From now on there is somebody who answers.
    pub fn will_be_answered(&self) {
        self.0.answered.store(true, Ordering::Relaxed);
    }

    /// Asks, and waits for the answer. `None` where nobody is there to give one.
    pub fn ask(&self, question: String) -> Option<bool> {
        if !self.0.answered.load(Ordering::Relaxed) {
            return None;
        }
        let (send, answer) = mpsc::channel();
        *self.0.pending.lock().expect(LOCK) = Some((question, send));
        // Whoever drops the question has not said yes.
        Some(answer.recv().unwrap_or(false))
    }

    /// The question that waits for an answer.
    pub fn take(&self) -> Option<Question> {
        self.0.pending.lock().expect(LOCK).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_by_the_other_thread_or_by_nobody() {
        let questions = Questions::default();
        assert_eq!(questions.ask("?".into()), None);
        questions.will_be_answered();
        let asking = std::thread::spawn({
            let questions = questions.clone();
            move || (questions.ask("first".into()), questions.ask("second".into()))
        });
        let next = || loop {
            if let Some(question) = questions.take() {
                break question;
            }
            std::thread::yield_now();
        };
        let (text, answer) = next();
        assert_eq!(text, "first");
        answer.send(true).unwrap();
        drop(next());
        assert_eq!(asking.join().unwrap(), (Some(true), Some(false)));
    }
}
