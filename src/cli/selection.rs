//! Which containers of a project a command works on.
//!
//! Commands on containers that exist need no compose file: labels tell everything (compose-surface 2.4).

use std::collections::BTreeSet;

use super::session::Session;
use super::{Context, Failure};
use crate::engine::Engine;
use crate::plan::Plan;
use crate::plan::hooks::Hooks;
use crate::plan::observed::{ObservedContainer, State};
use crate::plan::planner::{Lifecycle, lifecycle};
use crate::project::pattern;

/// The containers of the project that belong to `services` (names or patterns; all when empty), sorted by service and number.
///
/// # Errors
/// The engine fails, or a name in `services` is known neither to the files nor to any container.
pub async fn containers(
    context: &Context,
    engine: &Engine,
    services: &[String],
) -> Result<Vec<ObservedContainer>, Failure> {
    let mut found = engine.containers(&context.project_name()?).await?;
    check_names(context, &found, services)?;
    found.retain(|container| pattern::any_matches(services, &container.service));
    found.sort_by(|a, b| (&a.service, a.number, &a.name).cmp(&(&b.service, b.number, &b.name)));
    Ok(found)
}

/// The one container of `service` that commands like `exec` use: replica `index` (the first when `None`), running.
///
/// # Errors
/// The service is unknown, or has no such running container.
pub async fn running_container(
    context: &Context,
    engine: &Engine,
    service: &str,
    index: Option<u32>,
) -> Result<ObservedContainer, Failure> {
    let all = containers(context, engine, &[service.to_owned()]).await?;
    let mut replicas = all.into_iter().filter(|c| !c.one_off && c.state == State::Running);
    let found = match index {
        None => replicas.next(),
        Some(index) => replicas.find(|c| c.number == Some(index)),
    };
    found.ok_or_else(|| match index {
        None => Failure::message(format!("service \"{service}\" is not running")),
        Some(index) => Failure::message(format!("service \"{service}\" is not running container #{index}")),
    })
}

/// Whether a command that names no services changes this one: it is in the files and no profile switches it off. Without
/// files every service is.
pub fn is_on(context: &Context, service: &str) -> bool {
    context.project().is_none_or(|project| project.services.contains_key(service))
}

/// Applies a change of state to the replicas of `services` (all that are on when empty).
///
/// # Errors
/// The engine fails, or a name in `services` is unknown.
pub async fn apply(
    context: &Context,
    services: &[String],
    title: &str,
    what: &Lifecycle,
) -> Result<(), Failure> {
    let session = Session::open(context, &context.project_name()?, title).await?;
    let containers = containers(context, session.engine(), services).await?;
    let named = named(context, &containers.iter().collect::<Vec<_>>(), services);
    let replicas: Vec<&ObservedContainer> =
        containers.iter().filter(|c| !c.one_off && named.contains(&c.service)).collect();
    session.run(&with_hooks(context, lifecycle(&replicas, what), &replicas)).await
}

/// A plan with the hooks of the files around its starts and stops.
pub fn with_hooks(context: &Context, plan: Plan, containers: &[&ObservedContainer]) -> Plan {
    let running = containers.iter().filter(|c| c.state == State::Running).map(|c| c.id.clone()).collect();
    Hooks::of(context.project()).apply(plan, &running)
}

/// Service names reached from `start` by `further`, which gives what one container adds to those reached so far.
pub fn reached<'c>(
    containers: &[&'c ObservedContainer],
    start: BTreeSet<String>,
    further: impl Fn(&'c ObservedContainer, &BTreeSet<String>) -> Vec<&'c str>,
) -> BTreeSet<String> {
    let mut reached = start;
    loop {
        let more: Vec<&str> = containers.iter().flat_map(|container| further(container, &reached)).collect();
        let before = reached.len();
        reached.extend(more.into_iter().map(str::to_owned));
        if reached.len() == before {
            return reached;
        }
    }
}

/// The services of `containers` that names or patterns stand for; with none, every service that is on. Names were checked
/// when the containers were looked for.
pub fn named(context: &Context, containers: &[&ObservedContainer], services: &[String]) -> BTreeSet<String> {
    let is_named = |service: &&String| match services {
        [] => is_on(context, service),
        names => pattern::any_matches(names, service),
    };
    containers.iter().map(|container| &container.service).filter(is_named).cloned().collect()
}

/// Refuses names and patterns that fit neither a service of the files nor a container.
///
/// # Errors
/// The engine fails, or a name is unknown.
pub async fn check(context: &Context, engine: &Engine, services: &[String]) -> Result<(), Failure> {
    containers(context, engine, services).await.map(|_| ())
}

fn check_names(context: &Context, found: &[ObservedContainer], services: &[String]) -> Result<(), Failure> {
    let existing = |name: &str| found.iter().any(|container| pattern::matches(name, &container.service));
    match services.iter().find(|name| !existing(name) && !context.names_service(name)) {
        Some(name) => Err(Failure::message(format!("no such service: {name}"))),
        None => Ok(()),
    }
}
