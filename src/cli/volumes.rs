//! `wharf volumes`: the volumes of the project.

use std::collections::{BTreeMap, BTreeSet};

use bollard::models::Volume;
use bollard::query_parameters::ListVolumesOptionsBuilder;
use clap::Args;
use serde_json::{Map, Value, json};

use super::{Context, Failure, selection};
use crate::engine::{Engine, EngineError, labels_filter};
use crate::output::{self, Format, Listing};
use crate::plan::labels;

/// Arguments of `volumes`.
#[derive(Args, Debug)]
pub struct VolumesArgs {
    /// Only volumes that these services mount
    services: Vec<String>,
    /// Output: "table", "json" (one object per line), a Go template or "table TEMPLATE"
    #[arg(long, default_value = "table")]
    format: String,
    /// Only names
    #[arg(short, long)]
    quiet: bool,
}

const LISTING: Listing = Listing {
    columns: &[("Driver", "DRIVER"), ("Name", "VOLUME NAME")],
    headings: &[],
    json_array: false,
    least_width: output::CLIENT_WIDTH,
};

/// What an engine does not say of a volume, in the docker client's word.
const UNKNOWN: &str = "N/A";

/// Prints the list.
///
/// # Errors
/// The service is unknown, the engine fails, or the format is not understood.
pub async fn run(context: &Context, args: VolumesArgs) -> Result<(), Failure> {
    let format = Format::parse(&args.format)?;
    let engine = context.engine().await?;
    let mut volumes = of_project(&engine, &context.project_name()?).await?;
    if !args.services.is_empty() {
        let mounted = mounted(context, &engine, &args.services).await?;
        volumes.retain(|volume| mounted.contains(&volume.name));
    }
    volumes.sort_by(|a, b| a.name.cmp(&b.name));
    if args.quiet {
        output::lines(volumes.into_iter().map(|volume| volume.name));
        return Ok(());
    }
    LISTING.print(&format, &volumes.iter().map(entry).collect::<Vec<_>>())?;
    Ok(())
}

async fn of_project(engine: &Engine, project: &str) -> Result<Vec<Volume>, Failure> {
    let filters = labels_filter(&[format!("{}={project}", labels::PROJECT)]);
    let options = ListVolumesOptionsBuilder::default().filters(&filters).build();
    let answer = engine.docker().list_volumes(Some(options)).await;
    let answer = answer.map_err(|error| EngineError::call("list volumes", &error))?;
    Ok(answer.volumes.unwrap_or_default())
}

/// Names of the volumes that containers of the services mount, whatever their state.
async fn mounted(
    context: &Context,
    engine: &Engine,
    services: &[String],
) -> Result<BTreeSet<String>, Failure> {
    let containers = selection::containers(context, engine, services).await?;
    Ok(containers.iter().flat_map(|c| &c.mounts).filter_map(|mount| mount.name.clone()).collect())
}

fn entry(volume: &Volume) -> Map<String, Value> {
    let labels: BTreeMap<_, _> = volume.labels.iter().collect();
    let pairs: Vec<_> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    output::entry([
        ("Availability", UNKNOWN.into()),
        ("Driver", volume.driver.clone().into()),
        ("Group", UNKNOWN.into()),
        ("Labels", pairs.join(",").into()),
        ("Links", UNKNOWN.into()),
        ("Mountpoint", volume.mountpoint.clone().into()),
        ("Name", volume.name.clone().into()),
        ("Scope", volume.scope.map_or_else(String::new, |scope| scope.to_string()).into()),
        ("Size", UNKNOWN.into()),
        ("Status", UNKNOWN.into()),
        (output::LABEL, json!(labels)),
    ])
}
