//! The dependency graph of a project as pictures: a tree, DOT, Mermaid, SVG and JSON.
//!
//! Owns how a graph looks. What is in it is decided by whoever builds it.

mod dot;
mod json;
mod layers;
mod mermaid;
mod svg;
mod tree;

use clap::ValueEnum;

/// How a graph is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Lines for a terminal.
    #[default]
    Tree,
    /// For Graphviz.
    Dot,
    /// For Markdown.
    Mermaid,
    /// A picture.
    Svg,
    /// One document (`schema/graph.json`).
    Json,
}

/// Services and what they wait for.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Project name.
    pub project: String,
    /// Services, each after what it depends on.
    pub nodes: Vec<Node>,
    /// Dependencies, in the order of the nodes.
    pub edges: Vec<Edge>,
}

/// A service.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Its name.
    pub service: String,
    /// Its image; empty: a provider's.
    pub image: String,
    /// Profiles that it needs.
    pub profiles: Vec<String>,
    /// Its profiles are active.
    pub enabled: bool,
    /// Networks, where they were asked for.
    pub networks: Vec<String>,
    /// How its containers are, where an engine was asked.
    pub state: Option<ServiceState>,
}

/// How the containers of a service are, taken together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceState {
    /// The worst of them.
    pub tone: Tone,
    /// In words ("2 running, 1 exited (3)").
    pub text: String,
}

/// What a colour says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// There is no container.
    Absent,
    /// Ran and ended with 0.
    Completed,
    /// Runs, and is healthy where it has a check.
    Good,
    /// On its way: created, starting, restarting, paused.
    Waiting,
    /// Unhealthy, or ended with an error.
    Bad,
}

/// A dependency.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// The service that waits.
    pub from: String,
    /// The service waited for.
    pub to: String,
    /// `service_started`, `service_healthy`, `service_completed_successfully`.
    pub condition: &'static str,
    /// Its failure stops the one that waits.
    pub required: bool,
    /// The one that waits restarts with it.
    pub restart: bool,
}

impl Graph {
    /// The text to print, with its last line end. Colours are for the tree only: other forms have their own.
    pub fn render(&self, format: GraphFormat, colours: bool) -> String {
        match format {
            GraphFormat::Tree => tree::render(self, colours),
            GraphFormat::Dot => dot::render(self),
            GraphFormat::Mermaid => mermaid::render(self),
            GraphFormat::Svg => svg::render(self),
            GraphFormat::Json => json::render(self),
        }
    }

    fn node(&self, service: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.service == service)
    }

    fn edges_from<'g>(&'g self, service: &'g str) -> impl Iterator<Item = &'g Edge> {
        self.edges.iter().filter(move |edge| edge.from == service)
    }
}

impl Node {
    /// The lines of a box: the name, then what is known.
    fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.service.clone()];
        lines.extend(self.state.iter().map(|state| state.text.clone()));
        if !self.profiles.is_empty() {
            let off = if self.enabled { "" } else { " (off)" };
            lines.push(format!("profiles: {}{off}", self.profiles.join(", ")));
        }
        if !self.networks.is_empty() {
            lines.push(format!("networks: {}", self.networks.join(", ")));
        }
        lines
    }

    /// Fill colour of its box.
    fn fill(&self) -> &'static str {
        match self.state.as_ref().map(|state| state.tone) {
            None => "#eef2f7",
            Some(Tone::Absent) => "#ffffff",
            Some(Tone::Completed) => "#d6e4f5",
            Some(Tone::Good) => "#cdeccd",
            Some(Tone::Waiting) => "#fbe7b2",
            Some(Tone::Bad) => "#f6c6c6",
        }
    }
}

impl Tone {
    /// The word for programs.
    fn text(self) -> &'static str {
        match self {
            Tone::Absent => "absent",
            Tone::Completed => "completed",
            Tone::Good => "good",
            Tone::Waiting => "waiting",
            Tone::Bad => "bad",
        }
    }
}

impl Edge {
    /// What stands beside the arrow; empty where nothing is out of the ordinary.
    fn label(&self) -> String {
        let condition = self.condition.strip_prefix("service_").unwrap_or(self.condition);
        let condition = if condition == "completed_successfully" { "completed" } else { condition };
        let optional = if self.required { "" } else { ", optional" };
        let restart = if self.restart { ", restart" } else { "" };
        format!("{condition}{optional}{restart}")
    }
}

#[cfg(test)]
mod tests;
