//! Hostile and broken scripts: each `tests/hostile/*.rhai`, and texts too large to be files, run with the limits that
//! everybody has. The program survives them all, says which limit was met, and stays within its bounds of time and
//! memory.

use crate::harness::{files, run};
use std::{
    fs,
    time::{Duration, Instant},
};

/// No hostile script may keep anybody waiting for longer, on a machine that does other things beside.
const PATIENCE: Duration = Duration::from_secs(30);
/// No run may ever take more memory than this, whatever the script wants.
const MOST_MEMORY: u64 = 512 << 20;

/// What is wrong with a run of this text, if anything.
fn judge(name: &str, text: &str, flags: &[&str], code: i32, says: &str) -> Option<String> {
    let begun = Instant::now();
    let ran = run(&[flags, &["hostile.rhai"]].concat()).file("hostile.rhai", text).ran();
    let took = begun.elapsed();
    let shown = ran.to_string().chars().take(2000).collect::<String>();
    if ran.code != Some(code) {
        return Some(format!("{name}: expected exit code {code}\n{shown}"));
    }
    if !ran.stderr.lines().any(|line| line.strip_prefix("error: ").is_some_and(|line| line == says)) && code != 0 {
        return Some(format!("{name}: expected {says:?}\n{shown}"));
    }
    if ran.stdout.contains("caught") {
        return Some(format!("{name}: a limit was caught\n{shown}"));
    }
    if took > PATIENCE {
        return Some(format!("{name}: took {took:?}"));
    }
    let peak = peak();
    (peak > MOST_MEMORY).then(|| format!("{name}: up to {} MiB were resident", peak >> 20))
}

/// The most memory that any process started by this one has had, in bytes. Other tests' are among them.
fn peak() -> u64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer leads to a `rusage`, for which all zeroes are a valid value.
    let usage = unsafe {
        assert_eq!(libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr()), 0);
        usage.assume_init()
    };
    usage.ru_maxrss.unsigned_abs() * 1024
}

#[test]
fn hostile_scripts_are_stopped_and_the_host_survives() {
    let mut wrong = Vec::new();
    for file in files("tests/hostile", "rhai") {
        let text = fs::read_to_string(&file).unwrap();
        let said = |key: &str| text.lines().find_map(|line| line.strip_prefix(&format!("// {key}: ")));
        let flags: Vec<&str> = said("flags").unwrap_or_default().split_whitespace().collect();
        let code = said("exit").map_or(1, |code| code.parse().unwrap());
        let name = file.file_stem().unwrap().display().to_string();
        wrong.extend(judge(&name, &text, &flags, code, said("says").unwrap_or_default()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn hostile_texts_are_refused_and_the_host_survives() {
    const MANY: usize = 100_000;
    let deep = "expressions or blocks are nested more than 64 deep, or 32 in a function";
    let nested = |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(MANY), close.repeat(MANY));
    let functions: String = (0..MANY).map(|n| format!("fn f{n}() {{ {n} }}\n")).collect();
    let chain: String = (0..MANY).map(|n| format!("if x == {n} {{ {n} }} else ")).collect();
    let statements = "x += 1;\n".repeat(1_000_000);
    let padding = "// nothing but words, words, words, words, words\n".repeat(200_000);
    let long = "x".repeat(5_000_000);
    let texts: &[(&str, String, i32, &str)] = &[
        ("brackets", format!("let a = {};", nested("[", "", "]")), 2, deep),
        ("braces", nested("{", "", "}"), 2, deep),
        ("parentheses", format!("let a = {};", nested("(", "1", ")")), 2, deep),
        ("maps", format!("let a = {};", nested("#{a:", "1", "}")), 2, deep),
        ("minus signs", format!("let a = {}1;", "- ".repeat(MANY)), 2, deep),
        ("exclamation marks", format!("let a = {}true;", "!".repeat(MANY)), 2, deep),
        ("calls", format!("let a = {};", nested("abs(", "1", ")")), 2, deep),
        ("closures", format!("let a = {}1;", "|x| ".repeat(MANY)), 2, deep),
        ("sums", format!("let a = 1{};", " + 1".repeat(MANY)), 2, deep),
        ("dots", format!("let a = 1; a{};", ".abs()".repeat(MANY)), 2, deep),
        ("else", format!("let x = 0; {chain} {{ 0 }}"), 2, deep),
        ("open brackets", "[".repeat(MANY), 2, deep),
        ("functions", functions, 2, "the script has more than 5000 functions, closures included"),
        ("statements", format!("let x = 0;\n{statements}print(x)"), 0, ""),
        ("ten megabytes", format!("{padding}print(1)"), 0, ""),
        ("a long text", format!("print(\"{long}\".len())"), 0, ""),
        ("a long name", format!("let {long} = 1;"), 0, ""),
        ("mistakes without end", "nofn(1);".repeat(5_000), 2, "there is no function `nofn`"),
        ("a large tree", "x+1;".repeat(1_500_000), 2, "the script is too large to be looked at"),
        ("an open comment", format!("/*{}", "/*".repeat(MANY)), 0, ""),
    ];
    let found = texts.iter().filter_map(|(name, text, code, says)| judge(name, text, &[], *code, says));
    let wrong: Vec<String> = found.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_right_script_over_a_hundred_thousand_rows_passes_with_the_limits_of_everybody() {
    let script = r#"
        let rows = [];
        for i in 0..100000 {
            let plan = if i % 3 == 0 { "pro" } else { "starter" };
            rows.push(#{ id: i, name: `Customer ${i}`, plan: plan, mrr: i % 977, note: "waits for an answer" });
        }
        let revenue = #{};
        for row in rows {
            if row.mrr > 10 && row.name.contains("7") {
                revenue[row.plan] = (revenue.get(row.plan) ?? 0) + row.mrr;
            }
        }
        let best = rows.filter(|r| r.mrr > 970);
        best.sort(|a, b| b.mrr - a.mrr);
        print(`${revenue.pro} ${revenue.starter} ${best[0].name} ${best.len()}`);
    "#;
    let begun = Instant::now();
    let ran = run(&["rows.rhai"]).file("rows.rhai", script).ran();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{ran}");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}
