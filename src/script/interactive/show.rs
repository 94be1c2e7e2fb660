//! What a session shows of a value: rows, fields or a text, as plain data. Of a list no more is fetched than is shown. How
//! it is laid out, and where, is decided by whoever shows it.

use super::{
    Interactive,
    brief::{brief, quoted},
};
use crate::{
    script::{
        Host,
        builtins::output::{columns_of, plain},
        fault::{Fault, Thrown},
        host::Raised,
        rows,
        stages::Stage,
        stream::Stream,
        value::{Json, kind_of},
    },
    text,
};
use rhai::{Array, Dynamic, EvalAltResult, Map, Position};
use std::sync::Arc;

/// Of a value within rows or fields no more than about so many bytes are shown.
const LONGEST_VALUE: usize = 4096;

/// A value within the fields of an object is taken apart where it is longer than this.
const SHORT: usize = 40;

/// So many levels down.
const LEVELS: usize = 3;

/// Of rows within the fields of an object no more are shown.
const NESTED_ROWS: usize = 5;

/// In which form a value is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A table for rows, a list of fields for one object, text for the rest.
    Table {
        /// The columns; those that fit the kind of the rows, unless given.
        columns: Option<Vec<String>>,
        /// At most so many rows.
        rows: usize,
    },
    /// JSON with line breaks, whole.
    Json,
    /// Each row on a line of its own as JSON, whole.
    JsonLines,
}

/// A value, ready to be laid out. What it is made of drives no terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// There is nothing to show, or it was said already.
    Nothing,
    /// A text, of one line or several.
    Text(String),
    /// Rows with their columns.
    Rows { columns: Vec<String>, cells: Vec<Vec<Cell>>, of: Items },
    /// The fields of one object.
    Fields(Vec<(String, Cell)>),
    /// Values that are no rows, one by one.
    Values { items: Vec<String>, of: Items },
}

/// How many rows there are in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Items {
    /// So many.
    All(usize),
    /// More than are shown, of a list whose end nobody has seen.
    More,
}

/// A cell of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    /// Whether it is a number, which stands to the right.
    pub number: bool,
    /// What it holds, for where there is room for more than a line.
    pub inner: Option<Box<Shown>>,
}

impl Interactive {
    /// The last value in this form. `name` is what errors call the line.
    pub fn show(&mut self, name: &str, shape: &Shape) -> Result<Shown, Box<Fault>> {
        let Some(value) = self.last() else { return Ok(Shown::Nothing) };
        let result = match shape {
            Shape::Table { columns, rows } => laid_out(name, value, columns.as_deref(), *rows),
            Shape::Json => self.say_json(name, value),
            Shape::JsonLines => self.say_lines(name, value),
        };
        self.judged(name, result)
    }

    fn say_json(&self, name: &str, value: &Dynamic) -> Result<Shown, Raised> {
        let Some(list) = value.read_lock::<Stream>() else {
            return say(&self.host, &pretty(value)).map(|()| Shown::Nothing);
        };
        let mut walker = list.walk(&Interactive::spot(name));
        let mut before: Option<String> = None;
        while let Some(row) = walker.next()? {
            let row = pretty(&walker.keep(row)?);
            match before.replace(row) {
                None => say(&self.host, "[")?,
                Some(row) => say(&self.host, &format!("{},", indented(&row)))?,
            }
        }
        match before {
            None => say(&self.host, "[]")?,
            Some(row) => {
                say(&self.host, &indented(&row))?;
                say(&self.host, "]")?;
            }
        }
        Ok(Shown::Nothing)
    }

    fn say_lines(&self, name: &str, value: &Dynamic) -> Result<Shown, Raised> {
        if let Some(list) = value.read_lock::<Stream>() {
            let mut walker = list.walk(&Interactive::spot(name));
            while let Some(row) = walker.next()? {
                let row = walker.keep(row)?;
                say(&self.host, &line(&row))?;
            }
        } else if let Some(array) = value.read_lock::<Array>() {
            array.iter().try_for_each(|row| say(&self.host, &line(row)))?;
        } else {
            say(&self.host, &line(value))?;
        }
        Ok(Shown::Nothing)
    }
}

/// A value as rows, fields or text.
fn laid_out(name: &str, value: &Dynamic, columns: Option<&[String]>, most: usize) -> Result<Shown, Raised> {
    if let Some(list) = value.read_lock::<Stream>() {
        // One more than is shown tells whether there are any.
        let mut rows = list.with(Stage::Take(most + 1)).walk(&Interactive::spot(name)).collect()?;
        let of = if rows.len() > most { Items::More } else { Items::All(rows.len()) };
        rows.truncate(most);
        return several(&rows, columns, of);
    }
    if let Some(array) = value.read_lock::<Array>() {
        return several(&array[..array.len().min(most)], columns, Items::All(array.len()));
    }
    if let Some(map) = value.read_lock::<Map>() {
        let fields = map.keys().map(ToString::to_string).collect();
        let wanted = columns.map_or_else(|| in_order(&map, fields), <[String]>::to_vec);
        let cells = wanted.into_iter().map(|field| {
            // It may be large: what is there is not copied.
            let cell = match map.get(field.as_str()) {
                Some(value) => open_cell(value, LEVELS),
                None => cell(&rows::field(&map, &field)?),
            };
            Ok((text::escape_control(&field).into_owned(), cell))
        });
        return cells.collect::<Result<_, Thrown>>().map(Shown::Fields).map_err(|thrown| thrown.raise(Position::NONE));
    }
    if columns.is_some() {
        let thrown = Thrown::general("invalid_argument", format!("{} has no columns", kind_of(value)));
        return Err(thrown.raise(Position::NONE));
    }
    Ok(Shown::Text(text::escape_block(&brief(value, usize::MAX)).into_owned()))
}

/// Says a line, and stops where the session has been asked to.
fn say(host: &Arc<Host>, line: &str) -> Result<(), Raised> {
    host.say(line);
    if host.must_stop() {
        return Err(Box::new(EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE)));
    }
    Ok(())
}

fn pretty(value: &Dynamic) -> String {
    let text = serde_json::to_string_pretty(&Json(value));
    // What has no JSON form is a word in angle brackets.
    text.or_else(|_| serde_json::to_string_pretty(&Json(&plain(value)))).unwrap_or_default()
}

fn line(value: &Dynamic) -> String {
    let text = serde_json::to_string(&Json(value));
    text.or_else(|_| serde_json::to_string(&Json(&plain(value)))).unwrap_or_default()
}

fn indented(json: &str) -> String {
    json.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

fn several(rows: &[Dynamic], columns: Option<&[String]>, of: Items) -> Result<Shown, Raised> {
    if rows.is_empty() || !rows.iter().all(Dynamic::is_map) {
        let items = rows.iter().map(|row| text::escape_control(&quoted(row, LONGEST_VALUE)).into_owned());
        return Ok(Shown::Values { items: items.collect(), of });
    }
    let wanted = columns.map_or_else(|| chosen(rows), <[String]>::to_vec);
    let of_row = |row: &Dynamic| {
        let Some(map) = row.read_lock::<Map>() else { return Ok(Vec::new()) };
        let one = |name: &String| match (map.get(name.as_str()), columns) {
            (Some(value), _) => Ok(cell(value)),
            (None, None) => Ok(Cell::default()),
            // Who names a column wants to be told of one that is not there.
            (None, Some(_)) => rows::field(&map, name).map(|value| cell(&value)),
        };
        wanted.iter().map(one).collect::<Result<Vec<_>, _>>()
    };
    let cells = rows.iter().map(of_row).collect::<Result<_, _>>();
    let cells = cells.map_err(|thrown: Thrown| thrown.raise(Position::NONE))?;
    let columns = wanted.iter().map(|name| text::escape_control(name).into_owned()).collect();
    Ok(Shown::Rows { columns, cells, of })
}

fn cell(value: &Dynamic) -> Cell {
    Cell {
        text: text::escape_control(&brief(value, LONGEST_VALUE)).into_owned(),
        number: value.is_int() || value.is_float() || kind_of(value) == "a very large integer",
        inner: None,
    }
}

/// A cell that shows also what its value holds, down to a few levels.
fn open_cell(value: &Dynamic, levels: usize) -> Cell {
    let mut cell = cell(value);
    // What is short can be read as it is.
    if levels == 0 || cell.text.len() <= SHORT {
        return cell;
    }
    if let Some(map) = value.read_lock::<Map>() {
        let names = in_order(&map, map.keys().map(ToString::to_string).collect());
        let fields = names.into_iter().filter_map(|name| {
            let inner = open_cell(map.get(name.as_str())?, levels - 1);
            Some((text::escape_control(&name).into_owned(), inner))
        });
        cell.inner = Some(Box::new(Shown::Fields(fields.collect())));
    } else if let Some(array) = value.read_lock::<Array>()
        && array.iter().all(Dynamic::is_map)
    {
        let rows = several(&array[..array.len().min(NESTED_ROWS)], None, Items::All(array.len()));
        cell.inner = rows.ok().map(Box::new);
    }
    cell
}

/// The columns that people want to see of each kind of object.
const COLUMNS: &[(&str, &[&str])] = &[
    ("customer", &["display_id", "name", "status", "plan", "mrr", "domain", "created_at"]),
    ("contact", &["display_id", "name", "email", "title", "is_primary", "customer_id", "created_at"]),
    (
        "onboarding",
        &["display_id", "customer_id", "phase", "state", "target_launch_date", "waiting_on_customer", "created_at"],
    ),
    ("deleted", &["display_id", "id", "deleted"]),
];

/// The columns of these rows: by their kind where all are of one, and then those that the script has added; else all.
fn chosen(rows: &[Dynamic]) -> Vec<String> {
    let all = columns_of(rows);
    let kind = |row: &Dynamic| row.read_lock::<Map>().and_then(|map| map.get("object")?.clone().into_string().ok());
    let Some(first) = kind(&rows[0]) else { return all };
    let Some((_, wanted)) = COLUMNS.iter().find(|(name, _)| *name == first) else { return all };
    if rows.iter().any(|row| kind(row).as_deref() != Some(first.as_str())) {
        return all;
    }
    let documented = crate::api::object(&first);
    let added = all.iter().filter(|name| documented.is_none_or(|object| object.field(name).is_none()));
    let known = wanted.iter().map(ToString::to_string).filter(|name| all.contains(name));
    known.chain(added.cloned()).collect()
}

/// The fields of an object of the API in the API's own order, others behind.
fn in_order(map: &Map, mut fields: Vec<String>) -> Vec<String> {
    let kind = map.get("object").and_then(|kind| kind.clone().into_string().ok()).unwrap_or_default();
    if let Some(object) = crate::api::object(&kind) {
        let place = |name: &String| object.fields.iter().position(|field| field.name == name).unwrap_or(usize::MAX);
        fields.sort_by_key(place);
    }
    fields
}
