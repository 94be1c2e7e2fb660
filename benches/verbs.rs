//! What the verbs cost at 100,000 rows: milliseconds of processor time and peak memory, for an array, a held list and a
//! loop of the script, with ratios, in one run of the real program; beside it the same in CPython, where there is one
//! (`PYTHON`, or `python3`). Medians of several rounds. `cargo bench --bench verbs`. Time and memory are read from Linux's
//! `/proc`.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
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
    let mut costs: BTreeMap<(String, String), Vec<Cost>> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    let (mut now, mut before, mut begun) = (String::new(), 0.0, 0.0);
    for line in BufReader::new(child.stdout.take().expect("it is piped")).lines().map_while(Result::ok) {
        if let Some(what) = line.strip_prefix("begin ") {
            now = what.to_string();
            // Sets the high-water mark back to what is resident now. Where that is not allowed, growth shows as 0.
            let _ = fs::write(format!("{folder}/clear_refs"), "5");
            before = megabytes(&folder, "VmRSS:");
        } else if line == "go" {
            begun = spent(&folder);
        } else if line == "end" {
            let millis = spent(&folder) - begun;
            let cost = Cost { millis, grown: (megabytes(&folder, "VmHWM:") - before).max(0.0) };
            let (kind, verb) = now.split_once(' ').unwrap_or(("", &now));
            if !order.iter().any(|known| known == verb) {
                order.push(verb.to_string());
            }
            costs.entry((verb.to_string(), kind.to_string())).or_default().push(cost);
        }
    }
    let ended = child.wait().expect("it was started");
    assert!(ended.success(), "the script failed");
    for (verb, millis) in python() {
        costs.entry((verb, "python".into())).or_default().push(Cost { millis, grown: 0.0 });
    }
    println!(
        "{:<10} {:>17} {:>17} {:>17} {:>10} {:>6} {:>6} {:>6} {:>6}",
        "", "array", "held", "loop", "CPython", "loop/a", "loop/h", "a/py", "h/py"
    );
    for verb in order {
        let of = |kind: &str| costs.get(&(verb.clone(), kind.to_string())).map(|rounds| median(rounds));
        let cell =
            |cost: Option<Cost>| cost.map_or(String::new(), |it| format!("{:.1} ms {:>5.0} MB", it.millis, it.grown));
        let ratio = |one: Option<Cost>, other: Option<Cost>| match (one, other) {
            (Some(one), Some(other)) => format!("{:.1}", one.millis / other.millis),
            _ => String::new(),
        };
        let (array, held, slow, python) = (of("array"), of("held"), of("loop"), of("python"));
        println!(
            "{verb:<10} {:>17} {:>17} {:>17} {:>10} {:>6} {:>6} {:>6} {:>6}",
            cell(array),
            cell(held),
            cell(slow),
            python.map_or(String::new(), |it| format!("{:.1} ms", it.millis)),
            ratio(slow, array),
            ratio(slow, held),
            ratio(array, python),
            ratio(held, python),
        );
    }
}

fn median(rounds: &[Cost]) -> Cost {
    let mut millis: Vec<f64> = rounds.iter().map(|cost| cost.millis).collect();
    millis.sort_by(f64::total_cmp);
    Cost { millis: millis[millis.len() / 2], grown: rounds.iter().map(|cost| cost.grown).fold(0.0, f64::max) }
}

/// What CPython takes, verb by verb; nothing where there is none.
fn python() -> Vec<(String, f64)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/verbs.py");
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let Ok(output) = Command::new(python).args([script, "5"]).stderr(Stdio::inherit()).output() else {
        println!("there is no CPython to compare with");
        return Vec::new();
    };
    assert!(output.status.success(), "verbs.py failed");
    let text = String::from_utf8(output.stdout).expect("it prints text");
    text.lines().filter_map(|line| line.split_once(' ').map(|(verb, ms)| (verb.into(), ms.parse().unwrap()))).collect()
}

/// The processor time of all the process's threads, in milliseconds: unlike time by the clock it is the same on a busy
/// machine.
fn spent(folder: &str) -> f64 {
    let threads = fs::read_dir(format!("{folder}/task")).into_iter().flatten().flatten();
    let of_thread = |thread: fs::DirEntry| {
        let times = fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        times.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(0.0)
    };
    threads.map(of_thread).sum::<f64>() / 1e6
}

/// A line of the process's status, in megabytes.
fn megabytes(folder: &str, name: &str) -> f64 {
    let status = fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<f64>().ok()).map_or(0.0, |kb| kb / 1024.0)
}
