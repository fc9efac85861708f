//! JSON as Go prints it: two blanks of indentation, `<`, `>` and `&` escaped.

use std::fmt::Write;

use crate::project::node::{Node, Value};
use crate::project::spelling::float;

/// On one line without blanks.
pub fn compact(node: &Node) -> String {
    let mut printer = Printer { out: String::new(), indented: false };
    printer.node(node, 0);
    printer.out
}

/// Over many lines.
pub fn indented(node: &Node) -> String {
    let mut printer = Printer { out: String::new(), indented: true };
    printer.node(node, 0);
    printer.out
}

struct Printer {
    out: String,
    indented: bool,
}

impl Printer {
    fn node(&mut self, node: &Node, depth: usize) {
        match &node.value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Int(value) => self.out.push_str(&value.to_string()),
            Value::Float(value) => self.out.push_str(&number(*value)),
            Value::String(value) => self.string(value),
            Value::Sequence(items) => {
                self.out.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.separate(index, depth + 1);
                    self.node(item, depth + 1);
                }
                self.close(']', items.is_empty(), depth);
            }
            Value::Mapping(entries) => {
                self.out.push('{');
                for (index, (key, entry)) in entries.iter().enumerate() {
                    self.separate(index, depth + 1);
                    self.string(key);
                    self.out.push_str(if self.indented { ": " } else { ":" });
                    self.node(&entry.node, depth + 1);
                }
                self.close('}', entries.is_empty(), depth);
            }
        }
    }

    fn separate(&mut self, index: usize, depth: usize) {
        if index > 0 {
            self.out.push(',');
        }
        self.line(depth);
    }

    fn close(&mut self, bracket: char, empty: bool, depth: usize) {
        if !empty {
            self.line(depth);
        }
        self.out.push(bracket);
    }

    fn line(&mut self, depth: usize) {
        if self.indented {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", depth));
        }
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\u{8}' => self.out.push_str("\\b"),
                '\u{c}' => self.out.push_str("\\f"),
                // YAML reads these otherwise, and what is printed here has to load again.
                '\u{7f}'..='\u{9f}' if self.indented => self.escape(c),
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                    self.escape(c);
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    fn escape(&mut self, c: char) {
        // Writing to a string cannot fail.
        let _ = write!(self.out, "\\u{:04x}", u32::from(c));
    }
}

/// JSON has no infinity; Go refuses it, we print null.
fn number(value: f64) -> String {
    if !value.is_finite() {
        return "null".into();
    }
    float::with_exponent(value, 1e-6, 1e21).replace("e-0", "e-")
}
