//! From what a header says to what a run may do: the rules held against the table of operations, the time zone against
//! the ones that exist. What is wrong is told at its place in the script.

use crate::{
    header::{Header, Problem},
    session::{Allowed, Capability},
    text,
};
use jiff::tz::TimeZone;

/// The header of a script, and what the script may do by it. All problems at once, in the order of the script; `flags`
/// are those that no param may be named like, and `project` is the workspace that the project is for.
pub fn judge(script: &str, flags: &[String], project: Option<&str>) -> Result<(Header, Capability), Vec<Problem>> {
    let (header, mut problems) = Header::read(script, flags);
    let rules = header.allow.as_ref().map(|rules| {
        let rule = |rule: &crate::header::At<String>| {
            Allowed::parse(&rule.value).map_err(|bad| problems.push(rule.problem(bad.message).hint(bad.hint))).ok()
        };
        rules.iter().filter_map(rule).collect()
    });
    if let Some(zone) = &header.triggers.timezone
        && TimeZone::get(&zone.value).is_err()
    {
        let message = format!("there is no time zone `{}`", text::escape_control(&zone.value));
        problems.push(zone.problem(message).hint("write it as `Europe/Berlin`, `America/New_York` or `UTC`"));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn told(toml: &str) -> Vec<String> {
        let script = format!("// /// onramp\n// {toml}\n// ///\n");
        judge(&script, &[], Some("acme")).err().unwrap_or_default().iter().map(ToString::to_string).collect()
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
