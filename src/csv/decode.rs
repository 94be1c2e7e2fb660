//! Bytes to text: UTF-8, UTF-16 where it says so, else Windows-1252. Never guesses beyond that.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How a text was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16,
    Windows1252,
}

/// The text of some bytes, without a byte-order mark. The error says, behind the file's name, why it is no text.
pub fn decode(bytes: Vec<u8>) -> Result<(String, Encoding), &'static str> {
    let (text, encoding) = if bytes.starts_with(&[0xff, 0xfe]) {
        (utf16(UTF_16LE, &bytes)?, Encoding::Utf16)
    } else if bytes.starts_with(&[0xfe, 0xff]) {
        (utf16(UTF_16BE, &bytes)?, Encoding::Utf16)
    } else {
        match String::from_utf8(bytes) {
            Ok(text) => (text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text), Encoding::Utf8),
            Err(error) => {
                (WINDOWS_1252.decode_without_bom_handling(error.as_bytes()).0.into_owned(), Encoding::Windows1252)
            }
        }
    };
    // No text holds zero bytes, but UTF-16 without its mark, spreadsheets and pictures do.
    if text.contains('\0') { Err("is not text: it holds zero bytes") } else { Ok((text, encoding)) }
}

fn utf16(encoding: &'static encoding_rs::Encoding, bytes: &[u8]) -> Result<String, &'static str> {
    let (text, broken) = encoding.decode_with_bom_removal(bytes);
    if broken { Err("says that it is UTF-16 and is not") } else { Ok(text.into_owned()) }
}
