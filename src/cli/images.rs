//! `wharf images`: the images that the project's containers were made from.

use std::collections::{BTreeMap, BTreeSet};

use bollard::models::ImageInspect;
use clap::Args;
use serde_json::{Map, Value};

use super::{Context, Failure, selection};
use crate::engine::{Engine, EngineError};
use crate::output::{self, Format, Listing, time, units};
use crate::plan::observed::ObservedContainer;

/// Arguments of `images`.
#[derive(Args, Debug)]
pub struct ImagesArgs {
    /// Only these services
    services: Vec<String>,
    /// Output: "table", "json", a Go template or "table TEMPLATE"
    #[arg(long, default_value = "table")]
    format: String,
    /// Only ids
    #[arg(short, long)]
    quiet: bool,
}

const LISTING: Listing = Listing {
    columns: &[
        ("ContainerName", "CONTAINER"),
        ("Repository", "REPOSITORY"),
        ("Tag", "TAG"),
        ("Platform", "PLATFORM"),
        ("ShortID", "IMAGE ID"),
        ("HumanSize", "SIZE"),
        ("CreatedSince", "CREATED"),
    ],
    headings: &[("ID", "IMAGE ID")],
    json_array: true,
    least_width: output::COMPOSE_WIDTH,
};

/// Prints the list.
///
/// # Errors
/// The project or the engine cannot be read, or the format is not known.
pub async fn run(context: &Context, args: ImagesArgs) -> Result<(), Failure> {
    let format = Format::parse(&args.format)?;
    let engine = context.engine().await?;
    let mut containers = selection::containers(context, &engine, &args.services).await?;
    containers.sort_by(|a, b| a.name.cmp(&b.name));
    if args.quiet {
        let ids: BTreeSet<_> = containers.iter().map(|c| c.image_id.replace("sha256:", "")).collect();
        output::lines(ids);
        return Ok(());
    }
    LISTING.print(&format, &entries(&engine, &containers, &format).await?)?;
    Ok(())
}

async fn entries(
    engine: &Engine,
    containers: &[ObservedContainer],
    format: &Format,
) -> Result<Vec<Map<String, Value>>, Failure> {
    let mut known: BTreeMap<String, ImageInspect> = BTreeMap::new();
    let mut entries = Vec::new();
    for container in containers {
        if !known.contains_key(&container.image_id) {
            let answer = engine.docker().inspect_image(&container.image_id).await;
            let image = answer
                .map_err(|error| EngineError::call(format!("inspect image {}", container.image), &error))?;
            known.insert(container.image_id.clone(), image);
        }
        let mut entry = entry(container, &known[&container.image_id]);
        if matches!(format, Format::Json) {
            // JSON has the exact values only, as scripts know them.
            SHORT_FORMS.iter().for_each(|field| drop(entry.remove(*field)));
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// Fields for people, beside those with the exact values.
const SHORT_FORMS: [&str; 3] = ["ShortID", "HumanSize", "CreatedSince"];

fn entry(container: &ObservedContainer, image: &ImageInspect) -> Map<String, Value> {
    let (repository, tag) = match container.image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (container.image.as_str(), "latest"),
    };
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    let created = image.created.as_deref().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let created = created.unwrap_or_default();
    let tagged = image.metadata.as_ref().and_then(|metadata| metadata.last_tag_time.as_ref());
    let size = image.size.unwrap_or_default();
    output::entry([
        ("ID", container.image_id.clone().into()),
        ("ContainerName", container.name.clone().into()),
        ("Repository", repository.into()),
        ("Tag", tag.into()),
        ("Platform", format!("{}/{}", part(&image.os), part(&image.architecture)).into()),
        ("Size", size.into()),
        ("Created", created.to_string().into()),
        ("LastTagTime", tagged.map_or("0001-01-01T00:00:00Z".to_owned(), ToString::to_string).into()),
        ("ShortID", output::short_id(&container.image_id).into()),
        ("HumanSize", units::human_size(size).into()),
        ("CreatedSince", format!("{} ago", time::since(created.as_second())).into()),
    ])
}
