//! `wharf down`: stops and removes what `up` made.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;

use super::session::{Session, separator};
use super::{Context, Failure, checkout, selection};
use crate::engine::observe;
use crate::plan::hooks::Hooks;
use crate::plan::observed::{Observed, ObservedContainer};
use crate::plan::planner::{self, DownOptions};
use crate::plan::{labels, names};
use crate::project::Project;

/// Arguments of `down`.
#[derive(Args, Debug, Default)]
pub struct DownArgs {
    /// Only these services
    services: Vec<String>,
    /// Remove containers of services that the files do not have
    #[arg(long)]
    remove_orphans: bool,
    /// Remove images too: "local" (built without a name of their own) or "all"
    #[arg(long, value_name = "WHICH", value_parser = ["local", "all"])]
    rmi: Option<String>,
    /// Seconds between the stop signal and the kill
    #[arg(short, long, allow_negative_numbers = true)]
    timeout: Option<i32>,
    /// Remove named volumes of the project and anonymous ones of its containers too
    #[arg(short, long, alias = "volume")]
    volumes: bool,
}

/// Runs `down`.
///
/// # Errors
/// A named service is in no file, or the engine fails.
pub async fn run(context: &Context, args: DownArgs) -> Result<(), Failure> {
    let name = context.project_name()?;
    let project = context.project();
    check_services(project, &args.services)?;
    let session = Session::open(context, &name, "down").await?;
    let (mut observed, left) =
        tokio::try_join!(observe(session.engine(), &name), session.engine().hook_containers(&name))?;
    observed.containers.extend(left);
    if let Some(project) = project {
        checkout::check(&session, project, &observed.containers)?;
    }
    let options = DownOptions {
        services: chosen_services(context, &observed, &args.services),
        known_services: project.map(known_services),
        remove_orphans: args.remove_orphans || context.is_on("COMPOSE_REMOVE_ORPHANS"),
        volumes: args.volumes,
        off_services: project.map(off_services).unwrap_or_default(),
        own_volumes: project.map(own_volumes),
        external_networks: project.map(external_networks).unwrap_or_default(),
        images: images(context, project, &observed, args.rmi.as_deref()),
        timeout: args.timeout,
    };
    let off = left_running(&observed, &options);
    if !off.is_empty() {
        let text =
            format!("left alone, because their profiles are not active (--profile): {}", off.join(", "));
        session.runner.progress.warning(&text);
    }
    let plan = Hooks::of(project).apply(planner::down(&name, &observed, &options), &observed.running());
    if plan.is_empty() {
        session.runner.progress.warning(&format!("no resource found to remove for project {name:?}"));
    }
    session.run(&plan).await
}

/// Takes everything down, data aside.
pub(super) async fn whole_project(context: &Context) -> Result<(), Failure> {
    run(context, DownArgs::default()).await
}

/// Services that profiles switch off and that have containers nevertheless.
fn left_running(observed: &Observed, options: &DownOptions) -> Vec<String> {
    let services = observed.containers.iter().filter(|container| !container.one_off).map(|c| &c.service);
    let off: BTreeSet<&String> = services.filter(|service| options.off_services.contains(*service)).collect();
    if options.services.is_empty() { off.into_iter().cloned().collect() } else { Vec::new() }
}

fn check_services(project: Option<&Project>, services: &[String]) -> Result<(), Failure> {
    let Some(project) = project else { return Ok(()) };
    match services.iter().find(|name| !project.names_service(name)) {
        Some(name) => Err(Failure::message(format!("no such service: {name}"))),
        None => Ok(()),
    }
}

fn known_services(project: &Project) -> BTreeSet<String> {
    project.services.keys().chain(project.disabled_services.keys()).cloned().collect()
}

fn off_services(project: &Project) -> BTreeSet<String> {
    project.disabled_services.keys().cloned().collect()
}

fn own_volumes(project: &Project) -> BTreeSet<String> {
    project.volumes.values().filter(|volume| !volume.external).map(|volume| volume.name.clone()).collect()
}

fn external_networks(project: &Project) -> BTreeSet<String> {
    project.networks.values().filter(|network| network.external).map(|network| network.name.clone()).collect()
}

/// The named services; without a file everything that depends on them too (compose-surface 3.9).
fn chosen_services(context: &Context, observed: &Observed, patterns: &[String]) -> BTreeSet<String> {
    if patterns.is_empty() {
        return BTreeSet::new();
    }
    let containers: Vec<&ObservedContainer> = observed.containers.iter().collect();
    // What is named stays named though it has no container: nothing named would mean everything.
    let mut named: BTreeSet<String> = patterns.iter().cloned().collect();
    named.extend(selection::named(context, &containers, patterns));
    if context.project().is_some() {
        return named;
    }
    selection::reached(&containers, named, |container, reached| {
        let depends = container.dependencies().iter().any(|dependency| reached.contains(dependency.service));
        if depends { vec![&container.service] } else { Vec::new() }
    })
}

/// References of the images to remove: `local` are those that were built without a name in the file.
fn images(
    context: &Context,
    project: Option<&Project>,
    observed: &Observed,
    which: Option<&str>,
) -> Vec<String> {
    let Some(which) = which else { return Vec::new() };
    let mut found: BTreeMap<String, bool> = BTreeMap::new();
    if let Some(project) = project {
        for service in project.services.values() {
            let local = service.image.is_empty();
            found.insert(names::image(&project.name, service, separator(context)), local);
        }
    } else {
        for container in &observed.containers {
            let prefix = container.labels.get(labels::PROJECT).map_or("", String::as_str);
            found.insert(
                container.image.clone(),
                container.image == format!("{prefix}-{}", container.service),
            );
        }
    }
    let wanted = found.into_iter().filter(|(_, local)| *local || which == "all").map(|(image, _)| image);
    wanted.filter(|image| observed.image(image).is_some()).collect()
}
