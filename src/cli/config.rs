//! `wharf config`: the project as it is understood.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Context, Failure, report};
use crate::output::{self, Table};
use crate::plan::{self, names::Separator};
use crate::project::{self, LoadOptions, Project, Variable, render};

/// Arguments of `config`.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct ConfigArgs {
    /// Only these services and what they depend on
    services: Vec<String>,
    /// Output format
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Only check; print nothing
    #[arg(short, long)]
    quiet: bool,
    /// Leave variables as they are written
    #[arg(long)]
    no_interpolate: bool,
    /// Leave out names, the default network and implied dependencies
    #[arg(long)]
    no_normalize: bool,
    /// Leave relative paths relative
    #[arg(long)]
    no_path_resolution: bool,
    /// Do not check that references lead somewhere
    #[arg(long)]
    no_consistency: bool,
    /// Keep env_file instead of reading it into environment
    #[arg(long)]
    no_env_resolution: bool,
    /// Write to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    listing: Listing,
}

/// What to list instead of the whole project.
#[derive(Args, Debug)]
#[group(multiple = false)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
struct Listing {
    /// Names of services
    #[arg(long = "services", id = "list_services")]
    services: bool,
    /// Keys of volumes
    #[arg(long)]
    volumes: bool,
    /// Keys of networks
    #[arg(long)]
    networks: bool,
    /// Keys of models
    #[arg(long)]
    models: bool,
    /// Names of profiles
    #[arg(long)]
    profiles: bool,
    /// Names of images
    #[arg(long)]
    images: bool,
    /// Configuration hashes of these services, separated by commas, or of all with "*"
    #[arg(long, value_name = "SERVICES")]
    hash: Option<String>,
    /// Variables that the files use
    #[arg(long)]
    variables: bool,
    /// Variables that the files can use, with their values
    #[arg(long)]
    environment: bool,
}

/// Output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// A table (for `--variables`).
    Table,
}

/// Prints what was asked for.
///
/// # Errors
/// The project does not load, or the output file cannot be written.
pub fn run(context: &Context, args: &ConfigArgs) -> Result<(), Failure> {
    let text = text(context, args)?;
    if args.quiet {
        return Ok(());
    }
    match &args.output {
        None => output::lines(text.lines().map(str::to_owned)),
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Failure::message(format!("cannot write {}: {error}", path.display())))?,
    }
    Ok(())
}

fn text(context: &Context, args: &ConfigArgs) -> Result<String, Failure> {
    let options = options(context, args)?;
    if args.listing.variables {
        return variables(context, args, options);
    }
    if args.listing.environment {
        return environment(context, &options);
    }
    if args.no_interpolate {
        return uninterpolated(context, args, &options);
    }
    let project = context.load_with(options)?.project;
    let separator = if context.globals.compatibility { Separator::Underscore } else { Separator::Dash };
    match listing(&project, &args.listing, separator)? {
        Some(lines) => Ok(lines.into_iter().map(|line| line + "\n").collect()),
        None => Ok(whole(&project, args.format)),
    }
}

fn options(context: &Context, args: &ConfigArgs) -> Result<LoadOptions, Failure> {
    Ok(LoadOptions {
        services: args.services.clone(),
        interpolate: !args.no_interpolate,
        normalize: !args.no_normalize && !context.globals.compatibility,
        resolve_paths: !args.no_path_resolution,
        check_consistency: !args.no_consistency,
        resolve_environment: !args.no_env_resolution,
        ..context.load_options()?
    })
}

fn whole(project: &Project, format: Option<Format>) -> String {
    match format {
        Some(Format::Json) => render::json(project) + "\n",
        _ => render::yaml(project),
    }
}

/// The tree before it becomes typed: without values there are no types.
fn uninterpolated(context: &Context, args: &ConfigArgs, options: &LoadOptions) -> Result<String, Failure> {
    if !args.services.is_empty() {
        eprintln!("warning: services are ignored with --no-interpolate");
    }
    let loaded = project::load_tree(options)?;
    report::diagnostics(&loaded.warnings, &loaded.sources, context.style);
    Ok(match args.format {
        Some(Format::Json) => render::tree_json(&loaded.tree) + "\n",
        _ => render::tree_yaml(&loaded.tree),
    })
}

fn environment(context: &Context, options: &LoadOptions) -> Result<String, Failure> {
    let inputs = project::load_inputs(options)?;
    report::diagnostics(&inputs.warnings, &inputs.sources, context.style);
    Ok(inputs.environment.iter().map(|(name, value)| format!("{name}={value}\n")).collect())
}

fn listing(
    project: &Project,
    listing: &Listing,
    separator: Separator,
) -> Result<Option<Vec<String>>, Failure> {
    Ok(Some(if listing.services {
        project.services.keys().cloned().collect()
    } else if listing.volumes {
        project.volumes.keys().cloned().collect()
    } else if listing.networks {
        project.networks.keys().cloned().collect()
    } else if listing.models {
        project.models.keys().cloned().collect()
    } else if listing.profiles {
        profiles(project)
    } else if listing.images {
        images(project, separator)
    } else if let Some(wanted) = &listing.hash {
        hashes(project, wanted)?
    } else {
        return Ok(None);
    }))
}

fn profiles(project: &Project) -> Vec<String> {
    let services = project.services.values().chain(project.disabled_services.values());
    let profiles: BTreeSet<&String> = services.flat_map(|service| &service.profiles).collect();
    profiles.into_iter().cloned().collect()
}

/// Images of services, of their hooks, and of image mounts, each once.
fn images(project: &Project, separator: Separator) -> Vec<String> {
    let mut images = BTreeSet::new();
    for service in project.services.values().filter(|service| service.provider.is_none()) {
        images.insert(plan::names::image(&project.name, service, separator));
        images.extend(
            service.pre_start.iter().map(|hook| hook.image.clone()).filter(|image| !image.is_empty()),
        );
    }
    images.into_iter().collect()
}

fn hashes(project: &Project, wanted: &str) -> Result<Vec<String>, Failure> {
    let names: Vec<&str> = match wanted {
        "*" => project.services.keys().map(String::as_str).collect(),
        list => list.split(',').collect(),
    };
    let mut lines = Vec::with_capacity(names.len());
    for name in names {
        let service =
            project.services.get(name).ok_or_else(|| Failure::message(format!("no such service: {name}")))?;
        lines.push(format!("{name} {}", plan::hash::service(service)));
    }
    lines.sort();
    Ok(lines)
}

fn variables(context: &Context, args: &ConfigArgs, options: LoadOptions) -> Result<String, Failure> {
    let loaded = project::load_tree(&LoadOptions { interpolate: false, ..options })?;
    report::diagnostics(&loaded.warnings, &loaded.sources, context.style);
    let variables = project::variables(&loaded.tree);
    let known = |(name, variable): (&String, &Variable)| (name.clone(), variable.clone());
    Ok(match args.format {
        Some(Format::Json) => variables_json(variables.iter().map(known)),
        Some(Format::Yaml) => variables_yaml(variables.iter().map(known)),
        Some(Format::Table) | None => {
            let mut table = Table::new(&["NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"]);
            for (name, variable) in variables {
                table.row([name, variable.required.to_string(), variable.default, variable.alternate]);
            }
            table.lines().into_iter().map(|line| line + "\n").collect()
        }
    })
}

fn variables_json(variables: impl Iterator<Item = (String, Variable)>) -> String {
    let object = |(name, variable): (String, Variable)| {
        let value = serde_json::json!({
            "Name": name, "DefaultValue": variable.default, "PresenceValue": variable.alternate, "Required": variable.required,
        });
        (name, value)
    };
    let all: serde_json::Map<String, serde_json::Value> = variables.map(object).collect();
    // A map of text and booleans always prints.
    serde_json::to_string_pretty(&all).unwrap_or_default() + "\n"
}

fn variables_yaml(variables: impl Iterator<Item = (String, Variable)>) -> String {
    let mut root = project::node::Node::mapping(Default::default(), Default::default());
    for (name, variable) in variables {
        let mut entry = project::node::Node::mapping(Default::default(), Default::default());
        entry.set("name", name.as_str().into());
        entry.set("defaultvalue", variable.default.as_str().into());
        entry.set("presencevalue", variable.alternate.as_str().into());
        entry.set("required", variable.required.into());
        root.set(&name, entry);
    }
    render::tree_yaml(&root)
}
