//! Slugs made from names. The service's own rule is not documented: this is the common one, and what a plan shows of a
//! slug that was not given is its best guess.

/// Longer names are cut.
const LONGEST: usize = 80;

/// Lower-case letters, digits and single hyphens; `customer` where a name has none of these.
pub(super) fn from_name(name: &str) -> String {
    let mut slug = String::with_capacity(name.len());
    for c in name.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            '\'' | '’' => {}
            _ => match plain(c) {
                Some(text) => slug.push_str(text),
                None if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
                None => {}
            },
        }
        if slug.len() >= LONGEST {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "customer" } else { slug }.into()
}

/// `base`, or with `-2`, `-3`… where `taken` says so. Doubles its steps and then halves them: an import of thousands of
/// one name would otherwise try thousands for each.
pub(super) fn free(base: String, taken: impl Fn(&str) -> bool) -> String {
    if !taken(&base) {
        return base;
    }
    let numbered = |n: u64| format!("{base}-{n}");
    let (mut low, mut high) = (1, 2);
    while taken(&numbered(high)) {
        (low, high) = (high, high * 2);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if taken(&numbered(middle)) { low = middle } else { high = middle }
    }
    numbered(high)
}

/// The spelling in plain letters of the accented letters that are common in names.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'ä' | 'æ' => "ae",
        'ö' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ą' => "a",
        'ç' | 'ć' | 'č' => "c",
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => "e",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'ł' => "l",
        'ñ' | 'ń' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ø' => "o",
        'ř' => "r",
        'ś' | 'š' => "s",
        'ù' | 'ú' | 'û' | 'ů' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn slugs_are_plain_text() {
        assert_eq!(from_name("  Müller, Söhne & Co. KG "), "mueller-soehne-co-kg");
        assert_eq!(from_name("O'Brien \"Quick\" Ltd"), "obrien-quick-ltd");
        assert_eq!(from_name("株式会社さくら"), "customer");
    }

    #[test]
    fn a_slug_that_is_taken_gets_the_next_number() {
        let mut taken = HashSet::new();
        for n in 1..50 {
            let slug = free("acme".into(), |slug| taken.contains(slug));
            assert_eq!(slug, if n == 1 { "acme".to_string() } else { format!("acme-{n}") });
            taken.insert(slug);
        }
    }
}
