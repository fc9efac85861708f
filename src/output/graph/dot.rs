//! The DOT language of Graphviz. Identifiers are quoted, so any name will do.

use super::Graph;

pub(super) fn render(graph: &Graph) -> String {
    let mut text = format!("digraph {} {{\n  rankdir=LR;\n", quoted(&graph.project));
    text += "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n";
    text += "  edge [fontname=\"sans-serif\", fontsize=10];\n";
    for node in &graph.nodes {
        let label = quoted(&node.lines().join("\n"));
        text += &format!("  {} [label={label}, fillcolor=\"{}\"];\n", quoted(&node.service), node.fill());
    }
    for edge in &graph.edges {
        let style = if edge.required { "" } else { ", style=dashed" };
        let (from, to, label) = (quoted(&edge.from), quoted(&edge.to), quoted(&edge.label()));
        text += &format!("  {from} -> {to} [label={label}{style}];\n");
    }
    text + "}\n"
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
