//! One JSON document; `schema/graph.json` describes it.

use serde_json::{Value, json};

use super::Graph;

pub(super) fn render(graph: &Graph) -> String {
    let nodes = graph.nodes.iter().map(|node| {
        let state = node.state.as_ref().map(|state| json!({ "tone": state.tone.text(), "text": state.text }));
        json!({
            "service": node.service,
            "image": (!node.image.is_empty()).then_some(&node.image),
            "profiles": node.profiles,
            "enabled": node.enabled,
            "networks": node.networks,
            "state": state,
        })
    });
    let edges = graph.edges.iter().map(|edge| {
        json!({
            "from": edge.from,
            "to": edge.to,
            "condition": edge.condition,
            "required": edge.required,
            "restart": edge.restart,
        })
    });
    let (nodes, edges): (Vec<Value>, Vec<Value>) = (nodes.collect(), edges.collect());
    format!(
        "{:#}\n",
        json!({ "version": 1, "project": graph.project, "services": nodes, "dependencies": edges })
    )
}
