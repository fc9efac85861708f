//! `wharf graph`: what waits for what, and how it is.

use clap::Args;

use super::{Context, Failure};
use crate::engine;
use crate::output::graph::{Edge, Graph, GraphFormat, Node, ServiceState, Tone};
use crate::plan::observed::{Health, ObservedContainer, State};
use crate::plan::{desired, graph, names};
use crate::project::Project;
use crate::project::model::Service;

/// Arguments of `graph`.
#[derive(Args, Debug)]
pub struct GraphArgs {
    /// Only these services and what they depend on
    services: Vec<String>,
    /// How it is drawn
    #[arg(long, value_enum, default_value_t, hide_default_value = true)]
    format: GraphFormat,
    /// Show the networks of services too
    #[arg(long)]
    networks: bool,
    /// Do not ask the engine how containers are
    #[arg(long)]
    no_state: bool,
}

/// Prints the graph.
///
/// # Errors
/// The project is wrong, or an engine that answers fails.
pub async fn run(context: &Context, args: GraphArgs) -> Result<(), Failure> {
    let project = context.load(&args.services)?.project;
    let containers = if args.no_state { None } else { containers(context, &project.name).await? };
    let graph = graph_of(&project, args.networks, containers.as_deref())?;
    print!("{}", graph.render(args.format, context.style.stdout));
    Ok(())
}

/// Containers of the project; `None` when no engine runs. The built-in one is not started for a picture.
async fn containers(context: &Context, project: &str) -> Result<Option<Vec<ObservedContainer>>, Failure> {
    match engine::connect_running(context.target()).await? {
        Some(engine) => Ok(Some(engine.containers(project).await?)),
        None => Ok(None),
    }
}

fn graph_of(
    project: &Project,
    networks: bool,
    containers: Option<&[ObservedContainer]>,
) -> Result<Graph, Failure> {
    let order = graph::order(&project.services, &project.sources).map_err(desired::DesiredError::Cycle)?;
    let active = order.iter().map(|name| (&project.services[name], true));
    let disabled = project.disabled_services.values().map(|service| (service, false));
    let node = |(service, enabled): (&Service, bool)| Node {
        image: match service.provider {
            Some(_) => String::new(),
            None => names::image(&project.name, service, names::Separator::default()),
        },
        profiles: service.profiles.clone(),
        enabled,
        networks: if networks { service.networks.keys().cloned().collect() } else { Vec::new() },
        state: containers.map(|containers| state(&service.name, containers)),
        service: service.name.clone(),
    };
    Ok(Graph {
        project: project.name.clone(),
        nodes: active.clone().chain(disabled.clone()).map(node).collect(),
        edges: active.chain(disabled).flat_map(|(service, _)| edges(service)).collect(),
    })
}

fn edges(service: &Service) -> impl Iterator<Item = Edge> {
    service.depends_on.iter().map(|(name, dependency)| Edge {
        from: service.name.clone(),
        to: name.clone(),
        condition: desired::condition_text(dependency.condition),
        required: dependency.required,
        restart: dependency.restart,
    })
}

/// The worst of a service's replicas gives the colour; the words tell all.
fn state(service: &str, containers: &[ObservedContainer]) -> ServiceState {
    let replicas = containers.iter().filter(|c| c.service == service && !c.one_off);
    let mut counted: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    let mut worst = Tone::Absent;
    for replica in replicas {
        *counted.entry(words(replica)).or_default() += 1;
        worst = worst.max(tone(replica));
    }
    let texts: Vec<String> = counted.iter().map(|(words, count)| format!("{count} {words}")).collect();
    let text = if texts.is_empty() { "no container".to_owned() } else { texts.join(", ") };
    ServiceState { tone: worst, text }
}

fn words(container: &ObservedContainer) -> String {
    match (container.health, container.exit_code) {
        (Some(health), _) => format!("{} ({})", container.state.text(), health.text()),
        (None, Some(code)) => format!("{} ({code})", container.state.text()),
        (None, None) => container.state.text().to_owned(),
    }
}

fn tone(container: &ObservedContainer) -> Tone {
    match (container.state, container.health) {
        (State::Running, None | Some(Health::Healthy)) => Tone::Good,
        (State::Running, Some(Health::Starting)) => Tone::Waiting,
        (State::Running, Some(Health::Unhealthy)) | (State::Dead, _) => Tone::Bad,
        (State::Exited, _) if container.exit_code == Some(0) => Tone::Completed,
        (State::Exited, _) => Tone::Bad,
        (State::Created | State::Paused | State::Restarting, _) => Tone::Waiting,
    }
}
