//! `onramp man`: the manual, made from the same definitions as `--help`.

use super::written;
use crate::{Cli, error::Failure, ui::Ui};
use clap::Command;
use clap_mangen::Man;
use std::path::PathBuf;

/// Show the manual page, or write all pages into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Read it:      onramp man | man -l -
Install all:  onramp man ~/.local/share/man/man1

With DIR there is a page for onramp and one for each of its subcommands, such as onramp-run.1. Files of the same names \
are replaced, all of them or none; their paths go to standard output.

Exit codes: 0 all went well; 2 the folder cannot be used, and nothing was written.")]
pub struct Args {
    /// The folder; without one the main page goes to standard output
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = args.folder else {
        ui.line(page(&command)?.1.trim_end());
        return Ok(0);
    };
    // Whoever names a command wants to read about it, and not a folder of that name.
    if let Some(named) = command.get_subcommands().map(Command::get_name).find(|name| folder.as_os_str() == *name) {
        return Err(Failure::usage(format!("`{named}` is a command, not a folder"))
            .hint(format!("read about it with `onramp {named} --help`"))
            .hint(format!("write `./{named}` if you mean a folder")));
    }
    let pages = all(&command).into_iter().map(page).collect::<Result<Vec<_>, _>>()?;
    for path in written::write_all(&folder, &pages)? {
        ui.line(&path.to_string_lossy());
    }
    Ok(0)
}

/// A command and everything below it.
fn all(command: &Command) -> Vec<&Command> {
    std::iter::once(command).chain(command.get_subcommands().flat_map(all)).collect()
}

/// The page of a command, by the name of its file.
fn page(command: &Command) -> Result<(String, String), Failure> {
    let man = Man::new(command.clone()).source(concat!("onramp ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    man.render(&mut text).map_err(|error| Failure::bug(&format!("the manual cannot be made ({error})")))?;
    Ok((man.get_filename(), String::from_utf8_lossy(&text).into_owned()))
}
