//! A Mermaid flowchart. Nodes have numbers for ids: a service may be called `end`, which Mermaid does not survive.

use super::{Edge, Graph};

pub(super) fn render(graph: &Graph) -> String {
    let mut text = "flowchart LR\n".to_owned();
    let id = |service: &str| graph.nodes.iter().position(|node| node.service == service);
    for (number, node) in graph.nodes.iter().enumerate() {
        let lines: Vec<String> = node.lines().iter().map(|line| escaped(line)).collect();
        text += &format!("    n{number}[\"{}\"]\n", lines.join("<br/>"));
        text += &format!("    style n{number} fill:{}\n", node.fill());
    }
    for edge in &graph.edges {
        if let (Some(from), Some(to)) = (id(&edge.from), id(&edge.to)) {
            text += &format!("    n{from} {}|\"{}\"| n{to}\n", arrow(edge), escaped(&edge.label()));
        }
    }
    text
}

fn arrow(edge: &Edge) -> &'static str {
    if edge.required { "-->" } else { "-.->" }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
