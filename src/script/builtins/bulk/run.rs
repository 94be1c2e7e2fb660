//! One bulk call: row by row the closure says what is to be written, the session writes many at once, and the rows come
//! back with what became of them.

use super::{
    options::{Fields, Plan},
    report::Report,
    tally::{self, End, Tally, Waiting},
};
use crate::{
    api::{operation::Effect, request::Call},
    script::{
        args,
        fault::{Fault, FaultKind, Spot, Thrown},
        host::{Host, Level, Raised},
        walk::Walker,
    },
    session::{Bulk, Manner},
    stop::Reason,
    text,
};
use rhai::{Dynamic, ImmutableString, Map};
use std::sync::Arc;

/// A bulk call in progress.
struct Run<'a> {
    host: &'a Arc<Host>,
    plan: Plan,
    bulk: Bulk<'a>,
    tally: Tally,
    /// Rows that failed in this attempt.
    failed: u64,
    /// Rows that were handed in.
    handed: u64,
}

/// Makes the call, and gives the script what became of its rows.
pub fn run(host: &Arc<Host>, plan: Plan, mut walker: Walker<'_>, spot: &Spot) -> Result<Dynamic, Raised> {
    plan.try_report(host)?;
    let total = total(&walker);
    let mut bulk = host.session.bulk(plan.operation, plan.in_flight, total).map_err(|error| host.raise(error, spot))?;
    if let Some(failures) = plan.stop_after_failures {
        bulk.stop_after(failures);
    }
    let report = plan.report.as_deref().map(|path| Report::new(host, path, bulk.number()));
    let failed = host.inputs.failed_rows.as_ref().map(|_| Report::new(host, "", bulk.number()));
    let mut run = Run { host, plan, bulk, tally: Tally::new(report, failed), failed: 0, handed: 0 };
    let fed = run.feed(&mut walker);
    let ended = match &fed {
        Ok(_) => run.bulk.drain().map_err(|error| host.raise(error, spot)),
        Err(_) => {
            run.bulk.stop();
            Ok(())
        }
    };
    run.settle();
    run.tally.close();
    let written = run.tally.report.take().map_or(Ok(()), |report| report.write(&host.project));
    if let (Some(failed), Some(folder)) = (run.tally.failed.take(), &host.inputs.failed_rows)
        && let Err(error) = failed.keep(folder)
    {
        host.sink.log(Level::Warn, &format!("the rows that failed cannot be kept: {error}"));
    }
    let looked = fed?;
    ended?;
    written.map_err(|error| Thrown::file(run.plan.verb, &error).raise(spot.at))?;
    run.too_many_failed()?;
    if looked == Fed::First {
        return Err(run.first_done());
    }
    let Run { tally, .. } = run;
    Ok(tally.result(host, spot))
}

/// How many rows there are in all, where that is known by now.
fn total(walker: &Walker<'_>) -> Option<u64> {
    let left = walker.left();
    left.exact.then(|| (walker.given + left.least) as u64)
}

impl Run<'_> {
    /// Hands in row after row.
    fn feed(&mut self, walker: &mut Walker<'_>) -> Result<Fed, Raised> {
        let (mut number, mut total_is_known) = (0, total(walker).is_some());
        while let Some(row) = walker.next_to_keep()? {
            number += 1;
            // Of a list that is fetched page by page the last page tells.
            if !total_is_known && let Some(total) = total(walker) {
                self.bulk.set_total(total);
                total_is_known = true;
            }
            if self.host.only().is_some_and(|only| !only.names(self.bulk.number(), number)) {
                continue;
            }
            self.too_many_failed()?;
            if self.host.inputs.first.is_some_and(|first| self.handed >= first) {
                return Ok(Fed::First);
            }
            let value = walker.keep(row)?;
            self.row(number, value, walker)?;
            self.settle();
            if self.host.must_stop() {
                return Err(Box::new(rhai::EvalAltResult::ErrorTerminated(Dynamic::UNIT, self.plan.spot.at)));
            }
        }
        Ok(Fed::All)
    }

    fn row(&mut self, number: u64, mut value: Dynamic, walker: &mut Walker<'_>) -> Result<(), Raised> {
        self.bulk.enter(number);
        let asked = self.ask(&mut value, walker);
        self.bulk.leave();
        let Asked { fields, target, label } = asked?;
        let (id, call) = match self.call(fields, target, &value) {
            Ok(Some((id, call))) => (id, Ok(call)),
            Ok(None) => {
                self.bulk.skip();
                let end = Some(End::Skipped);
                let id = self.shown_id(&value);
                self.tally.begin(Waiting { row: number, value, id, label, end });
                return Ok(());
            }
            Err(thrown) => (self.shown_id(&value), Err(thrown)),
        };
        self.handed += 1;
        match call {
            Ok(call) => {
                let manner = Manner {
                    label: Some(&label).filter(|label| !label.is_empty()).map(String::as_str),
                    overwrite: self.plan.overwrite,
                    look_again: true,
                    ..Manner::default()
                };
                let pushed = self.bulk.push(number, &call, manner);
                self.tally.begin(Waiting { row: number, value, id, label, end: None });
                pushed.map_err(|error| self.host.raise(error, &self.plan.spot))
            }
            // A name that no operation has is a mistake of the script, and will be one in every row.
            Err(thrown) if thrown.is_unknown_field() => Err(thrown.raise(self.plan.spot.at)),
            Err(thrown) => {
                self.bulk.fail();
                self.failed += 1;
                self.tally.begin(Waiting { row: number, value, id, label, end: Some(End::refused(&thrown)) });
                Ok(())
            }
        }
    }

    /// What the script's closures say of a row.
    fn ask(&self, value: &mut Dynamic, walker: &mut Walker<'_>) -> Result<Asked, Raised> {
        let engine = walker.cx.engine.clone();
        let fields = match &self.plan.fields {
            Fields::Closure(closure) => closure.look(&engine, value)?,
            Fields::Same(fields) => fields.clone(),
            Fields::None => Map::new().into(),
        };
        let target = self.plan.id.as_ref().map(|closure| closure.look(&engine, value)).transpose()?;
        let label = match &self.plan.label {
            Some(closure) => closure.look(&engine, value)?.to_string(),
            None => label_of(value),
        };
        Ok(Asked { fields, target, label })
    }

    /// The call that a row makes, with the id that it is about; `None` where there is nothing to do.
    fn call(
        &self,
        fields: Dynamic,
        target: Option<Dynamic>,
        value: &Dynamic,
    ) -> Result<Option<(String, Call)>, Thrown> {
        if fields.is_unit() {
            return Ok(None);
        }
        let operation = self.plan.operation;
        let mut arguments = Vec::new();
        if !operation.path_params.is_empty() {
            arguments.push(target.map_or_else(|| self.target(value), Ok)?);
        }
        if operation.has_body() {
            arguments.push(fields);
        }
        let call = args::call(operation, &arguments)?;
        let id = call.path.last().filter(|_| operation.effect != Effect::Create).cloned().unwrap_or_default();
        Ok(Some((id, call)))
    }

    /// The id of the record that a row is about: of a nested create, of its parent.
    fn target(&self, value: &Dynamic) -> Result<Dynamic, Thrown> {
        let names: &[&str] = match self.plan.operation.effect {
            Effect::Create => &["customer_id"],
            _ => &["id", "display_id"],
        };
        let Some(map) = value.read_lock::<Map>() else { return Ok(value.clone()) };
        let found = names.iter().find_map(|name| map.get(*name)).filter(|id| !id.is_unit());
        // A number in a cell is text until somebody says otherwise; as an id either will do.
        found.cloned().ok_or_else(|| {
            let message = format!("the row has no {}", text::one_of(names.iter().copied()));
            Thrown::argument(self.plan.verb, None, message).hint("say where its id is: `#{id: |row| …}`".into())
        })
    }

    fn shown_id(&self, value: &Dynamic) -> String {
        self.target(value).map(|id| id.to_string()).unwrap_or_default()
    }

    /// Takes in the rows that are done.
    fn settle(&mut self) {
        while let Some(done) = self.bulk.next_done() {
            // The id of a created record is nowhere but in its answer.
            let creates = self.plan.operation.effect == Effect::Create;
            let made = if creates { tally::made(&done.outcome) } else { None };
            let end = End::from(done.outcome);
            self.failed += u64::from(matches!(end, End::Failed { .. }) && !done.recorded);
            self.tally.end(done.row, end, made);
        }
    }

    /// Ends the run where more rows have failed than are to be borne.
    fn too_many_failed(&mut self) -> Result<(), Raised> {
        if self.plan.stop_after_failures.is_some_and(|most| self.failed >= most) {
            let rows = text::plural(self.failed as usize, "row");
            let message = format!("{rows} failed, and `stop_after_failures` says that this is enough");
            return Err(self.host.end(Fault::new(FaultKind::Rows, message), &self.plan.spot));
        }
        Ok(())
    }

    /// Ends the run: as many rows as were wanted for a first look are done.
    fn first_done(&self) -> Raised {
        self.host.session.stop().ask(Reason::Enough);
        let message = "as many rows as were wanted are done";
        self.host.end(Fault::new(FaultKind::Stopped(Reason::Enough), message), &self.plan.spot)
    }
}

/// How many of the rows were handed in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fed {
    All,
    /// As many as were wanted for a first look; there are more.
    First,
}

struct Asked {
    fields: Dynamic,
    target: Option<Dynamic>,
    label: String,
}

/// What people call a row: its name, else its e-mail.
fn label_of(value: &Dynamic) -> String {
    let Some(map) = value.read_lock::<Map>() else { return String::new() };
    let text = |name: &str| map.get(name)?.read_lock::<ImmutableString>().map(|text| text.to_string());
    text("name").or_else(|| text("email")).unwrap_or_default()
}
