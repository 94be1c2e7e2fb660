//! A script that is given its text line by line: the same engine, functions, limits and errors as for files, and what a
//! line defines lives on. Works on the thread that made it and stays there; knows no terminal and no command.

mod about;
mod brief;
mod complete;
mod context;
mod ids;
mod input;
mod kinds;
mod last;
mod seen;
mod show;
mod statements;
mod variables;

pub use complete::{Candidate, Completion};
pub(super) use seen::Seen;
pub use show::{Cell, Items, Shape, Shown};
pub use statements::{Return, Statement};
pub use variables::Variable;

use super::{
    Host,
    catalog::{Callables, Catalog},
    check::{self, Finding},
    depth, ended, engine, failed,
    fault::{Fault, FaultKind, Spot},
};
use crate::memory::{self, Halt};
use last::{LAST, Marks};
use rhai::{AST, Caches, Dynamic, Engine, EvalAltResult, GlobalRuntimeState, Module, Position, Scope};
use std::{
    cell::OnceCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How deep the value of a line may nest that is kept and shown.
const DEEPEST_VALUE: usize = 500;

/// A session with the engine.
pub struct Interactive {
    host: Arc<Host>,
    engine: Arc<Engine>,
    /// The variables.
    scope: Scope<'static>,
    /// What else a line leaves behind: functions, imported modules, constants. The first of its modules of functions is
    /// that of the present line, where the engine looks for closures; then come those of all lines.
    global: GlobalRuntimeState,
    marks: Marks,
    /// What the check knows of earlier lines.
    said: check::Said,
    catalog: OnceCell<Catalog>,
    kinds: OnceCell<kinds::Methods>,
}

/// What came of a line.
pub struct Done {
    /// Whether it gave back anything; then it is the last value now.
    pub value: bool,
    /// Whether it has defined functions and done nothing else.
    pub only_functions: bool,
    /// The functions that it has defined, with the number of their parameters.
    pub functions: BTreeSet<(String, usize)>,
    /// Its last statement, where that gave the value; [`Interactive::begin_of`] tells where it begins.
    pub value_in: Option<Statement>,
    /// What in it would end a script.
    pub returns: Option<Return>,
    /// The bytes at which `_` stands for the last value.
    pub meant_last: Vec<usize>,
}

impl Interactive {
    /// A session that works through `host`. Must be made and used on a thread as [`super::run`] wants it.
    pub fn new(host: &Arc<Host>) -> Interactive {
        let mut engine = engine::of_run(host, None);
        let marks = Marks::install(&mut engine);
        let engine = engine::share(engine, host);
        host.seen.begin();
        let mut global = engine.new_global_runtime_state();
        // The first place is the present line's. A module that is not empty follows, because the engine remembers
        // constants for functions only where there are any.
        let mut base = Module::new();
        base.set_native_fn("session$", || Ok(()));
        global.lib.push(Module::new().into());
        global.lib.push(base.into());
        Interactive {
            host: host.clone(),
            engine,
            scope: Scope::new(),
            global,
            marks,
            said: check::Said::default(),
            catalog: OnceCell::new(),
            kinds: OnceCell::new(),
        }
    }

    /// Runs a line, which errors call `name`. What it has defined by the time of an error stays.
    pub fn eval(&mut self, name: &str, text: &str) -> Result<Done, Box<Fault>> {
        self.host.begin_line();
        self.host.keep_module(name, text);
        let mut ast = self.compile(text).map_err(|error| {
            let error = EvalAltResult::ErrorParsing(*error.0, error.1);
            let fault = failed(&self.host, name, &error, Callables::default());
            Box::new(Fault { kind: FaultKind::Syntax, ..*fault })
        })?;
        ast.set_source(name);
        let meant = self.marks.meant();
        let before: BTreeSet<String> = self.scope.iter_raw().map(|(name, ..)| name.to_string()).collect();
        let result = self.run(name, &ast);
        self.keep_latest();
        self.host.sink.flush();
        let result = result.and_then(|value| {
            let value = value.flatten();
            if depth::exceeds(&value, DEEPEST_VALUE) {
                return Err(Box::new(self.host.limits.halted(Halt::Stack)));
            }
            Ok(value)
        });
        let value = match result {
            Ok(value) => value,
            Err(mut fault) => {
                let given_up = self.make_room(&before);
                if !given_up.is_empty() {
                    fault.hints.insert(0, given_up);
                }
                return Err(fault);
            }
        };
        let done = Done {
            value_in: Statement::last(&ast, text).filter(|_| !value.is_unit()),
            returns: Return::of(&ast, text),
            meant_last: meant.into_iter().filter_map(|at| byte(text, at)).collect(),
            value: !value.is_unit(),
            only_functions: ast.statements().is_empty() && ast.has_functions(),
            functions: ast.iter_functions().map(|own| (own.name.to_string(), own.params.len())).collect(),
        };
        if done.value {
            self.set_last(value);
        }
        Ok(done)
    }

    /// What is wrong with a line, found without running it. Of a text that cannot be parsed nothing: [`Interactive::eval`]
    /// says it.
    pub fn look_at(&mut self, name: &str, text: &str) -> Vec<Finding> {
        self.host.keep_module(name, text);
        let Ok(ast) = self.compile(text) else { return Vec::new() };
        let present = check::Present {
            variables: self.scope.iter_raw().map(|(name, ..)| name.into()).collect(),
            functions: self.functions_of_all_lines(),
            modules: self.global.iter_imports().map(|(alias, _)| alias.to_string()).collect(),
        };
        check::look_at(&self.engine, name, ast, present, &mut self.said)
    }

    /// The parsed text. `_` in it is the last value.
    fn compile(&self, text: &str) -> Result<AST, rhai::ParseError> {
        let _marks = self.marks.read(text);
        self.engine.compile(text)
    }

    #[expect(deprecated, reason = "the only way of the engine to keep imports and functions from one text to the next")]
    fn run(&mut self, name: &str, ast: &AST) -> Result<Dynamic, Box<Fault>> {
        let library = ast.shared_lib().clone();
        self.global.lib[0] = library.clone();
        if ast.has_functions() {
            self.global.lib.push(library);
        }
        self.global.source = Some(name.into());
        self.global.level = 0;
        self.global.scope_level = 0;
        self.global.num_modules_loaded = 0;
        self.global.always_search_scope = false;
        let result =
            self.engine.eval_statements_raw(&mut self.global, &mut Caches::new(), &mut self.scope, ast.statements());
        self.judged(name, result)
    }

    /// The value, or why there is none, for people.
    fn judged<T>(&self, name: &str, result: Result<T, Box<EvalAltResult>>) -> Result<T, Box<Fault>> {
        let script = result.is_err().then(|| self.functions_of_all_lines());
        let callables = Callables { script: script.as_ref() };
        if let Some(ending) = ended(&self.host, name, &result, callables) {
            return Err(ending);
        }
        result.map_err(|error| failed(&self.host, name, &error, callables))
    }

    /// All functions that lines have defined, later ones in place of earlier ones.
    fn functions_of_all_lines(&self) -> AST {
        let mut all = AST::empty();
        for module in self.global.lib.iter().skip(2) {
            all.combine(AST::new_from_module(module.clone()));
        }
        all
    }

    /// How the functions of the session are called, in the order of their names.
    pub fn functions(&self) -> Vec<String> {
        let mut found: BTreeMap<(String, usize), String> = BTreeMap::new();
        for module in self.global.lib.iter().skip(2) {
            let lines = AST::new_from_module(module.clone());
            for function in lines.iter_functions().filter(|function| !function.name.starts_with("anon$")) {
                let shown = format!("{}({})", function.name, function.params.join(", "));
                found.insert((function.name.to_string(), function.params.len()), shown);
            }
        }
        found.into_values().collect()
    }

    /// Where onramp itself calls something for the line `name`.
    fn spot(name: &str) -> Spot {
        Spot { source: name.into(), at: Position::NONE }
    }

    /// Whether there is a last value.
    pub fn has_last(&self) -> bool {
        self.last().is_some()
    }

    /// The last value of a line; none before the first one.
    fn last(&self) -> Option<&Dynamic> {
        self.scope.get(LAST)
    }

    fn set_last(&mut self, value: Dynamic) {
        self.forget(LAST);
        self.scope.push_dynamic(LAST, value);
    }

    /// What can be called without the session's own functions.
    pub fn catalog(&self) -> &Catalog {
        self.catalog.get_or_init(|| Catalog::of(&self.engine))
    }

    /// The name of the workspace that the key belongs to: a request of its own, so it is to be asked once. `None` where
    /// the service does not say.
    pub fn workspace(&self) -> Option<String> {
        self.host.begin_line();
        let call = crate::api::request::Call::new(crate::api::operation("get_me")?, Vec::new());
        let answer = self.host.session.call(call).ok()?;
        let value: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
        value["organization"]["slug"].as_str().map(str::to_string)
    }

    /// Gives up variables where a line has used up all memory and left it in them: nothing could run any more, not even
    /// what would make room. Says which ones.
    fn make_room(&mut self, before: &BTreeSet<String>) -> String {
        let full = |host: &Host| memory::exceeds(host.limits.bound());
        if !full(&self.host) {
            return String::new();
        }
        let mut names: Vec<(bool, usize, String)> = self
            .scope
            .iter_raw()
            .map(|(name, _, value)| (before.contains(name) && name != LAST, variables::weight(value), name.to_string()))
            .collect();
        // First what the line itself has made, then the largest.
        names.sort_by_key(|(old, weight, _)| (*old, std::cmp::Reverse(*weight)));
        let mut gone = Vec::new();
        for (_, _, name) in names {
            if !full(&self.host) {
                break;
            }
            self.forget(&name);
            gone.push(name);
        }
        if gone.is_empty() {
            return String::new();
        }
        let shown = gone.iter().map(|name| format!("`{name}`")).collect();
        let verb = if gone.len() == 1 { "was" } else { "were" };
        format!("go on without {}, which {verb} given up to make room", crate::text::joined(shown, "and"))
    }
}

/// The byte of a text at a position of the engine's.
fn byte(text: &str, at: Position) -> Option<usize> {
    let (line, column) = (at.line()?, at.position()?);
    let begin = text.split_inclusive('\n').take(line - 1).map(str::len).sum::<usize>();
    let inside = text.get(begin..)?.char_indices().nth(column.checked_sub(1)?)?.0;
    Some(begin + inside)
}

#[cfg(test)]
mod tests;
