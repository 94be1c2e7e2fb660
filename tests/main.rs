//! Everything that needs the real program, a server or more than one module, in one binary.

mod api;
mod architecture;
mod bad_day;
mod bulk;
mod call;
mod check;
mod control;
mod crash;
mod cron;
mod definitions;
#[cfg(target_os = "linux")]
mod deploy;
mod docs;
mod dry_run;
mod due;
mod errors;
mod examples;
mod files;
mod harness;
mod header;
mod hostile;
mod lists;
mod man;
mod modules;
mod operations;
mod plan;
mod plans;

mod process;
mod readme;
mod reference;
mod repl;
mod runs;
mod sandbox;
mod schedule;
mod scripts;
mod secrecy;
mod serve;
mod sharing;
mod times;
mod undo;
mod verbs;
mod watch;
