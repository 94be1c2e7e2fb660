//! What starting onramp costs, beside a bare Rhai runner that is built with it: whole processes in turn, A B A B …, with
//! the medians and the ratios of one run, of the time by the clock and of the processor time, which a busy machine does
//! not change. Both are copied first, as installing does: a program that a linker has written just now lies in the
//! system's cache page by page. `cargo bench --bench startup`; docs/performance.md explains the figures.

use std::{
    env, fs, io,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const RUNS: usize = 100;
const SCRIPT: &str = "scripts/hello.rhai";

fn main() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCRIPT);
    if env::args().any(|arg| arg == "--bare") {
        return bare(&script);
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let installed = |name: &str, program: &Path| {
        let copy = folder.path().join(name);
        fs::copy(program, &copy).expect("a program can be copied");
        copy
    };
    let program = installed("onramp", Path::new(env!("CARGO_BIN_EXE_onramp")));
    let this = installed("bare", &env::current_exe().expect("a program knows its own path"));
    let onramp = || measured(Command::new(&program).arg("run").arg(&script));
    let bare = || measured(Command::new(&this).arg("--bare"));
    // The first of each warms the caches of the system.
    let _ = (onramp(), bare());
    let (ours, bares): (Vec<_>, Vec<_>) = (0..RUNS).map(|_| (onramp(), bare())).unzip();
    let show = |name: &str, runs: &[Cost]| {
        let (wall, own) = (median(runs, |run| run.wall), median(runs, |run| run.own));
        let memory = runs.iter().map(|run| run.memory).max().unwrap_or(0);
        println!("{name:<30} {wall:.2} ms, processor {own:.2} ms, {:.1} MB", megabytes(memory));
        (wall, own)
    };
    let (ours, bares) = (show(&format!("onramp run {SCRIPT}:"), &ours), show("bare Rhai runner:", &bares));
    let (wall, own) = (ours.0 / bares.0, ours.1 / bares.1);
    println!("ratio of the times: {wall:.2}, of the processor times: {own:.2} (medians of {RUNS} pairs)");
}

/// The least that runs a script at all.
fn bare(script: &Path) {
    rhai::Engine::new().run_file(script.into()).expect("the script runs");
}

/// What a whole process took.
struct Cost {
    /// By the clock.
    wall: Duration,
    /// Of the processor.
    own: Duration,
    /// The peak, in kB.
    memory: i64,
}

fn measured(command: &mut Command) -> Cost {
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
    let usage = unsafe { usage.assume_init() };
    let span =
        |time: libc::timeval| Duration::new(time.tv_sec.unsigned_abs(), time.tv_usec.unsigned_abs() as u32 * 1000);
    Cost { wall: took, own: span(usage.ru_utime) + span(usage.ru_stime), memory: usage.ru_maxrss }
}

/// The median of one kind of time, in milliseconds.
fn median(runs: &[Cost], of: fn(&Cost) -> Duration) -> f64 {
    let mut times: Vec<Duration> = runs.iter().map(of).collect();
    times.sort();
    millis(times[times.len() / 2])
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1000.0
}

fn megabytes(kilobytes: i64) -> f64 {
    kilobytes as f64 / 1024.0
}
