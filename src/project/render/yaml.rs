//! YAML as go-yaml prints it: two blanks, lists indented under their key, double quotes where plain text would read as
//! another type, single quotes where it would not parse.

use std::borrow::Cow;
use std::fmt::Write;

use crate::project::node::{Node, Value};
use crate::project::spelling::float;
use crate::project::yaml::is_plain_string;

/// What stands behind a value as a comment: one line, without the `#`.
pub type Comments<'c> = &'c dyn Fn(&Node) -> Option<String>;

/// A whole document.
pub fn print(root: &Node, comments: Comments<'_>) -> String {
    let mut printer = Printer { out: String::new(), comments };
    if is_block(root) {
        printer.block(root, 0);
    } else {
        printer.line_end(root, 0);
    }
    printer.out
}

struct Printer<'c> {
    out: String,
    comments: Comments<'c>,
}

impl Printer<'_> {
    /// A map or list that begins on a fresh line.
    fn block(&mut self, node: &Node, depth: usize) {
        match &node.value {
            Value::Mapping(entries) => {
                for (key, entry) in entries {
                    indent(&mut self.out, depth);
                    self.entry(key, &entry.node, depth);
                }
            }
            Value::Sequence(items) => {
                for item in items {
                    indent(&mut self.out, depth);
                    self.item(item, depth);
                }
            }
            _ => {}
        }
    }

    fn entry(&mut self, key: &str, node: &Node, depth: usize) {
        // Keys are never written over several lines. A key `<<` that is still there was quoted, and merges nothing.
        let key = if key == "<<" { Cow::Borrowed("\"<<\"") } else { inline(key) };
        self.out.push_str(&key);
        self.out.push(':');
        if is_block(node) {
            self.comment(node);
            self.out.push('\n');
            self.block(node, depth + 1);
        } else {
            self.out.push(' ');
            self.line_end(node, depth + 1);
        }
    }

    /// `- ` and the item; a map's first key stands on the same line.
    fn item(&mut self, node: &Node, depth: usize) {
        self.out.push_str("- ");
        match &node.value {
            Value::Mapping(entries) if !entries.is_empty() => {
                for (index, (key, entry)) in entries.iter().enumerate() {
                    if index > 0 {
                        indent(&mut self.out, depth + 1);
                    }
                    self.entry(key, &entry.node, depth + 1);
                }
            }
            Value::Sequence(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        indent(&mut self.out, depth + 1);
                    }
                    self.item(item, depth + 1);
                }
            }
            _ => self.line_end(node, depth + 1),
        }
    }

    /// A scalar or empty collection, its comment, and the end of its line.
    fn line_end(&mut self, node: &Node, depth: usize) {
        match &node.value {
            Value::String(text) if text.contains('\n') && is_literal(text) => {
                self.out.push_str(&literal_header(text));
                self.comment(node);
                literal_lines(&mut self.out, text, depth);
            }
            value => {
                self.out.push_str(&scalar(value));
                self.comment(node);
            }
        }
        self.out.push('\n');
    }

    fn comment(&mut self, node: &Node) {
        if let Some(comment) = (self.comments)(node) {
            self.out.push_str(" # ");
            self.out.push_str(&comment);
        }
    }
}

fn is_block(node: &Node) -> bool {
    match &node.value {
        Value::Mapping(entries) => !entries.is_empty(),
        Value::Sequence(items) => !items.is_empty(),
        _ => false,
    }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn scalar(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string().into(),
        Value::Int(value) => value.to_string().into(),
        Value::Float(value) => number(*value).into(),
        Value::Sequence(_) => "[]".into(),
        Value::Mapping(_) => "{}".into(),
        Value::String(text) => inline(text),
    }
}

fn number(value: f64) -> String {
    if value.is_nan() {
        ".nan".into()
    } else if value.is_infinite() {
        if value > 0.0 { ".inf".into() } else { "-.inf".into() }
    } else {
        float::format(value)
    }
}

/// Text on one line, in the quotes that it needs.
fn inline(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\t']) || is_special(text) || !is_plain_string(text) {
        return double_quoted(text).into();
    }
    if is_plain(text) { text.into() } else { format!("'{}'", text.replace('\'', "''")).into() }
}

/// Whether text may stand without quotes in a block (libyaml's analysis).
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    if *first == b' ' || *last == b' ' || text.starts_with("---") || text.starts_with("...") {
        return false;
    }
    let blank_after =
        |index: usize| bytes.get(index + 1).is_none_or(|next| matches!(next, b' ' | b'\t' | b'\n'));
    match first {
        b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%'
        | b'@' | b'`' => return false,
        b'?' | b':' | b'-' if blank_after(0) => return false,
        _ => {}
    }
    !bytes.iter().enumerate().skip(1).any(|(index, byte)| match byte {
        b':' => blank_after(index),
        b'#' => bytes[index - 1] == b' ',
        _ => false,
    })
}

/// Characters that only double quotes can hold.
fn is_special(text: &str) -> bool {
    let is_ascii_text = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    !is_ascii_text && text.chars().any(|c| !is_printable(c) && c != '\n' && c != '\t')
}

/// Not so for line separators, and for go-yaml not beyond the basic plane (emoji).
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// Whether text over several lines may be written as a block.
fn is_literal(text: &str) -> bool {
    !is_special(text) && !text.ends_with(' ') && !text.contains(" \n")
}

fn literal_header(text: &str) -> String {
    let hint = if text.starts_with([' ', '\n']) { "2" } else { "" };
    let chomp = if !text.ends_with('\n') {
        "-"
    } else if text == "\n" || text.ends_with("\n\n") {
        "+"
    } else {
        ""
    };
    format!("|{hint}{chomp}")
}

fn literal_lines(out: &mut String, text: &str, depth: usize) {
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        out.push('\n');
        if !line.is_empty() {
            indent(out, depth.max(1));
            out.push_str(line);
        }
    }
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\u{1b}' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            '\u{feff}' => out.push_str("\\uFEFF"),
            c if is_printable(c) => out.push(c),
            c => {
                // Writing to a string cannot fail.
                let _ = write!(out, "{}", Escape(u32::from(c)));
            }
        }
    }
    out.push('"');
    out
}

struct Escape(u32);

impl std::fmt::Display for Escape {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            code @ 0..=0xff => write!(formatter, "\\x{code:02X}"),
            code @ 0x100..=0xffff => write!(formatter, "\\u{code:04X}"),
            code => write!(formatter, "\\U{code:08X}"),
        }
    }
}
