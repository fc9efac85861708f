//! What a terminal gets.

use std::path::Path;

use super::*;
use crate::project::Span;
use crate::project::source::FileId;

const PLAIN: Look = Look { colour: false, width: 140, verbose: false };

fn span(file: FileId, text: &str, part: &str) -> Span {
    let start = text.find(part).expect("part of the text");
    let line_start = text[..start].rfind('\n').map_or(0, |end| end + 1);
    let number = |value: usize| u32::try_from(value).expect("small");
    Span {
        file,
        start: number(start),
        end: number(start + part.len()),
        line: number(text[..start].matches('\n').count() + 1),
        column: number(text[line_start..start].chars().count() + 1),
        ..Span::default()
    }
}

fn one(text: &str) -> (SourceMap, FileId) {
    let mut sources = SourceMap::default();
    let file = sources.add(Path::new("compose.yaml"), text.into());
    (sources, file)
}

#[test]
fn an_error_shows_its_line_the_labels_and_the_help() {
    let text = "services:\n  web:\n    imge: nginx\n";
    let (sources, file) = one(text);
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
    assert_eq!(render(&diagnostic, &sources, PLAIN), expected);
}

#[test]
fn an_error_without_a_place_is_a_line() {
    let diagnostic =
        Diagnostic::error("no-file", Span::default(), "no configuration file provided: not found");
    assert_eq!(
        render(&diagnostic, &SourceMap::default(), PLAIN),
        "error[no-file]: no configuration file provided: not found"
    );
}

#[test]
fn a_warning_takes_one_line_and_is_said_once() {
    let text = "a: $X\n";
    let (sources, file) = one(text);
    let warning =
        Diagnostic::warning("unset-variable", span(file, text, "$X"), "The \"X\" variable is not set.")
            .with_help("set it");
    let printed = render_all(&[warning.clone(), warning.clone()], &sources, PLAIN);
    assert_eq!(printed, "warning: compose.yaml:1:4: The \"X\" variable is not set.\n");
    let verbose = render(&warning, &sources, Look { verbose: true, ..PLAIN });
    assert!(verbose.contains("1 | a: $X\n  |    ^^\n  |\n  = help: set it"), "{verbose}");
}

#[test]
fn the_fifty_first_is_only_counted() {
    let errors: Vec<Diagnostic> =
        (0..52).map(|number| Diagnostic::error("type", Span::default(), format!("error {number}"))).collect();
    let printed = render_all(&errors, &SourceMap::default(), PLAIN);
    assert!(printed.contains("error 49\n") && !printed.contains("error 50\n"), "{printed}");
    assert!(printed.ends_with("and 2 more errors\n"), "{printed}");
}

#[test]
fn spans_of_many_lines_and_odd_offsets_are_safe() {
    let (sources, file) = one("é: {\n a: 1}\n");
    for (start, end) in [(0, 12), (1, 3), (500, 900), (5, 2)] {
        let span = Span { file, start, end, line: 1, column: 1, ..Span::default() };
        assert!(render(&Diagnostic::error("x", span, "y"), &sources, PLAIN).contains("compose.yaml"));
    }
}

#[test]
fn a_long_line_is_cut_around_the_caret() {
    let text = format!("a: {} here {}", "x".repeat(5000), "y".repeat(5000));
    let (sources, file) = one(&text);
    let error = Diagnostic::error("type", span(file, &text, "here"), "wrong");
    for width in [40, 80, 200] {
        let printed = render(&error, &sources, Look { width, ..PLAIN });
        let shown = printed.lines().find(|line| line.contains("here")).expect("the word is shown");
        assert!(shown.chars().count() <= width + 10, "{width}: {}", shown.chars().count());
        let caret = printed.lines().find(|line| line.contains("^^^^")).expect("the caret is shown");
        let column = |line: &str, part: &str| line[..line.find(part).expect("there")].chars().count();
        assert_eq!(column(shown, "here"), column(caret, "^^^^"), "{printed}");
    }
}

#[test]
fn wide_characters_and_combining_marks_keep_the_caret_in_its_place() {
    for before in ["漢字", "e\u{301}e\u{301}", "🐳"] {
        let text = format!("{before}: here");
        let (sources, file) = one(&text);
        let printed = render(&Diagnostic::error("type", span(file, &text, "here"), "x"), &sources, PLAIN);
        let width = console::measure_text_width(before);
        let caret = printed.lines().find(|line| line.contains("^^^^")).expect("a caret");
        assert_eq!(caret.find('^').expect("there"), "1 | ".len() + width + ": ".len(), "{printed}");
    }
}

#[test]
fn nothing_in_a_file_reaches_the_terminal_as_a_command() {
    let text = "a\u{1b}]0;title\u{7}: \u{9b}31m\u{202e}x\u{8}\n";
    let mut sources = SourceMap::default();
    let file = sources.add(Path::new("bad\u{1b}[2J.yaml"), text.into());
    let diagnostic = Diagnostic::error("type", span(file, text, "\u{9b}31m"), "key 'a\u{1b}[31m'")
        .with_label(span(file, text, "a"), "label \u{1b}c")
        .with_help("help \u{9b}");
    let warning = Diagnostic::warning("type", diagnostic.span, "say \u{1b}[2J\nmore");
    let printed = render_all(&[diagnostic, warning], &sources, PLAIN);
    assert!(printed.chars().all(|c| c == '\n' || !c.is_control()), "{printed:?}");
    assert!(!printed.contains('\u{202e}'), "{printed:?}");
}
