//! `onramp sandbox`: the embedded workspace as a process of its own.

use super::connect;
use crate::{
    clock::Clock,
    error::Failure,
    sandbox,
    stop::Stop,
    text::{self, Rate},
    ui::Ui,
};
use std::path::PathBuf;

/// Serve a stand-in for the Pivotal API on this machine, until Ctrl-C
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It prints the base URL and a key as `export` lines for another terminal; requests go to standard \
error as they come."
)]
pub struct Args {
    /// The port on 127.0.0.1; the system chooses one unless given
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// What the data follow from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Customers in the workspace
    #[arg(long, value_name = "N", default_value_t = 120)]
    customers: u32,
    /// Rate limit, such as 60/min; none unless given
    #[arg(long, value_name = "RATE", value_parser = text::parse_rate)]
    rate: Option<Rate>,
    /// Keep the data in this file
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Fail on purpose: `[OPERATION:]FAULT[@WHEN]`, such as status=503@1-3; may be repeated
    #[arg(long = "fault", value_name = "SPEC", long_help = sandbox::FAULT_HELP)]
    faults: Vec<sandbox::Fault>,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    let stop = Stop::default();
    let asked = stop.clone();
    ctrlc::set_handler(move || asked.ask(crate::stop::Reason::Interrupt))
        .map_err(|error| Failure::bug(&format!("signals cannot be listened for ({error})")))?;
    let options = sandbox::Options {
        port: args.port,
        seed: args.seed,
        customers: args.customers,
        rate: args.rate.map(connect::sandbox_rate),
        data: args.data,
        clock: Clock::System,
        faults: args.faults,
    };
    let log = ui.clone();
    let on_request: sandbox::OnRequest = Box::new(move |served: &sandbox::Served| {
        log.status(&line(served));
    });
    connect::runtime(2)?.block_on(async {
        let server = sandbox::start(options, Some(on_request))
            .await
            .map_err(|error| Failure::usage(format!("the sandbox cannot start: {error}")))?;
        ui.line(&format!("export PIVOTAL_BASE_URL={}", server.base_url()));
        ui.line(&format!("export PIVOTAL_API_KEY={}", server.key()));
        ui.flush();
        stop.wait().await;
        server.stop().await;
        Ok(0)
    })
}

/// A request in one line: what was asked, what came of it, and whether it went wrong on purpose.
fn line(served: &sandbox::Served) -> String {
    let path = text::escape_control(&served.path);
    let status = served.status.map_or("no answer".to_string(), |status| status.to_string());
    let fault = served.fault.as_ref().map_or(String::new(), |fault| format!(", on purpose: {fault}"));
    format!("{} {path}: {status}, {:.1} ms{fault}", served.method, served.millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_request_says_what_went_wrong_on_purpose() {
        let mut served = sandbox::Served {
            method: "GET".into(),
            path: "/api/v1/me".into(),
            status: Some(200),
            millis: 0.25,
            request_id: "req_1".into(),
            fault: None,
        };
        assert_eq!(line(&served), "GET /api/v1/me: 200, 0.2 ms");
        served.status = None;
        served.fault = Some("reset-after@1".into());
        assert_eq!(line(&served), "GET /api/v1/me: no answer, 0.2 ms, on purpose: reset-after@1");
    }
}
