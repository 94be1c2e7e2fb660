//! The budget in virtual time, against a model of the server's sliding window.

use super::{
    model::{SECOND, Server, run},
    *,
};

fn timing() -> Timing {
    Timing::default()
}

fn budget(rate: &str, max_wait: Duration) -> Arc<Budget> {
    Arc::new(Budget::new(Some(crate::text::parse_rate(rate).unwrap()), 60, max_wait, &timing(), None))
}

#[tokio::test(start_paused = true)]
async fn three_hundred_calls_reach_the_limit_and_meet_no_429() {
    for workers in [1, 8] {
        let server = Server::new(60, 6 * SECOND, 10);
        let took = run(&budget("60/6s", 600 * SECOND), &server, 300, workers).await;
        // Ideal is window × ⌊(n − 1) / limit⌋ (design, section 6).
        assert!(took <= (4 * 6 * SECOND).mul_f64(1.05), "{workers} in flight took {took:?}");
        assert_eq!(*server.refused.lock().unwrap(), 0, "{workers} in flight");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_rate_the_limit_comes_from_the_headers() {
    let server = Server::new(600, 60 * SECOND, 40);
    let budget = Arc::new(Budget::new(None, 60, 600 * SECOND, &timing(), None));
    let took = run(&budget, &server, 1200, 4).await;
    assert!(took < (60 * SECOND).mul_f64(1.12), "{took:?}");
    assert_eq!(*server.refused.lock().unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_others_use_is_left_to_them() {
    let server = Server::new(60, 6 * SECOND, 20);
    server.foreign(40);
    let took = run(&budget("60/6s", 600 * SECOND), &server, 60, 1).await;
    assert_eq!(*server.refused.lock().unwrap(), 0);
    assert!(took > 6 * SECOND && took < 8 * SECOND, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_429_stops_everybody_and_costs_its_own_slot_nothing() {
    let server = Server::new(60, 6 * SECOND, 20);
    let budget = budget("60/6s", 600 * SECOND);
    // The others come between two looks at the headers.
    let first = tokio::spawn({
        let (budget, server) = (budget.clone(), server.clone());
        async move { run(&budget, &server, 30, 1).await }
    });
    first.await.unwrap();
    server.foreign(30);
    let took = run(&budget, &server, 60, 8).await;
    assert!(*server.refused.lock().unwrap() <= 8, "{}", server.refused.lock().unwrap());
    assert!(took < 16 * SECOND, "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn callers_are_served_in_the_order_in_which_they_came() {
    let budget = budget("1/6s", 600 * SECOND);
    let order = Arc::new(Mutex::new(Vec::new()));
    let tasks: Vec<_> = (0..5)
        .map(|n| {
            let (budget, order) = (budget.clone(), order.clone());
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(n)).await;
                let pass = budget.enter(&Stop::default(), true).await.unwrap();
                order.lock().unwrap().push(n);
                pass.answered(Seen::default());
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_leaves_its_slot_booked_and_one_that_was_never_sent_does_not() {
    let budget = budget("1/6s", 600 * SECOND);
    let begun = Instant::now();
    budget.enter(&Stop::default(), true).await.unwrap().unsent();
    drop(budget.enter(&Stop::default(), true).await.unwrap());
    assert_eq!(begun.elapsed(), Duration::ZERO);
    let pass = budget.enter(&Stop::default(), true).await.unwrap();
    assert!(begun.elapsed() > 6 * SECOND && begun.elapsed() < 6 * SECOND + SECOND / 10, "{:?}", begun.elapsed());
    assert_eq!(pass.lost(), Some(0));
}

#[tokio::test(start_paused = true)]
async fn how_long_somebody_waits_for_the_rate_is_known() {
    let budget = budget("1/6s", 600 * SECOND);
    budget.enter(&Stop::default(), true).await.unwrap().answered(Seen::default());
    assert_eq!(budget.wait(), None, "nobody wants to send");
    let waiting = budget.clone();
    let waiting =
        tokio::spawn(async move { waiting.enter(&Stop::default(), true).await.unwrap().answered(Seen::default()) });
    tokio::time::sleep(SECOND).await;
    let wait = budget.wait().unwrap();
    assert!(wait > 4 * SECOND && wait < 6 * SECOND, "{wait:?}");
    waiting.await.unwrap();
    assert_eq!(budget.wait(), None);
}

#[tokio::test(start_paused = true)]
async fn every_wait_ends_when_somebody_asks_to_stop() {
    let budget = budget("1/6s", 600 * SECOND);
    let stop = Stop::default();
    let pass = budget.enter(&stop, true).await.unwrap();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let (budget, stop) = (budget.clone(), stop.clone());
            tokio::spawn(async move { budget.enter(&stop, true).await.map(drop) })
        })
        .collect();
    tokio::time::sleep(SECOND).await;
    pass.refused(Some(60 * SECOND));
    tokio::time::sleep(SECOND).await;
    let asked = Instant::now();
    stop.ask(Reason::Interrupt);
    for task in waiting {
        assert_eq!(task.await.unwrap(), Err(Halt::Stopped(Reason::Interrupt)));
    }
    assert_eq!(asked.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_stretch_of_429s_ends_after_max_wait_and_pacing_never_counts() {
    let (stop, budget) = (Stop::default(), budget("1/60s", 10 * SECOND));
    // Pacing alone: far more than max-wait, and nobody complains.
    for _ in 0..3 {
        budget.enter(&stop, true).await.unwrap().answered(Seen::default());
    }
    tokio::time::sleep(100 * SECOND).await;
    let begun = Instant::now();
    let halt = loop {
        match budget.enter(&stop, true).await {
            Ok(pass) => drop(pass.refused(Some(2 * SECOND))),
            Err(halt) => break halt,
        }
    };
    let Halt::Blocked(waited) = halt else { panic!("{halt:?}") };
    assert!(waited > 6 * SECOND && waited <= 10 * SECOND, "{waited:?}");
    assert!(begun.elapsed() <= 10 * SECOND, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_beyond_max_wait_blocks_at_once_and_until_it_is_over() {
    let (stop, budget) = (Stop::default(), budget("60/6s", 10 * SECOND));
    let (wait, _) = budget.enter(&stop, true).await.unwrap().refused(Some(60 * SECOND));
    assert_eq!(wait, None);
    assert_eq!(budget.enter(&stop, true).await.map(drop), Err(Halt::Blocked(Duration::ZERO)));
    assert!(budget.enter(&stop, false).await.is_err(), "also for a call that does not count");
    tokio::time::sleep(70 * SECOND).await;
    // Much later somebody tries again and is refused briefly: a new stretch.
    let (wait, _) = budget.enter(&stop, true).await.unwrap().refused(Some(SECOND));
    assert!(wait.is_some());
    budget.enter(&stop, true).await.unwrap().answered(Seen::default());
}

#[tokio::test(start_paused = true)]
async fn after_a_429_one_call_goes_first() {
    let (stop, budget) = (Stop::default(), budget("60/6s", 600 * SECOND));
    budget.enter(&stop, true).await.unwrap().refused(Some(SECOND));
    let first = budget.enter(&stop, true).await.unwrap();
    let second = tokio::time::timeout(SECOND, budget.enter(&stop, true)).await;
    assert!(second.is_err(), "the second waits for the answer of the first");
    first.answered(Seen::default());
    budget.enter(&stop, true).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_does_not_count_passes_a_full_log() {
    let (stop, budget) = (Stop::default(), budget("1/60s", 600 * SECOND));
    let counted = budget.enter(&stop, true).await.unwrap();
    assert_eq!(budget.enter(&stop, false).await.unwrap().answered(Seen::default()), None);
    assert_eq!(counted.answered(Seen::default()), Some(0));
}
