//! `onramp definitions`: what an editor needs to know of scripts, as files of its own.

use super::written;
use crate::{error::Failure, script::definitions, ui::Ui};
use std::path::PathBuf;

/// Write definition files, from which editors learn what scripts can call
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The files (.d.rhai) hold every function with its signature, documentation and an example, for editors that understand \
Rhai's definition files. Files of the same names are replaced, all of them or none; other files stay as they are. The \
paths of the files go to standard output.

Exit codes: 0 all went well; 2 the folder cannot be used, and nothing was written.")]
pub struct Args {
    /// The folder, such as .rhai/definitions; it is made where there is none
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    for path in written::write_all(&args.folder, &definitions::files())? {
        ui.line(&path.to_string_lossy());
    }
    Ok(0)
}
