//! Numbers as digits of base 32, for tokens: small numbers are one digit, so that a person can compare two tokens.
//!
//! Four bits go into a digit, the low ones first; the fifth says that more follow. The digits are Crockford's: no `i`,
//! `l`, `o` and `u`, and reading takes capitals too, and `i`, `l` for 1 and `o` for 0.

const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const MORE: u8 = 16;

/// Writes numbers one after the other.
pub(super) fn write(numbers: impl IntoIterator<Item = usize>) -> String {
    let mut digits = String::new();
    for number in numbers {
        push(number, &mut digits);
    }
    digits
}

fn push(mut rest: usize, digits: &mut String) {
    loop {
        let [low, ..] = (rest % 16).to_le_bytes();
        rest /= 16;
        let more = if rest > 0 { MORE } else { 0 };
        digits.push(DIGITS[usize::from(low + more)].into());
        if rest == 0 {
            return;
        }
    }
}

/// Reads the numbers that `text` is made of; `None` when it is not made of numbers.
pub(super) fn read(text: &str) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    let (mut number, mut shift) = (0_usize, 0);
    for digit in text.bytes() {
        let value = value(digit)?;
        let low = usize::from(value % MORE);
        if shift >= usize::BITS || (low << shift) >> shift != low {
            return None;
        }
        number |= low << shift;
        shift += 4;
        if value < MORE {
            numbers.push(number);
            (number, shift) = (0, 0);
        }
    }
    (shift == 0).then_some(numbers)
}

fn value(digit: u8) -> Option<u8> {
    let digit = match digit.to_ascii_lowercase() {
        b'i' | b'l' => b'1',
        b'o' => b'0',
        other => other,
    };
    let at = DIGITS.iter().position(|known| *known == digit)?;
    u8::try_from(at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_small_ones_are_one_digit() {
        let numbers = [0, 1, 15, 16, 255, 256, 65535, usize::MAX];
        let text = write(numbers);
        assert!(text.starts_with("01fg1zfgg1"), "{text}");
        assert_eq!(read(&text), Some(numbers.to_vec()));
        assert_eq!(read(&text.to_uppercase()), Some(numbers.to_vec()));
        assert_eq!(read("oIl"), Some(vec![0, 1, 1]));
        assert_eq!(read(""), Some(Vec::new()));
    }

    #[test]
    fn what_is_cut_off_or_garbled_or_too_large_is_no_number() {
        for text in ["g", "1z", "u", "0-0", "zzzzzzzzzzzzzzzzz1", "gggggggggggggggg1", "é"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
