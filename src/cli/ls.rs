//! `wharf ls`: the projects on the engine.

use std::collections::BTreeMap;

use clap::Args;
use regex::Regex;
use serde_json::{Map, Value};

use super::{Context, Failure};
use crate::output::{self, Format, Listing};
use crate::plan::labels;
use crate::plan::observed::ObservedContainer;

/// Arguments of `ls`.
#[derive(Args, Debug)]
pub struct LsArgs {
    /// Projects without running containers too
    #[arg(short, long)]
    all: bool,
    /// Output: "table", "json", a Go template or "table TEMPLATE"
    #[arg(long, default_value = "table")]
    format: String,
    /// Only names
    #[arg(short, long)]
    quiet: bool,
    /// Only projects that match, as name=REGEX
    #[arg(long)]
    filter: Option<String>,
}

/// One project.
struct Entry {
    name: String,
    status: String,
    files: String,
}

impl Entry {
    fn fields(&self) -> Map<String, Value> {
        output::entry([
            ("Name", self.name.clone().into()),
            ("Status", self.status.clone().into()),
            ("ConfigFiles", self.files.clone().into()),
        ])
    }
}

const LISTING: Listing = Listing {
    columns: &[("Name", "NAME"), ("Status", "STATUS"), ("ConfigFiles", "CONFIG FILES")],
    headings: &[],
    json_array: true,
    least_width: output::COMPOSE_WIDTH,
};

/// Prints the list.
///
/// # Errors
/// The engine cannot be read, or an argument is not understood.
pub async fn run(context: &Context, args: LsArgs) -> Result<(), Failure> {
    let format = Format::parse(&args.format)?;
    let filter = name_filter(args.filter.as_deref())?;
    let mut entries = entries(context, args.all).await?;
    entries.retain(|entry| filter.as_ref().is_none_or(|filter| filter.is_match(&entry.name)));
    if args.quiet {
        output::lines(entries.into_iter().map(|entry| entry.name));
        return Ok(());
    }
    LISTING.print(&format, &entries.iter().map(Entry::fields).collect::<Vec<_>>())?;
    Ok(())
}

fn name_filter(filter: Option<&str>) -> Result<Option<Regex>, Failure> {
    let Some(filter) = filter else { return Ok(None) };
    let pattern = filter.strip_prefix("name=").ok_or_else(|| {
        Failure::message(format!("filter {filter:?} is not known: only name=REGEX can be filtered by"))
    })?;
    let regex =
        Regex::new(pattern).map_err(|error| Failure::message(format!("filter {filter:?}: {error}")))?;
    Ok(Some(regex))
}

async fn entries(context: &Context, all: bool) -> Result<Vec<Entry>, Failure> {
    let mut projects = context.engine().await?.projects().await?;
    for containers in projects.values_mut() {
        containers.retain(|container| all || container.is_running());
    }
    projects.retain(|_, containers| !containers.is_empty());
    Ok(projects.into_iter().map(|(name, containers)| entry(name, &containers)).collect())
}

/// `exited(1), running(2)`, and the files of the container made last.
fn entry(name: String, containers: &[ObservedContainer]) -> Entry {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for container in containers {
        *counts.entry(container.state.text()).or_default() += 1;
    }
    let status: Vec<_> = counts.iter().map(|(state, count)| format!("{state}({count})")).collect();
    let newest = containers.iter().max_by_key(|container| container.created);
    let files = newest.and_then(|container| container.labels.get(labels::CONFIG_FILES)).cloned();
    Entry { name, status: status.join(", "), files: files.unwrap_or_default() }
}
