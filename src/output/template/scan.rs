//! From text to pieces of literal text and actions, and from an action to its tokens.

use super::TemplateError;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Printed as it is.
    Text(String),
    /// What stands between the braces.
    Action(Vec<Token>),
}

/// A word of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// `.Name.Other`; empty for the dot alone.
    Field(Vec<String>),
    /// `.Name` right after a parenthesis: a field of what stands in it.
    Chain(Vec<String>),
    /// `$name.Field`; the first part is the variable.
    Variable(Vec<String>),
    /// A function or a keyword.
    Word(String),
    /// A string or character.
    Text(String),
    /// A whole number.
    Number(i64),
    /// One of `(`, `)`, `|`, `,`.
    Mark(char),
    /// `:=` or `=`.
    Assign,
}

/// Cuts a template. `{{-` and `-}}` take the blanks beside them along; comments vanish.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut trim = false;
    while let Some(start) = rest.find("{{") {
        let body = &rest[start + 2..];
        let end = end_of_action(body)?;
        let (inner, trims) = trimmed_marks(&body[..end]);
        let mut literal = &rest[..start];
        if trim {
            literal = literal.trim_start();
        }
        if trims.0 {
            literal = literal.trim_end();
        }
        pieces.push(Piece::Text(literal.to_owned()));
        if !inner.starts_with("/*") {
            pieces.push(Piece::Action(tokens(inner)?));
        }
        trim = trims.1;
        rest = &body[end + 2..];
    }
    pieces.push(Piece::Text(if trim { rest.trim_start() } else { rest }.to_owned()));
    Ok(pieces)
}

/// Where the `}}` is that no string hides.
fn end_of_action(body: &str) -> Result<usize, TemplateError> {
    let mut quote = None;
    let mut skip = false;
    for (at, character) in body.char_indices() {
        if std::mem::take(&mut skip) {
            continue;
        }
        match quote {
            None if body[at..].starts_with("}}") => return Ok(at),
            None if matches!(character, '"' | '`' | '\'') => quote = Some(character),
            Some('"' | '\'') if character == '\\' => skip = true,
            Some(open) if open == character => quote = None,
            _ => {}
        }
    }
    Err(TemplateError::new(format!("unclosed action: {{{{{body}")))
}

fn trimmed_marks(inner: &str) -> (&str, (bool, bool)) {
    let (inner, left) = match inner.strip_prefix("- ") {
        Some(rest) => (rest, true),
        None => (inner, false),
    };
    let (inner, right) = match inner.strip_suffix(" -") {
        Some(rest) => (rest, true),
        None => (inner, false),
    };
    (inner.trim(), (left, right))
}

fn tokens(action: &str) -> Result<Vec<Token>, TemplateError> {
    let mut tokens = Vec::new();
    let mut rest = action.trim_start();
    let mut closed = false;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' | ')' | '|' | ',' => (Token::Mark(first), 1),
            '"' | '`' | '\'' => quoted(rest, first)?,
            ':' if rest.starts_with(":=") => (Token::Assign, 2),
            '=' => (Token::Assign, 1),
            '.' if closed => path(rest, 0, Token::Chain),
            '.' => path(rest, 0, Token::Field),
            '$' => path(rest, 1, Token::Variable),
            '0'..='9' | '-' | '+' => number(rest)?,
            letter if letter.is_alphabetic() || letter == '_' => {
                let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                (Token::Word(rest[..length].to_owned()), length)
            }
            other => return Err(TemplateError::new(format!("unexpected {other:?} in {{{{{action}}}}}"))),
        };
        tokens.push(token);
        closed = first == ')' && rest[length..].starts_with('.');
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// A chain of names; a variable's own name comes first, empty for `$`.
fn path(rest: &str, skip: usize, kind: fn(Vec<String>) -> Token) -> (Token, usize) {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let length = skip + rest[skip..].find(|c| !is_part(c)).unwrap_or(rest.len() - skip);
    let mut parts: Vec<String> = rest[skip..length].split('.').map(str::to_owned).collect();
    if skip == 0 {
        parts.retain(|part| !part.is_empty());
    }
    (kind(parts), length)
}

fn number(rest: &str) -> Result<(Token, usize), TemplateError> {
    let length = 1 + rest[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - 1);
    let number = rest[..length].parse();
    let number = number.map_err(|_| TemplateError::new(format!("bad number {:?}", &rest[..length])))?;
    Ok((Token::Number(number), length))
}

/// A string with the escapes of Go, or a raw one between back quotes.
fn quoted(rest: &str, quote: char) -> Result<(Token, usize), TemplateError> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            end if end == quote => return Ok((Token::Text(text), at + 1)),
            '\\' if quote != '`' => match characters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, other)) => text.push(other),
                None => break,
            },
            other => text.push(other),
        }
    }
    Err(TemplateError::new(format!("unterminated string: {rest}")))
}
