//! Lists as scripts see them: lazy streams. A stream is a recipe (which rows, which verbs); each walk over it begins
//! anew. A list of the API is fetched again with each walk, page by page, one ahead of the script; a held list stands in
//! memory, packed. Verbs that give one value are in `builtins::lists`.

use super::{
    catalog::Callables,
    fault::{Fault, Spot},
    host::{Host, Raised},
    packed::Packed,
    stages::{self, Stage},
    walk::{Cx, Held, Pages, Rows, Walker},
};
use crate::api::{operation::Operation, request::Call};
use rhai::Dynamic;
use std::sync::Arc;

/// A list that is worked through while it is walked. Clones are the same recipe.
#[derive(Clone)]
pub struct Stream {
    host: Arc<Host>,
    source: Source,
    stages: Vec<Stage>,
    made_at: Spot,
}

#[derive(Clone)]
enum Source {
    Operation(Arc<Call>),
    Held(Arc<Packed>, Option<Arc<[u32]>>),
}

impl Stream {
    /// The rows of a list operation.
    pub fn of_operation(host: &Arc<Host>, call: Call, made_at: Spot) -> Stream {
        Stream { host: host.clone(), source: Source::Operation(Arc::new(call)), stages: Vec::new(), made_at }
    }

    /// Rows that are held in memory, in the order of `order` where there is one.
    pub fn held(host: &Arc<Host>, packed: Arc<Packed>, order: Option<Arc<[u32]>>, made_at: Spot) -> Stream {
        Stream { host: host.clone(), source: Source::Held(packed, order), stages: Vec::new(), made_at }
    }

    /// The list that one more verb makes of this one.
    pub fn with(&self, stage: Stage) -> Stream {
        let mut next = self.clone();
        next.stages.push(stage);
        next
    }

    /// What it is, for people.
    pub fn describe(&self) -> String {
        match &self.source {
            Source::Operation(call) => format!("<list of {}>", call.operation.name),
            Source::Held(..) => "<held list>".to_string(),
        }
    }

    /// The operation whose rows it gives as they are; `None` where a verb makes others of them.
    pub fn operation(&self) -> Option<&'static Operation> {
        let Source::Operation(call) = &self.source else { return None };
        let as_they_are = |stage: &Stage| {
            matches!(stage, Stage::Filter(_) | Stage::Where(..) | Stage::Take(_) | Stage::Skip(_) | Stage::UniqueBy(_))
        };
        self.stages.iter().all(as_they_are).then_some(call.operation)
    }

    /// Begins a walk, for the verb that was called at `spot`.
    pub fn walk(&self, spot: &Spot) -> Walker<'static> {
        let mut rows: Rows<'static> = match &self.source {
            Source::Operation(call) => {
                let listing = self.host.session.list(call.as_ref().clone(), stages::demand(&self.stages));
                Box::new(Pages::new(listing, call.operation.name, self.made_at.clone()))
            }
            Source::Held(packed, order) => Box::new(Held::new(packed.clone(), order.clone())),
        };
        for stage in &self.stages {
            rows = stage.over(rows);
        }
        let mut walker = Walker::new(Cx::new(&self.host, spot), rows);
        walker.held = matches!(self.source, Source::Held(..));
        walker
    }
}

impl IntoIterator for Stream {
    type Item = Result<Dynamic, Raised>;
    type IntoIter = Loop;

    fn into_iter(self) -> Loop {
        Loop { walker: self.walk(&self.made_at), ended: false, failed: false }
    }
}

/// The walk of a `for` loop.
pub struct Loop {
    walker: Walker<'static>,
    ended: bool,
    failed: bool,
}

impl Loop {
    fn row(&mut self) -> Result<Option<Dynamic>, Raised> {
        match self.walker.next()? {
            Some(row) => self.walker.keep(row).map(Some),
            None => Ok(None),
        }
    }
}

impl Iterator for Loop {
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
                let main = self.walker.cx.spot.source.as_ref();
                let callables = Callables::default();
                self.walker.cx.host.set_unheard(Some(Fault::of(&error, main, callables)));
                Some(Err(error))
            }
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        if self.failed {
            self.walker.cx.host.set_unheard(None);
        }
    }
}
