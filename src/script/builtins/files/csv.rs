//! `read_csv` and `write_csv`: tables of the project folder as rows of object maps. How cells are found in a text is
//! `crate::csv`'s business, what they mean is that of `cells`.

use super::{
    super::{Builtin, output::columns_of},
    Call,
    cells::{self, Cells, KINDS, Kind},
};
use crate::{
    csv::{Parser, Record, SEPARATORS, Writer, separator_of},
    script::{
        decode::Decoder,
        fault::Spot,
        host::{Host, Level, Raised},
        packed::Packer,
        registry::Registry,
        shape::Shape,
        stream::Stream,
        value::kind_of,
    },
    text::{self, escape_control},
};
use rhai::{Array, Dynamic, Identifier, Map, NativeCallContext};
use std::sync::Arc;

pub const BUILTINS: &[Builtin] = &[
    Builtin {
        name: "read_csv",
        signatures: &[
            "read_csv(path)",
            "read_csv(path, #{types: #{column: kind}, decimal: \",\", separator: \";\", hold: true})",
        ],
        summary: "The rows of a CSV file as object maps, named by its header; cells are text unless `types` says otherwise; \
                  with `hold` as a held list, in a fraction of the memory",
        example: "write_text(\"c.csv\", \"name;mrr\\nAcme;1.200\\n\"); \
                  read_csv(\"c.csv\", #{types: #{mrr: \"integer\"}, decimal: \",\"})",
    },
    Builtin {
        name: "write_csv",
        signatures: &[
            "write_csv(path, rows)",
            "write_csv(path, rows, #{columns: [column, …], separator: \";\", for_excel: true})",
        ],
        summary: "Writes rows to a CSV file; `for_excel` makes one that spreadsheets open safely",
        example: "write_csv(\"a.csv\", list_customers().take(3), #{columns: [\"display_id\", \"name\", \"mrr\"]}); \
                  print(read_text(\"a.csv\"))",
    },
];

pub fn register(registry: &mut Registry<'_>, host: &Arc<Host>) {
    let files = host.clone();
    registry.register_fn("read_csv", move |ctx: NativeCallContext, path: &str| {
        read(&Call::new("read_csv", &files, &ctx), path, &Map::new()).map(|rows| rows.finish(&files, &ctx))
    });
    let files = host.clone();
    registry.register_fn("read_csv", move |ctx: NativeCallContext, path: &str, options: Map| {
        read(&Call::new("read_csv", &files, &ctx), path, &options).map(|rows| rows.finish(&files, &ctx))
    });
    let files = host.clone();
    registry.register_fn("write_csv", move |ctx: NativeCallContext, path: &str, rows: Dynamic| {
        write(&Call::new("write_csv", &files, &ctx), path, rows, &Map::new())
    });
    let files = host.clone();
    registry.register_fn("write_csv", move |ctx: NativeCallContext, path: &str, rows: Dynamic, options: Map| {
        write(&Call::new("write_csv", &files, &ctx), path, rows, &options)
    });
}

/// Long work looks at the stop flag once in so many rows.
const BREATH: usize = 1024;

/// The rows as they are read.
enum Rows {
    Array(Array),
    Held(Box<Packer>),
}

impl Rows {
    fn push(&mut self, row: Dynamic) {
        match self {
            Rows::Array(rows) => rows.push(row),
            Rows::Held(rows) => rows.push(&row),
        }
    }

    fn finish(self, host: &Arc<Host>, ctx: &NativeCallContext) -> Dynamic {
        match self {
            Rows::Array(rows) => rows.into(),
            Rows::Held(rows) => Dynamic::from(Stream::held(host, Arc::new(rows.finish()), None, Spot::of(ctx))),
        }
    }
}

fn read(call: &Call<'_>, path: &str, options: &Map) -> Result<Rows, Raised> {
    call.known(options, &["types", "decimal", "separator", "hold"])?;
    let mut rows = match options.get("hold").filter(|flag| !flag.is_unit()).map(|flag| (flag.as_bool(), flag)) {
        None | Some((Ok(false), _)) => Rows::Array(Array::new()),
        Some((Ok(true), _)) => Rows::Held(Box::default()),
        Some((Err(_), other)) => {
            return Err(call.refuse(format!("`hold` is `true` or `false`, not {}", kind_of(other)), None));
        }
    };
    let separator = call.letter(options, "separator", &SEPARATORS)?;
    let decimal = call.letter(options, "decimal", &[',', '.'])?;
    let (text, _) = call.read_text(path)?;
    let (found, text) = separator_of(&text);
    let separator = separator.unwrap_or(found);
    let file = File { call, path: escape_control(path).into_owned(), separator, decimal };
    let mut records = Parser::new(text, separator).map(|record| {
        record.map_err(|broken| {
            let place = format!("row {} (line {}), column {}", broken.row, broken.line, broken.cell + 1);
            call.invalid(
                format!("`{}`, {place}: {}", file.path, broken.why),
                Some("check the quotes there; a quote inside of quotes is written twice".into()),
            )
        })
    });
    let Some(header) = records.next().transpose()? else {
        call.host.sink.log(Level::Warn, &format!("`{}` is empty", file.path));
        return Ok(rows);
    };
    let names = file.header(&header)?;
    let kinds = file.kinds(&names, options)?;
    call.host.has_read_columns(&names);
    let shape = Shape::new(names.clone()).expect("a header with a name that stands twice was refused");
    let mut cells = Cells { decimal, zone: call.host.session.clock().zone(), decoder: Decoder::default() };
    for (at, record) in records.enumerate() {
        let record = record?;
        if at.is_multiple_of(BREATH) {
            call.go_on()?;
        }
        let mut values = file.row(&record, &names, &kinds, &mut cells)?;
        rows.push(Dynamic::from_map(shape.map(&mut values)));
    }
    Ok(rows)
}

/// A file that is being read, for what has to be said of it.
struct File<'a> {
    call: &'a Call<'a>,
    path: String,
    separator: char,
    decimal: Option<char>,
}

impl File<'_> {
    /// The names of the columns, which have to be there and different.
    fn header(&self, record: &Record<'_>) -> Result<Vec<Identifier>, Raised> {
        let names: Vec<Identifier> = record.cells.iter().map(|cell| cell.trim().into()).collect();
        let empty: Vec<String> =
            (1..).zip(&names).filter(|(_, name)| name.is_empty()).map(|(at, _)| at.to_string()).collect();
        if !empty.is_empty() {
            let (columns, have) = if empty.len() == 1 { ("column", "has") } else { ("columns", "have") };
            let message =
                format!("`{}`: {columns} {} of the header {have} no name", self.path, text::joined(empty, "and"));
            return Err(self
                .call
                .invalid(message, Some("name every column in the first row, or take the column out".into())));
        }
        for (at, name) in names.iter().enumerate() {
            if let Some(first) = names[..at].iter().position(|other| other == name) {
                let message = format!(
                    "`{}`: columns {} and {} of the header are both called `{}`",
                    self.path,
                    first + 1,
                    at + 1,
                    escape_control(name)
                );
                return Err(self.call.invalid(message, Some("give each column a name of its own".into())));
            }
        }
        Ok(names)
    }

    /// What each column holds.
    fn kinds(&self, names: &[Identifier], options: &Map) -> Result<Vec<Kind>, Raised> {
        let mut kinds = vec![Kind::Text; names.len()];
        let Some(types) = options.get("types").filter(|types| !types.is_unit()) else { return Ok(kinds) };
        let Some(types) = types.read_lock::<Map>() else {
            let message = format!("`types` is an object map, not {}", kind_of(types));
            return Err(self.call.refuse(message, Some("write it as `types: #{mrr: \"integer\"}`".into())));
        };
        for (name, kind) in types.iter() {
            let Some(at) = names.iter().position(|known| known.as_str() == name.as_str()) else {
                let message =
                    format!("`types` names the column `{}`, which `{}` does not have", escape_control(name), self.path);
                let near = text::did_you_mean(name, names.iter().map(|name| name.as_str()));
                return Err(self.call.refuse(
                    message,
                    Some(match near {
                        Some(near) => format!("did you mean `{}`?", escape_control(near)),
                        None => format!(
                            "it has {}",
                            text::joined(names.iter().map(|n| format!("`{}`", escape_control(n))).collect(), "and")
                        ),
                    }),
                ));
            };
            let said = kind.clone().into_string().unwrap_or_default();
            let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == said) else {
                let message = format!(
                    "the type of `{}` is {}, not `{}`",
                    escape_control(name),
                    text::one_of(["text", "integer", "float", "boolean", "time", "json"]),
                    escape_control(&kind.to_string())
                );
                let near = text::did_you_mean(&said, KINDS.iter().map(|(known, _)| *known));
                return Err(self.call.refuse(message, near.map(|near| format!("did you mean `{near}`?"))));
            };
            kinds[at] = *kind;
        }
        Ok(kinds)
    }

    /// The values of a row, in the order of the columns.
    fn row(
        &self,
        record: &Record<'_>,
        names: &[Identifier],
        kinds: &[Kind],
        cells: &mut Cells,
    ) -> Result<Vec<Dynamic>, Raised> {
        let place = || format!("`{}`, row {} (line {})", self.path, record.row, record.line);
        if record.cells.len() != names.len() {
            let counts =
                format!("{} for {}", text::plural(record.cells.len(), "cell"), text::plural(names.len(), "column"));
            let why = match names.get(record.cells.len()) {
                Some(missing) => format!("the row ends before the column `{}`", shown(missing)),
                None => format!(
                    "the row goes on behind the last column, `{}`",
                    shown(names.last().map_or("", |name| name.as_str()))
                ),
            };
            let hint = format!(
                "the columns are separated by {0}; a cell with {0} in it has to stand in quotes",
                separator_word(self.separator)
            );
            return Err(self.call.invalid(format!("{}: {why} ({counts})", place()), Some(hint)));
        }
        let mut row = Vec::with_capacity(names.len());
        for ((cell, name), kind) in record.cells.iter().zip(names).zip(kinds) {
            let value = cells.value(cell, *kind).ok_or_else(|| {
                let shown = text::cut(cell, 40);
                let message = format!("{}, column `{}`: `{}` is not {}", place(), escape_control(name), escape_control(&shown), kind.wanted());
                let numeric = matches!(kind, Kind::Integer | Kind::Float);
                let hint = (numeric && self.decimal.is_none() && cell.contains([',', '.', '\'', ' '])).then(|| "say how numbers are written in this file: `decimal: \",\"` for 1.234,5 or `decimal: \".\"` for 1,234.5".to_string());
                self.call.invalid(message, hint)
            })?;
            row.push(value);
        }
        Ok(row)
    }
}

/// A name or a cell for people: one that is no name, because the file is no table, is cut short.
fn shown(name: &str) -> String {
    escape_control(&text::cut(name, 40)).into_owned()
}

fn separator_word(separator: char) -> &'static str {
    match separator {
        '\t' => "tabs",
        ';' => "semicolons",
        _ => "commas",
    }
}

fn write(call: &Call<'_>, path: &str, rows: Dynamic, options: &Map) -> Result<(), Raised> {
    call.known(options, &["columns", "separator", "for_excel"])?;
    let separator = call.letter(options, "separator", &SEPARATORS)?.unwrap_or(',');
    let for_excel = match options.get("for_excel").map(|flag| (flag.as_bool(), flag)) {
        None => false,
        Some((Ok(flag), _)) => flag,
        Some((Err(_), other)) => {
            return Err(call.refuse(format!("`for_excel` is `true` or `false`, not {}", kind_of(other)), None));
        }
    };
    let rows = call.rows(rows)?;
    if let Some((at, other)) = (1..).zip(&rows).find(|(_, row)| !row.is_map()) {
        return Err(call.refuse(format!("the rows must be object maps; row {at} is {}", kind_of(other)), None));
    }
    let columns = match options.get("columns").filter(|columns| !columns.is_unit()) {
        None => columns_of(&rows),
        Some(columns) => wanted_columns(call, columns, &rows)?,
    };
    let mut writer = Writer::new(separator, for_excel);
    if !columns.is_empty() {
        writer.row(columns.iter().map(|name| (name.as_str(), false)));
    }
    for (at, row) in rows.iter().enumerate() {
        if at.is_multiple_of(BREATH) {
            call.go_on()?;
        }
        let Some(map) = row.read_lock::<Map>() else { continue };
        let mut cells = Vec::with_capacity(columns.len());
        for name in &columns {
            let value = map.get(name.as_str()).unwrap_or(&Dynamic::UNIT);
            let place = || format!("row {}, column `{}`", at + 1, escape_control(name));
            let cell = cells::written(value).map_err(|why| call.refuse(format!("{}: {why}", place()), None))?;
            if cell.0.contains('\0') {
                return Err(
                    call.refuse(format!("{}: a text with a zero byte cannot stand in a CSV file", place()), None)
                );
            }
            cells.push(cell);
        }
        writer.row(cells.iter().map(|(text, number)| (text.as_str(), *number)));
    }
    call.write(path, writer.finish().as_bytes())
}

/// The columns that the script asked for. One that no row has is a mistake rather than an empty column.
fn wanted_columns(call: &Call<'_>, columns: &Dynamic, rows: &Array) -> Result<Vec<String>, Raised> {
    let wrong =
        |other: &Dynamic| call.refuse(format!("`columns` is an array of strings, not {}", kind_of(other)), None);
    let array = columns.read_lock::<Array>().ok_or_else(|| wrong(columns))?;
    let names = array
        .iter()
        .map(|name| {
            name.clone()
                .into_string()
                .map_err(|_| call.refuse(format!("a column is a string, not {}", kind_of(name)), None))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let known = columns_of(rows);
    if let Some(missing) = names.iter().find(|name| !rows.is_empty() && !known.contains(name)) {
        let message = format!("no row has the column `{}`", escape_control(missing));
        let near = text::did_you_mean(missing, known.iter().map(String::as_str));
        return Err(call.refuse(message, near.map(|near| format!("did you mean `{}`?", escape_control(near)))));
    }
    Ok(names)
}
