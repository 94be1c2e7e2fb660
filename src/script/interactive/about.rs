//! Names that are no functions, explained: variables, constants that every script has, words of the language, kinds of
//! objects. Functions are explained by the catalogue.

use super::{Interactive, complete::about};
use crate::{api, script::builtins::input::CONSTANTS};

/// Words of the language, with what is written around them.
const WORDS: &[(&str, &str)] = &[
    ("let", "let name = value;"),
    ("const", "const NAME = value;"),
    ("if", "if condition { … } else { … }"),
    ("else", "if condition { … } else { … }"),
    ("switch", "switch value { 1 => …, \"text\" => …, _ => … }"),
    ("while", "while condition { … }"),
    ("loop", "loop { … break; … }"),
    ("do", "do { … } while condition;"),
    ("until", "do { … } until condition;"),
    ("for", "for row in rows { … }"),
    ("in", "for row in rows { … }, or \"field\" in map"),
    ("fn", "fn name(parameter, …) { … }"),
    ("return", "return value;"),
    ("throw", "throw \"what is wrong\";"),
    ("try", "try { … } catch (error) { … }"),
    ("catch", "try { … } catch (error) { … }"),
    ("import", "import \"module\" as name; name::function(…)"),
    ("as", "import \"module\" as name;"),
    ("export", "export NAME;"),
    ("private", "private fn name(parameter, …) { … }"),
    ("break", "loop { … break; … }"),
    ("continue", "for row in rows { … continue; … }"),
    ("global", "const NAME = value; fn f() { global::NAME }"),
    ("this", "the value before the dot, in a function that is called on one"),
    ("true", "if true { … }"),
    ("false", "if false { … }"),
];

impl Interactive {
    /// What a name means that is no function; `None` where it means nothing.
    pub fn explained(&self, name: &str) -> Option<String> {
        if let Some(own) = self.variables().into_iter().find(|own| own.name == name) {
            let constant = if own.constant { "constant " } else { "" };
            return Some(format!("{name}  {constant}{}\n\nA variable of this session", own.about));
        }
        if let Some((_, about)) = CONSTANTS.iter().find(|(known, _)| *known == name) {
            return Some(format!("{name}\n\n{about}"));
        }
        if let Some((_, written)) = WORDS.iter().find(|(word, _)| *word == name) {
            return Some(format!("{written}\n\nA word of the language"));
        }
        let object = api::object(name)?;
        let width = object.fields.iter().map(|field| field.name.len()).max().unwrap_or(0);
        let fields: Vec<String> =
            object.fields.iter().map(|field| format!("  {:<width$}  {}", field.name, about(field))).collect();
        Some(format!("{name}\n\nA kind of object of the service\n\nFields\n{}", fields.join("\n")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::interactive::context::KEYWORDS;

    #[test]
    fn every_word_of_the_language_is_explained() {
        for word in KEYWORDS {
            assert!(WORDS.iter().any(|(known, _)| known == word), "{word}");
        }
    }
}
