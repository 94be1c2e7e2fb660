//! `onramp history`: which runs changed a record.

use super::{
    changes,
    kept::failure_of_store,
    output::{Format, Output},
    stored,
};
use crate::{
    error::Failure,
    run::gather,
    script::{
        Sink,
        layout::{self, Cell},
    },
    session::journal::story::Moved,
    store::Changed,
    ui::Ui,
};
use serde_json::{Value, json};

/// Show which runs changed a record: when, which fields, from what to what
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  onramp history customer 101
  onramp history contact 6f1f0a52-… --output json

It knows what onramp itself has changed from this machine, as long as its runs are kept.

Exit codes: 0 all went well; 2 the runs cannot be read.")]
pub struct Args {
    /// What kind of record it is
    #[arg(value_name = "KIND")]
    kind: Kind,
    /// Its id, in either form
    #[arg(value_name = "ID")]
    id: String,
    /// Only changes in this workspace
    #[arg(long, value_name = "SLUG")]
    workspace: Option<String>,
    #[command(flatten)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    Customer,
    Contact,
    Onboarding,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Customer => "customer",
            Kind::Contact => "contact",
            Kind::Onboarding => "onboarding",
        }
    }
}

pub fn run(args: &Args, ui: &Ui) -> Result<u8, Failure> {
    let mut found = match stored::any_store()? {
        Some(store) => {
            let store = store.relaxed().map_err(|error| failure_of_store(&error))?;
            let changes = gather(&store).and_then(|()| store.changes_of(args.kind.word(), &args.id));
            changes.map_err(|error| failure_of_store(&error))?
        }
        None => Vec::new(),
    };
    if args.workspace.is_some() {
        found.retain(|change| change.workspace == args.workspace);
    }
    if args.format.output != Output::Text {
        args.format.output.objects(ui, found.iter().map(as_json).collect());
    } else if found.is_empty() {
        ui.status(&format!("no run that is kept has changed the {} `{}`", args.kind.word(), args.id));
    } else {
        ui.data(&table(&found, ui.width()));
    }
    Ok(0)
}

/// A row for each field; what stands for the whole change stands in its first row.
fn table(found: &[Changed], width: Option<usize>) -> String {
    let columns = ["when", "run", "workspace", "script", "change", "field", "from", "to"].map(String::from);
    let mut rows = Vec::new();
    for changed in found {
        let mut head = vec![
            Cell::text(&stored::when(changed.change.at)),
            Cell::text(&changed.run),
            Cell::text(changed.workspace.as_deref().unwrap_or_default()),
            Cell::text(&changed.script),
            Cell::text(changes::verb(&changed.change.operation)),
        ];
        let fields = fields(changed);
        let cell =
            |value: &Option<Value>| value.as_ref().map_or_else(Cell::empty, |value| Cell::text(&changes::value(value)));
        if fields.is_empty() {
            head.extend([Cell::empty(), Cell::empty(), Cell::empty()]);
            rows.push(head);
            continue;
        }
        for field in fields {
            let mut row = std::mem::replace(&mut head, vec![Cell::empty(); 5]);
            row.extend([Cell::text(&field.name), cell(&field.from), cell(&field.to)]);
            rows.push(row);
        }
    }
    layout::draw(&columns, rows, width)
}

fn fields(changed: &Changed) -> Vec<Moved> {
    // What onramp wrote itself it can read; of another version's it shows the change without them.
    serde_json::from_str(&changed.change.fields).unwrap_or_default()
}

fn as_json(changed: &Changed) -> Value {
    let change = &changed.change;
    json!({
        "at": change.at,
        "run": changed.run,
        "script": changed.script,
        "workspace": changed.workspace,
        "number": change.number,
        "operation": change.operation,
        "id": change.id,
        "display_id": change.display_id,
        "fields": fields(changed),
    })
}
