//! The dependency graph of services: order, cycles, and who depends on whom.

use std::collections::BTreeMap;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{DfsPostOrder, EdgeRef};

use crate::project::model::Service;
use crate::project::source::{SourceMap, Span};

/// Services that wait for each other, in the order of the cycle.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("dependency cycle detected: {}{}", .services.join(" -> "), places_text(.places))]
pub struct Cycle {
    /// Services along the cycle; the first is repeated at the end.
    pub services: Vec<String>,
    /// `file:line:column` of each edge that is written in a file.
    pub places: Vec<String>,
}

fn places_text(places: &[String]) -> String {
    places.iter().map(|place| format!("\n  {place}")).collect()
}

/// Service names such that each comes after what it depends on. Independent ones are in the order of their names.
///
/// # Errors
/// Services depend on each other in a circle.
pub fn order(services: &BTreeMap<String, Service>, sources: &SourceMap) -> Result<Vec<String>, Cycle> {
    let graph = build(services);
    // Neither algorithm calls itself: a chain may be longer than the stack.
    match kosaraju_scc(&graph).iter().find(|component| is_cycle(&graph, component)) {
        Some(component) => Err(describe(&graph, component, sources)),
        None => Ok(dependencies_first(&graph)),
    }
}

/// Edges point at what is depended on, so a node is left after all that it depends on.
fn dependencies_first(graph: &Graph<'_>) -> Vec<String> {
    let mut order = Vec::with_capacity(graph.node_count());
    let mut walk = DfsPostOrder::empty(graph);
    for start in graph.node_indices() {
        walk.move_to(start);
        while let Some(node) = walk.next(graph) {
            order.push(graph[node].to_owned());
        }
    }
    order
}

type Graph<'s> = DiGraph<&'s str, Span>;

fn build(services: &BTreeMap<String, Service>) -> Graph<'_> {
    let mut graph = Graph::new();
    let nodes: BTreeMap<&str, NodeIndex> =
        services.keys().map(|name| (name.as_str(), graph.add_node(name.as_str()))).collect();
    for (name, service) in services {
        for (dependency, edge) in &service.depends_on {
            if let Some(to) = nodes.get(dependency.as_str()) {
                graph.add_edge(nodes[name.as_str()], *to, edge.span);
            }
        }
    }
    graph
}

fn is_cycle(graph: &Graph<'_>, component: &[NodeIndex]) -> bool {
    component.len() > 1 || component.iter().any(|node| graph.contains_edge(*node, *node))
}

/// Walks one circle inside a strongly connected component, from the service with the smallest name.
fn describe(graph: &Graph<'_>, component: &[NodeIndex], sources: &SourceMap) -> Cycle {
    let start = component.iter().copied().min_by_key(|node| graph[*node]).unwrap_or_default();
    let path = shortest_circle(graph, component, start);
    let places = path.windows(2).filter_map(|edge| {
        let span = graph.find_edge(edge[0], edge[1]).map(|id| graph[id])?;
        let place = sources.locate(span)?;
        Some(format!("{place}: {} depends on {}", graph[edge[0]], graph[edge[1]]))
    });
    Cycle { places: places.collect(), services: path.iter().map(|node| graph[*node].to_owned()).collect() }
}

fn shortest_circle(graph: &Graph<'_>, component: &[NodeIndex], start: NodeIndex) -> Vec<NodeIndex> {
    let mut came_from: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(node) = queue.pop_front() {
        let mut targets: Vec<NodeIndex> = graph.edges(node).map(|edge| edge.target()).collect();
        targets.retain(|target| component.contains(target));
        targets.sort_by_key(|target| graph[*target]);
        if targets.contains(&start) {
            return path_back(&came_from, start, node);
        }
        for target in targets {
            if let std::collections::btree_map::Entry::Vacant(entry) = came_from.entry(target) {
                entry.insert(node);
                queue.push_back(target);
            }
        }
    }
    vec![start]
}

fn path_back(
    came_from: &BTreeMap<NodeIndex, NodeIndex>,
    start: NodeIndex,
    last: NodeIndex,
) -> Vec<NodeIndex> {
    let mut path = vec![start, last];
    let mut node = last;
    while node != start {
        node = came_from[&node];
        path.push(node);
    }
    if last == start {
        path.pop();
    }
    path.reverse();
    if path.len() == 1 {
        path.push(start);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::model::Dependency;

    fn services(edges: &[(&str, &[&str])]) -> BTreeMap<String, Service> {
        let service = |name: &str, on: &[&str]| Service {
            name: name.into(),
            depends_on: on.iter().map(|d| ((*d).to_owned(), Dependency::default())).collect(),
            ..Service::default()
        };
        edges.iter().map(|(name, on)| ((*name).to_owned(), service(name, on))).collect()
    }

    #[test]
    fn dependencies_come_first() {
        let services = services(&[("api", &["db", "cache"]), ("cache", &[]), ("db", &[]), ("web", &["api"])]);
        let order = order(&services, &SourceMap::default()).unwrap();
        let position = |name: &str| order.iter().position(|n| n == name).unwrap();
        assert!(position("db") < position("api") && position("cache") < position("api"));
        assert!(position("api") < position("web"));
    }

    fn cycle(edges: &[(&str, &[&str])]) -> Vec<String> {
        order(&services(edges), &SourceMap::default()).unwrap_err().services
    }

    #[test]
    fn a_chain_may_be_longer_than_the_stack() {
        let names: Vec<String> = (0..20_000).map(|n| format!("s{n:05}")).collect();
        let service = |pair: &[String]| Service {
            name: pair[0].clone(),
            depends_on: [(pair[1].clone(), Dependency::default())].into(),
            ..Service::default()
        };
        let mut services: BTreeMap<String, Service> =
            names.windows(2).map(|pair| (pair[0].clone(), service(pair))).collect();
        let last = names[names.len() - 1].clone();
        services.insert(last.clone(), Service { name: last.clone(), ..Service::default() });
        let small = std::thread::Builder::new().stack_size(128 << 10);
        let order =
            small.spawn(move || order(&services, &SourceMap::default()).unwrap()).unwrap().join().unwrap();
        assert_eq!((order.len(), order.first()), (names.len(), Some(&last)));
    }

    #[test]
    fn cycles_are_written_out() {
        assert_eq!(cycle(&[("a", &["b"]), ("b", &["a"])]), ["a", "b", "a"]);
        assert_eq!(cycle(&[("a", &["a"])]), ["a", "a"]);
        assert_eq!(
            cycle(&[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("d", &["a"])]),
            ["a", "b", "c", "a"]
        );
    }
}
