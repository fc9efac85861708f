//! `wharf push`: sends the images of services that are built to their registries.

use bollard::query_parameters::PushImageOptionsBuilder;
use clap::Args;
use futures::StreamExt;

use super::reconcile::load;
use super::session::{Session, separator};
use super::{Context, Failure, dry_run};
use crate::engine::{credentials_for, server_message};
use crate::output::plan::{Row, Sheet};
use crate::output::progress::{ProgressEvent, Status};
use crate::plan::names;
use crate::project::pattern;

/// Arguments of `push`.
#[derive(Args, Debug)]
pub struct PushArgs {
    /// Only these services
    services: Vec<String>,
    /// Services that the named ones depend on too
    #[arg(long)]
    include_deps: bool,
    /// Go on when an image cannot be sent
    #[arg(long)]
    ignore_push_failures: bool,
    /// No progress
    #[arg(short, long)]
    quiet: bool,
}

/// Runs `push`.
///
/// # Errors
/// The project is wrong, or an image cannot be sent.
pub async fn run(context: &Context, args: PushArgs) -> Result<(), Failure> {
    let project = load(context, &args.services, args.include_deps)?;
    // An image that is built without a name of its own is nobody's to send: Docker Compose skips it too.
    let built =
        project.services.values().filter(|service| service.build.is_some() && !service.image.is_empty());
    let chosen = built.filter(|service| pattern::any_matches(&args.services, &service.name));
    let images: Vec<String> =
        chosen.map(|service| names::image(&project.name, service, separator(context))).collect();
    let session = Session::open(context, &project.name, "push").await?;
    match push_images(&session, &images).await {
        Err(Failure::Message(text)) if args.ignore_push_failures => {
            session.runner.progress.warning(&text);
            Ok(())
        }
        result => result,
    }
}

/// Sends images, all at once; names every one that failed.
pub(super) async fn push_images(session: &Session, images: &[String]) -> Result<(), Failure> {
    if let Some(format) = session.form() {
        let rows = push_rows(images);
        dry_run::print(&Sheet::of_rows(&session.runner.project, rows), format);
        return Ok(());
    }
    let results = futures::future::join_all(images.iter().map(|image| push_image(session, image))).await;
    session.runner.progress.finish();
    let failures: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    if failures.is_empty() { Ok(()) } else { Err(Failure::message(failures.join("\n"))) }
}

/// What `--dry-run` says of pushes.
pub(super) fn push_rows(images: &[String]) -> Vec<Row> {
    images.iter().map(|image| Row::asked("push", "image", image, format!("push image {image}"))).collect()
}

async fn push_image(session: &Session, image: &str) -> Result<(), String> {
    let report = |status, text: &str| {
        session.runner.progress.event(&ProgressEvent::new(format!("Image {image}"), status, text));
    };
    report(Status::Working, "Pushing");
    let result = send(session, image).await;
    match &result {
        Ok(()) => report(Status::Done, "Pushed"),
        Err(_) => report(Status::Error, "Error"),
    }
    result.map_err(|reason| format!("cannot push image {image}: {reason}"))
}

async fn send(session: &Session, image: &str) -> Result<(), String> {
    let (name, tag) = match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    };
    let options = PushImageOptionsBuilder::default().tag(tag).build();
    let mut messages =
        Box::pin(session.engine().docker().push_image(name, Some(options), credentials_for(image)));
    while let Some(message) = messages.next().await {
        let info = message.map_err(|error| server_message(&error))?;
        if let Some(error) = info.error_detail {
            return Err(error.message.unwrap_or_default());
        }
    }
    Ok(())
}
