//! From what a header says to what a run may do: the rules held against the table of operations, the time zone against
//! the ones that exist, the schedule against the calendar. What is wrong is told at its place in the script.

use crate::{
    clock::Clock,
    header::{Header, Problem, Triggers},
    session::{Allowed, Capability},
    text,
};
use jiff::tz::TimeZone;

/// The header of a script, and what the script may do by it. All problems at once, in the order of the script; `flags`
/// are those that no param may be named like, and `project` is the workspace that the project is for.
pub fn judge(script: &str, flags: &[String], project: Option<&str>) -> Result<(Header, Capability), Vec<Problem>> {
    judge_at(script, flags, project, &Clock::System)
}

/// The same for a schedule that is to be due at some time after `clock`'s, in a zone that is not `clock`'s where it names
/// none.
pub fn judge_at(
    script: &str,
    flags: &[String],
    project: Option<&str>,
    clock: &Clock,
) -> Result<(Header, Capability), Vec<Problem>> {
    let (header, mut problems) = Header::read(script, flags);
    let rules = header.allow.as_ref().map(|rules| {
        let rule = |rule: &crate::header::At<String>| {
            Allowed::parse(&rule.value).map_err(|bad| problems.push(rule.problem(bad.message).hint(bad.hint))).ok()
        };
        rules.iter().filter_map(rule).collect()
    });
    problems.extend(schedule(&header.triggers, clock));
    if let (Some(own), Some(project)) = (&header.workspace, project)
        && own.value != project
    {
        let (named, project) = (text::escape_control(&own.value), text::escape_control(project));
        let message = format!("the script is for the workspace `{named}`, and its project for `{project}`");
        problems.push(own.problem(message).hint("write the same one here and in `onramp.toml`, or leave it out here"));
    }
    if !problems.is_empty() {
        problems.sort_by_key(|problem| (problem.line, problem.column));
        return Err(problems);
    }
    let workspace = header.workspace.as_ref().map(|own| own.value.as_str()).or(project);
    let capability = Capability::new(rules, header.max_writes, workspace.map(str::to_string));
    Ok((header, capability))
}

/// What is wrong with when a script runs: a zone that is none or that is missing, a schedule that is never due.
fn schedule(triggers: &Triggers, clock: &Clock) -> Option<Problem> {
    let schedule = triggers.schedule.as_ref();
    let Some(named) = &triggers.timezone else {
        let schedule = schedule.filter(|schedule| schedule.value.needs_zone())?;
        let zone = clock.zone();
        let hint = match zone.iana_name() {
            Some(own) => format!("add `timezone = \"{own}\"`, which is this machine's, or the one that is meant"),
            None => "add for example `timezone = \"Europe/Berlin\"`".to_string(),
        };
        return Some(schedule.problem("a schedule needs a time zone").hint(hint));
    };
    let Ok(zone) = TimeZone::get(&named.value) else {
        let message = format!("there is no time zone `{}`", text::escape_control(&named.value));
        let known: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
        return Some(named.problem(message).hint(
            match text::did_you_mean(&named.value, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write it as `Europe/Berlin`, `America/New_York` or `UTC`".to_string(),
            },
        ));
    };
    let schedule = schedule.filter(|schedule| schedule.value.after(clock.now(), &zone).next().is_none())?;
    let message = format!("the schedule `{}` is never due", text::escape_control(schedule.value.text()));
    Some(schedule.problem(message).hint("look at its day and its month: there is no such date in the next eight years"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn told(toml: &str) -> Vec<String> {
        let script = format!("// /// onramp\n// {toml}\n// ///\n");
        judge_at(&script, &[], Some("acme"), &Clock::Fixed(Timestamp::UNIX_EPOCH))
            .err()
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn what_a_header_cannot_judge_is_judged_here() {
        assert_eq!(told("allow = [\"update_customer.plan\"]"), [""; 0]);
        assert_eq!(
            told("allow = [\"update_custmer\", \"get_me\"]"),
            [
                "2:13: `allow` names the operation `update_custmer`, and there is none",
                "2:31: `allow` names `get_me`, which only reads"
            ]
        );
        assert_eq!(
            told("workspace = \"beta\""),
            ["2:16: the script is for the workspace `beta`, and its project for `acme`"]
        );
        assert_eq!(told("workspace = \"acme\""), [""; 0]);
        assert_eq!(
            told("schedule = \"@daily\"\n// timezone = \"Europe/Berln\""),
            ["3:15: there is no time zone `Europe/Berln`"]
        );
        assert_eq!(told("schedule = \"@daily\""), ["2:15: a schedule needs a time zone"]);
        assert_eq!(told("schedule = \"every 15m\""), [""; 0]);
        for (schedule, good) in [
            ("0 0 30 2 *", false),
            ("0 0 31 4,6,9,11 *", false),
            ("0 0 30 2 MON", true),
            ("0 0 29 2 *", true),
            ("0 0 * 2 MON#5", false),
        ] {
            let wanted = format!("2:15: the schedule `{schedule}` is never due");
            let told = told(&format!("schedule = \"{schedule}\"\n// timezone = \"UTC\""));
            assert_eq!(told, if good { vec![] } else { vec![wanted] }, "{schedule}");
        }
    }

    #[test]
    fn the_hint_for_a_missing_zone_names_the_machines() {
        let script = "// /// onramp\n// schedule = \"@daily\"\n// ///\n";
        let problems = judge_at(script, &[], None, &Clock::Fixed(Timestamp::UNIX_EPOCH)).unwrap_err();
        assert_eq!(problems[0].hints, ["add `timezone = \"UTC\"`, which is this machine's, or the one that is meant"]);
    }

    #[test]
    fn of_a_zone_that_is_none_one_thing_is_said() {
        for (zone, said, hint) in [
            ("\"\"", "`timezone` is empty", "write for example `timezone = \"Europe/Berlin\"`"),
            (
                "7",
                "`timezone` takes a text in quotes, not a whole number",
                "write for example `timezone = \"Europe/Berlin\"`",
            ),
        ] {
            let script = format!("// /// onramp\n// timezone = {zone}\n// schedule = \"@daily\"\n// ///\n");
            let problems = judge_at(&script, &[], None, &Clock::Fixed(Timestamp::UNIX_EPOCH)).unwrap_err();
            let problems: Vec<_> =
                problems.iter().map(|problem| (problem.to_string(), problem.hints.clone())).collect();
            assert_eq!(problems, [(format!("2:15: {said}"), vec![hint.to_string()])]);
        }
    }

    #[test]
    fn all_problems_are_told_at_once_in_the_order_of_the_script() {
        assert_eq!(
            told("allow = [\"update_custmer\"]\n// alow = []\n// timezone = \"Europe/Berln\"\n// schedule = \"7\""),
            [
                "2:13: `allow` names the operation `update_custmer`, and there is none",
                "3:4: there is no header key `alow`",
                "4:15: there is no time zone `Europe/Berln`",
                "5:15: `7` has 1 field, not five"
            ]
        );
    }
}
