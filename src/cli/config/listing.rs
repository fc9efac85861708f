//! Lists of names: services, volumes, networks, models, profiles, images, configuration hashes.

use std::collections::BTreeSet;

use super::arguments::{ConfigArgs, Names};
use crate::cli::session::separator;
use crate::cli::{Context, Failure, report};
use crate::plan::{self, names::Separator};
use crate::project::node::Node;
use crate::project::{self, LoadOptions, Project};

/// One name a line, sorted.
pub(super) fn text(
    context: &Context,
    args: &ConfigArgs,
    names: Names<'_>,
    options: LoadOptions,
) -> Result<String, Failure> {
    let lines = if names == Names::Services && args.no_interpolate {
        uninterpolated_services(context, &options)?
    } else {
        // No list needs the env files, which may not be there yet; Compose hashes services before it reads them.
        let project = context.load_with(LoadOptions { resolve_environment: false, ..options })?.project;
        lines(&project, names, separator(context))?
    };
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}

/// Without values for variables nothing is typed, but names are there.
fn uninterpolated_services(context: &Context, options: &LoadOptions) -> Result<Vec<String>, Failure> {
    let loaded = project::load_tree(options)?;
    report::diagnostics(&loaded.warnings, &loaded.sources, context.style);
    let services = loaded.tree.get("services").and_then(Node::as_mapping);
    let names: BTreeSet<String> = services.into_iter().flatten().map(|(name, _)| name.clone()).collect();
    Ok(names.into_iter().collect())
}

fn lines(project: &Project, names: Names<'_>, separator: Separator) -> Result<Vec<String>, Failure> {
    Ok(match names {
        Names::Services => project.services.keys().cloned().collect(),
        Names::Volumes => project.volumes.keys().cloned().collect(),
        Names::Networks => project.networks.keys().cloned().collect(),
        Names::Models => models(project),
        Names::Hash(wanted) => hashes(project, wanted)?,
        Names::Profiles => profiles(project),
        Names::Images => images(project, separator),
    })
}

/// What the models are, not their keys.
fn models(project: &Project) -> Vec<String> {
    let mut models: Vec<String> = project.models.values().map(|model| model.model.clone()).collect();
    models.sort();
    models
}

fn profiles(project: &Project) -> Vec<String> {
    let services = project.services.values().chain(project.disabled_services.values());
    let profiles: BTreeSet<&String> = services.flat_map(|service| &service.profiles).collect();
    profiles.into_iter().cloned().collect()
}

/// One image for each service, as Compose prints them, and those of hooks that have their own.
fn images(project: &Project, separator: Separator) -> Vec<String> {
    let mut images = Vec::new();
    for service in project.services.values().filter(|service| service.provider.is_none()) {
        let image = plan::names::image(&project.name, service, separator);
        let hooks = service.pre_start.iter().map(|hook| hook.image.clone());
        images.extend(hooks.filter(|hook| !hook.is_empty() && *hook != image));
        images.push(image);
    }
    images.sort();
    images
}

fn hashes(project: &Project, wanted: &str) -> Result<Vec<String>, Failure> {
    let mut names: Vec<&str> = match wanted {
        "*" => project.services.keys().map(String::as_str).collect(),
        list => list.split(',').collect(),
    };
    names.sort_unstable();
    let line = |name: &str| {
        let service = project.services.get(name);
        let service = service.ok_or_else(|| Failure::message(format!("no such service: {name}")))?;
        Ok(format!("{name} {}", plan::hash::service(service)))
    };
    names.into_iter().map(line).collect()
}
