//! Running a container to its end.

use bollard::query_parameters::{
    RemoveContainerOptionsBuilder, StartContainerOptions, WaitContainerOptionsBuilder,
};
use futures::StreamExt;

use super::containers::create;
use crate::engine::is_not_found;
use crate::execute::watch::last_lines;
use crate::execute::{Runner, StepError};
use crate::plan::desired::ContainerSpec;

/// Runs it, and removes it in any case; one that an interrupted command left goes first.
pub(super) async fn run(runner: &Runner, spec: &ContainerSpec, index: usize) -> Result<(), StepError> {
    remove(runner, &spec.name).await?;
    create(runner, spec, &spec.name).await?;
    let result = to_the_end(runner, &spec.name).await;
    let ended = match result {
        Ok(Some(code)) if code != 0 => Err(StepError::PreStart {
            service: spec.service.clone(),
            index,
            code,
            log: last_lines(runner, &spec.name).await,
        }),
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    remove(runner, &spec.name).await?;
    ended
}

/// Its exit code; `None` after an interrupt.
async fn to_the_end(runner: &Runner, name: &str) -> Result<Option<i64>, StepError> {
    let failed = |error| StepError::call(format!("cannot run container {name}"), &error);
    let docker = runner.engine.docker();
    docker.start_container(name, None::<StartContainerOptions>).await.map_err(failed)?;
    let options = WaitContainerOptionsBuilder::default().condition("not-running").build();
    let mut end = Box::pin(docker.wait_container(name, Some(options)));
    tokio::select! {
        answer = end.next() => match answer {
            Some(Ok(end)) => Ok(Some(end.status_code)),
            // The client makes an error of every code but 0.
            Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => Ok(Some(code)),
            Some(Err(error)) => Err(failed(error)),
            None => Ok(None),
        },
        () = runner.interrupt.raised(1) => Ok(None),
    }
}

async fn remove(runner: &Runner, name: &str) -> Result<(), StepError> {
    let options = RemoveContainerOptionsBuilder::default().v(true).force(true).build();
    match runner.engine.docker().remove_container(name, Some(options)).await {
        Err(error) if !is_not_found(&error) => {
            Err(StepError::call(format!("cannot remove container {name}"), &error))
        }
        _ => Ok(()),
    }
}
