//! The texts that a project was read from, and places in them.
//!
//! Owns file names and contents, so that a diagnostic can show the line it speaks about long after parsing.
//! Does not read files: `read` does and registers what it read here.

mod scalar;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::origin::OriginId;

/// Number of a file in a [`SourceMap`]. Zero is "no file".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct FileId(u32);

impl FileId {
    /// The number of a first file, for tests.
    #[cfg(test)]
    pub(super) fn test() -> FileId {
        FileId(1)
    }

    /// The number itself.
    pub(super) fn number(self) -> u32 {
        self.0
    }
}

/// A stretch of text in one file. [`Span::default`] is "nowhere": a value that Wharf made up itself (a default).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte, counted from 0.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Line of the first byte, counted from 1.
    pub line: u32,
    /// Column of the first byte in characters, counted from 1.
    pub column: u32,
    /// What else is known of the value there; zero unless origins are recorded.
    #[serde(skip)]
    pub origin: OriginId,
}

impl Span {
    /// The span of a range of a file's whole text.
    pub fn in_text(file: FileId, text: &str, range: Range<usize>) -> Span {
        within(Span { file, line: 1, column: 1, ..Span::default() }, text, &range)
    }

    /// Whether the span points into a file at all.
    pub fn is_known(&self) -> bool {
        self.file != FileId::default()
    }

    /// Whether a file says the value: it was not filled in.
    pub fn is_written(&self) -> bool {
        self.is_known() && self.origin != OriginId::FILLED_IN
    }

    /// The span of a value that Wharf fills in because of what is written here.
    #[must_use]
    pub fn filled_in(self) -> Span {
        Span { origin: OriginId::FILLED_IN, ..self }
    }

    /// The place alone, without what else is known of the value there.
    pub fn place(&self) -> (FileId, u32, u32) {
        (self.file, self.start, self.end)
    }

    /// This span, or `other` where this one points nowhere.
    pub fn or(self, other: Span) -> Span {
        if self.is_known() { self } else { other }
    }
}

/// One file that was read.
#[derive(Debug)]
pub struct SourceFile {
    /// Path as the user would write it, or `(stdin)`.
    pub path: PathBuf,
    /// Whole content.
    pub text: String,
    /// First byte of each line, once somebody asks: every line of a long file may be asked for.
    lines: OnceLock<Vec<usize>>,
}

impl SourceFile {
    fn line_start(&self, index: usize) -> usize {
        let lines = self.lines.get_or_init(|| {
            let after = self.text.match_indices('\n').map(|(position, _)| position + 1);
            std::iter::once(0).chain(after).collect()
        });
        lines.get(index).copied().unwrap_or(self.text.len())
    }
}

/// A place between two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
}

/// A range of the text that stands at a span, as a span.
fn within(span: Span, raw: &str, range: &Range<usize>) -> Span {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    let before = &raw[..range.start];
    let (line, column) = match before.rfind('\n') {
        None => (span.line, span.column + number(before.chars().count())),
        Some(end) => {
            let lines = before.matches('\n').count();
            (span.line + number(lines), number(before[end + 1..].chars().count()) + 1)
        }
    };
    Span {
        start: span.start + number(range.start),
        end: span.start + number(range.end),
        line,
        column,
        ..span
    }
}

/// Every file that took part in a project. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<Arc<SourceFile>>,
    base: PathBuf,
}

impl SourceMap {
    /// No files yet; paths below `base` will be shown as seen from there.
    pub fn seen_from(base: &Path) -> Self {
        Self { files: Vec::new(), base: base.to_path_buf() }
    }

    /// Remembers a file and gives it a number. `-` is standard input.
    pub fn add(&mut self, path: &Path, text: String) -> FileId {
        let near = path.strip_prefix(&self.base).unwrap_or(path);
        let shown = if path.as_os_str() == "-" { Path::new("(stdin)") } else { near };
        self.files.push(Arc::new(SourceFile { path: shown.to_path_buf(), text, lines: OnceLock::new() }));
        FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX))
    }

    /// The file with this number; `None` for "no file".
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        let index = usize::try_from(id.0).ok()?.checked_sub(1)?;
        self.files.get(index).map(AsRef::as_ref)
    }

    /// The place of a whole line, counted from 1.
    pub fn line(&self, id: FileId, line: u32) -> Span {
        let Some(file) = self.get(id) else { return Span { file: id, line, column: 1, ..Span::default() } };
        let start = file.line_start(usize::try_from(line.saturating_sub(1)).unwrap_or(0));
        let length = file.text[start..].lines().next().map_or(0, str::len);
        let offset = |position: usize| u32::try_from(position).unwrap_or(u32::MAX);
        Span {
            file: id,
            start: offset(start),
            end: offset(start + length),
            line,
            column: 1,
            origin: OriginId::default(),
        }
    }

    /// What stands at a span; `None` where that is nowhere.
    pub fn text(&self, span: Span) -> Option<&str> {
        self.get(span.file)?.text.get(span.start as usize..span.end as usize)
    }

    /// Where a part of a scalar was written, given its span, its text as YAML reads it and a range of that text. The
    /// whole scalar where that cannot be told (a text that was changed since).
    pub fn part(&self, span: Span, text: &str, part: Range<usize>) -> Span {
        let found = self.text(span).and_then(|raw| Some((raw, scalar::locate(raw, text, part)?)));
        found.map_or(span, |(raw, range)| within(span, raw, &range))
    }

    /// The position right after a span.
    pub fn end(&self, span: Span) -> Position {
        let raw = self.text(span).unwrap_or_default();
        let after = within(span, raw, &(raw.len()..raw.len()));
        Position { line: after.line, column: after.column }
    }

    /// `path:line:column` of a span, or `None` when it points nowhere.
    pub fn locate(&self, span: Span) -> Option<String> {
        let file = self.get(span.file)?;
        Some(format!("{}:{}:{}", file.path.display(), span.line, span.column))
    }
}
