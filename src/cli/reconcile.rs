//! Bringing a project to its wanted state: what `up`, `create`, `run` and `scale` have in common.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::session::Session;
use super::{Context, Failure, checkout, seccomp, support};
use crate::engine::observe;
use crate::execute;
use crate::plan::desired::{Desired, UpOptions};
use crate::plan::{Observed, Plan, planner};
use crate::project::attributes::Scope;
use crate::project::{LoadOptions, Project};

/// Loads the project with what the named services need; `--no-deps` leaves out their dependencies.
pub(super) fn load(
    context: &Context,
    services: &[String],
    with_dependencies: bool,
) -> Result<Arc<Project>, Failure> {
    let options = LoadOptions {
        services: services.to_vec(),
        with_dependencies,
        // Names the context's own defaults for everything else.
        ..context.load_options()?
    };
    let mut project = context.load_with(options)?.project;
    seccomp::read_profiles(&mut project)?;
    Ok(Arc::new(project))
}

/// What would be done for a project, and what that was planned from.
pub(super) struct Planned {
    pub desired: Desired,
    pub observed: Observed,
    pub plan: Plan,
}

/// Plans, and warns of what the user should know.
pub(super) async fn planned(
    session: &Session,
    project: &Arc<Project>,
    mut options: UpOptions,
) -> Result<Planned, Failure> {
    support::check(session, project, Scope::Everything).await?;
    options.exclusive_ports = !session.engine().is_wharf().await?;
    let desired = Desired::from_project(project, options)?;
    let observed = observe(session.engine(), &desired.project).await?;
    checkout::check(session, project, &observed.containers)?;
    let plan = planner::up(&desired, &observed)?;
    session.warn(&plan);
    Ok(Planned { desired, observed, plan })
}

/// Plans and runs.
pub(super) async fn reconcile(
    session: &Session,
    project: &Arc<Project>,
    options: UpOptions,
) -> Result<Desired, Failure> {
    let prepared = prepare(session, project, options).await?;
    if !session.dry_run() {
        session.run(&prepared.plan).await?;
    }
    Ok(prepared.desired)
}

/// Plans, and gets images: what they turn out to be decides which containers have to be made anew. With `--dry-run` the
/// plan is shown instead, and nothing is left to do.
pub(super) async fn prepare(
    session: &Session,
    project: &Arc<Project>,
    options: UpOptions,
) -> Result<Planned, Failure> {
    let Planned { mut desired, mut observed, mut plan } = planned(session, project, options).await?;
    if let Some(format) = session.form() {
        session.show(&plan, Some(project), format, Vec::new()).await?;
        check(session, &desired, &observed, &plan).await?;
        return Ok(Planned { desired, observed, plan });
    }
    check(session, &desired, &observed, &plan).await?;
    let images = plan.images_only();
    if !images.is_empty() {
        session.run(&images).await?;
        desired.options.images_settled = true;
        observed = observe(session.engine(), &desired.project).await?;
        plan = planner::up(&desired, &observed)?;
    }
    check_images(&desired, &observed)?;
    Ok(Planned { desired, observed, plan })
}

/// Everything that can be known to fail, before anything is made.
pub(super) async fn check(
    session: &Session,
    desired: &Desired,
    observed: &Observed,
    plan: &Plan,
) -> Result<(), Failure> {
    check_external(desired, observed)?;
    let problems = execute::check_ports(session.engine(), desired, observed, plan).await?;
    if problems.is_empty() { Ok(()) } else { Err(Failure::message(problems.join("\n"))) }
}

fn check_external(desired: &Desired, observed: &Observed) -> Result<(), Failure> {
    for network in desired.networks.values().filter(|network| network.request.is_none()) {
        if !observed.networks.contains_key(&network.name) {
            let name = &network.name;
            return Err(Failure::message(format!(
                "network {name} declared as external, but could not be found"
            )));
        }
    }
    for volume in desired.volumes.values().filter(|volume| volume.request.is_none()) {
        if !observed.volumes.contains_key(&volume.name) {
            return Err(Failure::message(format!("external volume {:?} not found", volume.name)));
        }
    }
    Ok(())
}

/// After pulling and building, every image that a container is made from is there.
fn check_images(desired: &Desired, observed: &Observed) -> Result<(), Failure> {
    let mut missing = BTreeSet::new();
    for service in desired.services.iter().filter(|s| s.scale > 0 && s.source.provider.is_none()) {
        let image = &service.image;
        if observed.image(&image.reference).is_none() {
            let place = image.user.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
            missing.insert(format!(
                "{place}service {}: image {} is not there, and {}",
                service.name,
                image.reference,
                why(image)
            ));
        }
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Failure::message(missing.into_iter().collect::<Vec<_>>().join("\n")))
    }
}

fn why(image: &crate::plan::desired::DesiredImage) -> &'static str {
    match (image.pull_policy.as_str(), image.pullable) {
        ("never", _) => "its pull policy is never",
        (_, false) => "it has to be built (--no-build was given)",
        _ => "it was not pulled",
    }
}
