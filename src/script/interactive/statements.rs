//! The statements of a line, as whoever saves it has to know them: where each begins, and which one ends the text early.
//! Runs nothing.

use super::{Interactive, byte};
use rhai::{AST, ASTFlags, ASTNode, Stmt};

/// A statement of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Which one, from 0.
    pub nth: usize,
    /// A byte of the text inside of it.
    pub inside: usize,
}

/// A `return` outside of functions and closures: it ends the line, and would end a whole script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Return {
    /// The last statement is one, and begins at this byte; there is no other.
    Last(usize),
    /// The first one is in this statement; `defines` says whether it or a later one defines variables for later lines.
    Within { first: Statement, defines: bool },
}

impl Statement {
    /// The last statement of a text.
    pub(super) fn last(ast: &AST, text: &str) -> Option<Statement> {
        Statement::nth(ast, ast.statements().len().checked_sub(1)?, text)
    }

    fn nth(ast: &AST, nth: usize, text: &str) -> Option<Statement> {
        Some(Statement { nth, inside: byte(text, ast.statements().get(nth)?.position())? })
    }
}

impl Return {
    /// The one of a text, if there is any.
    pub(super) fn of(ast: &AST, text: &str) -> Option<Return> {
        let nth = ast.statements().iter().position(|statement| returns(statement, 1))?;
        let first = Statement::nth(ast, nth, text)?;
        let statement = &ast.statements()[nth];
        let alone = nth + 1 == ast.statements().len() && is_return(statement) && !returns(statement, 2);
        if alone {
            return Some(Return::Last(first.inside));
        }
        let defines = |statement: &Stmt| matches!(statement, Stmt::Var(..) | Stmt::Import(..) | Stmt::Export(..));
        Some(Return::Within { first, defines: ast.statements()[nth..].iter().any(defines) })
    }
}

fn is_return(statement: &Stmt) -> bool {
    // A `throw` is one with a mark, to the engine.
    matches!(statement, Stmt::Return(_, flags, _) if !flags.contains(ASTFlags::BREAK))
}

/// Whether a `return` stands in a statement, so deep or deeper; the statement itself is at depth 1.
fn returns(statement: &Stmt, depth: usize) -> bool {
    let mut found = false;
    statement.walk(&mut Vec::new(), &mut |path| {
        found |= path.len() >= depth && matches!(path.last(), Some(ASTNode::Stmt(inner)) if is_return(inner));
        !found
    });
    found
}

impl Interactive {
    /// The byte at which a statement of a text begins. The engine knows where an operator stands, but not where its first
    /// operand or a bracket before it does, so each place is tried at which a statement can begin: the right one leaves whole
    /// statements on both sides. That parses the text again and again, so ask only where it is needed.
    pub fn begin_of(&self, text: &str, statement: Statement) -> Option<usize> {
        let count = |text: &str| self.compile(text).ok().map(|ast| ast.statements().len());
        let all = count(text)?;
        let begins = text.get(..statement.inside)?.rmatch_indices([';', '}']).map(|(at, _)| at + 1).chain([0]);
        let parts = |at: &usize| {
            count(&text[..*at]) == Some(statement.nth) && count(&text[*at..]) == all.checked_sub(statement.nth)
        };
        let at = begins.into_iter().find(parts)?;
        Some(at + text[at..].len() - text[at..].trim_start().len())
    }

    /// Whether a text is one that can be run, as the engine sees it.
    pub fn is_script(&self, text: &str) -> bool {
        self.engine.compile(text).is_ok()
    }
}
