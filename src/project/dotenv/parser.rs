//! The dotenv grammar.

use std::collections::BTreeMap;

use super::{DotenvError, Parsed, Scope};
use crate::project::interpolate::template::{self, TemplateError};
use crate::project::limits::{MAX_DIAGNOSTICS, MAX_TEXT};

/// White space inside a line.
const BLANK: [char; 7] = ['\t', '\u{b}', '\u{c}', '\r', ' ', '\u{85}', '\u{a0}'];

pub struct Parser<'a> {
    rest: &'a str,
    line: u32,
    lookup: &'a dyn Fn(&str) -> Option<String>,
    before: &'a BTreeMap<String, String>,
    parsed: Parsed,
    /// Bytes of values so far.
    made: usize,
}

impl<'a> Parser<'a> {
    pub fn new(
        text: &'a str,
        lookup: &'a dyn Fn(&str) -> Option<String>,
        before: &'a BTreeMap<String, String>,
    ) -> Self {
        let rest = text.trim_start_matches('\u{feff}');
        Self { rest, line: 1, lookup, before, parsed: Parsed::default(), made: 0 }
    }

    pub fn parse(mut self) -> Result<Parsed, DotenvError> {
        loop {
            self.skip_blanks_and_comments();
            if self.rest.is_empty() {
                return Ok(self.parsed);
            }
            let line = self.line;
            let (name, has_value) = self.name()?;
            let value = if has_value { Some(self.value()?) } else { (self.lookup)(name) };
            if let Some(value) = value {
                self.parsed.set(name, value, line);
            }
        }
    }

    fn error(&self, problem: String) -> DotenvError {
        DotenvError { line: self.line, problem }
    }

    /// Takes `length` bytes and counts the lines in them.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        let lines = taken.bytes().filter(|byte| *byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.rest = rest;
        taken
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.take(blank);
            if !self.rest.starts_with('#') {
                return;
            }
            self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
        }
    }

    /// The name, and whether `=` or `:` follows. Takes both, and blanks after them.
    fn name(&mut self) -> Result<(&'a str, bool), DotenvError> {
        self.skip_export();
        let stop = |c: char| !(BLANK.contains(&c) || is_name_character(c));
        let end = self.rest.find(stop).unwrap_or(self.rest.len());
        let next = self.rest[end..].chars().next();
        if !matches!(next, None | Some('=' | ':' | '\n')) {
            let line = self.rest.lines().next().unwrap_or("");
            let found = next.map(String::from).unwrap_or_default();
            return Err(self.error(format!("unexpected character {found:?} in variable name {line:?}")));
        }
        let name = self.rest[..end].trim_end();
        if name.contains(' ') {
            return Err(self.error("key cannot contain a space".into()));
        }
        let has_value = matches!(next, Some('=' | ':'));
        self.take(end + usize::from(has_value));
        if has_value {
            self.take(self.rest.len() - self.rest.trim_start_matches(BLANK).len());
        }
        Ok((name, has_value))
    }

    fn skip_export(&mut self) {
        if let Some(after) = self.rest.strip_prefix("export") {
            let blank = after.len() - after.trim_start().len();
            if blank > 0 {
                self.take("export".len() + blank);
            }
        }
    }

    fn value(&mut self) -> Result<String, DotenvError> {
        match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => self.quoted(quote),
            _ => self.unquoted(),
        }
    }

    fn unquoted(&mut self) -> Result<String, DotenvError> {
        let line = self.rest.split('\n').next().unwrap_or("");
        let value = line.split(" #").next().unwrap_or("").trim_end();
        let value = self.expand(value)?;
        self.take(line.len());
        Ok(value)
    }

    fn quoted(&mut self, quote: char) -> Result<String, DotenvError> {
        let Some((content, length)) = quoted_content(&self.rest[1..], quote) else {
            let line = self.rest.lines().next().unwrap_or("");
            return Err(self.error(format!("unterminated quoted value {line}")));
        };
        let value = if quote == '"' { self.expand(&unescape(&content))? } else { content };
        self.take(length + 1);
        Ok(value)
    }

    fn expand(&mut self, text: &str) -> Result<String, DotenvError> {
        let mut scope = Scope {
            lookup: self.lookup,
            earlier: &self.parsed.variables,
            before: self.before,
            unset: Vec::new(),
        };
        let result = template::substitute(text, &mut scope);
        let unset = scope.unset;
        if self.parsed.unset.len() <= MAX_DIAGNOSTICS {
            self.parsed.unset.extend(unset.into_iter().map(|name| (name, self.line)));
        }
        let value = result.map_err(|error| self.error(error.to_string()))?;
        self.made += value.len();
        if self.made > MAX_TEXT {
            return Err(self.error(TemplateError::TooLong.to_string()));
        }
        Ok(value)
    }
}

fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']')
}

/// The text up to the closing quote, `\` before a quote taken out, and its length with the closing quote.
fn quoted_content(text: &str, quote: char) -> Option<(String, usize)> {
    let mut content = String::new();
    let mut escaped = false;
    for (index, c) in text.char_indices() {
        if c == quote && !escaped {
            return Some((content, index + 1));
        }
        if escaped && c != quote {
            content.push('\\');
        }
        escaped = c == '\\' && !escaped;
        if !escaped {
            content.push(c);
        }
    }
    None
}

/// Shell escapes of double quotes; `\$` becomes the template's `$$`.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(index) = rest.find('\\') {
        out.push_str(&rest[..index]);
        let (replacement, length) = escape(&rest[index + 1..]);
        out.push_str(&replacement);
        rest = &rest[index + 1 + length..];
    }
    out + rest
}

/// What an escape stands for, given the text after its backslash, and how much of that it takes.
fn escape(after: &str) -> (String, usize) {
    let simple = |text: &str| (text.to_owned(), 1);
    match after.chars().next() {
        Some('a') => simple("\u{7}"),
        Some('b') => simple("\u{8}"),
        Some('f') => simple("\u{c}"),
        Some('n') => simple("\n"),
        Some('r') => simple("\r"),
        Some('t') => simple("\t"),
        Some('v') => simple("\u{b}"),
        Some('"') => simple("\""),
        Some('\\') => simple("\\"),
        Some('$') => simple("$$"),
        Some('0') => octal(after),
        _ => ("\\".to_owned(), 0),
    }
}

/// `\0` and up to three octal digits: one byte.
fn octal(after: &str) -> (String, usize) {
    let digits: String = after[1..].chars().take(3).take_while(char::is_ascii_digit).collect();
    match u8::from_str_radix(&digits, 8) {
        Ok(byte) => (char::from(byte).to_string(), digits.len() + 1),
        Err(_) => (format!("\\0{digits}"), digits.len() + 1),
    }
}
