//! The one place where chance comes from.

use rand::RngExt;

#[expect(clippy::disallowed_methods, reason = "the one place where chance comes from")]
fn generator() -> impl RngExt {
    rand::rng()
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

fn letters(alphabet: &[u8], length: usize) -> String {
    let mut rng = generator();
    (0..length).map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())])).collect()
}

/// `length` letters and digits: codes, tokens, virtual openids.
pub(crate) fn base62(length: usize) -> String {
    letters(BASE62, length)
}

/// `length` decimal digits that do not start with a zero: the nonces of callbacks.
pub(crate) fn digits(length: usize) -> String {
    let first = letters(b"123456789", 1);
    first + &letters(b"0123456789", length.saturating_sub(1))
}

/// `length` lower-case hexadecimal digits.
pub(crate) fn hex(length: usize) -> String {
    letters(b"0123456789abcdef", length)
}

/// Sixteen printable bytes, the random head of an encrypted envelope.
pub(crate) fn block() -> [u8; 16] {
    let mut block = [0; 16];
    block.copy_from_slice(base62(16).as_bytes());
    block
}

/// Whether an event of this probability (0 to 1) happens this time.
pub(crate) fn happens(rate: f64) -> bool {
    rate > 0.0 && generator().random_bool(rate.min(1.0))
}
