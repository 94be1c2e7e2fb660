//! A length and a checksum in front of bytes, so that what was half written is known for what it is. PURE.

/// What every frame begins with.
const START: &[u8; 8] = b"onramp\0r";

/// Start, length, checksum.
const HEAD: usize = 16;

/// `content` with its head.
pub fn framed(content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD + content.len());
    out.extend(START);
    out.extend(u32::try_from(content.len()).expect("what is shared is small").to_le_bytes());
    out.extend(crc32fast::hash(content).to_le_bytes());
    out.extend(content);
    out
}

/// The content of a frame; nothing where there is no whole one. What stands behind it is what a longer one left.
pub fn content(bytes: &[u8]) -> &[u8] {
    whole(bytes).unwrap_or_default()
}

fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(START)?;
    let (length, rest) = rest.split_first_chunk()?;
    let (sum, rest) = rest.split_first_chunk()?;
    let content = rest.get(..usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    (crc32fast::hash(content) == u32::from_le_bytes(*sum)).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_or_changed_is_nothing() {
        let frame = framed(b"calls");
        assert_eq!(content(&frame), b"calls");
        assert_eq!(content(&[&frame[..], b"older"].concat()), b"calls");
        for cut in 0..frame.len() {
            assert_eq!(content(&frame[..cut]), b"", "cut at {cut}");
        }
        for at in 0..frame.len() {
            let mut other = frame.clone();
            other[at] ^= 0x10;
            assert_eq!(content(&other), b"", "changed at {at}");
        }
    }
}
