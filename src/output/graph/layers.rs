//! Where the boxes of a picture stand: in layers, so that every arrow points to the right.

use std::collections::BTreeMap;

use super::Graph;

/// Node numbers by layer, from what waits to what is waited for.
pub(super) fn layers(graph: &Graph) -> Vec<Vec<usize>> {
    let depths = depths(graph);
    let deepest = depths.iter().copied().max().unwrap_or(0);
    let mut layers = vec![Vec::new(); if graph.nodes.is_empty() { 0 } else { deepest + 1 }];
    for (node, depth) in depths.iter().enumerate() {
        layers[deepest - depth].push(node);
    }
    straighten(graph, &mut layers);
    layers
}

/// Longest way from a node to one that waits for nothing. Nodes come after what they depend on, so one pass will do.
fn depths(graph: &Graph) -> Vec<usize> {
    let numbers: BTreeMap<&str, usize> =
        graph.nodes.iter().enumerate().map(|(number, node)| (node.service.as_str(), number)).collect();
    let mut depths = vec![0; graph.nodes.len()];
    for (number, node) in graph.nodes.iter().enumerate() {
        let below = graph.edges_from(&node.service).filter_map(|edge| numbers.get(edge.to.as_str()));
        depths[number] = below.map(|to| depths[*to] + 1).max().unwrap_or(0);
    }
    depths
}

/// Orders each layer by the mean position of those that wait for its nodes, so that fewer arrows cross.
fn straighten(graph: &Graph, layers: &mut [Vec<usize>]) {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for layer in layers {
        let mean = |node: &usize| {
            let waiting = graph.edges.iter().filter(|edge| edge.to == graph.nodes[*node].service);
            let known: Vec<usize> =
                waiting.filter_map(|edge| places.get(edge.from.as_str()).copied()).collect();
            // In hundredths, because a mean is no whole number and sorting wants one.
            known.iter().sum::<usize>() * 100 / known.len().max(1)
        };
        layer.sort_by_key(|node| (mean(node), graph.nodes[*node].service.clone()));
        for (place, node) in layer.iter().enumerate() {
            places.insert(&graph.nodes[*node].service, place);
        }
    }
}
