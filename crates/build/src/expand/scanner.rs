//! Reads text character by character and collects the expanded result, as one text and as words.

use std::iter::Peekable;
use std::str::Chars;

use super::{ExpandError, Expander, MAX_EXPANDED_BYTES, Quotes, modifier};

/// Deepest nesting of `${a:-${b:-…}}`.
const MAX_DEPTH: usize = 64;

/// What an expansion made.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    /// Everything.
    pub text: String,
    /// Split at unquoted blanks.
    pub words: Vec<String>,
    word: Option<String>,
}

impl Expanded {
    /// Text that is never split.
    fn push(&mut self, text: &str) -> Result<(), ExpandError> {
        self.text.push_str(text);
        self.word.get_or_insert_default().push_str(text);
        self.check()
    }

    /// Text that is split at blanks.
    fn push_splitting(&mut self, text: &str) -> Result<(), ExpandError> {
        for character in text.chars() {
            match character.is_whitespace() {
                true => self.end_word(),
                false => self.word.get_or_insert_default().push(character),
            }
        }
        self.text.push_str(text);
        self.check()
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn check(&self) -> Result<(), ExpandError> {
        (self.text.len() <= MAX_EXPANDED_BYTES).then_some(()).ok_or(ExpandError::TooLong)
    }
}

/// One pass over one text.
pub(super) struct Scanner<'a> {
    rest: Peekable<Chars<'a>>,
    source: &'a str,
    expander: Expander<'a>,
    quotes: Quotes,
    depth: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(source: &'a str, expander: Expander<'a>, quotes: Quotes) -> Self {
        Self { rest: source.chars().peekable(), source, expander, quotes, depth: 0 }
    }

    /// Expands to the end of the text.
    pub fn all(mut self) -> Result<Expanded, ExpandError> {
        self.until(&[])
    }

    /// Expands up to one of the given characters outside of quotes, which is left unread.
    fn until(&mut self, stops: &[char]) -> Result<Expanded, ExpandError> {
        let mut expanded = Expanded::default();
        while let Some(character) = self.rest.next_if(|next| !stops.contains(next)) {
            self.character(character, &mut expanded)?;
        }
        expanded.end_word();
        Ok(expanded)
    }

    fn character(&mut self, character: char, expanded: &mut Expanded) -> Result<(), ExpandError> {
        match character {
            '\'' if self.quotes == Quotes::Remove => expanded.push(&self.single_quoted()?),
            '"' if self.quotes == Quotes::Remove => expanded.push(&self.double_quoted()?),
            '$' => {
                let value = self.variable()?;
                expanded.push_splitting(&value)
            }
            _ if character == self.expander.escape => self.escaped(expanded),
            blank if blank.is_whitespace() => expanded.push_splitting(blank.encode_utf8(&mut [0; 4])),
            other => expanded.push(other.encode_utf8(&mut [0; 4])),
        }
    }

    /// In a heredoc's body only a variable can be escaped; elsewhere everything.
    fn escaped(&mut self, expanded: &mut Expanded) -> Result<(), ExpandError> {
        let escape = self.expander.escape;
        if self.quotes == Quotes::Keep
            && !self.rest.peek().is_some_and(|next| *next == '$' || *next == escape)
        {
            return expanded.push(escape.encode_utf8(&mut [0; 4]));
        }
        match self.rest.next() {
            Some(next) => expanded.push(next.encode_utf8(&mut [0; 4])),
            None => Ok(()),
        }
    }

    fn single_quoted(&mut self) -> Result<String, ExpandError> {
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some('\'') => return Ok(text),
                Some(character) => text.push(character),
                None => return Err(ExpandError::OpenQuote('\'')),
            }
        }
    }

    fn double_quoted(&mut self) -> Result<String, ExpandError> {
        let escape = self.expander.escape;
        let mut text = String::new();
        loop {
            match self.rest.next() {
                Some('"') => return Ok(text),
                Some('$') => text.push_str(&self.variable()?),
                Some(character) if character == escape => {
                    match self.rest.next_if(|next| *next == '"' || *next == '$' || *next == escape) {
                        Some(literal) => text.push(literal),
                        None => text.push(escape),
                    }
                }
                Some(character) => text.push(character),
                None => return Err(ExpandError::OpenQuote('"')),
            }
        }
    }

    /// What follows a `$`.
    fn variable(&mut self) -> Result<String, ExpandError> {
        if self.rest.next_if_eq(&'{').is_some() {
            return self.nested(Self::braced);
        }
        match self.name() {
            name if name.is_empty() => Ok("$".to_owned()),
            name => Ok((self.expander.lookup)(&name).unwrap_or_default()),
        }
    }

    fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, ExpandError>,
    ) -> Result<T, ExpandError> {
        self.depth += 1;
        let result = if self.depth > MAX_DEPTH { Err(ExpandError::TooDeep) } else { read(self) };
        self.depth -= 1;
        result
    }

    /// A name; or digits or one sign, which are a shell's own variables and never set here.
    fn name(&mut self) -> String {
        let mut name = String::new();
        match self.rest.peek() {
            Some(digit) if digit.is_ascii_digit() => self.take_while(&mut name, |next| next.is_ascii_digit()),
            Some('@' | '*' | '#' | '?' | '-' | '!') => name.extend(self.rest.next()),
            _ => self.take_while(&mut name, |next| next.is_ascii_alphanumeric() || next == '_'),
        }
        name
    }

    fn take_while(&mut self, name: &mut String, belongs: impl Fn(char) -> bool) {
        while let Some(next) = self.rest.next_if(|next| belongs(*next)) {
            name.push(next);
        }
    }

    /// What follows a `${`, with its `}`.
    fn braced(&mut self) -> Result<String, ExpandError> {
        let name = self.name();
        let bad = ExpandError::BadSubstitution(self.source.to_owned());
        if name.is_empty() {
            return Err(bad);
        }
        let value = (self.expander.lookup)(&name);
        let result = match self.rest.next().ok_or(bad.clone())? {
            '}' => return Ok(value.unwrap_or_default()),
            ':' => {
                let value = value.filter(|value| !value.is_empty());
                let sign = self.rest.next().ok_or(bad.clone())?;
                self.conditional(&name, value, sign, ":")
            }
            sign @ ('-' | '+' | '?') => self.conditional(&name, value, sign, ""),
            sign @ ('#' | '%') => self.trimmed(&value.unwrap_or_default(), sign),
            '/' => self.replaced(&value.unwrap_or_default()),
            other => Err(ExpandError::UnsupportedModifier { name, modifier: other.to_string() }),
        }?;
        self.rest.next_if_eq(&'}').map(|_| result).ok_or(bad)
    }

    fn argument(&mut self, stops: &[char]) -> Result<String, ExpandError> {
        Ok(self.until(stops)?.text)
    }

    fn conditional(
        &mut self,
        name: &str,
        value: Option<String>,
        sign: char,
        colon: &str,
    ) -> Result<String, ExpandError> {
        let argument = self.argument(&['}'])?;
        match (sign, value) {
            ('-', value) => Ok(value.unwrap_or(argument)),
            ('+', value) => Ok(value.map(|_| argument).unwrap_or_default()),
            ('?', Some(value)) => Ok(value),
            ('?', None) if argument.is_empty() => Err(required(name, "not set")),
            ('?', None) => Err(required(name, &argument)),
            (other, _) => Err(ExpandError::UnsupportedModifier {
                name: name.to_owned(),
                modifier: format!("{colon}{other}"),
            }),
        }
    }

    fn trimmed(&mut self, value: &str, sign: char) -> Result<String, ExpandError> {
        let longest = self.rest.next_if_eq(&sign).is_some();
        let pattern = self.argument(&['}'])?;
        Ok(match sign {
            '#' => modifier::trim_prefix(value, &pattern, longest),
            _ => modifier::trim_suffix(value, &pattern, longest),
        }
        .to_owned())
    }

    fn replaced(&mut self, value: &str) -> Result<String, ExpandError> {
        let all = self.rest.next_if_eq(&'/').is_some();
        let pattern = self.argument(&['/', '}'])?;
        let replacement = match self.rest.next_if_eq(&'/') {
            Some(_) => self.argument(&['}'])?,
            None => String::new(),
        };
        Ok(modifier::replace(value, &pattern, &replacement, all))
    }
}

fn required(name: &str, message: &str) -> ExpandError {
    ExpandError::Required { name: name.to_owned(), message: message.to_owned() }
}
