//! Variables in a Dockerfile's text (contract 8.3.1): `$x`, `${x:-default}` and the like, quotes and escapes.
//!
//! Owns the syntax only; which variables there are is the caller's business.

mod modifier;
mod scanner;

use scanner::Scanner;

/// Looks a variable up; `None` when it is not set.
pub(crate) type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Why text could not be expanded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ExpandError {
    /// A quote is not closed.
    #[error("the quote {0} is not closed")]
    OpenQuote(char),
    /// A `${` is not closed, or is empty.
    #[error("bad substitution in {0:?}")]
    BadSubstitution(String),
    /// A `${name:x…}` with an unknown `x`.
    #[error("unsupported modifier {modifier:?} in ${{{name}…}}")]
    UnsupportedModifier { name: String, modifier: String },
    /// `${name:?message}` of an unset variable.
    #[error("{name}: {message}")]
    Required { name: String, message: String },
    /// Nested deeper than any real file.
    #[error("variables are nested too deeply")]
    TooDeep,
    /// The result is larger than any real value.
    #[error("the text grows beyond {MAX_EXPANDED_BYTES} bytes")]
    TooLong,
}

/// Bound of one expanded text, in bytes: `ENV A=$A$A` repeated doubles its length each time.
pub(crate) const MAX_EXPANDED_BYTES: usize = 1 << 20;

/// How quotes are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    /// They group and disappear.
    Remove,
    /// They are ordinary characters (heredoc bodies).
    Keep,
}

/// Expands text for one file.
#[derive(Clone, Copy)]
pub(crate) struct Expander<'a> {
    /// The file's escape character.
    pub escape: char,
    /// The variables.
    pub lookup: &'a Lookup<'a>,
}

impl<'a> Expander<'a> {
    /// Expands a text to one word: quotes and escapes are removed, blanks stay.
    pub fn word(&self, text: &str) -> Result<String, ExpandError> {
        Ok(Scanner::new(text, *self, Quotes::Remove).all()?.text)
    }

    /// Expands a text to words, split at blanks that are not quoted, those from variables too.
    pub fn words(&self, text: &str) -> Result<Vec<String>, ExpandError> {
        Ok(Scanner::new(text, *self, Quotes::Remove).all()?.words)
    }

    /// Expands a heredoc's body: quotes are kept.
    pub fn body(&self, text: &str) -> Result<String, ExpandError> {
        Ok(Scanner::new(text, *self, Quotes::Keep).all()?.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        let value = match name {
            "x" => "value",
            "empty" => "",
            "path" => "/usr/local/lib/file.tar.gz",
            "two" => "a b",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn word(text: &str) -> String {
        let expander = Expander { escape: '\\', lookup: &lookup };
        expander.word(text).unwrap_or_else(|error| format!("error: {error}"))
    }

    #[test]
    fn expands_all_forms() {
        let table = [
            ("$x", "value"),
            ("${x}", "value"),
            ("a${x}b", "avalueb"),
            ("$xy", ""),
            ("$x-y", "value-y"),
            ("$unset", ""),
            ("$", "$"),
            ("a$", "a$"),
            ("$1x", "x"),
            ("${x:-d}", "value"),
            ("${unset:-d}", "d"),
            ("${empty:-d}", "d"),
            ("${empty-d}", ""),
            ("${unset-d}", "d"),
            ("${x:+a}", "a"),
            ("${empty:+a}", ""),
            ("${empty+a}", "a"),
            ("${unset+a}", ""),
            ("${unset:-${x}}", "value"),
            ("${unset:-a $x}", "a value"),
            ("${unset:-\"q }\"}", "q }"),
            ("${x:?m}", "value"),
            ("${unset:?no x}", "error: unset: no x"),
            ("${empty?m}", ""),
            ("${unset?}", "error: unset: not set"),
            ("${path#*/}", "usr/local/lib/file.tar.gz"),
            ("${path##*/}", "file.tar.gz"),
            ("${path%.*}", "/usr/local/lib/file.tar"),
            ("${path%%.*}", "/usr/local/lib/file"),
            ("${path#nothing}", "/usr/local/lib/file.tar.gz"),
            ("${path/l/L}", "/usr/Local/lib/file.tar.gz"),
            ("${path//l/L}", "/usr/LocaL/Lib/fiLe.tar.gz"),
            ("${path/\\/usr/X}", "X/local/lib/file.tar.gz"),
            ("${path//l}", "/usr/oca/ib/fie.tar.gz"),
            ("${x%u?}", "val"),
        ];
        for (text, expected) in table {
            assert_eq!(word(text), expected, "{text}");
        }
    }

    #[test]
    fn quotes_and_escapes_disappear() {
        let table = [
            ("\\$x", "$x"),
            ("'$x'", "$x"),
            ("\"$x\"", "value"),
            ("\"\\$x \\\" \\n \\\\\"", "$x \" \\n \\"),
            ("a\\ b", "a b"),
            ("'a\\b'", "a\\b"),
            ("a\"b c\"d", "ab cd"),
            ("\\a", "a"),
            ("end\\", "end"),
            ("'it''s'", "its"),
        ];
        for (text, expected) in table {
            assert_eq!(word(text), expected, "{text}");
        }
        let backtick = Expander { escape: '`', lookup: &lookup };
        assert_eq!(backtick.word("`$x c:\\d $x").as_deref(), Ok("$x c:\\d value"));
    }

    #[test]
    fn mistakes_are_errors() {
        for text in ["'open", "\"open", "${x", "${}", "${x:", "${x:=d}", "${x!}", "${", "${x:-'}"] {
            assert!(word(text).starts_with("error: "), "{text}: {}", word(text));
        }
        assert!(word(&"${a:-".repeat(10_000)).starts_with("error: "));
    }

    #[test]
    fn words_split_unquoted_blanks_also_from_variables() {
        let expander = Expander { escape: '\\', lookup: &lookup };
        assert_eq!(expander.words("$two c").expect("valid"), ["a", "b", "c"]);
        assert_eq!(expander.words("\"$two\" '' $empty").expect("valid"), ["a b", ""]);
        assert_eq!(expander.words("80 ${x}/tcp").expect("valid"), ["80", "value/tcp"]);
    }

    #[test]
    fn heredoc_bodies_keep_their_quotes() {
        let expander = Expander { escape: '\\', lookup: &lookup };
        assert_eq!(expander.body("say \"$x\" it's \\$x\n").expect("valid"), "say \"value\" it's $x\n");
    }
}
