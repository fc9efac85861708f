//! The YAML event parser: a safe face for `libyaml-rs`, which is libyaml translated to Rust.
//!
//! All `unsafe` of the orchestrator is in this module. It turns C events into owned Rust values and deletes them; meaning
//! is given to them in `builder`.
#![expect(unsafe_code, reason = "libyaml-rs keeps the C interface")]

use std::ffi::CStr;
use std::mem::MaybeUninit;

use libyaml_rs as sys;

use crate::project::source::{FileId, Span};

/// What the parser saw.
#[derive(Debug)]
pub enum EventKind {
    /// A document begins.
    DocumentStart,
    /// A document ends.
    DocumentEnd,
    /// `*name`.
    Alias(String),
    /// A scalar; `plain` is one without quotes or block style.
    Scalar { properties: Properties, text: String, plain: bool },
    /// A list begins.
    SequenceStart(Properties),
    /// A list ends.
    SequenceEnd,
    /// A map begins.
    MappingStart(Properties),
    /// A map ends.
    MappingEnd,
    /// The file ends.
    End,
}

/// What may stand before a node.
#[derive(Debug, Default)]
pub struct Properties {
    /// `&name`.
    pub anchor: Option<String>,
    /// The tag, expanded (`tag:yaml.org,2002:str`).
    pub tag: Option<String>,
}

/// An event and its place.
#[derive(Debug)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// Where.
    pub span: Span,
}

/// Text that is no YAML.
#[derive(Debug)]
pub struct SyntaxError {
    /// What was wrong, in libyaml's words.
    pub problem: String,
    /// Where.
    pub span: Span,
    /// What was being read, and where that began.
    pub context: Option<(String, Span)>,
}

/// The events of one text.
pub struct Events<'a> {
    // Boxed: libyaml keeps pointers into its own structure.
    parser: Box<sys::yaml_parser_t>,
    file: FileId,
    text: &'a str,
}

impl<'a> Events<'a> {
    /// Starts at the beginning of `text`. `None` when memory is exhausted.
    pub fn new(file: FileId, text: &'a str) -> Option<Self> {
        let mut parser = Box::new(MaybeUninit::<sys::yaml_parser_t>::uninit());
        // SAFETY: the pointer is valid for writes of a parser; initialize writes the whole structure or fails.
        if unsafe { sys::yaml_parser_initialize(parser.as_mut_ptr()) }.fail {
            return None;
        }
        // SAFETY: initialize succeeded, so the structure is fully written.
        let mut parser = unsafe { parser.assume_init() };
        // SAFETY: the parser is initialised and boxed, so it does not move; `text` outlives it through `'a`, and libyaml
        // only reads from it.
        unsafe {
            sys::yaml_parser_set_encoding(&raw mut *parser, sys::YAML_UTF8_ENCODING);
            sys::yaml_parser_set_input_string(&raw mut *parser, text.as_ptr(), text.len() as u64);
        }
        Some(Self { parser, file, text })
    }

    /// The next event; after [`EventKind::End`] it stays there.
    pub fn next(&mut self) -> Result<Event, SyntaxError> {
        loop {
            let mut raw = MaybeUninit::<sys::yaml_event_t>::uninit();
            // SAFETY: the parser is initialised; parse writes the event when it succeeds (it zeroes it first).
            if unsafe { sys::yaml_parser_parse(&raw mut *self.parser, raw.as_mut_ptr()) }.fail {
                return Err(self.error());
            }
            // SAFETY: parse succeeded, so the event is written.
            let mut raw = unsafe { raw.assume_init() };
            let span = self.span(raw.start_mark, raw.end_mark);
            let kind = kind(&raw);
            // SAFETY: the event came from parse, is deleted once, and `kind` copied what it keeps.
            unsafe { sys::yaml_event_delete(&raw mut raw) };
            if let Some(kind) = kind {
                return Ok(Event { kind, span });
            }
        }
    }

    fn error(&self) -> SyntaxError {
        // SAFETY: libyaml sets `problem` and `context` to null or to string literals of its own.
        let (problem, context) = unsafe { (message(self.parser.problem), message(self.parser.context)) };
        let span = match self.parser.error {
            sys::YAML_READER_ERROR => self.character(self.parser.problem_offset),
            _ => self.span(self.parser.problem_mark, self.parser.problem_mark),
        };
        let context_span = self.span(self.parser.context_mark, self.parser.context_mark);
        SyntaxError {
            problem: problem.unwrap_or_else(|| "not valid YAML".into()),
            span,
            context: context.map(|text| (text, context_span)),
        }
    }

    /// The place of one character; the reader, which is ahead of the parser, gives its byte only.
    fn character(&self, offset: u64) -> Span {
        let start = self.text.floor_char_boundary(usize::try_from(offset).unwrap_or(usize::MAX));
        Span::in_text(self.file, self.text, start..start)
    }

    fn span(&self, start: sys::yaml_mark_t, end: sys::yaml_mark_t) -> Span {
        let offset = |index: u64| narrow(index.min(self.text.len() as u64));
        Span {
            file: self.file,
            start: offset(start.index),
            end: offset(end.index),
            line: narrow(start.line + 1),
            column: narrow(start.column + 1),
            ..Span::default()
        }
    }
}

impl Drop for Events<'_> {
    fn drop(&mut self) {
        // SAFETY: the parser was initialised in `new` and is deleted once.
        unsafe { sys::yaml_parser_delete(&raw mut *self.parser) };
    }
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The event as an owned value; `None` for those that say nothing (the start of the stream).
fn kind(raw: &sys::yaml_event_t) -> Option<EventKind> {
    // SAFETY (all blocks below): the event's type says which member of the union libyaml wrote; its strings are null or
    // end with a zero byte, and a scalar's value has `length` bytes.
    Some(match raw.type_ {
        sys::YAML_DOCUMENT_START_EVENT => EventKind::DocumentStart,
        sys::YAML_DOCUMENT_END_EVENT => EventKind::DocumentEnd,
        sys::YAML_SEQUENCE_END_EVENT => EventKind::SequenceEnd,
        sys::YAML_MAPPING_END_EVENT => EventKind::MappingEnd,
        sys::YAML_STREAM_END_EVENT | sys::YAML_NO_EVENT => EventKind::End,
        sys::YAML_ALIAS_EVENT => {
            // SAFETY: see above.
            EventKind::Alias(unsafe { string(raw.data.alias.anchor) }.unwrap_or_default())
        }
        sys::YAML_SEQUENCE_START_EVENT => {
            // SAFETY: see above.
            let (anchor, tag) =
                unsafe { (string(raw.data.sequence_start.anchor), string(raw.data.sequence_start.tag)) };
            EventKind::SequenceStart(Properties { anchor, tag })
        }
        sys::YAML_MAPPING_START_EVENT => {
            // SAFETY: see above.
            let (anchor, tag) =
                unsafe { (string(raw.data.mapping_start.anchor), string(raw.data.mapping_start.tag)) };
            EventKind::MappingStart(Properties { anchor, tag })
        }
        sys::YAML_SCALAR_EVENT => {
            // SAFETY: see above.
            unsafe { scalar(raw) }
        }
        _ => return None,
    })
}

/// # Safety
/// `raw` is a scalar event written by libyaml.
unsafe fn scalar(raw: &sys::yaml_event_t) -> EventKind {
    // SAFETY: the caller says that the union holds a scalar.
    let data = unsafe { raw.data.scalar };
    let length = usize::try_from(data.length).unwrap_or(0);
    // SAFETY: a scalar's value points to `length` bytes that live as long as the event.
    let bytes = unsafe { std::slice::from_raw_parts(data.value, length) };
    // SAFETY: both are null or end with a zero byte.
    let properties = unsafe { Properties { anchor: string(data.anchor), tag: string(data.tag) } };
    let text = String::from_utf8_lossy(bytes).into_owned();
    EventKind::Scalar { properties, text, plain: data.style == sys::YAML_PLAIN_SCALAR_STYLE }
}

/// # Safety
/// `pointer` is null or points to bytes that end with zero.
unsafe fn string(pointer: *const u8) -> Option<String> {
    // SAFETY: passed on from the caller.
    unsafe { message(pointer.cast()) }
}

/// # Safety
/// `pointer` is null or points to bytes that end with zero.
unsafe fn message(pointer: *const i8) -> Option<String> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: not null, so the caller says it ends with a zero byte.
    let text = unsafe { CStr::from_ptr(pointer.cast()) };
    Some(text.to_string_lossy().into_owned())
}
