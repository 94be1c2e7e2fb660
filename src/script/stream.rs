//! Lists as scripts see them: lazy streams. A stream is a recipe (which list, which verbs); each walk over it fetches
//! anew, page by page, one ahead of the script. Verbs that give one value are in `builtins::lists`.

use super::{
    catalog::Callables,
    fault::{Fault, Spot},
    host::{Host, Level, Raised},
    rows::{self, Conditions},
    value::Decoder,
};
use crate::{
    api::{page::Row, request::Call},
    session::Listing,
};
use rhai::{Dynamic, EvalAltResult, FnPtr, GlobalRuntimeState, NativeCallContext};
use std::sync::Arc;

/// A list that is fetched while it is walked. Clones are the same recipe.
#[derive(Clone)]
pub struct Stream {
    host: Arc<Host>,
    call: Arc<Call>,
    stages: Vec<Stage>,
    made_at: Spot,
}

#[derive(Clone)]
enum Stage {
    Filter(Closure),
    Map(Closure),
    Where(Arc<Conditions>, Spot),
    Take(usize),
}

/// A closure with what it needs to be called after the verb that took it has returned.
#[derive(Clone)]
pub struct Closure {
    function: FnPtr,
    global: Arc<GlobalRuntimeState>,
    verb: &'static str,
    spot: Spot,
}

impl Closure {
    /// Keeps `function`, which `verb` was given in the call that `ctx` describes.
    pub fn new(function: FnPtr, verb: &'static str, ctx: &NativeCallContext) -> Closure {
        Closure { function, global: Arc::new(ctx.global_runtime_state().clone()), verb, spot: Spot::of(ctx) }
    }

    fn call(&self, host: &Host, row: Dynamic) -> Result<Dynamic, Raised> {
        let engine = host.engine();
        let source = Some(self.spot.source.as_ref());
        let ctx = NativeCallContext::new_with_all_fields(&engine, self.verb, source, &self.global, self.spot.at);
        apply(&self.function, &ctx, self.verb, &self.spot, row)
    }
}

/// Calls a closure with one row. The verb becomes a frame of the error, because natives leave none of their own.
pub fn apply(
    function: &FnPtr,
    ctx: &NativeCallContext,
    verb: &str,
    spot: &Spot,
    row: Dynamic,
) -> Result<Dynamic, Raised> {
    apply_all(function, ctx, verb, spot, [row])
}

/// Calls a closure with several values, as [`apply`] does with one.
pub fn apply_all<const N: usize>(
    function: &FnPtr,
    ctx: &NativeCallContext,
    verb: &str,
    spot: &Spot,
    values: [Dynamic; N],
) -> Result<Dynamic, Raised> {
    function.call_raw(ctx, None, values).map(|value| value.flatten()).map_err(|error| match *error {
        // These pass through everything; wrapped, a `catch` could hold them.
        EvalAltResult::ErrorTerminated(..) | EvalAltResult::Exit(..) => error,
        _ if !error.is_catchable() => error,
        _ => Box::new(EvalAltResult::ErrorInFunctionCall(verb.to_string(), spot.source.to_string(), error, spot.at)),
    })
}

impl Stream {
    /// The rows of a list operation.
    pub fn of_operation(host: &Arc<Host>, call: Call, made_at: Spot) -> Stream {
        Stream { host: host.clone(), call: Arc::new(call), stages: Vec::new(), made_at }
    }

    fn with(&self, stage: Stage) -> Stream {
        let mut next = self.clone();
        next.stages.push(stage);
        next
    }

    /// Only the rows for which the closure gives `true`.
    pub fn filter(&self, closure: Closure) -> Stream {
        self.with(Stage::Filter(closure))
    }

    /// What the closure makes of each row.
    pub fn map(&self, closure: Closure) -> Stream {
        self.with(Stage::Map(closure))
    }

    /// Only the rows that meet all conditions.
    pub fn matching(&self, conditions: Conditions, spot: Spot) -> Stream {
        self.with(Stage::Where(Arc::new(conditions), spot))
    }

    /// The first rows, at most so many.
    pub fn take(&self, count: usize) -> Stream {
        self.with(Stage::Take(count))
    }

    /// The name of the operation it comes from.
    pub fn operation(&self) -> &'static str {
        self.call.operation.name
    }

    /// How many source rows will be looked at, where the recipe alone tells.
    fn demand(&self) -> Option<usize> {
        self.stages.iter().find_map(|stage| match stage {
            Stage::Map(_) => None,
            Stage::Take(count) => Some(Some(*count)),
            Stage::Filter(_) | Stage::Where(..) => Some(None),
        })?
    }
}

impl IntoIterator for Stream {
    type Item = Result<Dynamic, Raised>;
    type IntoIter = Rows;

    fn into_iter(self) -> Rows {
        let listing = self.host.session.list(self.call.as_ref().clone(), self.demand());
        let taken = vec![0; self.stages.len()];
        let page = Vec::new().into_iter();
        Rows { stream: self, listing, page, decoder: Decoder::default(), taken, ended: false, failed: false }
    }
}

/// One walk over a stream.
pub struct Rows {
    stream: Stream,
    listing: Listing,
    page: std::vec::IntoIter<Row>,
    decoder: Decoder,
    /// Rows that each stage has let through; only those of `Take` count.
    taken: Vec<usize>,
    ended: bool,
    failed: bool,
}

impl Rows {
    fn source_row(&mut self) -> Result<Option<Dynamic>, Raised> {
        let (host, spot) = (&self.stream.host, &self.stream.made_at);
        loop {
            if let Some(row) = self.page.next() {
                return match self.decoder.decode(row.json.get().as_bytes()) {
                    Ok(mut value) => {
                        rows::complete(&mut value);
                        Ok(Some(value))
                    }
                    Err(error) => Err(rows::unreadable(self.stream.operation(), &error).raise(spot.at)),
                };
            }
            host.sink.flush();
            match self.listing.next_page(&host.session) {
                Ok(Some(rows)) => {
                    self.page = rows.into_iter();
                    self.listing.take_note().inspect(|note| host.sink.log(Level::Warn, note));
                }
                Ok(None) => return Ok(None),
                Err(error) => return Err(host.raise(error, spot)),
            }
        }
    }

    fn row(&mut self) -> Result<Option<Dynamic>, Raised> {
        'source: loop {
            let full = |(stage, taken): (&Stage, &usize)| matches!(stage, Stage::Take(most) if taken >= most);
            if self.stream.stages.iter().zip(&self.taken).any(full) {
                return Ok(None);
            }
            let Some(mut row) = self.source_row()? else { return Ok(None) };
            let host = &self.stream.host;
            for (stage, taken) in self.stream.stages.iter().zip(&mut self.taken) {
                let passes = match stage {
                    Stage::Take(_) => {
                        *taken += 1;
                        true
                    }
                    Stage::Where(conditions, spot) => conditions.hold(&row).map_err(|thrown| thrown.raise(spot.at))?,
                    Stage::Filter(closure) => {
                        let verdict = closure.call(host, row.clone())?;
                        rows::verdict(closure.verb, &verdict).map_err(|thrown| thrown.raise(closure.spot.at))?
                    }
                    Stage::Map(closure) => {
                        row = closure.call(host, row)?;
                        true
                    }
                };
                if !passes {
                    continue 'source;
                }
            }
            return Ok(Some(row));
        }
    }
}

impl Iterator for Rows {
    type Item = Result<Dynamic, Raised>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        match self.row() {
            Ok(Some(row)) => Some(Ok(row)),
            Ok(None) => {
                self.ended = true;
                None
            }
            Err(error) => {
                self.ended = true;
                self.failed = true;
                // A `for` with an empty body drops errors and goes on pulling. It looks at the stop flag between two
                // rows while this walk is still alive, a loop with a body does not: so what is set here and cleared
                // by `drop` is heard in the first case only, and the second raises the error itself.
                let host = &self.stream.host;
                let main = self.stream.made_at.source.as_ref();
                let callables = Callables { engine: &host.engine(), script: None };
                host.set_unheard(Some(Fault::of(&error, main, callables)));
                Some(Err(error))
            }
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        if self.failed {
            self.stream.host.set_unheard(None);
        }
    }
}
