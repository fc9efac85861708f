//! `wharf ps`: the containers of the project.

use std::collections::BTreeSet;

use clap::Args;
use serde_json::{Map, Value, json};

use super::{Context, Failure, docker_config, selection};
use crate::output::{self, Format, Listing, time};
use crate::plan::observed::{ObservedContainer, State};

/// Arguments of `ps`.
#[derive(Args, Debug)]
pub struct PsArgs {
    /// Only these services
    services: Vec<String>,
    /// Stopped containers too
    #[arg(short, long)]
    all: bool,
    /// Output: "table", "json" (one object per line), a Go template or "table TEMPLATE" [default: psFormat of the docker
    /// client's configuration, else table]
    #[arg(long)]
    format: Option<String>,
    /// Only containers that match, as status=STATE
    #[arg(long)]
    filter: Option<String>,
    /// Only containers in these states
    #[arg(long = "status", value_name = "STATE")]
    statuses: Vec<String>,
    /// Only ids
    #[arg(short, long)]
    quiet: bool,
    /// Only names of services
    #[arg(long = "services", id = "only_services")]
    only_services: bool,
    /// Containers of services that the files do not have too
    #[arg(long, default_value = "true")]
    orphans: bool,
    /// Whole commands and ids
    #[arg(long)]
    no_trunc: bool,
}

const LISTING: Listing = Listing {
    columns: &[
        ("Name", "NAME"),
        ("Image", "IMAGE"),
        ("Command", "COMMAND"),
        ("Service", "SERVICE"),
        ("RunningFor", "CREATED"),
        ("Status", "STATUS"),
        ("Ports", "PORTS"),
    ],
    headings: &[("ID", "CONTAINER ID"), ("CreatedAt", "CREATED AT"), ("LocalVolumes", "LOCAL VOLUMES")],
    json_array: false,
    least_width: output::CLIENT_WIDTH,
};

/// Prints the list.
///
/// # Errors
/// The project or the engine cannot be read, or an argument is not understood.
pub async fn run(context: &Context, args: PsArgs) -> Result<(), Failure> {
    let format = match &args.format {
        Some(format) => Format::parse(format)?,
        None => Format::parse(docker_config::ps_format(context).as_deref().unwrap_or("table"))?,
    };
    let states = wanted_states(&args)?;
    let engine = context.engine().await?;
    let mut containers = selection::containers(context, &engine, &args.services).await?;
    containers.retain(|container| is_listed(container, &args, &states));
    if !args.orphans {
        containers.retain(|container| context.names_service(&container.service));
    }
    containers.sort_by(|a, b| a.name.cmp(&b.name));
    print(context, &args, &format, &containers)
}

fn print(
    context: &Context,
    args: &PsArgs,
    format: &Format,
    containers: &[ObservedContainer],
) -> Result<(), Failure> {
    if args.quiet {
        output::lines(containers.iter().map(|container| container.id.clone()));
    } else if args.only_services {
        let services: BTreeSet<_> = containers.iter().map(|container| container.service.clone()).collect();
        output::lines(services);
    } else {
        let project = context.project_name()?;
        let entries: Vec<_> = containers.iter().map(|c| entry(&project, c, args.no_trunc)).collect();
        LISTING.print(format, &entries)?;
    }
    Ok(())
}

fn wanted_states(args: &PsArgs) -> Result<Vec<State>, Failure> {
    let mut names = args.statuses.clone();
    if let Some(filter) = &args.filter {
        let name = filter.strip_prefix("status=").ok_or_else(|| {
            Failure::message(format!("filter {filter:?} is not known: only status=STATE can be filtered by"))
        })?;
        names.push(name.to_owned());
    }
    names.iter().map(|name| state_named(name)).collect()
}

fn state_named(name: &str) -> Result<State, Failure> {
    match name {
        "created" => Ok(State::Created),
        "running" => Ok(State::Running),
        "paused" => Ok(State::Paused),
        "restarting" => Ok(State::Restarting),
        "exited" => Ok(State::Exited),
        "removing" | "dead" => Ok(State::Dead),
        other => Err(Failure::message(format!("unknown status {other:?}"))),
    }
}

fn is_listed(container: &ObservedContainer, args: &PsArgs, states: &[State]) -> bool {
    if !states.is_empty() {
        return states.contains(&container.state);
    }
    args.all || (container.is_running() && !container.one_off)
}

/// The command in quotes, cut to 20 characters as Docker does.
fn command_column(command: &str, whole: bool) -> String {
    if whole || command.chars().count() <= 20 {
        return format!("\"{command}\"");
    }
    let cut: String = command.chars().take(19).collect();
    format!("\"{cut}…\"")
}

/// The fields that `docker compose ps --format json` has, and the labels one by one.
fn entry(project: &str, container: &ObservedContainer, whole: bool) -> Map<String, Value> {
    let labels: Vec<_> = container.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let networks: Vec<_> = container.networks.keys().cloned().collect();
    let mounts: Vec<_> = container.mounts.iter().map(output::mount_name).collect();
    let local = container.mounts.iter().filter(|m| m.driver.as_deref() == Some("local")).count();
    let id = if whole { &container.id } else { output::short_id(&container.id) };
    let fields = [
        ("Command", command_column(&container.command, whole).into()),
        ("CreatedAt", time::local(container.created).into()),
        ("ExitCode", container.exit_code.unwrap_or(0).into()),
        ("Health", container.health.map_or("", |health| health.text()).into()),
        ("ID", id.into()),
        ("Image", container.image.clone().into()),
        ("Labels", labels.join(",").into()),
        ("LocalVolumes", local.to_string().into()),
        ("Mounts", mounts.join(",").into()),
        ("Name", container.name.clone().into()),
        ("Names", container.name.clone().into()),
        ("Networks", networks.join(",").into()),
        ("Ports", output::ports(&container.ports).into()),
        ("Project", project.into()),
        ("Publishers", publishers(container).into()),
        ("RunningFor", format!("{} ago", time::since(container.created)).into()),
        ("Service", container.service.clone().into()),
        ("Size", "0B".into()),
        ("State", container.state.text().into()),
        ("Status", container.status.clone().into()),
        (output::LABEL, json!(container.labels)),
    ];
    output::entry(fields)
}

fn publishers(container: &ObservedContainer) -> Vec<serde_json::Value> {
    let mut ports: Vec<_> = container.ports.iter().collect();
    ports.sort_by_key(|port| (port.private_port, port.public_port, port.ip.clone()));
    let publisher = |port: &bollard::models::PortSummary| {
        json!({
            "URL": port.ip.clone().unwrap_or_default(),
            "TargetPort": port.private_port,
            "PublishedPort": port.public_port.unwrap_or(0),
            "Protocol": output::protocol(port),
        })
    };
    ports.into_iter().map(publisher).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_commands_are_cut() {
        assert_eq!(command_column("sleep inf", false), "\"sleep inf\"");
        assert_eq!(command_column("docker-entrypoint.sh redis-server", false), "\"docker-entrypoint.s…\"");
        assert_eq!(
            command_column("docker-entrypoint.sh redis-server", true),
            "\"docker-entrypoint.sh redis-server\""
        );
    }
}
