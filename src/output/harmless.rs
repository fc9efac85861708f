//! Text of others on a terminal: control characters are shown, not obeyed.
//!
//! A compose file comes from anywhere, and so does what a probe or a process calls itself; printing a line of it must not
//! move the cursor, set a title or turn text around. Only the output of containers and builds goes through as it is.

use std::borrow::Cow;

/// A message with its control characters made visible; line ends stay.
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    text.chars().map(|c| if is_harmful(c) { picture(c) } else { c }).collect::<String>().into()
}

/// A source text whose 8-bit controls are dots. Each keeps its length, so places stay right; the snippet renderer itself
/// shows the 7-bit ones and those that turn text around.
pub fn source(text: &str) -> Cow<'_, str> {
    if !text.contains(is_8_bit) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(is_8_bit, "·"))
}

fn is_8_bit(c: char) -> bool {
    ('\u{80}'..='\u{9f}').contains(&c)
}

fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn picture(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('·'),
        '\u{7f}' => '␡',
        _ => '·',
    }
}

#[cfg(test)]
mod tests {
    use super::{harmless, source};

    #[test]
    fn controls_are_shown() {
        assert_eq!(harmless("a\u{1b}[31mb\u{7}\u{9b}c\u{202e}\nd\te"), "a␛[31mb␇·c·\nd e");
        assert_eq!(harmless("plain é 漢"), "plain é 漢");
    }

    #[test]
    fn a_source_keeps_its_length() {
        let text = "a: \u{9b}31m\u{85}x";
        assert_eq!(source(text).len(), text.len());
        assert!(!source(text).contains(char::is_control));
    }
}
