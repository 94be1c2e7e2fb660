//! One walk over a compiled script: every statement and expression, with the variables that can be seen there. Knows the
//! shape of the engine's tree and judges nothing.

use rhai::{ASTFlags, Expr, FnCallExpr, ImmutableString, Position, Stmt, StmtBlock};

/// Deeper than any script that the engine accepts, but for chains of operators; what lies below is not looked at.
const DEEPEST: usize = 2000;

/// Who looks at what the walk comes by.
pub trait Visitor {
    /// Any expression, before its parts.
    fn expression(&mut self, _expr: &Expr) {}
    /// Any statement, before its parts.
    fn statement(&mut self, _stmt: &Stmt) {}
    /// A variable that is read or assigned to; `visible` are the names in scope.
    fn variable(&mut self, _name: &str, _at: Position, _visible: &[ImmutableString]) {}
    /// A function call in either style.
    fn call(&mut self, _call: &Call<'_>, _visible: &[ImmutableString]) {}
    /// `owner.rest` or `owner[rest]`, before its parts. Of a longer chain the rest is all that follows.
    fn part(&mut self, _owner: &Expr, _rest: &Expr) {}
    /// What is assigned to, before its parts.
    fn target(&mut self, _target: &Expr) {}
}

/// A function call.
pub struct Call<'a> {
    pub at: Position,
    /// The value before the dot.
    pub receiver: Receiver<'a>,
    inner: &'a FnCallExpr,
}

/// What a method is called on.
#[derive(Clone, Copy)]
pub enum Receiver<'a> {
    /// Nothing: it is a plain call.
    None,
    /// This expression, or what this link of a chain gives.
    Is(&'a Expr),
    /// Something that the text does not tell.
    Unknown,
}

impl<'a> Call<'a> {
    pub fn name(&self) -> &'a str {
        &self.inner.name
    }

    /// Without the receiver.
    pub fn args(&self) -> &'a [Expr] {
        &self.inner.args
    }

    /// `value.method(…)` rather than `function(…)`.
    pub fn is_method(&self) -> bool {
        !matches!(self.receiver, Receiver::None)
    }

    /// An operator in the guise of a call.
    pub fn is_operator(&self) -> bool {
        self.inner.is_operator_call()
    }

    /// Whether the function sees the caller's variables: `function!(…)`.
    pub fn lends_scope(&self) -> bool {
        self.inner.capture_parent_scope
    }

    /// The names before it, as in `module::function(…)`, and where they begin.
    pub fn namespace(&self) -> Option<(Vec<&'a str>, Position)> {
        let path = &self.inner.namespace.path;
        path.first().map(|first| (path.iter().map(|part| part.name.as_str()).collect(), first.pos))
    }
}

/// A walk in progress.
pub struct Walk<'v, V> {
    visitor: &'v mut V,
    visible: Vec<ImmutableString>,
    depth: usize,
}

impl<'v, V: Visitor> Walk<'v, V> {
    /// Begins where these variables can be seen.
    pub fn new(visitor: &'v mut V, visible: &[ImmutableString]) -> Self {
        Walk { visitor, visible: visible.to_vec(), depth: 0 }
    }

    /// Statements one after the other, in the present scope.
    pub fn statements(&mut self, statements: &[Stmt]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn block(&mut self, block: &StmtBlock) {
        self.block_with(block, &[]);
    }

    fn block_with(&mut self, block: &StmtBlock, names: &[&ImmutableString]) {
        let outside = self.visible.len();
        self.visible.extend(names.iter().map(|&name| name.clone()));
        self.statements(block.statements());
        self.visible.truncate(outside);
    }

    /// One statement, in the present scope.
    pub fn statement(&mut self, statement: &Stmt) {
        if self.depth >= DEEPEST {
            return;
        }
        self.depth += 1;
        self.visitor.statement(statement);
        match statement {
            Stmt::Var(var, ..) => {
                self.expr(&var.1);
                self.visible.push(var.0.name.clone());
            }
            Stmt::If(flow, _) => {
                self.expr(&flow.expr);
                self.block(&flow.body);
                self.block(&flow.branch);
            }
            Stmt::Switch(switch, _) => {
                self.expr(&switch.0);
                for case in &switch.1.expressions {
                    self.expr(&case.lhs);
                    self.expr(&case.rhs);
                }
            }
            Stmt::While(flow, _) | Stmt::Do(flow, ..) => {
                self.expr(&flow.expr);
                self.block(&flow.body);
            }
            Stmt::For(parts, _) => {
                let (item, counter, flow) = &**parts;
                self.expr(&flow.expr);
                let names: Vec<_> = [Some(item), counter.as_ref()].into_iter().flatten().map(|i| &i.name).collect();
                self.block_with(&flow.body, &names);
            }
            Stmt::Assignment(parts) => {
                self.visitor.target(&parts.1.lhs);
                self.expr(&parts.1.lhs);
                self.expr(&parts.1.rhs);
            }
            Stmt::FnCall(call, at) => self.call(call, *at, Receiver::None),
            Stmt::Block(block) => self.block(block),
            Stmt::TryCatch(flow, _) => {
                self.block(&flow.body);
                match &flow.expr {
                    Expr::Variable(caught, ..) => self.block_with(&flow.branch, &[&caught.1]),
                    _ => self.block(&flow.branch),
                }
            }
            Stmt::Expr(expr) => self.expr(expr),
            Stmt::BreakLoop(Some(expr), ..) | Stmt::Return(Some(expr), ..) => self.expr(expr),
            Stmt::Import(parts, _) => self.expr(&parts.0),
            Stmt::Export(parts, _) => self.visitor.variable(&parts.0.name, parts.0.pos, &self.visible),
            // What closures share is named again where it is handed to them.
            _ => {}
        }
        self.depth -= 1;
    }

    fn exprs(&mut self, exprs: &[Expr]) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        if self.depth >= DEEPEST {
            return;
        }
        self.depth += 1;
        self.visitor.expression(expr);
        match expr {
            Expr::InterpolatedString(parts, _) | Expr::Array(parts, _) => self.exprs(parts),
            Expr::Map(parts, _) => {
                for (_, value) in &parts.0 {
                    self.expr(value);
                }
            }
            Expr::Variable(variable, _, at) if variable.2.is_empty() => {
                self.visitor.variable(&variable.1, *at, &self.visible);
            }
            Expr::Stmt(block) => self.block(block),
            Expr::FnCall(call, at) => self.call(call, *at, Receiver::None),
            Expr::Dot(parts, ..) => {
                self.visitor.part(&parts.lhs, &parts.rhs);
                self.expr(&parts.lhs);
                self.chain(&parts.rhs, Receiver::Is(&parts.lhs));
            }
            Expr::Index(parts, flags, _) => {
                self.visitor.part(&parts.lhs, &parts.rhs);
                self.expr(&parts.lhs);
                self.index(&parts.rhs, *flags);
            }
            Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => self.exprs(parts),
            _ => {}
        }
        self.depth -= 1;
    }

    /// What follows a dot. The tree leans to the right: `a.b.c` is `a` and, behind the dot, `b.c`.
    fn chain<'a>(&mut self, rest: &'a Expr, receiver: Receiver<'a>) {
        match rest {
            Expr::Dot(parts, ..) => {
                self.chain(&parts.lhs, receiver);
                self.chain(&parts.rhs, Receiver::Is(&parts.lhs));
            }
            Expr::Index(parts, flags, _) => {
                self.chain(&parts.lhs, receiver);
                self.index(&parts.rhs, *flags);
            }
            Expr::MethodCall(call, at) => {
                self.visitor.expression(rest);
                self.call(call, *at, receiver);
            }
            Expr::Property(..) => self.visitor.expression(rest),
            other => self.expr(other),
        }
    }

    /// What stands in brackets and, unless the chain ends there, what follows them: `a[i].b` is `a` and, in the
    /// brackets, `i.b`, whose `b` does not belong to `i`.
    fn index(&mut self, rest: &Expr, outer: ASTFlags) {
        match rest {
            Expr::Dot(parts, ..) if !outer.contains(ASTFlags::BREAK) => {
                self.expr(&parts.lhs);
                self.chain(&parts.rhs, Receiver::Unknown);
            }
            Expr::Index(parts, flags, _) if !outer.contains(ASTFlags::BREAK) => {
                self.expr(&parts.lhs);
                self.index(&parts.rhs, *flags);
            }
            other => self.expr(other),
        }
    }

    fn call<'a>(&mut self, call: &'a FnCallExpr, at: Position, receiver: Receiver<'a>) {
        self.visitor.call(&Call { at, receiver, inner: call }, &self.visible);
        self.exprs(&call.args);
    }
}
