//! libyaml's complaints, with a hint where the cause is a common one.

use super::events::SyntaxError;
use crate::project::diagnostic::Diagnostic;

/// The diagnostic of a syntax error.
pub fn explain(error: SyntaxError, text: &str) -> Box<Diagnostic> {
    let number = (error.span.line as usize).saturating_sub(1);
    let help = hint(&error.problem, text, number);
    let mut diagnostic = Diagnostic::error("yaml-syntax", error.span, error.problem);
    if let Some((context, span)) = error.context {
        diagnostic = diagnostic.with_label(span, context);
    }
    Box::new(match help {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    })
}

fn hint(problem: &str, text: &str, number: usize) -> Option<String> {
    let line = text.lines().nth(number).unwrap_or("");
    if indentation(line).contains('\t') {
        return Some("YAML does not allow tabs for indentation; use blanks".into());
    }
    if problem.contains("expected key") || problem.contains("expected '-' indicator") {
        return misaligned(text, number, indentation(line).len());
    }
    if problem.contains("expected ','") && line.contains("${") {
        return Some("`${...}` inside { } or [ ] must be quoted".into());
    }
    let value = line.split_once(": ").map_or(line, |(_, value)| value).trim_start_matches("- ").trim();
    if value.starts_with(['@', '`', '%', '*', '&', '!']) {
        return Some("a value that begins with this character must be quoted".into());
    }
    (problem.starts_with("mapping values") && value.contains(": "))
        .then(|| "a value that contains \": \" must be quoted".into())
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
