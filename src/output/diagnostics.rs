//! Errors and warnings about a project's files, for people.
//!
//! An error shows its line, what else plays a part, and how to mend it. A warning takes one line, because there may be
//! many and the work goes on.

use std::collections::HashSet;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use crate::project::source::SourceFile;
use crate::project::{Diagnostic, Severity, SourceMap, Span};

/// The printed form of all diagnostics, a blank line after each that takes several; one that repeats word for word at one
/// place is printed once.
pub fn render_all(diagnostics: &[Diagnostic], sources: &SourceMap, colour: bool) -> String {
    let mut seen = HashSet::new();
    let fresh =
        diagnostics.iter().filter(|diagnostic| seen.insert((diagnostic.span, diagnostic.message.as_str())));
    let printed = fresh.map(|diagnostic| render(diagnostic, sources, colour));
    printed.map(|text| if text.contains('\n') { text + "\n\n" } else { text + "\n" }).collect()
}

/// The printed form of one diagnostic, without a line end.
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, colour: bool) -> String {
    match diagnostic.severity {
        Severity::Warning => warning(diagnostic, sources, colour),
        Severity::Error => error(diagnostic, sources, colour),
    }
}

fn warning(diagnostic: &Diagnostic, sources: &SourceMap, colour: bool) -> String {
    let word = if colour { "\u{1b}[33mwarning\u{1b}[0m" } else { "warning" };
    let place = sources.locate(diagnostic.span).map(|place| format!("{place}: ")).unwrap_or_default();
    format!("{word}: {place}{}", diagnostic.message)
}

fn error(diagnostic: &Diagnostic, sources: &SourceMap, colour: bool) -> String {
    let title = Level::ERROR.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let mut group = Group::with_title(title);
    for snippet in snippets(diagnostic, sources) {
        group = group.element(snippet);
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}

/// One snippet per file: the file of the error itself first.
fn snippets<'a>(diagnostic: &'a Diagnostic, sources: &'a SourceMap) -> Vec<Snippet<'a, Annotation<'a>>> {
    let primary = (diagnostic.span, AnnotationKind::Primary, None);
    let labels = diagnostic
        .labels
        .iter()
        .map(|label| (label.span, AnnotationKind::Context, Some(label.text.as_str())));
    let mut places: Vec<_> = std::iter::once(primary).chain(labels).collect();
    let mut snippets = Vec::new();
    while let Some(&(first, ..)) = places.first() {
        let (here, rest): (Vec<_>, Vec<_>) =
            places.into_iter().partition(|(span, ..)| span.file == first.file);
        places = rest;
        let Some(file) = sources.get(first.file) else { continue };
        let mut snippet = Snippet::source(file.text.as_str()).path(file.path.to_string_lossy().into_owned());
        for (span, kind, label) in here {
            snippet = snippet.annotation(kind.span(first_line(file, span)).label(label));
        }
        snippets.push(snippet);
    }
    snippets
}

/// The part of a span on its first line, between character boundaries: a map of many lines is named by where it begins.
fn first_line(file: &SourceFile, span: Span) -> Range<usize> {
    let text = file.text.as_str();
    let boundary = |offset: u32| {
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    };
    let (start, end) = (boundary(span.start), boundary(span.end));
    let line_end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    start..end.clamp(start, line_end)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::project::source::FileId;

    fn span(file: FileId, text: &str, part: &str) -> Span {
        let start = text.find(part).expect("part of the text");
        let line = text[..start].lines().count().max(1);
        Span {
            file,
            start: u32::try_from(start).expect("small"),
            end: u32::try_from(start + part.len()).expect("small"),
            line: u32::try_from(line).expect("small"),
            column: 1,
            ..Span::default()
        }
    }

    #[test]
    fn an_error_shows_its_line_the_labels_and_the_help() {
        let text = "services:\n  web:\n    imge: nginx\n";
        let mut sources = SourceMap::default();
        let file = sources.add(Path::new("compose.yaml"), text.into());
        let diagnostic = Diagnostic::error(
            "unknown-key",
            span(file, text, "imge"),
            "additional properties 'imge' not allowed",
        )
        .with_label(span(file, text, "web"), "in this service")
        .with_help("did you mean `image`?");
        let expected = "\
error[unknown-key]: additional properties 'imge' not allowed
 --> compose.yaml:3:5
  |
2 |   web:
  |   --- in this service
3 |     imge: nginx
  |     ^^^^
  |
  = help: did you mean `image`?";
        assert_eq!(render(&diagnostic, &sources, false), expected);
    }

    #[test]
    fn an_error_without_a_place_is_a_line() {
        let diagnostic =
            Diagnostic::error("no-file", Span::default(), "no configuration file provided: not found");
        assert_eq!(
            render(&diagnostic, &SourceMap::default(), false),
            "error[no-file]: no configuration file provided: not found"
        );
    }

    #[test]
    fn a_warning_takes_one_line_and_is_said_once() {
        let text = "a: $X\n";
        let mut sources = SourceMap::default();
        let file = sources.add(Path::new("c.yml"), text.into());
        let warning =
            Diagnostic::warning("unset-variable", span(file, text, "$X"), "The \"X\" variable is not set.");
        let printed = render_all(&[warning.clone(), warning], &sources, false);
        assert_eq!(printed, "warning: c.yml:1:1: The \"X\" variable is not set.\n");
    }

    #[test]
    fn spans_of_many_lines_and_odd_offsets_are_safe() {
        let mut sources = SourceMap::default();
        let file = sources.add(Path::new("c.yml"), "é: {\n a: 1}\n".into());
        for (start, end) in [(0, 12), (1, 3), (500, 900), (5, 2)] {
            let span = Span { file, start, end, line: 1, column: 1, ..Span::default() };
            assert!(render(&Diagnostic::error("x", span, "y"), &sources, false).contains("c.yml"));
        }
    }
}
