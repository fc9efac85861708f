//! `wharf images`: the images that the project's containers were made from.

use std::collections::BTreeMap;

use bollard::models::ImageInspect;
use clap::Args;
use serde_json::json;

use super::{Context, Failure, selection};
use crate::engine::{Engine, EngineError};
use crate::output::{self, Table, time, units};
use crate::plan::observed::ObservedContainer;

/// Arguments of `images`.
#[derive(Args, Debug)]
pub struct ImagesArgs {
    /// Only these services
    services: Vec<String>,
    /// Output: "table" or "json"
    #[arg(long, default_value = "table")]
    format: String,
    /// Only ids
    #[arg(short, long)]
    quiet: bool,
}

/// One container and its image.
struct Entry {
    container: String,
    repository: String,
    tag: String,
    platform: String,
    id: String,
    size: i64,
    created: i64,
}

/// Prints the list.
///
/// # Errors
/// The project or the engine cannot be read, or the format is not known.
pub async fn run(context: &Context, args: ImagesArgs) -> Result<(), Failure> {
    let engine = context.engine().await?;
    let containers = selection::containers(context, &engine, &args.services).await?;
    let entries = entries(&engine, &containers).await?;
    if args.quiet {
        let mut ids: Vec<_> = entries.into_iter().map(|entry| entry.id.replace("sha256:", "")).collect();
        ids.sort();
        ids.dedup();
        output::lines(ids);
        return Ok(());
    }
    match args.format.as_str() {
        "json" => output::lines([json!(entries.iter().map(as_json).collect::<Vec<_>>()).to_string()]),
        "table" | "" => print_table(&entries),
        other => return Err(Failure::message(format!("format {other:?} is not known: use table or json"))),
    }
    Ok(())
}

async fn entries(engine: &Engine, containers: &[ObservedContainer]) -> Result<Vec<Entry>, Failure> {
    let mut known: BTreeMap<String, ImageInspect> = BTreeMap::new();
    let mut entries = Vec::new();
    for container in containers {
        if !known.contains_key(&container.image_id) {
            let answer = engine.docker().inspect_image(&container.image_id).await;
            let image = answer
                .map_err(|error| EngineError::call(format!("inspect image {}", container.image), &error))?;
            known.insert(container.image_id.clone(), image);
        }
        entries.push(entry(container, &known[&container.image_id]));
    }
    entries.sort_by(|a, b| a.container.cmp(&b.container));
    Ok(entries)
}

fn entry(container: &ObservedContainer, image: &ImageInspect) -> Entry {
    let (repository, tag) = match container.image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (container.image.as_str(), "latest"),
    };
    let part = |text: &Option<String>| text.clone().unwrap_or_default();
    let created = image.created.as_deref().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    Entry {
        container: container.name.clone(),
        repository: repository.to_owned(),
        tag: tag.to_owned(),
        platform: format!("{}/{}", part(&image.os), part(&image.architecture)),
        id: container.image_id.clone(),
        size: image.size.unwrap_or_default(),
        created: created.map_or(0, jiff::Timestamp::as_second),
    }
}

fn print_table(entries: &[Entry]) {
    let mut table =
        Table::new(&["CONTAINER", "REPOSITORY", "TAG", "PLATFORM", "IMAGE ID", "SIZE", "CREATED"]);
    for entry in entries {
        let id: String = entry.id.trim_start_matches("sha256:").chars().take(12).collect();
        table.row([
            entry.container.clone(),
            entry.repository.clone(),
            entry.tag.clone(),
            entry.platform.clone(),
            id,
            units::human_size(entry.size),
            format!("{} ago", time::since(entry.created)),
        ]);
    }
    table.print();
}

fn as_json(entry: &Entry) -> serde_json::Value {
    json!({
        "ID": entry.id,
        "ContainerName": entry.container,
        "Repository": entry.repository,
        "Tag": entry.tag,
        "Platform": entry.platform,
        "Size": entry.size,
        "Created": jiff::Timestamp::from_second(entry.created).unwrap_or_default().to_string(),
    })
}
