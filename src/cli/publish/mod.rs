//! `wharf publish`: sends the files of a project to a registry, as the artifact that Docker Compose reads (`oci://…`).
//!
//! `review` says what must not leave and what has to be asked, `layers` what leaves, `manifest` what describes it.

mod layers;
mod manifest;
mod review;
mod sensitive;

use clap::Args;

use self::layers::Layer;
use self::manifest::OciVersion;
use super::config::digests;
use super::confirm::confirm;
use super::dry_run::announced;
use super::session::Session;
use super::{Context, Failure};
use crate::output::plan::Row;
use crate::output::progress::{ProgressEvent, Status};
use crate::project::{LoadOptions, Project, render};
use crate::registry::{Artifact, Repository};

/// Arguments of `publish`.
#[derive(Args, Debug)]
pub struct PublishArgs {
    /// Where to publish
    #[arg(value_name = "REPOSITORY[:TAG]")]
    repository: String,
    /// Add a file that pins tags of images to digests
    #[arg(long)]
    resolve_image_digests: bool,
    /// Version of the OCI specification (default: the newest that the registry takes)
    #[arg(long, value_enum, value_name = "VERSION")]
    oci_version: Option<OciVersion>,
    /// Publish variables and env files of services too
    #[arg(long)]
    with_env: bool,
    /// Answer yes to every question
    #[arg(short, long)]
    yes: bool,
    /// Publish the images too (not supported)
    #[arg(long)]
    app: bool,
    /// Go on where the registry speaks plain HTTP
    #[arg(long, hide = true)]
    insecure_registry: bool,
}

/// Publishes the project.
///
/// # Errors
/// The project is wrong or must not be published, or the registry refuses.
pub async fn run(context: &Context, args: PublishArgs) -> Result<(), Failure> {
    if args.app {
        return Err(Failure::message(
            "--app is not supported: an engine's API does not copy images between registries. Send the images with `wharf \
             push`, and publish with --resolve-image-digests",
        ));
    }
    let repository = Repository::parse_target(&args.repository, args.insecure_registry)?;
    // The files leave as they are written: what an env file says is asked about as a file.
    let options = LoadOptions { resolve_environment: false, ..context.load_options()? };
    let mut project = context.load_with(options)?.project;
    let mut layers = layers::of(&project)?;
    review::refuse(&project)?;
    let allowed = args.yes || context.globals.dry_run().is_some();
    if !(allowed || ask(&review::questions(&project, &layers))?) {
        eprintln!("nothing was published");
        return Ok(());
    }
    review::variables(&project, args.with_env)?;
    if args.resolve_image_digests {
        layers.push(pinned(context, &mut project).await?);
    }
    if announced(context, &project.name, || rows(&layers, &args.repository)) {
        return Ok(());
    }
    let session = Session::open(context, &project.name, "publish").await?;
    let report = |status, text: &str| {
        session.runner.progress.event(&ProgressEvent::new(&args.repository, status, text));
    };
    report(Status::Working, "publishing");
    let sent = send(&repository, &layers, args.oci_version).await;
    match &sent {
        Ok(()) => report(Status::Done, "published"),
        Err(_) => report(Status::Error, "Error"),
    }
    session.runner.progress.finish();
    sent
}

fn ask(questions: &[String]) -> Result<bool, Failure> {
    for question in questions {
        if !confirm(question)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A last file that has the images' digests.
async fn pinned(context: &Context, project: &mut Project) -> Result<Layer, Failure> {
    digests::resolve(context, project).await?;
    let text = render::yaml(&digests::only_images(project));
    Ok(Layer::compose("image-digests.yaml", text.into_bytes()))
}

fn rows(layers: &[Layer], repository: &str) -> Vec<Row> {
    let row = |layer: &Layer| {
        let text = format!("publish {} ({} bytes) in {repository}", layer.name, layer.content.len());
        Row::asked("publish", "file", &layer.name, text)
    };
    layers.iter().map(row).collect()
}

/// Sends the artifact in the version asked for, else in the newest that the registry takes.
async fn send(repository: &Repository, layers: &[Layer], version: Option<OciVersion>) -> Result<(), Failure> {
    let blobs = layers.iter().map(|layer| layer.content.clone()).chain([manifest::CONFIG.to_vec()]);
    let mut artifact = Artifact { blobs: blobs.collect(), manifest: Vec::new() };
    let mut versions = version.map_or(vec![OciVersion::V1_1, OciVersion::V1_0], |version| vec![version]);
    loop {
        artifact.manifest = manifest::of(layers, versions.remove(0));
        match repository.push(&artifact).await {
            Err(error) if error.is_refused() && !versions.is_empty() => {}
            result => return Ok(result?),
        }
    }
}
