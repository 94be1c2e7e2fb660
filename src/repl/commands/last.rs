//! The last value in another shape, or in a file.

use super::files::unquoted;
use crate::{
    error::Failure,
    repl::session::{Broken, Next, ROWS, Session},
    script::interactive::Shape,
    text,
};

fn needs_a_value(session: &mut Session) -> Result<(), Broken> {
    if session.with(|script| script.has_last())? {
        return Ok(());
    }
    Err(Failure::usage("there is no last value yet")
        .hint("write something that gives one, such as `list_customers()`")
        .into())
}

pub fn json(session: &mut Session, _: &str) -> Result<Next, Broken> {
    needs_a_value(session)?;
    session.show_last(":json", Shape::Json)?;
    Ok(Next::Line)
}

pub fn table(session: &mut Session, columns: &str) -> Result<Next, Broken> {
    needs_a_value(session)?;
    let names: Vec<String> =
        columns.split([',', ' ']).map(str::trim).filter(|name| !name.is_empty()).map(str::to_string).collect();
    let columns = (!names.is_empty()).then_some(names);
    session.show_last(":table", Shape::Table { columns, rows: ROWS })?;
    Ok(Next::Line)
}

pub fn csv(session: &mut Session, path: &str) -> Result<Next, Broken> {
    needs_a_value(session)?;
    let path = unquoted(path).to_string();
    // As a string of the language, which takes the escapes of JSON.
    let literal = serde_json::Value::String(path.clone()).to_string();
    session.aside(":csv", move |script| script.eval(":csv", &format!("write_csv({literal}, _)")).map(drop))?;
    session.ui.status(&format!("wrote `{}`", text::escape_control(&path)));
    Ok(Next::Line)
}
