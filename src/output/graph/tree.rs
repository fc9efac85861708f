//! Lines for a terminal: what nothing waits for comes first, what it waits for stands below.

use std::collections::BTreeSet;

use console::Style;

use super::{Graph, Node, Tone};

pub(super) fn render(graph: &Graph, colours: bool) -> String {
    let mut drawing = Drawing { graph, colours, seen: BTreeSet::new(), lines: Vec::new() };
    let waited_for: BTreeSet<&str> = graph.edges.iter().map(|edge| edge.to.as_str()).collect();
    for node in graph.nodes.iter().filter(|node| !waited_for.contains(node.service.as_str())) {
        let text = drawing.text(node, "");
        drawing.lines.push(text);
        drawing.below(&node.service, "");
    }
    drawing.lines.iter().map(|line| format!("{line}\n")).collect()
}

struct Drawing<'g> {
    graph: &'g Graph,
    colours: bool,
    /// Services whose dependencies are drawn already.
    seen: BTreeSet<&'g str>,
    lines: Vec<String>,
}

impl<'g> Drawing<'g> {
    fn below(&mut self, service: &'g str, indent: &str) {
        let edges: Vec<_> = self.graph.edges_from(service).collect();
        if !self.seen.insert(service) {
            if !edges.is_empty() {
                self.lines.push(format!("{indent}└─ (as above)"));
            }
            return;
        }
        for (position, edge) in edges.iter().enumerate() {
            let (fork, further) =
                if position + 1 == edges.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let Some(node) = self.graph.node(&edge.to) else { continue };
            let text = self.text(node, &format!("[{}] ", edge.label()));
            self.lines.push(format!("{indent}{fork}{text}"));
            self.below(&node.service, &format!("{indent}{further}"));
        }
    }

    fn text(&self, node: &Node, condition: &str) -> String {
        let mut lines = node.lines();
        let name = lines.remove(0);
        let style = colour(node.state.as_ref().map(|state| state.tone)).force_styling(self.colours);
        let details = if lines.is_empty() { String::new() } else { format!("  {}", lines.join("; ")) };
        format!("{condition}{}{}", style.apply_to(name), style.apply_to(details))
    }
}

fn colour(tone: Option<Tone>) -> Style {
    match tone {
        None => Style::new(),
        Some(Tone::Absent) => Style::new().dim(),
        Some(Tone::Completed) => Style::new().cyan(),
        Some(Tone::Good) => Style::new().green(),
        Some(Tone::Waiting) => Style::new().yellow(),
        Some(Tone::Bad) => Style::new().red(),
    }
}
