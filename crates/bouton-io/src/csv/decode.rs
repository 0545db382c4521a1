//! Bytes of a table as text: compressed or not, in the encodings that instruments write.

use std::io::Read;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use flate2::read::MultiGzDecoder;

use crate::error::{Error, Result};

/// The text, and a word where its encoding had to be guessed.
pub(super) fn decode(from: impl Read, max_bytes: u64) -> Result<(String, Option<String>)> {
    let mut bytes = all(from, max_bytes)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        bytes = all(MultiGzDecoder::new(&bytes[..]), max_bytes)
            .map_err(|e| Error::new(format!("cannot be decompressed: {e}")))?;
    }
    let (encoding, mark) = match Encoding::for_bom(&bytes) {
        Some((encoding, length)) => (encoding, length),
        None => (unmarked(&bytes), 0),
    };
    if encoding == UTF_8 && mark == 0 {
        match String::from_utf8(bytes) {
            Ok(text) => return Ok((text, None)),
            // Latin-1 as the web has it: every byte is a character, and digits are digits.
            Err(e) => {
                let line =
                    1 + e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
                let (text, _, _) = WINDOWS_1252.decode(e.as_bytes());
                return Ok((
                    text.into_owned(),
                    Some(format!("line {line} is not UTF-8; the file is read as Latin-1")),
                ));
            }
        }
    }
    match encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..]) {
        Some(text) => Ok((text.into_owned(), None)),
        None => Err(Error::new(format!("the text is not {}, as it begins", encoding.name()))),
    }
}

fn all(from: impl Read, max_bytes: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(Error::new(format!("longer than {max_bytes} bytes")));
    }
    Ok(bytes)
}

/// UTF-16 is known by the zeros in every other byte of its digits.
fn unmarked(bytes: &[u8]) -> &'static Encoding {
    let head = &bytes[..bytes.len().min(1000) / 2 * 2];
    let zeros = |at: usize| head.iter().skip(at).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    match head.len() / 4 {
        many if many > 0 && odd >= many && even == 0 => UTF_16LE,
        many if many > 0 && even >= many && odd == 0 => UTF_16BE,
        _ => UTF_8,
    }
}
