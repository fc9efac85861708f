//! The order of keys: bytes in JSON; in YAML numbers inside keys count as numbers (`a2` before `a10`), as go-yaml does.

use std::cmp::Ordering;

use super::Form;
use crate::project::node::{Node, Value};

/// A tree with the keys of every map in order.
pub fn sorted(mut node: Node, form: Form) -> Node {
    match &mut node.value {
        Value::Mapping(entries) => {
            for entry in entries.values_mut() {
                entry.node = sorted(std::mem::take(&mut entry.node), form);
            }
            entries.sort_by(|a, _, b, _| compare(a, b, form));
        }
        Value::Sequence(items) => {
            for item in items {
                *item = sorted(std::mem::take(item), form);
            }
        }
        _ => {}
    }
    node
}

/// The order of two keys.
pub fn compare(a: &str, b: &str, form: Form) -> Ordering {
    match form {
        Form::Json => a.cmp(b),
        Form::Yaml => natural(a, b),
    }
}

fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(x, y)| x != y) else { return a.len().cmp(&b.len()) };
    let after_digit = at > 0 && a[at - 1].is_numeric();
    match (a[at].is_alphabetic(), b[at].is_alphabetic()) {
        (true, true) => a[at].cmp(&b[at]),
        // After a digit a letter comes first, else a letter comes last.
        (true, false) => {
            if after_digit {
                Ordering::Less
            } else {
                Ordering::Greater
            }
        }
        (false, true) => {
            if after_digit {
                Ordering::Greater
            } else {
                Ordering::Less
            }
        }
        (false, false) => numbers(&a, &b, at),
    }
}

fn numbers(a: &[char], b: &[char], at: usize) -> Ordering {
    let zero = a[at] == '0' || b[at] == '0';
    let led = zero && a[..at].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
    let (a_value, a_length) = number(&a[at..], led);
    let (b_value, b_length) = number(&b[at..], led);
    a_value.cmp(&b_value).then(a_length.cmp(&b_length)).then(a[at].cmp(&b[at]))
}

fn number(text: &[char], led: bool) -> (u64, usize) {
    let digits = text.iter().map_while(|c| c.to_digit(10));
    digits.fold((u64::from(led), 0), |(value, length), digit| {
        (value.saturating_mul(10).saturating_add(u64::from(digit)), length + 1)
    })
}
