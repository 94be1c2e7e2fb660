//! A script's own command line: its declared params as flags, its own `--help`, and the values that were given.

use super::source::Script;
use crate::{
    config,
    error::Failure,
    header::{Header, Param, Type, Value},
    text,
};
use clap::{Arg, ArgAction, ArgMatches, Command, builder::StringValueParser};
use std::path::Path;

/// What the ids of params begin with, so that they meet none of onramp's own.
const ID: &str = "param:";

/// `onramp run` with what the script declares; its help is the script's.
pub fn augment(run: Command, script: &Script) -> Command {
    let flags = own_flags(&run);
    let header = &script.header;
    let about = header.description.clone().unwrap_or_else(|| "The script does not say what it is for.".into());
    let params = if header.params.is_empty() { "" } else { " [PARAMS]" };
    let when = match header.triggers.words() {
        words if words.is_empty() => String::new(),
        words => format!("When it runs under `onramp serve`:\n  {}\n\n", escaped(&words)),
    };
    run.mut_args(|arg| arg.hide(true))
        .about(escaped(&about))
        .long_about(None)
        .override_usage(format!("onramp run {}{params} [OPTIONS] [ARG]...", escaped(&script.name)))
        .after_help(format!(
            "What it may do:\n{}\n\n{when}Flags of onramp, which `onramp run --help` describes:\n{flags}",
            escaped(&may(header, script.capability.workspace()))
        ))
        .args(header.params.iter().map(flag))
}

fn escaped(text: &str) -> String {
    text::escape_block(text).into_owned()
}

fn flag(param: &Param) -> Arg {
    let mut help = escaped(param.help.as_deref().unwrap_or_default());
    let note = match &param.default {
        _ if param.required => "required".to_string(),
        Some(Value::Bool(false)) => String::new(),
        Some(default) => format!("default: {}", escaped(&default.shown())),
        None => String::new(),
    };
    if !note.is_empty() {
        help.push_str(&format!("{}[{note}]", if help.is_empty() { "" } else { " " }));
    }
    let arg = Arg::new(format!("{ID}{}", param.name))
        .long(param.flag())
        .value_name(escaped(&param.kind.placeholder()))
        .help(help)
        .help_heading("Params")
        .action(ArgAction::Set)
        .value_parser(StringValueParser::new());
    let arg = if param.name == param.flag() { arg } else { arg.alias(param.name.clone()) };
    match param.kind {
        Type::Bool => arg.num_args(0..=1).require_equals(true).default_missing_value("true"),
        Type::Integer | Type::Float => arg.allow_negative_numbers(true),
        _ => arg,
    }
}

/// The flags of `run`, shortly.
fn own_flags(run: &Command) -> String {
    let one = |arg: &Arg| {
        // The text of a script stands in for the file, and here is the file.
        let long = arg.get_long().filter(|long| *long != "eval")?;
        let value = arg.get_value_names().filter(|_| arg.get_action().takes_values());
        Some(value.and_then(|names| names.first()).map_or(format!("--{long}"), |name| format!("--{long} <{name}>")))
    };
    let flags: Vec<String> = run.get_arguments().filter_map(one).collect();
    format!("  {}", flags.join(", "))
}

/// What the header lets the script do, and in which workspace, in words.
fn may(header: &Header, workspace: Option<&str>) -> String {
    let most = header.max_writes.map(|most| format!(", at most {} in a run", text::plural(most as usize, "write")));
    let rules: Vec<&str> = header.allow.iter().flatten().map(|rule| rule.value.as_str()).collect();
    let mut lines = vec![match (&header.allow, &most) {
        (Some(_), _) if rules.is_empty() => "it only reads".to_string(),
        (Some(_), _) => format!("it may change: {}{}", rules.join(", "), most.unwrap_or_default()),
        (None, most) => format!("it may change everything{}", most.as_deref().unwrap_or_default()),
    }];
    if let Some(workspace) = workspace {
        lines.push(format!("it is for the workspace {workspace} only"));
    }
    if !header.env.is_empty() {
        let names: Vec<&str> = header.env.iter().map(|name| name.value.as_str()).collect();
        lines.push(format!("it reads from the environment: {}", names.join(", ")));
    }
    if let Some(timeout) = header.timeout {
        lines.push(format!("it may take {}", text::duration(timeout)));
    }
    lines.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// The value of every param: the given one, else its default, else none.
/// A file that is named here may be opened by the script, wherever it lies.
pub fn values(matches: &ArgMatches, script: &mut Script) -> Result<Vec<(String, Option<Value>)>, Failure> {
    let (params, project) = (&script.header.params, &mut script.project);
    let mut granted = |param: &Param| match value(matches, param)? {
        Some(Value::File(path)) if given(matches, param).is_some() => {
            let granted = project.grant(Path::new(&path)).map_err(|error| {
                let shown = text::escape_control(&path);
                Failure::usage(format!("the param `{}` cannot be `{shown}`: {}", param.name, config::reason(&error)))
            })?;
            Ok(Some(Value::File(granted.display().to_string())))
        }
        value => Ok(value),
    };
    params.iter().map(|param| Ok((param.name.clone(), granted(param)?))).collect()
}

fn given<'a>(matches: &'a ArgMatches, param: &Param) -> Option<&'a String> {
    matches.get_one::<String>(&format!("{ID}{}", param.name))
}

fn value(matches: &ArgMatches, param: &Param) -> Result<Option<Value>, Failure> {
    let flag = param.flag();
    match given(matches, param) {
        None if param.required => Err(Failure::usage(format!("the param `{}` is missing", param.name)).hint(format!(
            "add `--{flag} {}`; it takes {}",
            param.kind.placeholder(),
            param.kind.wanted()
        ))),
        None => Ok(param.default.clone()),
        Some(given) => param.kind.parse(given).map(Some).ok_or_else(|| {
            let shown = text::escape_control(given);
            let failure = Failure::usage(format!(
                "the param `{}` cannot be `{shown}`; it takes {}",
                param.name,
                param.kind.wanted()
            ));
            match &param.kind {
                Type::Enum(known) => match text::did_you_mean(given, known.iter().map(String::as_str)) {
                    Some(near) => failure.hint(format!("did you mean `{near}`?")),
                    None => failure,
                },
                _ => failure,
            }
        }),
    }
}
