//! From a part of a scalar's value back to where that part was written.
//!
//! A value is not its source text: quotes, escapes, indentation and line folding lie between. This walks both side by
//! side. It knows how the five styles of YAML scalars are written and nothing else of YAML.

use std::ops::Range;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Block,
}

/// Where in `raw`, the source of a scalar, a part of its `value` was written. `None` when the two do not belong together.
pub fn locate(raw: &str, value: &str, part: Range<usize>) -> Option<Range<usize>> {
    let (before, wanted) = (value.get(..part.start)?, value.get(part)?);
    let mut walker = Walker::new(raw)?;
    walker.pass(before)?;
    walker.settle(wanted.chars().next()?);
    let start = walker.position;
    walker.pass(wanted)?;
    Some(start..walker.position)
}

struct Walker<'a> {
    raw: &'a str,
    position: usize,
    style: Style,
}

impl<'a> Walker<'a> {
    fn new(raw: &'a str) -> Option<Self> {
        let mut position = 0;
        // Anchor and tag stand before the value.
        while raw[position..].starts_with(['&', '!']) {
            let rest = &raw[position..];
            let blank = rest.find(char::is_whitespace)?;
            position += blank + rest[blank..].find(|c: char| !c.is_whitespace())?;
        }
        let rest = &raw[position..];
        let (style, skipped) = match rest.chars().next()? {
            '\'' => (Style::SingleQuoted, 1),
            '"' => (Style::DoubleQuoted, 1),
            '|' | '>' => (Style::Block, rest.find('\n')?),
            _ => (Style::Plain, 0),
        };
        Some(Self { raw, position: position + skipped, style })
    }

    fn rest(&self) -> &'a str {
        &self.raw[self.position..]
    }

    /// Moves over the source of some of the value.
    fn pass(&mut self, value: &str) -> Option<()> {
        let mut in_space = false;
        for c in value.chars() {
            if c.is_whitespace() {
                if !in_space {
                    self.space();
                }
                in_space = true;
            } else {
                in_space = false;
                self.settle(c);
                self.position += self.width(c)?;
            }
        }
        Some(())
    }

    /// Moves to the source of the next character of the value: over white space that only lays the text out.
    fn settle(&mut self, next: char) {
        if !next.is_whitespace() && self.width(next).is_none() {
            self.space();
        }
    }

    /// Moves over white space, written out or escaped.
    fn space(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.len() - rest.trim_start().len();
            let escaped = match self.style {
                Style::DoubleQuoted if rest[blank..].starts_with('\\') => {
                    usize::from(rest[blank + 1..].starts_with(['n', 't', 'r', ' ', '\n', '\r'])) * 2
                }
                _ => 0,
            };
            self.position += blank + escaped;
            if blank + escaped == 0 {
                return;
            }
        }
    }

    /// How long the source of a character is, if it stands here.
    fn width(&self, c: char) -> Option<usize> {
        let rest = self.rest();
        match self.style {
            Style::SingleQuoted if c == '\'' => rest.starts_with("''").then_some(2),
            Style::DoubleQuoted if rest.starts_with('\\') => {
                let escape = rest[1..].chars().next()?;
                let length = match escape {
                    'x' => 4,
                    'u' => 6,
                    'U' => 10,
                    'n' | 't' | 'r' | ' ' | '\n' | '\r' => return None,
                    other => 1 + other.len_utf8(),
                };
                (length <= rest.len()).then_some(length)
            }
            _ => rest.starts_with(c).then(|| c.len_utf8()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::locate;
    use crate::project::source::FileId;
    use crate::project::{origin::Origins, yaml};

    /// Locates `part` in the value of `v:` in a document.
    fn found<'a>(document: &'a str, part: &str) -> Option<&'a str> {
        let root = yaml::parse(FileId::test(), document, &mut Origins::default())
            .expect("valid YAML")
            .remove(0)
            .root;
        let node = root.get("v").expect("the value");
        let value = node.as_str().expect("text");
        let raw = &document[node.span.start as usize..node.span.end as usize];
        let start = value.find(part).expect("part of the value");
        locate(raw, value, start..start + part.len()).map(|range| &raw[range])
    }

    #[test]
    fn every_style_of_scalar() {
        let cases = [
            ("v: a ${X} b", "${X}", "${X}"),
            ("v: 'it''s ${X}'", "${X}", "${X}"),
            ("v: 'a ${X:-''} b'", "${X:-'}", "${X:-''}"),
            (r#"v: "\t\"q\" \u00e9 ${X}""#, "${X}", "${X}"),
            (r#"v: "a\n${X}""#, "${X}", "${X}"),
            (r#"v: "${X:-\"d\"} b""#, "${X:-\"d\"}", r#"${X:-\"d\"}"#),
            ("v: \"a \\\n   ${X}\"", "${X}", "${X}"),
            ("v: plain text\n   on two ${X} lines", "${X}", "${X}"),
            ("v: |\n  first\n\n    ${X} in\n  last", "${X}", "${X}"),
            ("v: >-  # folded\n  one\n  two ${X:-a\n  b}\n", "${X:-a b}", "${X:-a\n  b}"),
            ("v: &anchor !!str 'a${X}'", "${X}", "${X}"),
            ("{v: \"80:http\"}", "http", "http"),
            ("v: été ${X} ö", "${X}", "${X}"),
        ];
        for (document, part, expected) in cases {
            assert_eq!(found(document, part), Some(expected), "{document}");
        }
    }

    #[test]
    fn a_value_that_was_not_written_so_is_not_found() {
        assert_eq!(locate("abc", "xyz", 1..2), None);
        assert_eq!(locate("", "", 0..0), None);
        assert_eq!(locate("\"a\\", "ab", 1..2), None);
        assert_eq!(locate("é", "é", 1..2), None);
    }
}
