//! `import`: finds a module below the script's folder, runs it once, and hands it to everybody who imports it. Which
//! file a path means is the project's business.

use super::{
    fault::Thrown,
    host::{Host, Raised},
};
use rhai::{Engine, EvalAltResult, GlobalRuntimeState, Module, ModuleResolver, ParseError, Position, Scope, Shared};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

/// So many modules may import each other in a row; each takes a piece of the stack.
const LONGEST_CHAIN: usize = 16;

/// Resolves imports for one engine.
pub struct Modules {
    host: Arc<Host>,
    /// By real path, so that two ways to write it give one module.
    ready: Mutex<HashMap<PathBuf, Shared<Module>>>,
    /// What is being imported at the moment, outermost first: real path and shown name.
    chain: Mutex<Vec<(PathBuf, String)>>,
}

const LOCK: &str = "no code panics while it holds this lock";

impl Modules {
    pub fn new(host: &Arc<Host>) -> Modules {
        let own = host.project.script().map(|file| (file.to_path_buf(), file.display().to_string()));
        Modules { host: host.clone(), ready: Mutex::default(), chain: Mutex::new(own.into_iter().collect()) }
    }

    fn import(&self, engine: &Engine, level: usize, path: &str, at: Position) -> Result<Shared<Module>, Raised> {
        let found = self.host.project.module(path).map_err(|error| Thrown::file("import", &error).raise(at))?;
        if let Some(module) = self.ready.lock().expect(LOCK).get(&found.real) {
            return Ok(module.clone());
        }
        self.enter(&found.real, at)?;
        self.host.keep_module(&found.name, &found.text);
        let made = evaluate(engine, level, &found.name, &found.text);
        self.chain.lock().expect(LOCK).pop();
        let module = made.map_err(|error| match *error {
            // These pass through everything; wrapped, a `catch` could hold them.
            EvalAltResult::ErrorTerminated(..) | EvalAltResult::Exit(..) => error,
            _ => Box::new(EvalAltResult::ErrorInModule(found.name, error, at)),
        })?;
        self.ready.lock().expect(LOCK).insert(found.real, module.clone());
        Ok(module)
    }

    /// Notes that a module is being imported, unless it already is: the engine would follow a circle until its stack
    /// is gone.
    fn enter(&self, real: &Path, at: Position) -> Result<(), Raised> {
        let mut chain = self.chain.lock().expect(LOCK);
        let shown = real.display().to_string();
        let refuse = |message: String, hint: &str| {
            Err(Thrown::new("circular_import", "import", message).hint(hint.into()).raise(at))
        };
        if let Some(start) = chain.iter().position(|(known, _)| known == real) {
            let names = chain[start..].iter().map(|(_, name)| name.as_str()).chain([shown.as_str()]);
            let circle = names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" → ");
            return refuse(
                format!("the modules import each other in a circle: {circle}"),
                "put what both of them need into a module of its own",
            );
        }
        if chain.len() > LONGEST_CHAIN {
            return refuse(
                format!("more than {LONGEST_CHAIN} modules import each other in a row"),
                "import modules side by side instead of one through the other",
            );
        }
        chain.push((real.to_path_buf(), shown));
        Ok(())
    }
}

/// Runs a module's text on its own: it sees nothing of whoever imports it.
fn evaluate(engine: &Engine, level: usize, name: &str, text: &str) -> Result<Shared<Module>, Raised> {
    let mut ast = engine.compile(text).map_err(|ParseError(why, at)| EvalAltResult::ErrorParsing(*why, at))?;
    ast.set_source(name);
    let mut global = engine.new_global_runtime_state();
    // The depth of calls counts on, so that modules cannot stack limits on limits.
    global.level = level;
    Module::eval_ast_as_new_raw(engine, &mut Scope::new(), &mut global, &ast).map(Shared::new)
}

impl ModuleResolver for Modules {
    fn resolve(&self, engine: &Engine, _: Option<&str>, path: &str, at: Position) -> Result<Shared<Module>, Raised> {
        self.import(engine, 0, path, at)
    }

    fn resolve_raw(
        &self,
        engine: &Engine,
        global: &mut GlobalRuntimeState,
        _: &mut Scope,
        path: &str,
        at: Position,
    ) -> Result<Shared<Module>, Raised> {
        self.import(engine, global.level, path, at)
    }
}
