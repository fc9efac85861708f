//! `config --variables`: the variables that the files use, and what they say about each.

use std::collections::BTreeMap;

use serde_json::json;

use super::arguments::{ConfigArgs, Format};
use crate::cli::{Context, Failure, report};
use crate::output::Table;
use crate::project::node::Node;
use crate::project::{self, LoadOptions, Variable, render};

/// Least width of a column, as Compose has it.
const COLUMN: usize = 20;

/// A table, YAML or JSON.
pub(super) fn text(context: &Context, args: &ConfigArgs, options: LoadOptions) -> Result<String, Failure> {
    let loaded = project::load_tree(&LoadOptions { interpolate: false, ..options })?;
    report::diagnostics(&loaded.warnings, &loaded.sources, context.style);
    let variables = project::variables(&loaded.tree);
    Ok(match args.format {
        Some(Format::Json) => json(&variables),
        Some(Format::Yaml) => yaml(&variables),
        Some(Format::Table) | None => table(variables),
    })
}

fn table(variables: BTreeMap<String, Variable>) -> String {
    let heading = ["NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"];
    let mut table = Table::new(&heading).with_least_width(COLUMN);
    for (name, variable) in variables {
        table.row([name, variable.required.to_string(), variable.default, variable.alternate]);
    }
    table.lines().into_iter().map(|line| line + "\n").collect()
}

fn json(variables: &BTreeMap<String, Variable>) -> String {
    let object = |(name, variable): (&String, &Variable)| {
        let value = json!({
            "Name": name, "DefaultValue": variable.default, "PresenceValue": variable.alternate,
            "Required": variable.required,
        });
        (name.clone(), value)
    };
    let all: serde_json::Map<String, serde_json::Value> = variables.iter().map(object).collect();
    // A map of text and booleans always prints.
    serde_json::to_string_pretty(&all).unwrap_or_default() + "\n"
}

fn yaml(variables: &BTreeMap<String, Variable>) -> String {
    let mut root = Node::mapping(Default::default(), Default::default());
    for (name, variable) in variables {
        let mut entry = Node::mapping(Default::default(), Default::default());
        entry.set("name", name.as_str().into());
        entry.set("defaultvalue", variable.default.as_str().into());
        entry.set("presencevalue", variable.alternate.as_str().into());
        entry.set("required", variable.required.into());
        root.set(name, entry);
    }
    render::tree_yaml(&root)
}
