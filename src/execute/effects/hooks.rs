//! Commands that run in a container at a moment of its life.

use std::collections::VecDeque;

use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use futures::StreamExt;

use crate::execute::{Runner, StepError};
use crate::plan::hooks::HookSpec;
use crate::plan::step::ContainerTarget;

/// Bytes of output kept for the message of a hook that fails.
const KEPT: usize = 2048;

pub(super) async fn run(runner: &Runner, target: &ContainerTarget, hook: &HookSpec) -> Result<(), StepError> {
    let failed =
        |error| StepError::call(format!("cannot run {} of container {}", hook.moment, target.name), &error);
    let docker = runner.engine.docker();
    let exec = docker.create_exec(&target.id, options(hook)).await.map_err(failed)?.id;
    let started = docker.start_exec(&exec, None::<StartExecOptions>).await.map_err(failed)?;
    let mut kept = VecDeque::new();
    if let StartExecResults::Attached { mut output, .. } = started {
        while let Some(piece) = output.next().await {
            kept.extend(piece.map_err(failed)?.into_bytes());
            let superfluous = kept.len().saturating_sub(KEPT);
            kept.drain(..superfluous);
        }
    }
    match docker.inspect_exec(&exec).await.map_err(failed)?.exit_code.unwrap_or(0) {
        0 => Ok(()),
        status => Err(StepError::Hook {
            service: target.service.clone(),
            moment: hook.moment,
            status,
            output: String::from_utf8_lossy(kept.make_contiguous()).trim().to_owned(),
        }),
    }
}

fn options(hook: &HookSpec) -> CreateExecOptions<String> {
    CreateExecOptions {
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        cmd: Some(hook.command.clone()),
        user: Some(hook.user.clone()).filter(|user| !user.is_empty()),
        working_dir: Some(hook.working_dir.clone()).filter(|path| !path.is_empty()),
        privileged: Some(hook.privileged),
        env: Some(hook.environment.clone()),
        ..CreateExecOptions::default()
    }
}
