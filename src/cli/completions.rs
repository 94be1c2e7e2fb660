//! `onramp completions`: what a shell needs to complete the command line.

use crate::{Cli, error::Failure, ui::Ui};
use clap_complete::Shell;

/// Write a completion script for a shell to standard output
#[derive(Debug, clap::Args)]
#[command(after_help = "\
For bash:  onramp completions bash > ~/.local/share/bash-completion/completions/onramp
For zsh:   onramp completions zsh > \"${fpath[1]}/_onramp\"
For fish:  onramp completions fish > ~/.config/fish/completions/onramp.fish")]
pub struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub fn run(args: Args, ui: &Ui) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "onramp", &mut script);
    ui.line(String::from_utf8_lossy(&script).trim_end());
    Ok(0)
}
