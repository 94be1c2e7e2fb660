//! An undo on a bad day of the service: what can be tried again is, and nothing goes back or is made twice.

use crate::plans::Scene;

#[test]
fn an_undo_brings_all_back_on_a_bad_day_too() {
    // The run itself makes the first of these calls; the undo those that have a fault.
    for faults in [
        &["delete-contact:reset-after@1", "create-customer:reset-after@2"][..],
        &["update-customer:status=503@4", "update-customer:empty@5", "create-customer-contact:cut@2"],
        &["update-onboarding:reset-after@2", "delete-customer:reset-before@2", "update-customer:html@6"],
        &["create-customer:status=500@2", "create-customer-contact:reset-after@2", "update-customer:429=1s@5"],
    ] {
        let flags: Vec<&str> = faults.iter().flat_map(|fault| ["--fault", fault]).collect();
        let scene = Scene::with(&flags);
        let before = scene.workspace();
        assert_eq!(scene.onramp(&["run", "all.rhai"]).code, Some(0));
        let undone = scene.onramp(&["undo", "--last", "--yes"]);
        assert_eq!(undone.code, Some(0), "{faults:?} {undone}");
        assert_eq!(scene.workspace(), before, "{faults:?} {undone}");
        let twice = scene.onramp(&["undo", "--last", "--yes"]);
        assert_eq!(twice.code, Some(2), "{twice}");
    }
}
