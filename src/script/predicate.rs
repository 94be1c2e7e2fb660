//! Closures that only compare fields with constants, such as `|c| c.plan == "growth" && c.mrr > 500`, told without the
//! engine. Says what the engine would say, or nothing: then the closure has to be called. Walks no rows.

use rhai::{Dynamic, Expr, FnCallExpr, ImmutableString, Stmt};
use std::cmp::Ordering;

/// A closure's verdict as a comparison of fields.
#[derive(Clone, Debug)]
pub enum Predicate {
    Compare { field: ImmutableString, operator: Operator, constant: Constant },
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
}

/// What stands between a field and a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A constant of the kinds for which the meaning of each operator is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constant {
    Nothing,
    Flag(bool),
    Integer(i64),
    Text(ImmutableString),
}

impl Predicate {
    /// What a closure with this parameter and this one statement says of a row; `None` where it may do more.
    pub fn of(param: &str, body: &Stmt) -> Option<Predicate> {
        match body {
            Stmt::Expr(expr) => of_expr(param, expr),
            Stmt::FnCall(call, _) => comparison(param, call),
            _ => None,
        }
    }

    /// The verdict, where `field` gives the value of each field; `None` where only the engine knows it.
    pub fn verdict(&self, field: &mut impl FnMut(&str) -> Option<Dynamic>) -> Option<bool> {
        match self {
            Predicate::Compare { field: name, operator, constant } => operator.holds(&field(name)?, constant),
            // In their order, and no further than the engine would look.
            Predicate::All(parts) => parts.iter().try_fold(true, |so_far, part| match so_far {
                true => part.verdict(field),
                false => Some(false),
            }),
            Predicate::Any(parts) => parts.iter().try_fold(false, |so_far, part| match so_far {
                true => Some(true),
                false => part.verdict(field),
            }),
        }
    }
}

fn of_expr(param: &str, expr: &Expr) -> Option<Predicate> {
    let all = |parts: &[Expr]| parts.iter().map(|part| of_expr(param, part)).collect::<Option<Vec<_>>>();
    match expr {
        Expr::FnCall(call, _) => comparison(param, call),
        Expr::And(parts, _) => all(parts).map(Predicate::All),
        Expr::Or(parts, _) => all(parts).map(Predicate::Any),
        _ => None,
    }
}

fn comparison(param: &str, call: &FnCallExpr) -> Option<Predicate> {
    let [left, right] = &call.args[..] else { return None };
    let operator = Operator::named(&call.name).filter(|_| call.is_operator_call())?;
    match (field(param, left), constant(left), field(param, right), constant(right)) {
        (Some(field), _, _, Some(constant)) => Some(Predicate::Compare { field, operator, constant }),
        (_, Some(constant), Some(field), _) => {
            Some(Predicate::Compare { field, operator: operator.turned(), constant })
        }
        _ => None,
    }
}

/// `param.name` and nothing behind it.
fn field(param: &str, expr: &Expr) -> Option<ImmutableString> {
    let Expr::Dot(parts, flags, _) = expr else { return None };
    match (&parts.lhs, &parts.rhs) {
        (Expr::Variable(variable, ..), Expr::Property(property, _))
            if flags.is_empty() && variable.1 == param && variable.2.is_empty() =>
        {
            Some(property.2.clone())
        }
        _ => None,
    }
}

fn constant(expr: &Expr) -> Option<Constant> {
    match expr {
        Expr::Unit(_) => Some(Constant::Nothing),
        Expr::BoolConstant(flag, _) => Some(Constant::Flag(*flag)),
        Expr::IntegerConstant(number, _) => Some(Constant::Integer(*number)),
        Expr::StringConstant(text, _) => Some(Constant::Text(text.clone())),
        _ => None,
    }
}

impl Operator {
    fn named(name: &str) -> Option<Operator> {
        Some(match name {
            "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            _ => return None,
        })
    }

    /// The one that says the same with its sides exchanged.
    fn turned(self) -> Operator {
        match self {
            Operator::Less => Operator::Greater,
            Operator::LessOrEqual => Operator::GreaterOrEqual,
            Operator::Greater => Operator::Less,
            Operator::GreaterOrEqual => Operator::LessOrEqual,
            same => same,
        }
    }

    fn holds(self, value: &Dynamic, constant: &Constant) -> Option<bool> {
        let order = match constant {
            Constant::Integer(wanted) => value.as_int().ok().map(|number| number.cmp(wanted)),
            Constant::Text(wanted) => {
                value.read_lock::<ImmutableString>().map(|text| text.as_str().cmp(wanted.as_str()))
            }
            Constant::Flag(wanted) if self.is_equality() => value.as_bool().ok().map(|flag| flag.cmp(wanted)),
            Constant::Nothing if self.is_equality() => value.is_unit().then_some(Ordering::Equal),
            Constant::Flag(_) | Constant::Nothing => None,
        };
        if let Some(order) = order {
            return Some(match self {
                Operator::Equal => order.is_eq(),
                Operator::NotEqual => order.is_ne(),
                Operator::Less => order.is_lt(),
                Operator::LessOrEqual => order.is_le(),
                Operator::Greater => order.is_gt(),
                Operator::GreaterOrEqual => order.is_ge(),
            });
        }
        // Plain values of two kinds are never equal. Anything else, such as a float, has rules of its own.
        let plain = value.is_unit() || value.is_int() || value.is_bool() || value.is_string();
        (self.is_equality() && plain).then_some(self == Operator::NotEqual)
    }

    fn is_equality(self) -> bool {
        matches!(self, Operator::Equal | Operator::NotEqual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhai::{ASTNode, Engine, FnPtr, Map};

    /// The predicate of a closure's text.
    fn read(closure: &str) -> Option<Predicate> {
        let mut engine = Engine::new();
        engine.set_optimization_level(rhai::OptimizationLevel::None);
        let ast = engine.compile(closure).unwrap();
        let mut found = None;
        ast.clone_functions_only().walk(&mut |path| {
            if let [ASTNode::Stmt(statement)] = path {
                found = Predicate::of("c", statement);
            }
            true
        });
        found
    }

    #[test]
    fn it_says_what_the_engine_says_or_nothing() {
        let engine = Engine::new();
        let fields = "#{n: 5, m: -1, t: \"b\", e: \"\", u: (), y: true, f: 5.0, l: 'b', a: [5], o: #{}}";
        let row: Map = engine.eval(fields).unwrap();
        let names: Vec<String> = row.keys().map(ToString::to_string).collect();
        let (mut told, mut asked) = (0, 0);
        for name in &names {
            for operator in ["==", "!=", "<", "<=", ">", ">="] {
                for constant in ["5", "-1", "\"b\"", "\"\"", "()", "true", "false"] {
                    for text in
                        [format!("|c| c.{name} {operator} {constant}"), format!("|c| {constant} {operator} c.{name}")]
                    {
                        asked += 1;
                        let Some(predicate) = read(&text) else { continue };
                        let Some(said) = predicate.verdict(&mut |name| row.get(name).cloned()) else { continue };
                        let ast = engine.compile(&text).unwrap();
                        let closure: FnPtr = engine.eval_ast(&ast).unwrap();
                        assert_eq!(closure.call::<bool>(&engine, &ast, (row.clone(),)).unwrap(), said, "{text}");
                        told += 1;
                    }
                }
            }
        }
        assert!(told * 4 > asked, "{told} of {asked}");
    }

    #[test]
    fn parts_are_looked_at_in_their_order_and_no_further() {
        let row = Map::from([("a".into(), 1.into()), ("f".into(), 1.5.into())]);
        for (text, said) in [
            ("|c| c.a == 1 && c.a > 0", Some(true)),
            ("|c| c.a == 2 && c.f > 0", Some(false)),
            ("|c| c.a == 1 && c.f > 0", None),
            ("|c| c.a == 1 || c.f > 0", Some(true)),
            ("|c| c.f > 0 || c.a == 1", None),
            ("|c| c.a == 2 || c.a == 3 || c.a < 2", Some(true)),
            ("|c| c.missing == 1", None),
        ] {
            assert_eq!(read(text).unwrap().verdict(&mut |name| row.get(name).cloned()), said, "{text}");
        }
        for text in [
            "|c| c?.a == 1",
            "|c| c.a.b == 1",
            "|c| c.a + 1 == 2",
            "|c| !c.a",
            "|c| c.a",
            "|c| d.a == 1",
            "|c| c.a == c.b",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }
}
