//! `wharf port SERVICE PORT`: the address on this host that leads to a container's port.

use bollard::models::PortSummary;
use clap::Args;

use super::{Context, Failure, selection};
use crate::output;

/// Arguments of `port`.
#[derive(Args, Debug)]
pub struct PortArgs {
    service: String,
    /// Port inside the container
    private_port: u16,
    /// tcp or udp
    #[arg(long, default_value = "tcp")]
    protocol: String,
    /// Number of the replica
    #[arg(long)]
    index: Option<u32>,
}

/// Prints `IP:PORT`.
///
/// # Errors
/// The service has no such running container, or the port is not published.
pub async fn run(context: &Context, args: PortArgs) -> Result<(), Failure> {
    let engine = context.engine().await?;
    let container = selection::running_container(context, &engine, &args.service, args.index).await?;
    let wanted = |port: &&PortSummary| {
        port.private_port == args.private_port
            && port.public_port.is_some()
            && output::protocol(port) == args.protocol.to_lowercase()
    };
    let mut published: Vec<_> = container.ports.iter().filter(wanted).collect();
    published.sort_by_key(|port| port.ip.clone());
    let Some(port) = published.first() else {
        return Err(not_published(&args, &output::ports(&container.ports)));
    };
    let address = port.ip.as_deref().unwrap_or("0.0.0.0");
    let address = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
    output::lines([format!("{address}:{}", port.public_port.unwrap_or(0))]);
    Ok(())
}

fn not_published(args: &PortArgs, known: &str) -> Failure {
    let known = if known.is_empty() { "it has none" } else { known };
    Failure::message(format!(
        "no port {}/{} for service \"{}\": {known}",
        args.private_port, args.protocol, args.service
    ))
}
