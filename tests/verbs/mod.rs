//! The verbs of lists, arrays and held lists through the real program: each on all three, over rows of the test's own.

mod edges;
mod errors;
mod listed;
mod model;

use crate::harness::{Ran, run};
use listed::Listed;
use serde_json::Value;

/// The three kinds of rows, as scripts make them.
const SOURCES: [&str; 3] = ["list_customers()", "list_customers().to_array()", "list_customers().hold()"];

/// Runs a script over `rows` as the workspace's customers.
fn over(rows: &[Value], script: &str) -> Ran {
    let server = Listed::serve(rows);
    server.used_by(run(&["-e", script])).ran()
}

/// What each of the expressions gives as JSON, for the rows of each source; a list is shown as an array.
fn results(rows: &[Value], expressions: &[&str]) -> [Vec<Value>; 3] {
    let server = Listed::serve(rows);
    SOURCES.map(|source| {
        let mut script = format!(
            "let rows = {source};\nfn shown(x) {{ if type_of(x) == \"list\" {{ x.to_array() }} else {{ x }} }}\n"
        );
        for expression in expressions {
            script.push_str(&format!("print(#{{v: shown({expression})}}.to_json());\n"));
        }
        let ran = server.used_by(run(&["script.rhai"])).file("script.rhai", &script).ran();
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
        let lines = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
        lines.map(|mut line| line["v"].take()).collect()
    })
}

/// Each expression gives this JSON, whatever the rows come from.
fn all_give(rows: &[Value], cases: &[(&str, &str)]) {
    let expressions: Vec<&str> = cases.iter().map(|(expression, _)| *expression).collect();
    for (given, source) in results(rows, &expressions).iter().zip(SOURCES) {
        for ((expression, wanted), given) in cases.iter().zip(given) {
            let wanted: Value = serde_json::from_str(wanted).expect(wanted);
            assert_eq!(*given, wanted, "{expression} over {source}");
        }
    }
}
