//! Which variables a tree uses, for `config --variables`.

use std::collections::BTreeMap;

use super::template::{self, Expression, Operator, Part};
use crate::project::node::{Node, Value};

/// A variable and what the file says for the case that it has no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variable {
    /// Whether `?` makes it required.
    pub required: bool,
    /// Text after `-`.
    pub default: String,
    /// Text after `+`.
    pub alternate: String,
}

/// Every variable of the tree, by name; the first use that says something about it wins.
pub fn variables(root: &Node) -> BTreeMap<String, Variable> {
    let mut found = BTreeMap::new();
    collect(root, &mut found);
    found
}

fn collect(node: &Node, found: &mut BTreeMap<String, Variable>) {
    match &node.value {
        Value::Mapping(entries) => entries.values().for_each(|entry| collect(&entry.node, found)),
        Value::Sequence(items) => items.iter().for_each(|item| collect(item, found)),
        Value::String(text) => collect_text(text, found),
        _ => {}
    }
}

fn collect_text(text: &str, found: &mut BTreeMap<String, Variable>) {
    for part in template::parse(text).unwrap_or_default() {
        if let Part::Expression(expression) = part {
            let variable = describe(&expression);
            let known = found.entry(expression.name.to_owned()).or_default();
            if *known == Variable::default() {
                *known = variable;
            }
            collect_text(expression.argument, found);
        }
    }
}

fn describe(expression: &Expression<'_>) -> Variable {
    let argument = expression.argument.to_owned();
    match expression.operator {
        Some((Operator::Required, _)) => Variable { required: true, ..Variable::default() },
        Some((Operator::Default, _)) => Variable { default: argument, ..Variable::default() },
        Some((Operator::Alternate, _)) => Variable { alternate: argument, ..Variable::default() },
        None => Variable::default(),
    }
}
