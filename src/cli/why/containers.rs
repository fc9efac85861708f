//! What the engine knows of one container: its state, its probes, its last words.

use bollard::models::{ContainerInspectResponse, ContainerState, ContainerStateStatusEnum};
use bollard::query_parameters::{InspectContainerOptions, LogsOptionsBuilder};
use futures::StreamExt;

use crate::engine::{Engine, EngineError, is_not_found};
use crate::output::why::{ContainerAccount, HealthAccount, Probe};
use crate::plan::labels;
use crate::plan::observed::ObservedContainer;

/// Lines of output that are shown.
const LINES: &str = "5";

/// The account of a container; `None` when it is gone.
pub(super) async fn account(
    engine: &Engine,
    container: &ObservedContainer,
) -> Result<Option<ContainerAccount>, EngineError> {
    let answer = engine.docker().inspect_container(&container.id, None::<InspectContainerOptions>).await;
    let inspected = match answer {
        Ok(inspected) => inspected,
        Err(error) if is_not_found(&error) => return Ok(None),
        Err(error) => return Err(EngineError::call(format!("inspect {}", container.name), &error)),
    };
    let state = inspected.state.clone().unwrap_or_default();
    let label = |key: &str| container.labels.get(key).cloned().unwrap_or_default();
    let ended = matches!(
        state.status,
        Some(
            ContainerStateStatusEnum::EXITED
                | ContainerStateStatusEnum::DEAD
                | ContainerStateStatusEnum::RESTARTING
        )
    );
    Ok(Some(ContainerAccount {
        name: container.name.clone(),
        state: words(&state, ended),
        since: since(&state, ended),
        created: inspected.created.as_ref().map(|created| to_seconds(&created.to_string())),
        maker: maker(&label(labels::VERSION)),
        last_end: known(state.finished_at.as_deref().filter(|_| !ended)),
        files: label(labels::CONFIG_FILES),
        config_hash: label(labels::CONFIG_HASH),
        image: container.image.clone(),
        restarts: inspected.restart_count.unwrap_or(0),
        error: state.error.clone().unwrap_or_default(),
        exit_code: state.exit_code.filter(|_| ended),
        out_of_memory: state.oom_killed == Some(true),
        health: health(&inspected, container),
        output: output(engine, &container.id).await,
    }))
}

fn words(state: &ContainerState, ended: bool) -> String {
    let word = state.status.map(|status| status.to_string()).unwrap_or_default();
    match state.exit_code {
        Some(code) if ended => format!("{word} ({code})"),
        _ => word,
    }
}

fn since(state: &ContainerState, ended: bool) -> Option<String> {
    known(if ended { state.finished_at.as_deref() } else { state.started_at.as_deref() })
}

/// Engines say year 1 for what did not happen yet.
fn known(time: Option<&str>) -> Option<String> {
    time.filter(|time| !time.starts_with("0001")).map(to_seconds)
}

/// Both tools write their version under one label; Docker Compose never had one below 1.
fn maker(version: &str) -> String {
    match version {
        "" => String::new(),
        own if own.starts_with("0.") => format!("wharf {own}"),
        other => format!("Docker Compose {other}"),
    }
}

/// A time without its fraction of a second.
fn to_seconds(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, rest)) => {
            let zone = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
            format!("{seconds}{zone}")
        }
        None => time.to_owned(),
    }
}

fn health(inspected: &ContainerInspectResponse, container: &ObservedContainer) -> Option<HealthAccount> {
    let health = inspected.state.as_ref()?.health.as_ref()?;
    let check = inspected.config.as_ref().and_then(|config| config.healthcheck.clone()).unwrap_or_default();
    let probe = container.labels.get(labels::PROBE).cloned();
    let probes = health.log.iter().flatten().map(|probe| Probe {
        at: probe.end.as_ref().map(|end| to_seconds(&end.to_string())).unwrap_or_default(),
        exit_code: probe.exit_code.unwrap_or_default(),
        output: probe.output.clone().unwrap_or_default(),
    });
    Some(HealthAccount {
        status: health.status.map(|status| status.to_string()).filter(|status| status != "none")?,
        failures: health.failing_streak.unwrap_or(0),
        retries: check.retries.unwrap_or(0),
        test: probe.unwrap_or_else(|| check.test.unwrap_or_default().join(" ")),
        probes: probes.collect(),
    })
}

/// The last lines, as far as the engine keeps them: a driver that cannot be read leaves nothing to show.
async fn output(engine: &Engine, id: &str) -> Vec<String> {
    let options = LogsOptionsBuilder::default().stdout(true).stderr(true).tail(LINES).build();
    let mut pieces = Box::pin(engine.docker().logs(id, Some(options)));
    let mut bytes = Vec::new();
    while let Some(Ok(piece)) = pieces.next().await {
        bytes.extend_from_slice(&piece.into_bytes());
    }
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}
