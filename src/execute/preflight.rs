//! Looks before anything is made: host ports that someone else holds.

mod holder;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};

use crate::engine::{Engine, EngineError};
use crate::plan::desired::{Desired, HostPort};
use crate::plan::observed::Observed;
use crate::plan::step::{Action, Plan};

/// Host ports that a plan needs and that are taken, each with its holder, as messages.
///
/// # Errors
/// The engine cannot list containers.
pub async fn check_ports(
    engine: &Engine,
    desired: &Desired,
    observed: &Observed,
    plan: &Plan,
) -> Result<Vec<String>, EngineError> {
    let wanted = wanted(desired, observed, plan);
    if !engine.target().is_local() {
        return Ok(Vec::new());
    }
    let mut messages = Vec::new();
    for port in wanted.iter().filter(|port| is_taken(port)) {
        let holder = holder::describe(engine, port).await?;
        let place = port.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        messages.push(format!(
            "{place}service {}: port {}/{} is already in use{holder}",
            port.service, port.port, port.protocol
        ));
    }
    Ok(messages)
}

/// Ports of services that get a container started, without those that the project holds already.
fn wanted(desired: &Desired, observed: &Observed, plan: &Plan) -> BTreeSet<HostPort> {
    let starting: BTreeSet<&str> =
        plan.steps.iter().filter_map(|step| started_service(&step.action)).collect();
    let running = observed.containers.iter().filter(|container| container.is_running());
    let held: BTreeSet<u16> =
        running.flat_map(|c| c.ports.iter().filter_map(|port| port.public_port)).collect();
    let services = desired.services.iter().filter(|service| starting.contains(service.name.as_str()));
    let ports = services.flat_map(|service| service.ports.iter().cloned());
    ports.filter(|port| !held.contains(&port.port)).collect()
}

fn started_service(action: &Action) -> Option<&str> {
    match action {
        Action::StartContainer(target) => Some(&target.service),
        _ => None,
    }
}

/// Whether a socket cannot be bound because another one is.
fn is_taken(port: &HostPort) -> bool {
    let address = port.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let result = match port.protocol.as_str() {
        "udp" => UdpSocket::bind((address, port.port)).map(|_| ()),
        "tcp" | "" => TcpListener::bind((address, port.port)).map(|_| ()),
        _ => Ok(()),
    };
    result.is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}
