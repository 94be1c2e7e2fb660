//! Canonical ids and slugs. Owns how both are made; must not ask the database anything.

/// Mixes 64 bits (splitmix64's finaliser). It is a bijection, so different inputs never meet.
pub(super) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The canonical id of the record with this `display_id`: `clx` and 17 characters, the same for the same seed. Because
/// `mix` is a bijection, no two records of a resource can share one, however many are created at run time.
pub(super) fn cuid(seed: u64, resource: &str, display_id: i64) -> String {
    let salt = resource.bytes().fold(seed, |salt, byte| mix(salt ^ u64::from(byte)));
    let main = mix(salt ^ display_id.unsigned_abs());
    let mut id = String::with_capacity(20);
    id.push_str("clx");
    push_base36(&mut id, main, 13);
    push_base36(&mut id, mix(main ^ seed), 4);
    id
}

fn push_base36(out: &mut String, mut value: u64, digits: usize) {
    for _ in 0..digits {
        out.push(char::from(b"0123456789abcdefghijklmnopqrstuvwxyz"[(value % 36) as usize]));
        value /= 36;
    }
}

/// A slug made from a name: lower-case letters, digits and single hyphens. A name without any of these (one in Chinese
/// characters, say) gives `customer`.
pub(super) fn slug(name: &str) -> String {
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
        if slug.len() >= 80 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "customer" } else { slug }.to_owned()
}

/// The spelling in plain letters of the accented letters that are common in names.
pub(super) fn plain(c: char) -> Option<&'static str> {
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
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_twenty_characters_and_never_shared() {
        let ids: HashSet<String> = (1..20_000).map(|n| cuid(1, "contact", n)).collect();
        assert_eq!(ids.len(), 19_999);
        assert!(ids.iter().all(|id| id.len() == 20 && id.starts_with("clx")));
    }

    #[test]
    fn slugs_are_plain_text() {
        assert_eq!(slug("Acme Corporation"), "acme-corporation");
        assert_eq!(slug("  Müller, Söhne & Co. KG "), "mueller-soehne-co-kg");
        assert_eq!(slug("O'Brien \"Quick\" Ltd"), "obrien-quick-ltd");
        assert_eq!(slug("株式会社さくら"), "customer");
    }
}
