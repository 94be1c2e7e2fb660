//! What is true of a whole script and of all its modules: which functions there are, which names are held in maps,
//! where the text does not tell. Gathered before anything is judged.

use super::walk::{Call, Visitor, Walk};
use crate::script::known::Known;
use rhai::{AST, ASTFlags, ASTNode, Expr, FnAccess, FnPtr, ImmutableString, Module, Position, Stmt};
use std::collections::{HashMap, HashSet};

/// A script or module, compiled.
pub struct Unit {
    /// As it is named to people.
    pub name: String,
    ast: AST,
    bodies: Vec<Body>,
    pub functions: HashMap<String, Vec<Function>>,
    /// The modules it imports by their names here, with the file where that is known.
    pub imports: HashMap<String, Option<String>>,
    /// The files that it imports whenever it runs, and where.
    pub always_imported: Vec<(String, Position)>,
    /// Variables and constants at the top of the file.
    pub globals: HashSet<ImmutableString>,
    /// Functions that somewhere see their caller's variables.
    pub borrowing: HashSet<String>,
    /// Names that the script asks about before it uses them.
    pub guarded: HashSet<String>,
    /// Texts by which it asks whether something is there: `"name" in map`, `map.get("name")`.
    pub asked: HashSet<String>,
    /// Names of variables and parameters that it gives, anywhere.
    pub given: HashSet<ImmutableString>,
}

/// A function of the script.
pub struct Function {
    pub params: Vec<ImmutableString>,
    /// For one kind of value only.
    pub typed: bool,
    pub private: bool,
}

/// An `import` statement.
pub struct Import {
    /// Its path, where it is plain text.
    pub path: Option<String>,
    pub alias: String,
    pub at: Position,
}

impl Unit {
    pub fn new(name: &str, ast: AST) -> Unit {
        let functions = functions_of(&ast);
        let globals = ast.statements().iter().filter_map(|statement| match statement {
            Stmt::Var(var, ..) => Some(var.0.name.clone()),
            _ => None,
        });
        let globals = globals.collect();
        let bodies = bodies(&ast);
        Unit {
            name: name.to_string(),
            ast,
            bodies,
            functions,
            imports: HashMap::new(),
            always_imported: Vec::new(),
            globals,
            borrowing: HashSet::new(),
            guarded: HashSet::new(),
            asked: HashSet::new(),
            given: HashSet::new(),
        }
    }

    /// Whether an import there happens whenever the file runs: not in a branch, a loop or a function.
    pub fn always_comes_by(&self, at: Position) -> bool {
        let imports_there = |statement: &Stmt| matches!(statement, Stmt::Import(parts, _) if parts.0.position() == at);
        self.ast.statements().iter().any(imports_there)
    }

    /// The bodies of that name.
    pub fn bodies_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Body> {
        self.bodies.iter().filter(move |body| body.name == name)
    }

    /// Walks everything: the statements of the file, then the bodies of its functions and closures. `enter` is told
    /// the function before its body; `None` is the file itself.
    pub fn walk<V: Visitor>(&self, visitor: &mut V, enter: impl FnMut(&mut V, Option<&str>)) {
        self.walk_from(&[], visitor, enter);
    }

    /// The same, where the statements of the file begin with these variables.
    pub fn walk_from<V: Visitor>(
        &self,
        variables: &[ImmutableString],
        visitor: &mut V,
        mut enter: impl FnMut(&mut V, Option<&str>),
    ) {
        enter(visitor, None);
        Walk::new(visitor, variables).statements(self.ast.statements());
        for body in &self.bodies {
            enter(visitor, Some(&body.name));
            let mut walk = Walk::new(visitor, &body.params);
            // Our own walk goes down into them.
            body.each_statement(&mut |_, statement| walk.statement(statement));
        }
    }
}

/// The functions and closures that a text defines, by their names.
pub fn functions_of(ast: &AST) -> HashMap<String, Vec<Function>> {
    let mut functions: HashMap<String, Vec<Function>> = HashMap::new();
    for function in ast.iter_fn_def() {
        functions.entry(function.name.to_string()).or_default().push(Function {
            params: function.params.to_vec(),
            typed: function.this_type.is_some(),
            private: function.access == FnAccess::Private,
        });
    }
    // The engine keeps functions by their hashes, in an order that means nothing.
    let by_params = |a: &Function, b: &Function| (a.params.len(), &a.params).cmp(&(b.params.len(), &b.params));
    functions.values_mut().for_each(|all| all.sort_by(by_params));
    functions
}

/// A function or closure with its body, as a tree of its own: the engine shows the body of a function in no other way.
pub struct Body {
    name: String,
    params: Vec<ImmutableString>,
    ast: AST,
}

impl Body {
    /// Hands over the statements of the body itself, each with its place among them.
    pub fn each_statement(&self, found: &mut dyn FnMut(usize, &Stmt)) {
        let mut at = 0;
        self.ast.walk(&mut |path| {
            if let [ASTNode::Stmt(statement)] = path {
                found(at, statement);
                at += 1;
            }
            true
        });
    }

    /// Hands over what the body returns before its end, wherever it does.
    pub fn each_return(&self, found: &mut dyn FnMut(&Expr)) {
        self.ast.walk(&mut |path| {
            if let Some(ASTNode::Stmt(Stmt::Return(Some(expr), flags, _))) = path.last()
                && !flags.contains(ASTFlags::BREAK)
            {
                found(expr);
            }
            true
        });
    }
}

fn bodies(ast: &AST) -> Vec<Body> {
    let bodies = ast.iter_fn_def().map(|function| {
        let mut only = Module::new();
        only.set_script_fn(function.clone());
        Body { name: function.name.to_string(), params: function.params.to_vec(), ast: AST::new_from_module(only) }
    });
    bodies.collect()
}

/// What is true of a script together with all its modules.
#[derive(Default)]
pub struct Facts {
    /// Names that may be those of closures held in maps: keys, properties, all plain texts.
    named: HashSet<String>,
    /// Closures, and those of them that stay where they can be seen.
    closures: usize,
    tame: usize,
    /// Something is stored under a name that only the run knows.
    computed: bool,
    /// Part of the text is out of sight.
    pub open: bool,
}

impl Facts {
    /// Whether `name` may be the name of a closure in a map, so that `map.name(…)` calls it.
    pub fn may_be_stored(&self, name: &str) -> bool {
        self.open || self.named.contains(name) || (self.computed && self.closures > self.tame)
    }
}

/// Host functions that keep what they are given, or hand it on unseen.
const KEEPERS: &[&str] =
    &["push", "insert", "set", "mixin", "fill_with", "append", "splice", "pad", "call", "curry", "Fn"];

/// Gathers the facts of one unit into those of all.
pub struct Gather<'a> {
    pub facts: &'a mut Facts,
    pub known: &'a Known,
    /// The functions of the unit.
    pub functions: HashSet<String>,
    pub found: Found,
}

/// What a unit says of itself.
#[derive(Default)]
pub struct Found {
    pub imports: Vec<Import>,
    pub borrowing: HashSet<String>,
    pub guarded: HashSet<String>,
    pub asked: HashSet<String>,
    given: HashSet<ImmutableString>,
    /// How many variables closures capture, by their names: these are the first of their parameters.
    captured: HashMap<String, usize>,
}

impl Found {
    /// Names of variables and parameters that the text gives, anywhere.
    pub fn names_given(&self, functions: &HashMap<String, Vec<Function>>) -> HashSet<ImmutableString> {
        let params = functions.iter().flat_map(|(name, all)| {
            let captured = self.captured.get(name).copied().unwrap_or(0);
            all.iter().flat_map(move |function| function.params.iter().skip(captured).cloned())
        });
        self.given.iter().cloned().chain(params).collect()
    }
}

impl Visitor for Gather<'_> {
    fn expression(&mut self, expr: &Expr) {
        match expr {
            Expr::StringConstant(text, _) => {
                self.facts.named.insert(text.to_string());
            }
            Expr::Property(parts, _) => {
                self.facts.named.insert(parts.2.to_string());
            }
            Expr::Map(parts, _) => {
                for (key, value) in &parts.0 {
                    self.facts.named.insert(key.name.to_string());
                    self.facts.tame += usize::from(self.is_function(value));
                }
            }
            Expr::DynamicConstant(value, _) if value.is_fnptr() => self.facts.closures += 1,
            Expr::Variable(variable, ..) if self.functions.contains(variable.1.as_str()) => self.facts.closures += 1,
            _ => {}
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Var(var, ..) => drop(self.found.given.insert(var.0.name.clone())),
            Stmt::For(parts, _) => {
                let names = [Some(&parts.0), parts.1.as_ref()].into_iter().flatten();
                self.found.given.extend(names.map(|ident| ident.name.clone()));
            }
            Stmt::TryCatch(flow, _) => {
                if let Expr::Variable(caught, ..) = &flow.expr {
                    self.found.given.insert(caught.1.clone());
                }
            }
            Stmt::Assignment(parts) => match target(&parts.1.lhs) {
                Target::Named => self.facts.tame += usize::from(self.is_function(&parts.1.rhs)),
                Target::Computed => self.facts.computed = true,
                Target::Variable => {}
            },
            Stmt::Import(parts, _) => {
                let path = match &parts.0 {
                    Expr::StringConstant(path, _) => Some(path.to_string()),
                    _ => None,
                };
                self.found.imports.push(Import { path, alias: parts.1.name.to_string(), at: parts.0.position() });
            }
            _ => {}
        }
    }

    fn call(&mut self, call: &Call<'_>, _visible: &[ImmutableString]) {
        let name = call.name();
        if call.lends_scope() {
            self.found.borrowing.insert(name.to_string());
        }
        if matches!(name, "contains" | "in" | "get") {
            let texts = call.args().iter().filter_map(|arg| match arg {
                Expr::StringConstant(text, _) => Some(text.to_string()),
                _ => None,
            });
            self.found.asked.extend(texts);
        }
        if let ("curry", [Expr::DynamicConstant(closure, _), captured @ ..]) = (name, call.args())
            && let Some(pointer) = closure.read_lock::<FnPtr>()
        {
            self.found.captured.insert(pointer.fn_name().to_string(), captured.len());
        }
        match (name, call.args()) {
            ("is_def_fn" | "is_def_var", [Expr::StringConstant(text, _), ..]) => {
                self.found.guarded.insert(text.to_string());
            }
            ("Fn", _) => self.facts.closures += 1,
            ("set" | "insert", [key, _]) if !matches!(key, Expr::StringConstant(..)) => self.facts.computed = true,
            _ => {}
        }
        let seen = self.known.has(name) && !self.functions.contains(name) && !KEEPERS.contains(&name);
        if seen && !call.is_operator() && call.namespace().is_none() {
            self.facts.tame += call.args().iter().filter(|arg| self.is_function(arg)).count();
        }
    }
}

impl Gather<'_> {
    /// A closure, or the name of a function.
    fn is_function(&self, expr: &Expr) -> bool {
        match expr {
            Expr::DynamicConstant(value, _) => value.is_fnptr(),
            Expr::Variable(variable, ..) => self.functions.contains(variable.1.as_str()),
            Expr::FnCall(call, _) => call.name == "Fn",
            // A closure that captures something: first it shares it, then it is made.
            Expr::Stmt(block) => matches!(block.statements(), [Stmt::Share(..), Stmt::Expr(_)]),
            _ => false,
        }
    }
}

enum Target {
    Variable,
    /// A property, or an element whose name stands in the text.
    Named,
    Computed,
}

fn target(expr: &Expr) -> Target {
    match expr {
        Expr::Variable(..) => Target::Variable,
        Expr::Dot(parts, ..) => match &parts.rhs {
            Expr::Property(..) => Target::Named,
            rest => target(rest),
        },
        Expr::Index(parts, ..) => match &parts.rhs {
            Expr::StringConstant(..) | Expr::IntegerConstant(..) => Target::Named,
            _ => Target::Computed,
        },
        _ => Target::Computed,
    }
}
