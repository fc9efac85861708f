//! Command lines as Compose splits them: quotes and backslashes, no variables.
//!
//! No shell runs, so an operator (`&&`, `|`, `;`, `>`) ends the command line; what follows is handed back for a warning.

/// A command line taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Line<'a> {
    /// The words.
    pub words: Vec<String>,
    /// From the first operator on: not part of the command.
    pub ignored: Option<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    Single,
    Double,
    Backtick,
    Substitution,
}

#[derive(Default)]
struct Splitter {
    words: Vec<String>,
    current: Option<String>,
    quote: Option<Quote>,
    escaped: bool,
}

/// Splits a command line.
///
/// # Errors
/// When a quote is not closed, or a parenthesis stands alone.
pub fn split(text: &str) -> Result<Line<'_>, String> {
    let mut splitter = Splitter::default();
    let mut ignored = None;
    for (index, c) in text.char_indices() {
        if splitter.quote.is_none() && !splitter.escaped && matches!(c, ';' | '&' | '|' | '<' | '>') {
            ignored = Some(&text[index..]);
            break;
        }
        splitter.step(c).ok_or_else(|| invalid(text))?;
    }
    if splitter.escaped || splitter.quote.is_some() {
        return Err(invalid(text));
    }
    splitter.finish();
    Ok(Line { words: splitter.words, ignored })
}

fn invalid(text: &str) -> String {
    format!("invalid command line string: {text:?} (a quote or parenthesis is not closed)")
}

impl Splitter {
    fn step(&mut self, c: char) -> Option<()> {
        if self.escaped {
            self.escaped = false;
            self.push(c);
        } else if c == '\\' && self.quote != Some(Quote::Single) {
            self.escaped = true;
        } else if matches!(c, ' ' | '\t' | '\r' | '\n') && self.quote.is_none() {
            self.finish();
        } else {
            return self.character(c);
        }
        Some(())
    }

    fn character(&mut self, c: char) -> Option<()> {
        match (c, self.quote) {
            ('"', None | Some(Quote::Double)) => self.toggle(Quote::Double),
            ('\'', None | Some(Quote::Single)) => self.toggle(Quote::Single),
            ('`', None | Some(Quote::Backtick)) => {
                self.toggle(Quote::Backtick);
                self.push(c);
            }
            ('(', None) if self.current.as_ref().is_some_and(|word| word.ends_with('$')) => {
                self.toggle(Quote::Substitution);
                self.push(c);
            }
            (')', Some(Quote::Substitution)) => {
                self.toggle(Quote::Substitution);
                self.push(c);
            }
            ('(' | ')', None) | ('(', Some(Quote::Substitution)) => return None,
            _ => self.push(c),
        }
        Some(())
    }

    fn toggle(&mut self, quote: Quote) {
        self.current.get_or_insert_default();
        self.quote = if self.quote.is_some() { None } else { Some(quote) };
    }

    fn push(&mut self, c: char) {
        self.current.get_or_insert_default().push(c);
    }

    fn finish(&mut self) {
        self.words.extend(self.current.take());
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_quotes_and_backslashes() {
        let cases: [(&str, &[&str]); 12] = [
            ("redis-server --appendonly yes", &["redis-server", "--appendonly", "yes"]),
            ("a 'b c' \"d e\"", &["a", "b c", "d e"]),
            ("a\\ b", &["a b"]),
            ("''", &[""]),
            ("", &[]),
            ("sh -c \"echo \\\"$X\\\"\"", &["sh", "-c", "echo \"$X\""]),
            ("a\n  b", &["a", "b"]),
            ("x'y'z", &["xyz"]),
            ("a \\n", &["a", "n"]),
            ("sh -c 'a && b | c'", &["sh", "-c", "a && b | c"]),
            ("a $(b c) `d e`", &["a", "$(b c)", "`d e`"]),
            ("'a\\b'", &["a\\b"]),
        ];
        for (text, expected) in cases {
            let line = split(text).expect("valid");
            assert_eq!(line.words, expected, "{text}");
            assert_eq!(line.ignored, None, "{text}");
        }
    }

    #[test]
    fn operators_end_the_command() {
        let line = split("migrate && serve").expect("valid");
        assert_eq!((line.words, line.ignored), (vec!["migrate".to_owned()], Some("&& serve")));
    }

    #[test]
    fn quotes_must_close() {
        for text in ["a 'b", "a \"b", "a (b)", "a `b", "a \\"] {
            assert!(split(text).is_err(), "{text}");
        }
    }
}
