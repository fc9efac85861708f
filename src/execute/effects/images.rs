//! Effects on images.

use bollard::models::CreateImageInfo;
use bollard::query_parameters::{CreateImageOptionsBuilder, RemoveImageOptionsBuilder};
use futures::StreamExt;

use super::Effect;
use crate::engine::{credentials_for, is_conflict, is_not_found};
use crate::execute::{Runner, StepError, build};
use crate::output::progress::{ProgressEvent, Status};
use crate::plan::step::ImagePull;

pub(super) async fn pull(runner: &Runner, pull: &ImagePull) -> Result<(), StepError> {
    let Err(reason) = fetch(runner, pull).await else { return Ok(()) };
    if let Some(request) = &pull.fallback {
        return build::run(runner, request).await;
    }
    if pull.optional {
        runner.progress.warning(&format!("cannot get image {}: {reason}", pull.image));
        return Ok(());
    }
    Err(StepError::Image { image: pull.image.clone(), reason, users: pull.users.clone() })
}

async fn fetch(runner: &Runner, pull: &ImagePull) -> Result<(), String> {
    let (name, tag) = split(&pull.image);
    let options = CreateImageOptionsBuilder::default().from_image(name).tag(tag).platform(&pull.platform);
    let credentials = credentials_for(&pull.image);
    let mut stream = Box::pin(runner.engine.docker().create_image(Some(options.build()), None, credentials));
    while let Some(item) = stream.next().await {
        let info = item.map_err(|error| StepError::reason(&error))?;
        if !runner.quiet_pull {
            layer(runner, &pull.image, &info);
        }
    }
    Ok(())
}

/// Name and tag or digest, as the API takes them.
pub(in crate::execute) fn split(reference: &str) -> (&str, &str) {
    if let Some((name, digest)) = reference.split_once('@') {
        return (name, digest);
    }
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (reference, "latest"),
    }
}

fn layer(runner: &Runner, image: &str, info: &CreateImageInfo) {
    let (Some(id), Some(text)) = (&info.id, &info.status) else { return };
    let detail = info.progress_detail.clone().unwrap_or_default();
    let bytes = |number: Option<i64>| number.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    let done = matches!(text.as_str(), "Pull complete" | "Already exists");
    runner.progress.event(&ProgressEvent {
        parent: format!("Image {image}"),
        bytes: (bytes(detail.current), bytes(detail.total)),
        ..ProgressEvent::new(id.clone(), if done { Status::Done } else { Status::Working }, text.clone())
    });
}

pub(super) async fn remove(runner: &Runner, image: &str) -> Result<Effect, StepError> {
    let options = RemoveImageOptionsBuilder::default().build();
    match runner.engine.docker().remove_image(image, Some(options), None).await {
        Err(error) if is_conflict(&error) => Ok(Effect::InUse),
        Err(error) if !is_not_found(&error) => {
            Err(StepError::call(format!("cannot remove image {image}"), &error))
        }
        _ => Ok(Effect::Done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_split() {
        assert_eq!(split("redis"), ("redis", "latest"));
        assert_eq!(split("redis:7"), ("redis", "7"));
        assert_eq!(split("localhost:5000/app"), ("localhost:5000/app", "latest"));
        assert_eq!(split("app@sha256:abc"), ("app", "sha256:abc"));
    }
}
