//! What the verbs cost at 100,000 rows: milliseconds and peak memory, for an array, a held list and a loop of the script,
//! with ratios, in one run of the real program. `cargo bench --bench verbs`. Memory is read from Linux's `/proc`.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::Instant,
};

/// What was measured of one verb in one form.
#[derive(Clone, Copy)]
struct Cost {
    millis: f64,
    /// How much more memory was resident at the worst moment than before.
    grown: f64,
}

fn main() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/verbs.rhai");
    let mut child = Command::new(env!("CARGO_BIN_EXE_onramp"))
        .args(["run", "--max-memory", "4GiB", script])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program is built with the benchmark");
    let folder = format!("/proc/{}", child.id());
    let mut costs = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    let (mut now, mut before, mut begun) = (String::new(), 0.0, Instant::now());
    for line in BufReader::new(child.stdout.take().expect("it is piped")).lines().map_while(Result::ok) {
        if let Some(what) = line.strip_prefix("begin ") {
            now = what.to_string();
            // Sets the high-water mark back to what is resident now. Where that is not allowed, growth shows as 0.
            let _ = fs::write(format!("{folder}/clear_refs"), "5");
            before = megabytes(&folder, "VmRSS:");
        } else if line == "go" {
            begun = Instant::now();
        } else if line == "end" {
            let millis = begun.elapsed().as_secs_f64() * 1000.0;
            let cost = Cost { millis, grown: (megabytes(&folder, "VmHWM:") - before).max(0.0) };
            let (kind, verb) = now.split_once(' ').unwrap_or(("", &now));
            if !order.iter().any(|known| known == verb) {
                order.push(verb.to_string());
            }
            costs.insert((verb.to_string(), kind.to_string()), cost);
        }
    }
    let ended = child.wait().expect("it was started");
    assert!(ended.success(), "the script failed");
    println!("{:<10} {:>17} {:>17} {:>17} {:>11} {:>11}", "", "array", "held", "loop", "loop/array", "loop/held");
    for verb in order {
        let of = |kind: &str| costs.get(&(verb.clone(), kind.to_string())).copied();
        let cell =
            |cost: Option<Cost>| cost.map_or(String::new(), |it| format!("{:.1} ms {:>5.0} MB", it.millis, it.grown));
        let ratio = |cost: Option<Cost>| match (of("loop"), cost) {
            (Some(slow), Some(quick)) => format!("{:.1}", slow.millis / quick.millis),
            _ => String::new(),
        };
        let (array, held) = (of("array"), of("held"));
        let (one, two, three) = (cell(array), cell(held), cell(of("loop")));
        println!("{verb:<10} {one:>17} {two:>17} {three:>17} {:>11} {:>11}", ratio(array), ratio(held));
    }
}

/// A line of the process's status, in megabytes.
fn megabytes(folder: &str, name: &str) -> f64 {
    let status = fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok()).map_or(0.0, |kb| kb / 1024.0)
}
