//! libyaml's complaints, with a hint where the cause is a common one.

use super::events::SyntaxError;
use crate::project::diagnostic::Diagnostic;
use crate::project::source::Span;

/// The diagnostic of a syntax error behind the node that was read last.
pub fn explain(error: SyntaxError, text: &str, last: Span) -> Box<Diagnostic> {
    let number = (error.span.line as usize).saturating_sub(1);
    if let Some(diagnostic) = late_quote(&error, text, last) {
        return Box::new(diagnostic);
    }
    let help = hint(&error.problem, text, number);
    let span = readable(error.span, text);
    let mut diagnostic = Diagnostic::error("yaml-syntax", span, error.problem);
    // What was being read says something where it began earlier.
    if let Some((context, span)) = error.context.filter(|(_, begun)| begun.start != span.start) {
        diagnostic = diagnostic.with_label(span, context);
    }
    Box::new(match help {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    })
}

/// A quote that is not closed takes in what follows, up to the next quote; what stands behind that one makes no sense.
fn late_quote(error: &SyntaxError, text: &str, last: Span) -> Option<Diagnostic> {
    let quoted = text.get(last.start as usize..last.end as usize)?;
    let quote = quoted.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let is_late = quoted.contains('\n') && error.problem.starts_with("did not find expected");
    let opened = Span { end: last.start + 1, ..last };
    is_late.then(|| {
        Diagnostic::error("yaml-syntax", readable(error.span, text), error.problem.clone())
            .with_label(opened, format!("the text in {quote} that ends here begins there"))
            .with_help(format!("the {quote} in line {} is not closed in its line", last.line))
    })
}

/// libyaml points between characters: at the one that stands there, and at the last one where the text ends.
fn readable(span: Span, text: &str) -> Span {
    let start = text.floor_char_boundary(span.start as usize);
    let length = text[start..].chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    let end = u32::try_from(start + length).unwrap_or(span.end);
    Span { end: end.max(span.end), ..span }
}

fn hint(problem: &str, text: &str, number: usize) -> Option<String> {
    let line = text.lines().nth(number).unwrap_or("");
    if let Some(mark) = text.lines().position(|line| line.starts_with("<<<<<<< ")) {
        return Some(format!("line {} is the mark of a merge conflict: resolve it first", mark + 1));
    }
    if indentation(line).contains('\t') {
        return Some("the line is indented with a tab, which YAML does not allow: use spaces".into());
    }
    if problem.contains("expected key") || problem.contains("expected '-' indicator") {
        return misaligned(text, number, indentation(line).len()).or_else(|| {
            let in_list = problem.contains("'-' indicator");
            in_list.then(|| {
                "this line stands in a list: begin it with `- `, or write all of them as `key: value`".into()
            })
        });
    }
    if problem.contains("unexpected ':'") {
        return Some("inside { } and [ ] a blank must follow the colon".into());
    }
    if problem.contains("expected ','") {
        return Some(if line.contains("${") {
            "`${...}` inside { } or [ ] must be quoted".into()
        } else {
            "the bracket that was opened is not closed, or a comma is missing".into()
        });
    }
    if problem.contains("unknown escape") {
        return Some("in double quotes `\\` begins an escape: write `\\\\`, or use single quotes".into());
    }
    if problem.contains("end of stream") {
        return Some("the quote that was opened is never closed".into());
    }
    let value = line.split_once(": ").map_or(line, |(_, value)| value).trim_start_matches("- ").trim();
    if value.starts_with(['@', '`', '%', '*', '&', '!']) {
        return Some("a value that begins with this character must be quoted".into());
    }
    if !problem.starts_with("mapping values") {
        return None;
    }
    if value.contains(": ") {
        return Some("a value that contains \": \" must be quoted".into());
    }
    glued(text, number).or_else(|| misaligned(text, number, indentation(line).len()))
}

/// `key:value` on the line above, which is one word to YAML.
fn glued(text: &str, number: usize) -> Option<String> {
    let above = text.lines().nth(number.checked_sub(1)?)?.trim();
    let (key, value) = above.split_once(':')?;
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    (is_key && !value.is_empty() && !value.starts_with([' ', '/']))
        .then(|| format!("a blank is missing after the colon: `{key}: {value}`"))
}

/// Says how far a line stands from what stands above it.
fn misaligned(text: &str, number: usize, depth: usize) -> Option<String> {
    let above = text
        .lines()
        .take(number)
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let previous = indentation(above.last()?).len();
    let blanks = |count: usize| if count == 1 { "1 blank".to_owned() } else { format!("{count} blanks") };
    (depth > 0 && depth != previous).then(|| {
        format!(
            "this line is indented by {}, the one above by {}: entries of one map stand in one column",
            blanks(depth),
            blanks(previous)
        )
    })
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}
