//! `wharf run`: one container of a service for one command (compose-surface 3.13).

mod arguments;

pub use arguments::RunArgs;

use bollard::query_parameters::StartContainerOptions;

use super::attached::Conversation;
use super::reconcile::{Planned, load, planned, reconcile};
use super::session::{Session, separator};
use super::{Context, Failure};
use crate::engine::EngineError;
use crate::plan::desired::{ContainerSpec, Desired, OneOff, UpOptions};
use crate::plan::step::{Action, ContainerTarget, Plan, Reason};

/// Runs `run`.
///
/// # Errors
/// The service is unknown, the engine fails, or the command ends with another code than 0.
pub async fn run(context: &Context, args: RunArgs) -> Result<(), Failure> {
    let service = args.words[0].clone();
    let project = load(context, std::slice::from_ref(&service), !args.no_deps)?;
    let one_off = args.one_off(context, &project.environment)?;
    let mut session = Session::open(context, &project.name, "run").await?;
    session.runner.quiet_pull = args.quiet_pull || args.quiet;
    session.runner.build.quiet = args.quiet_build || args.quiet;
    let options = UpOptions {
        selected: [service.clone()].into(),
        keep_replicas: true,
        no_dependencies: args.no_deps,
        remove_orphans: args.remove_orphans,
        ignore_orphans: true,
        build: args.build,
        pull: args.pull.clone(),
        separator: separator(context),
        ..UpOptions::default()
    };
    if let Some(format) = session.form() {
        let Planned { desired, mut plan, .. } = planned(&session, &project, options).await?;
        one_off_steps(&mut plan, &spec(&desired, &service, &one_off)?);
        return session.show(&plan, Some(&project), format, Vec::new()).await;
    }
    let desired = reconcile(&session, &project, options).await?;
    let spec = spec(&desired, &service, &one_off)?;
    create(&session, &spec).await?;
    if args.detach { detached(&session, &spec).await } else { attached(&session, &spec, &one_off).await }
}

fn spec(desired: &Desired, service: &str, one_off: &OneOff) -> Result<ContainerSpec, Failure> {
    let found =
        desired.service(service).ok_or_else(|| Failure::message(format!("no such service: {service}")))?;
    Ok(found.one_off(one_off, &desired.options)?)
}

/// What follows the project's own steps, once all of them are done.
fn one_off_steps(plan: &mut Plan, spec: &ContainerSpec) {
    let before = (0..plan.steps.len()).collect();
    let create = Action::CreateContainer { spec: std::sync::Arc::new(spec.clone()), name: spec.name.clone() };
    let made = plan.push(create, Reason::Asked, before);
    let target =
        ContainerTarget { id: spec.name.clone(), name: spec.name.clone(), service: spec.service.clone() };
    plan.push(Action::StartContainer(target), Reason::Asked, vec![made]);
}

/// Makes the container; it is the only step that a plan would have.
async fn create(session: &Session, spec: &ContainerSpec) -> Result<(), Failure> {
    let mut plan = Plan::default();
    let action = Action::CreateContainer { spec: std::sync::Arc::new(spec.clone()), name: spec.name.clone() };
    plan.push(action, Reason::Asked, Vec::new());
    session.run(&plan).await
}

async fn detached(session: &Session, spec: &ContainerSpec) -> Result<(), Failure> {
    let mut plan = Plan::default();
    let target =
        ContainerTarget { id: spec.name.clone(), name: spec.name.clone(), service: spec.service.clone() };
    plan.push(Action::StartContainer(target), Reason::Asked, Vec::new());
    session.run(&plan).await?;
    let options = None::<bollard::query_parameters::InspectContainerOptions>;
    let answer = session.engine().docker().inspect_container(&spec.name, options).await;
    let container = answer.map_err(|e| EngineError::call(format!("inspect container {}", spec.name), &e))?;
    crate::output::lines([container.id.unwrap_or_default()]);
    Ok(())
}

async fn attached(session: &Session, spec: &ContainerSpec, one_off: &OneOff) -> Result<(), Failure> {
    let (engine, name) = (session.engine(), spec.name.as_str());
    let conversation = Conversation {
        tty: one_off.tty,
        stdin: one_off.stdin,
        forward_signals: true,
        second_kills: true,
        // A container that removes itself is gone right after its end.
        end: if one_off.auto_remove { "removed" } else { "next-exit" },
        detach_keys: String::new(),
    };
    let attached = conversation.attach(engine, name).await?;
    let started = engine.docker().start_container(name, None::<StartContainerOptions>).await;
    started.map_err(|error| EngineError::call(format!("cannot start container {name}"), &error))?;
    attached.converse().await
}
