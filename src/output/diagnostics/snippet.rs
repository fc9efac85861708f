//! One diagnostic with the lines it is about.

use std::borrow::Cow;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::Look;
use crate::output::harmless::{harmless, source};
use crate::project::source::SourceFile;
use crate::project::{Diagnostic, Severity, SourceMap, Span};

/// A place, how it is marked, and what is said there.
type Mark<'a> = (Span, AnnotationKind, Option<Cow<'a, str>>);

/// The printed form, without a line end.
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, look: Look) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = harmless(&diagnostic.message);
    let excerpts = excerpts(diagnostic, sources);
    let mut group = Group::with_title(level.primary_title(message.as_ref()).id(diagnostic.code));
    for excerpt in &excerpts {
        group = group.element(excerpt.snippet());
    }
    let help = diagnostic.help.as_deref().map(harmless);
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(help.as_ref()));
    }
    let renderer = if look.colour { Renderer::styled() } else { Renderer::plain() };
    renderer.term_width(look.width).render(&[group])
}

/// The lines of one file from the first to the last that is marked.
struct Excerpt<'a> {
    path: String,
    text: Cow<'a, str>,
    first_line: usize,
    marks: Vec<(Range<usize>, AnnotationKind, Option<Cow<'a, str>>)>,
}

impl Excerpt<'_> {
    fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        let mut snippet =
            Snippet::source(self.text.as_ref()).line_start(self.first_line).path(self.path.as_str());
        for (range, kind, label) in &self.marks {
            snippet = snippet.annotation(kind.span(range.clone()).label(label.as_deref()));
        }
        snippet
    }
}

/// One excerpt per file: the file of the diagnostic itself first.
fn excerpts<'a>(diagnostic: &'a Diagnostic, sources: &'a SourceMap) -> Vec<Excerpt<'a>> {
    let primary: Mark<'a> = (diagnostic.span, AnnotationKind::Primary, None);
    let labels = diagnostic
        .labels
        .iter()
        .map(|label| (label.span, AnnotationKind::Context, Some(harmless(&label.text))));
    let mut marks: Vec<Mark<'a>> = std::iter::once(primary).chain(labels).collect();
    let mut excerpts = Vec::new();
    while let Some(&(first, ..)) = marks.first() {
        let (here, rest) = marks.into_iter().partition(|(span, ..)| span.file == first.file);
        marks = rest;
        excerpts.extend(sources.get(first.file).map(|file| excerpt(file, here)));
    }
    excerpts
}

fn excerpt<'a>(file: &'a SourceFile, marks: Vec<Mark<'a>>) -> Excerpt<'a> {
    let text = file.text.as_str();
    let ranges: Vec<Range<usize>> = marks.iter().map(|(span, ..)| first_line(text, *span)).collect();
    let first = ranges.iter().map(|range| range.start).min().unwrap_or(0);
    let last = ranges.iter().map(|range| range.end).max().unwrap_or(0);
    let start = text[..first].rfind('\n').map_or(0, |end| end + 1);
    let end = text[last..].find('\n').map_or(text.len(), |length| last + length);
    let marks = marks.into_iter().zip(ranges);
    Excerpt {
        path: harmless(&file.path.to_string_lossy()).into_owned(),
        text: source(&text[start..end]),
        first_line: text[..start].matches('\n').count() + 1,
        marks: marks
            .map(|((_, kind, label), range)| (range.start - start..range.end - start, kind, label))
            .collect(),
    }
}

/// The part of a span on its first line, between character boundaries: a map of many lines is named by where it begins.
fn first_line(text: &str, span: Span) -> Range<usize> {
    let boundary = |offset: u32| text.floor_char_boundary(offset as usize);
    let (start, end) = (boundary(span.start), boundary(span.end));
    let line_end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    start..end.clamp(start, line_end)
}
