//! `wharf ps`: the containers of the project.

use clap::Args;
use serde_json::json;

use super::{Context, Failure, selection};
use crate::output::{self, Table, time};
use crate::plan::observed::{ObservedContainer, State};

/// Arguments of `ps`.
#[derive(Args, Debug)]
pub struct PsArgs {
    /// Only these services
    services: Vec<String>,
    /// Stopped containers too
    #[arg(short, long)]
    all: bool,
    /// Output: "table" or "json" (one object per line)
    #[arg(long, default_value = "table")]
    format: String,
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

/// Prints the list.
///
/// # Errors
/// The project or the engine cannot be read, or an argument is not understood.
pub async fn run(context: &Context, args: PsArgs) -> Result<(), Failure> {
    let states = wanted_states(&args)?;
    let engine = context.engine().await?;
    let mut containers = selection::containers(context, &engine, &args.services).await?;
    containers.retain(|container| is_listed(container, &args, &states));
    if !args.orphans {
        containers.retain(|container| context.names_service(&container.service));
    }
    containers.sort_by(|a, b| a.name.cmp(&b.name));
    print(context, &args, &containers)
}

fn print(context: &Context, args: &PsArgs, containers: &[ObservedContainer]) -> Result<(), Failure> {
    if args.quiet {
        output::lines(containers.iter().map(|container| container.id.clone()));
    } else if args.only_services {
        let mut services: Vec<_> = containers.iter().map(|container| container.service.clone()).collect();
        services.dedup();
        output::lines(services);
    } else {
        match args.format.as_str() {
            "json" => {
                output::lines(containers.iter().map(|container| as_json(context, container).to_string()))
            }
            "table" | "" => print_table(containers, args.no_trunc),
            other => {
                return Err(Failure::message(format!("format {other:?} is not known: use table or json")));
            }
        }
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

fn print_table(containers: &[ObservedContainer], whole: bool) {
    let mut table = Table::new(&["NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS"]);
    for container in containers {
        table.row([
            container.name.clone(),
            container.image.clone(),
            command_column(&container.command, whole),
            container.service.clone(),
            format!("{} ago", time::since(container.created)),
            container.status.clone(),
            output::ports(&container.ports),
        ]);
    }
    table.print();
}

/// The command in quotes, cut to 20 characters as Docker does.
fn command_column(command: &str, whole: bool) -> String {
    if whole || command.chars().count() <= 20 {
        return format!("\"{command}\"");
    }
    let cut: String = command.chars().take(19).collect();
    format!("\"{cut}…\"")
}

/// The fields that `docker compose ps --format json` has.
fn as_json(context: &Context, container: &ObservedContainer) -> serde_json::Value {
    let project = context.project_name().unwrap_or_default();
    let labels: Vec<_> = container.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let networks: Vec<_> = container.networks.keys().cloned().collect();
    let mounts: Vec<_> = container.mounts.iter().map(output::mount_name).collect();
    let local = container.mounts.iter().filter(|m| m.driver.as_deref() == Some("local")).count();
    json!({
        "Command": format!("\"{}\"", container.command),
        "CreatedAt": time::local(container.created),
        "ExitCode": container.exit_code.unwrap_or(0),
        "Health": container.health.map_or("", |health| health.text()),
        "ID": &container.id[..container.id.len().min(12)],
        "Image": container.image,
        "Labels": labels.join(","),
        "LocalVolumes": local.to_string(),
        "Mounts": mounts.join(","),
        "Name": container.name,
        "Names": container.name,
        "Networks": networks.join(","),
        "Ports": output::ports(&container.ports),
        "Project": project,
        "Publishers": publishers(container),
        "RunningFor": format!("{} ago", time::since(container.created)),
        "Service": container.service,
        "Size": "0B",
        "State": container.state.text(),
        "Status": container.status,
    })
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
