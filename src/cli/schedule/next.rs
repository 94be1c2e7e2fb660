//! `onramp schedule next`: the next due times of scripts, from their headers alone.

use super::{Files, instant, moment, scripts};
use crate::{
    cli::output::{Format, Output},
    clock::Clock,
    error::Failure,
    text,
    ui::Ui,
};
use jiff::Timestamp;

/// Show when scripts are due next
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Each line has the time on the wall in the schedule's own zone, the same instant in UTC, and a reason where the clocks \
change or jitter moves the start.

With `--output json` standard output is one array, with `--output jsonl` one object on each line, each with the members \
`file`, `schedule`, `timezone`, `local` (RFC 9557), `utc` and `starts_at` (RFC 3339; later than `utc` by the jitter), and \
`reason` (a text, or null).

Exit codes: 0 all went well; 2 a script cannot be read, or one that was named has no schedule.")]
pub struct Args {
    #[command(flatten)]
    files: Files,
    /// How many for each script
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    count: u32,
    /// Begin after this time (RFC 3339) instead of now
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Option<Timestamp>,
    #[command(flatten)]
    format: Format,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    let clock = args.from.map_or(Clock::System, Clock::Fixed);
    let (scripts, code) = scripts::scheduled(&args.files, &clock, ui)?;
    let from = clock.now();
    let mut all = Vec::new();
    for script in &scripts {
        let plan = &script.plan;
        let due = plan.after(from).take(args.count as usize);
        if args.format.output != Output::Text {
            all.extend(due.map(|due| moment::json(&script.name, plan, &due)));
            continue;
        }
        let name = text::escape_control(&script.name);
        ui.line(&format!("{name}: {} in {}", plan.schedule.text(), plan.zone_name));
        due.for_each(|due| {
            ui.line(&format!("  {}", moment::line(plan, &due)));
        });
    }
    args.format.output.objects(ui, all);
    Ok(code)
}
