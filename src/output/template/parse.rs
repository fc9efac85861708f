//! From pieces to a tree of nodes.

use super::TemplateError;
use super::scan::{Piece, Token};

/// What a template does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// Prints text.
    Text(String),
    /// Prints a value.
    Print(Pipe),
    /// Sets a variable.
    Set(String, Pipe),
    /// `if`, and what is done otherwise.
    If(Pipe, Vec<Node>, Vec<Node>),
    /// `with`: as `if`, with the value as the dot.
    With(Pipe, Vec<Node>, Vec<Node>),
    /// `range`, with the variables for index and item.
    Range(Vec<String>, Pipe, Vec<Node>, Vec<Node>),
}

/// Commands, each with the one before as its last argument.
pub(super) type Pipe = Vec<Vec<Operand>>;

/// An argument, or what is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// A value or call named by a token.
    Plain(Token),
    /// A pipe in parentheses, and fields of its value.
    Inner(Pipe, Vec<String>),
}

impl Node {
    /// Fields of the outermost dot that are named.
    pub(super) fn fields(&self) -> Vec<&str> {
        match self {
            Node::Text(_) => Vec::new(),
            Node::Print(pipe) | Node::Set(_, pipe) => pipe_fields(pipe),
            Node::If(pipe, body, other) => {
                let inner = body.iter().chain(other).flat_map(Node::fields);
                pipe_fields(pipe).into_iter().chain(inner).collect()
            }
            Node::With(pipe, ..) | Node::Range(_, pipe, ..) => pipe_fields(pipe),
        }
    }
}

fn pipe_fields(pipe: &Pipe) -> Vec<&str> {
    let of = |operand| match operand {
        &Operand::Plain(Token::Field(ref path)) => path.first().map(String::as_str).into_iter().collect(),
        Operand::Plain(_) => Vec::new(),
        Operand::Inner(inner, _) => pipe_fields(inner),
    };
    pipe.iter().flatten().flat_map(of).collect()
}

/// All nodes of a template.
pub(super) fn nodes(pieces: Vec<Piece>) -> Result<Vec<Node>, TemplateError> {
    let mut pieces = pieces.into_iter();
    match block(&mut pieces)? {
        (nodes, None) => Ok(nodes),
        (_, Some(end)) => Err(TemplateError::new(format!("unexpected {{{{{end}}}}}"))),
    }
}

/// Nodes up to an `end` or `else`, with the word that ended them; an `else` stands with what follows it.
fn block(pieces: &mut std::vec::IntoIter<Piece>) -> Result<(Vec<Node>, Option<String>), TemplateError> {
    let mut nodes = Vec::new();
    while let Some(piece) = pieces.next() {
        let tokens = match piece {
            Piece::Text(text) => {
                nodes.push(Node::Text(text));
                continue;
            }
            Piece::Action(tokens) => tokens,
        };
        match tokens.first() {
            Some(Token::Word(word)) if word == "end" => return Ok((nodes, Some("end".to_owned()))),
            Some(Token::Word(word)) if word == "else" => return alternative(nodes, &tokens[1..], pieces),
            Some(Token::Word(word)) if matches!(word.as_str(), "if" | "with" | "range") => {
                nodes.push(control(word, &tokens[1..], pieces)?);
            }
            _ => nodes.push(action(&tokens)?),
        }
    }
    Ok((nodes, None))
}

/// The end of a first branch. `else if` stays in the stream as a block of its own that shares the `end`.
fn alternative(
    nodes: Vec<Node>,
    rest: &[Token],
    pieces: &mut std::vec::IntoIter<Piece>,
) -> Result<(Vec<Node>, Option<String>), TemplateError> {
    if !rest.is_empty() {
        let remaining: Vec<Piece> = pieces.collect();
        let again = [Piece::Action(vec![Token::Word("end".to_owned())])];
        let chain = [Piece::Action(rest.to_vec())].into_iter().chain(remaining);
        *pieces = with_shared_end(chain.collect(), &again).into_iter();
    }
    Ok((nodes, Some("else".to_owned())))
}

/// Doubles the `end` that closes the block begun by the first piece.
fn with_shared_end(mut pieces: Vec<Piece>, end: &[Piece]) -> Vec<Piece> {
    let mut depth = 0usize;
    for at in 0..pieces.len() {
        let Piece::Action(tokens) = &pieces[at] else { continue };
        let Some(Token::Word(word)) = tokens.first() else { continue };
        match word.as_str() {
            "if" | "with" | "range" => depth += 1,
            "end" => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            pieces.splice(at..at, end.iter().cloned());
            break;
        }
    }
    pieces
}

fn control(
    word: &str,
    head: &[Token],
    pieces: &mut std::vec::IntoIter<Piece>,
) -> Result<Node, TemplateError> {
    let unclosed = || TemplateError::new(format!("{{{{{word}}}}} has no {{{{end}}}}"));
    let (body, end) = block(pieces)?;
    let other = match end.ok_or_else(unclosed)?.as_str() {
        "else" => match block(pieces)? {
            (other, Some(end)) if end == "end" => other,
            _ => return Err(unclosed()),
        },
        _ => Vec::new(),
    };
    Ok(match word {
        "if" => Node::If(pipe(head)?, body, other),
        "with" => Node::With(pipe(head)?, body, other),
        _ => {
            let (variables, rest) = range_variables(head);
            Node::Range(variables, pipe(rest)?, body, other)
        }
    })
}

/// `$i, $item :=` before what is ranged over.
fn range_variables(head: &[Token]) -> (Vec<String>, &[Token]) {
    match head.iter().position(|token| *token == Token::Assign) {
        None => (Vec::new(), head),
        Some(at) => (head[..at].iter().filter_map(variable_name).collect(), &head[at + 1..]),
    }
}

fn variable_name(token: &Token) -> Option<String> {
    match token {
        Token::Variable(path) => path.first().cloned(),
        _ => None,
    }
}

fn action(tokens: &[Token]) -> Result<Node, TemplateError> {
    match tokens {
        [name @ Token::Variable(_), Token::Assign, rest @ ..] => {
            Ok(Node::Set(variable_name(name).unwrap_or_default(), pipe(rest)?))
        }
        _ => Ok(Node::Print(pipe(tokens)?)),
    }
}

fn pipe(tokens: &[Token]) -> Result<Pipe, TemplateError> {
    let mut tokens = tokens.iter();
    let parsed = commands(&mut tokens, false)?;
    if parsed.iter().any(Vec::is_empty) {
        return Err(TemplateError::new("missing value for command"));
    }
    Ok(parsed)
}

fn commands(tokens: &mut std::slice::Iter<'_, Token>, inner: bool) -> Result<Pipe, TemplateError> {
    let mut commands: Pipe = vec![Vec::new()];
    while let Some(token) = tokens.next() {
        let operand = match token {
            Token::Mark('(') => inner_operand(tokens)?,
            Token::Mark(')') if inner => return Ok(commands),
            Token::Mark('|') => {
                commands.push(Vec::new());
                continue;
            }
            Token::Mark(mark) => return Err(TemplateError::new(format!("unexpected {mark:?}"))),
            Token::Assign => return Err(TemplateError::new("unexpected assignment")),
            plain => Operand::Plain(plain.clone()),
        };
        if let Some(command) = commands.last_mut() {
            command.push(operand);
        }
    }
    if inner { Err(TemplateError::new("unclosed parenthesis")) } else { Ok(commands) }
}

fn inner_operand(tokens: &mut std::slice::Iter<'_, Token>) -> Result<Operand, TemplateError> {
    let inner = commands(tokens, true)?;
    if inner.iter().any(Vec::is_empty) {
        return Err(TemplateError::new("missing value in parentheses"));
    }
    let Some(Token::Chain(fields)) = tokens.as_slice().first() else {
        return Ok(Operand::Inner(inner, Vec::new()));
    };
    tokens.next();
    Ok(Operand::Inner(inner, fields.clone()))
}
