//! What starting onramp costs, beside a bare Rhai runner that is built with it: whole processes in turn, A B A B …, with
//! the medians and the ratio of one run. `cargo bench --bench startup`; docs/performance.md explains the figures.

use std::{
    env, io,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const RUNS: usize = 40;
const SCRIPT: &str = "scripts/hello.rhai";

fn main() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCRIPT);
    if env::args().any(|arg| arg == "--bare") {
        return bare(&script);
    }
    let this = env::current_exe().expect("a program knows its own path");
    let onramp = || measured(Command::new(env!("CARGO_BIN_EXE_onramp")).arg("run").arg(&script));
    let bare = || measured(Command::new(&this).arg("--bare"));
    // The first of each warms the caches of the system.
    let _ = (onramp(), bare());
    let (ours, bares): (Vec<_>, Vec<_>) = (0..RUNS).map(|_| (onramp(), bare())).unzip();
    let (ours, bares) = (median(ours), median(bares));
    println!("onramp run {SCRIPT}: {:.2} ms, {:.1} MB", millis(ours.0), megabytes(ours.1));
    println!("bare Rhai runner:              {:.2} ms, {:.1} MB", millis(bares.0), megabytes(bares.1));
    println!("ratio of the times: {:.2} (medians of {RUNS} pairs)", millis(ours.0) / millis(bares.0));
}

/// The least that runs a script at all.
fn bare(script: &Path) {
    rhai::Engine::new().run_file(script.into()).expect("the script runs");
}

/// Wall time and peak memory (kB) of a whole process.
fn measured(command: &mut Command) -> (Duration, i64) {
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null());
    let begun = Instant::now();
    let mut child = command.spawn().expect("the program starts");
    let pid = i32::try_from(child.id()).expect("process ids are small");
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    let mut status = 0;
    // SAFETY: the process is our child and not yet waited for; both pointers are to our own memory.
    let waited = unsafe { libc::wait4(pid, &mut status, 0, usage.as_mut_ptr()) };
    let took = begun.elapsed();
    // It is gone already; this only lets the handle know.
    let _ = child.wait();
    assert!(waited == pid && status == 0, "it failed: {status}, {}", io::Error::last_os_error());
    // SAFETY: `wait4` succeeded, so it has filled the struct; all zeros would be valid too.
    (took, unsafe { usage.assume_init() }.ru_maxrss)
}

fn median(mut runs: Vec<(Duration, i64)>) -> (Duration, i64) {
    runs.sort();
    let memory = runs.iter().map(|run| run.1).max().unwrap_or(0);
    (runs[runs.len() / 2].0, memory)
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

fn megabytes(kilobytes: i64) -> f64 {
    kilobytes as f64 / 1024.0
}
