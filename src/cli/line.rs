//! The command line, read twice where a script is run: once to find the script among the words, and once more with the
//! params that the script's header declares. Reads the script, runs nothing.

use super::{
    Cli, Command, Program,
    carry::Kept,
    declared,
    source::{Script, Source},
};
use crate::{error::Failure, text};
use clap::{
    ArgAction,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::ffi::{OsStr, OsString};

/// Why there is nothing to do but to say something and end.
pub enum Early {
    /// Help, the version, or words that make no sense.
    Said(Box<clap::Error>),
    /// The script cannot be used as it is, or as it was asked for.
    Failed(Vec<Failure>),
}

impl From<clap::Error> for Early {
    fn from(error: clap::Error) -> Self {
        Early::Said(Box::new(error))
    }
}

impl From<Failure> for Early {
    fn from(failure: Failure) -> Self {
        Early::Failed(vec![failure])
    }
}

/// The command that the words mean, the program's own name first.
pub fn parse(words: &[OsString]) -> Result<Cli, Early> {
    parse_with(words, None)
}

/// The same, with the name and the text of the script where they are known already.
pub fn parse_with(words: &[OsString], kept: Option<(String, String)>) -> Result<Cli, Early> {
    let is_run = words.get(1).is_some_and(|word| word == "run");
    let program = || if is_run { Program::only_run() } else { Cli::command() };
    let source = words.get(2..).filter(|_| is_run).and_then(|words| match words.first() {
        Some(word) if !is_flag(word) => Some(Source::File(word.clone())),
        _ => find(&run_alone()?, words),
    });
    let Some(source) = source else {
        let mut cli = Cli::of(&program().try_get_matches_from(words)?)?;
        match &mut cli.command {
            Command::Call(args) => args.line = words.to_vec(),
            Command::Repl(args) => args.line = words.to_vec(),
            Command::Apply(args) => args.kept = Kept { line: words.to_vec(), text: kept.map(|(_, text)| text) },
            Command::Undo(args) => args.kept = Kept { line: words.to_vec(), text: kept.map(|(_, text)| text) },
            _ => {}
        }
        return Ok(cli);
    };
    let mut script = Script::read(&source, &run_flags, kept).map_err(Early::Failed)?;
    let augmented = program().mut_subcommand("run", |run| declared::augment(run, &script));
    let matches = augmented.try_get_matches_from(words).map_err(|error| undeclared(error, &script))?;
    let mut cli = Cli::of(&matches)?;
    if let (Command::Run(args), Some(matches)) = (&mut cli.command, matches.subcommand_matches("run")) {
        if source != args.source() {
            return Err(Failure::usage("it is not clear which of the words is the script")
                .hint("write the script before its params: `onramp run FILE --days 30`")
                .into());
        }
        args.params = declared::values(matches, &mut script)?;
        args.script = Some(Box::new(script));
        args.line = words.to_vec();
    }
    Ok(cli)
}

/// The flags of `onramp run`, which no param may be named like.
pub fn run_flags() -> Vec<String> {
    run_alone().as_ref().map(flags_of).unwrap_or_default()
}

/// `onramp run` with all its flags, also those that are added to every command.
fn run_alone() -> Option<clap::Command> {
    let mut command = Program::only_run();
    command.build();
    command.find_subcommand("run").cloned()
}

fn flags_of(run: &clap::Command) -> Vec<String> {
    run.get_arguments().filter_map(clap::Arg::get_long).map(str::to_string).collect()
}

/// A flag that neither the script nor onramp knows, in our own words; every other error as it is.
fn undeclared(error: clap::Error, script: &Script) -> Early {
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidArg) else { return error.into() };
    if error.kind() != ErrorKind::UnknownArgument {
        return error.into();
    }
    let flags = run_flags();
    let declared: Vec<String> = script.header.params.iter().map(crate::header::Param::flag).collect();
    let known = declared.iter().chain(&flags).map(String::as_str);
    let failure = Failure::usage(format!(
        "`{}` is neither a param of `{}` nor a flag of onramp",
        text::escape_control(typed),
        text::escape_control(&script.name)
    ));
    match text::did_you_mean(typed.trim_start_matches('-'), known) {
        Some(near) => failure.hint(format!("did you mean `--{near}`?")),
        None if declared.is_empty() => failure.hint("declare it in the script's header, under `[params.NAME]`"),
        None => failure.hint(format!(
            "use {}",
            text::one_of(
                declared.iter().map(|flag| format!("--{flag}")).collect::<Vec<_>>().iter().map(String::as_str)
            )
        )),
    }
    .into()
}

/// The script among the words behind `run`, by what is known of onramp's own flags. A word behind a flag that nobody
/// knows yet is taken for its value, unless it looks like a script, or nothing else could be the script.
fn find(run: &clap::Command, words: &[OsString]) -> Option<Source> {
    let mut doubtful: Option<&OsString> = None;
    let mut after_unknown = false;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let behind_unknown = std::mem::take(&mut after_unknown);
        let text = word.to_string_lossy();
        if text == "--" {
            return words.next().or(doubtful).cloned().map(Source::File);
        }
        if let Some(flag) = text.strip_prefix("--") {
            let (name, value) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
            match run.get_arguments().find(|arg| arg.get_long() == Some(name)) {
                Some(arg) if is_code(arg) => return code(value.map(OsString::from), &mut words),
                Some(arg) if takes_value(arg) && value.is_none() => drop(words.next()),
                Some(_) => {}
                None => after_unknown = value.is_none(),
            }
        } else if let Some(cluster) = text.strip_prefix('-').filter(|cluster| !cluster.is_empty()) {
            for (at, short) in cluster.char_indices() {
                let Some(arg) = run.get_arguments().find(|arg| arg.get_short() == Some(short)) else {
                    after_unknown = true;
                    break;
                };
                if !takes_value(arg) {
                    continue;
                }
                let rest = cluster[at + short.len_utf8()..].trim_start_matches('=');
                let value = (!rest.is_empty()).then(|| OsString::from(rest));
                if is_code(arg) {
                    return code(value, &mut words);
                }
                if value.is_none() {
                    words.next();
                }
                break;
            }
        } else if behind_unknown && !looks_like_script(word) {
            doubtful.get_or_insert(word);
        } else {
            return Some(Source::File(word.clone()));
        }
    }
    doubtful.cloned().map(Source::File)
}

fn code<'a>(value: Option<OsString>, words: &mut impl Iterator<Item = &'a OsString>) -> Option<Source> {
    value.or_else(|| words.next().cloned())?.into_string().ok().map(Source::Code)
}

fn is_code(arg: &clap::Arg) -> bool {
    arg.get_short() == Some('e')
}

fn takes_value(arg: &clap::Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

fn is_flag(word: &OsStr) -> bool {
    word.as_encoded_bytes().first() == Some(&b'-')
}

fn looks_like_script(word: &OsStr) -> bool {
    word == "-" || std::path::Path::new(word).extension().is_some_and(|extension| extension == "rhai")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(words: &[&str]) -> Option<Source> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        find(&run_alone().unwrap(), &words)
    }

    #[test]
    fn run_alone_is_the_run_of_all_commands() {
        let said = |mut program: clap::Command, words: &[&str]| {
            let error = program.try_get_matches_from_mut([&["onramp", "run"], words].concat()).unwrap_err();
            error.render().to_string()
        };
        let lines: &[&[&str]] = &[
            &["--help"],
            &["-h"],
            &["--version"],
            &[],
            &["--sandbx", "a"],
            &["--rate", "fast", "a"],
            &["--rate"],
            &["a", "--first", "0"],
            &["a", "--sandbox", "--base-url", "http://127.0.0.1"],
        ];
        for words in lines {
            assert_eq!(said(Program::only_run(), words), said(Cli::command(), words), "{words:?}");
        }
        let mut all = Cli::command();
        all.build();
        assert_eq!(run_flags(), flags_of(all.find_subcommand("run").unwrap()));
    }

    #[test]
    fn the_script_is_found_wherever_it_stands() {
        let file = |name: &str| Some(Source::File(name.into()));
        for (words, wanted) in [
            (&["a.rhai"][..], file("a.rhai")),
            (&["--sandbox", "a", "--days", "30"], file("a")),
            (&["--rate", "600/min", "a", "b.rhai"], file("a")),
            (&["--rate=600/min", "-v", "a"], file("a")),
            (&["--days", "30", "a"], file("a")),
            (&["--days=30", "a", "b"], file("a")),
            (&["--apply", "a.rhai", "b"], file("a.rhai")),
            (&["--apply", "a"], file("a")),
            (&["--apply", "-"], file("-")),
            (&["-x", "a"], file("a")),
            (&["--days", "30", "--", "a", "b"], file("a")),
            (&["-e", "print(1)", "a"], Some(Source::Code("print(1)".into()))),
            (&["-eprint(1)"], Some(Source::Code("print(1)".into()))),
            (&["-ve", "print(1)"], Some(Source::Code("print(1)".into()))),
            (&["--eval=print(1)", "a"], Some(Source::Code("print(1)".into()))),
            (&["--rate"], None),
            (&["--help"], None),
            (&[], None),
        ] {
            assert_eq!(found(words), wanted, "{words:?}");
        }
    }

    proptest! {
        #[test]
        fn no_words_make_it_panic(words in proptest::collection::vec("-{0,3}[a-zé=]{0,6}", 0..8)) {
            found(&words.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}
