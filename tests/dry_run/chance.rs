//! Calls made by chance, in both worlds: single records, whole lists, first pages, writes that are refused, writes that
//! change nothing, writes to what this run has made.

use super::{
    calls::{Deed, KINDS, Op, deed},
    plans::held_against_the_real_run,
    side::call,
    twin::Twin,
};
use proptest::{prelude::*, test_runner::Config};

/// Carries out one call in both worlds.
fn step(twin: &mut Twin, op: Op, own: Option<usize>) {
    match deed(&twin.pools, op, own) {
        Deed::Read(dry, real) => twin.read(&dry, &real),
        Deed::Walk(dry, real) => twin.walk(&dry, &real),
        Deed::Write(dry, real) => twin.write(&dry, &real),
    }
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec((0..KINDS, any::<u16>(), any::<u16>(), any::<u16>()), 1..70)
}

proptest! {
    #![proptest_config(Config { cases: 24, failure_persistence: None, max_shrink_iters: 200, ..Config::default() })]

    #[test]
    fn what_a_dry_run_sees_is_what_the_real_run_sees(ops in ops(), seed in 0_u64..50, customers in 1_u32..30, known in any::<bool>()) {
        let mut twin = Twin::new(customers, seed);
        if known {
            twin.look_at_all();
        }
        for (at, op) in ops.into_iter().enumerate() {
            step(&mut twin, op, (!known).then_some(at));
        }
        for name in ["list_customers", "list_onboardings"] {
            twin.walk(&call(name, &[], None), &call(name, &[], None));
        }
        held_against_the_real_run(&twin, customers, seed);
    }
}

#[test]
fn a_dry_run_leaves_the_service_as_it_was() {
    let mut twin = Twin::new(8, 3);
    let before = twin.live.dump();
    for n in 0..200_u16 {
        step(
            &mut twin,
            ((n % u16::from(KINDS)) as u8, n.wrapping_mul(257), n.wrapping_mul(31), n.wrapping_mul(7)),
            Some(n.into()),
        );
    }
    assert_eq!(twin.live.dump(), before);
    assert!(twin.overlay.borrow().entries().len() > 20);
}
