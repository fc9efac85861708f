//! `wharf wait`: waits until containers end, and ends with their code.

use bollard::query_parameters::WaitContainerOptionsBuilder;
use clap::Args;
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::dry_run::announced;
use super::{Context, Failure, down, selection};
use crate::engine::{Engine, EngineError};
use crate::output;
use crate::output::plan::Row;
use crate::plan::observed::ObservedContainer;

/// Arguments of `wait`.
#[derive(Args, Debug)]
pub struct WaitArgs {
    /// The services whose containers are waited for
    #[arg(required = true, value_name = "SERVICE")]
    services: Vec<String>,
    /// Take the project down when the first container ends
    #[arg(long)]
    down_project: bool,
}

/// Waits. Ends with the code of the first container, in the order of their ends, that failed; with
/// `--down-project`, with the code of the one that ended first.
///
/// # Errors
/// The service is unknown or has no container, the engine fails, or a container failed.
pub async fn run(context: &Context, args: WaitArgs) -> Result<(), Failure> {
    let engine = context.engine().await?;
    let mut containers = selection::containers(context, &engine, &args.services).await?;
    containers.retain(|container| !container.one_off);
    if containers.is_empty() {
        let project = context.project_name()?;
        return Err(Failure::message(format!(
            "no containers for project {project:?}: nothing was started that could be waited for"
        )));
    }
    let row = |c: &ObservedContainer| {
        Row::asked("wait", "container", &c.name, format!("wait for the end of container {}", c.name))
    };
    if announced(context, &context.project_name()?, || containers.iter().map(row).collect()) {
        return Ok(());
    }
    let code = ends(&engine, &containers, args.down_project).await?;
    if args.down_project {
        down::whole_project(context).await?;
    }
    if code == 0 { Ok(()) } else { Err(Failure::Exit(u8::try_from(code).unwrap_or(1))) }
}

/// Waits for all containers, or for the first to end, and says each end.
async fn ends(engine: &Engine, containers: &[ObservedContainer], first_only: bool) -> Result<i64, Failure> {
    let mut waits: FuturesUnordered<_> = containers.iter().map(|container| end(engine, container)).collect();
    let mut failed = 0;
    while let Some(result) = waits.next().await {
        let (id, code) = result?;
        output::lines([format!("container {id:?} exited with status code {code}")]);
        if failed == 0 {
            failed = code;
        }
        if first_only {
            break;
        }
    }
    Ok(failed)
}

async fn end<'c>(engine: &Engine, container: &'c ObservedContainer) -> Result<(&'c str, i64), Failure> {
    let options = WaitContainerOptionsBuilder::default().condition("not-running").build();
    let mut answer = Box::pin(engine.docker().wait_container(&container.id, Some(options)));
    let code = exit_code(answer.next().await, &container.name)?;
    Ok((container.id.as_str(), code))
}

/// The exit code in the engine's answer to a wait; the client makes an error of codes other than 0.
pub(super) fn exit_code(
    answer: Option<Result<bollard::models::ContainerWaitResponse, bollard::errors::Error>>,
    name: &str,
) -> Result<i64, Failure> {
    match answer {
        Some(Ok(response)) => Ok(response.status_code),
        Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => Ok(code),
        Some(Err(error)) => Err(EngineError::call(format!("wait for container {name}"), &error).into()),
        None => Err(Failure::message(format!("the engine did not say how container {name} ended"))),
    }
}
