//! Builds through the engine's API: a context read in place by a Wharf engine, a tar stream for a Docker Engine.

mod context;
mod output;
mod secrets;

use bollard::models::BuildInfo;
use bollard::query_parameters::{BuildImageOptions, BuildImageOptionsBuilder, TagImageOptionsBuilder};
use futures::StreamExt;

use self::output::Output;
use super::effects;
use super::{Runner, StepError};
use crate::plan::desired::BuildRequest;
use crate::plan::labels;

/// Builds an image and gives it all its names.
pub(super) async fn run(runner: &Runner, request: &BuildRequest) -> Result<(), StepError> {
    let wharf = runner.engine.is_wharf().await?;
    let in_place = wharf && is_local(request) && request.dockerfile_inline.is_none();
    let secrets = secrets::place(request).map_err(|error| failed(request, error.to_string(), Vec::new()))?;
    let options = options(runner, request, in_place, &secrets);
    // The built-in engine has no other cache than its own, and refuses what it does not honour.
    let options = if wharf { BuildImageOptions { cachefrom: None, ..options } } else { options };
    let body = match () {
        () if in_place || !is_local(request) => None,
        () => Some(context::archive(request)?),
    };
    stream(runner, request, options, body).await?;
    tag(runner, request).await
}

fn is_local(request: &BuildRequest) -> bool {
    std::path::Path::new(&request.context).is_absolute()
}

fn failed(request: &BuildRequest, reason: String, output: Vec<String>) -> StepError {
    StepError::Build {
        service: request.service.clone(),
        image: request.image.clone(),
        reason,
        output,
        place: request.place.clone(),
    }
}

fn options(
    runner: &Runner,
    request: &BuildRequest,
    in_place: bool,
    secrets: &secrets::Placed,
) -> BuildImageOptions {
    let mut args: std::collections::HashMap<String, String> = request.args.clone().into_iter().collect();
    args.extend(runner.build.args.clone());
    let mut all_labels: std::collections::HashMap<String, String> =
        request.labels.clone().into_iter().collect();
    all_labels.insert(labels::PROJECT.to_owned(), runner.project.clone());
    all_labels.insert(labels::SERVICE.to_owned(), request.service.clone());
    all_labels.insert(labels::VERSION.to_owned(), labels::WRITER_VERSION.to_owned());
    for (id, path) in secrets.paths() {
        all_labels.insert(format!("{}{id}", labels::BUILD_SECRET), path.to_owned());
    }
    let mut options = BuildImageOptionsBuilder::default()
        .dockerfile(&context::dockerfile_name(request))
        .t(&request.image)
        .rm(true)
        .forcerm(true)
        .nocache(request.no_cache || runner.build.no_cache)
        .buildargs(&args)
        .labels(&all_labels)
        .target(&request.target)
        .platform(&request.platform);
    if in_place {
        options = options.remote(&format!("file://{}", request.context));
    } else if !is_local(request) {
        options = options.remote(&request.context);
    }
    if request.pull || runner.build.pull {
        options = options.pull("true");
    }
    if let Some(bytes) = runner.build.memory {
        options = options.memory(bytes);
    }
    finish(request, options)
}

fn finish(request: &BuildRequest, mut options: BuildImageOptionsBuilder) -> BuildImageOptions {
    if !request.network.is_empty() {
        options = options.networkmode(&request.network);
    }
    if !request.extra_hosts.is_empty() {
        options = options.extrahosts(&request.extra_hosts.join(","));
    }
    if let Ok(size @ 1..) = i32::try_from(request.shm_size) {
        options = options.shmsize(size);
    }
    if !request.cache_from.is_empty() {
        options = options.cachefrom(&request.cache_from);
    }
    options.build()
}

async fn stream(
    runner: &Runner,
    request: &BuildRequest,
    options: BuildImageOptions,
    body: Option<crate::engine::archive::Body>,
) -> Result<(), StepError> {
    let mut output = Output::new(runner, request);
    // bollard 0.21 wants a body even where the context is not in it.
    let body = body.unwrap_or_else(|| bollard::body_full(bytes::Bytes::new()));
    let mut messages = Box::pin(runner.engine.docker().build_image(options, None, Some(body)));
    while let Some(message) = messages.next().await {
        let info: BuildInfo =
            message.map_err(|error| failed(request, StepError::reason(&error), output.last_lines()))?;
        if let Some(error) = info.error_detail {
            let reason = error.message.unwrap_or_default();
            return Err(failed(request, reason.trim().to_owned(), output.last_lines()));
        }
        output.take(&info.stream.or(info.status).unwrap_or_default());
    }
    Ok(())
}

async fn tag(runner: &Runner, request: &BuildRequest) -> Result<(), StepError> {
    for name in &request.tags {
        let (repository, tag) = effects::split_reference(name);
        let options = TagImageOptionsBuilder::default().repo(repository).tag(tag).build();
        let answer = runner.engine.docker().tag_image(&request.image, Some(options)).await;
        answer.map_err(|error| {
            StepError::call(format!("cannot tag image {} as {name}", request.image), &error)
        })?;
    }
    Ok(())
}
