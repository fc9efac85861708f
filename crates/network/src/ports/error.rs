//! Why a port cannot be published. The texts are the ones that tools look for (contract 3.5.4).

use std::io;

use super::holder::PortHolder;
use super::key::PortKey;

/// Why a published port could not be reserved or changed.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Another container of this engine has the port.
    #[error("Bind for {}:{} failed: port is already allocated", .0.address, .0.port)]
    Allocated(PortKey),
    /// A process has the port; who it is can be unknown.
    #[error("failed to bind host port {key}: address already in use{}", describe(holder.as_ref()))]
    InUse {
        /// The port.
        key: PortKey,
        /// The process, when it can be found.
        holder: Option<PortHolder>,
    },
    /// Every port of a range is taken.
    #[error("all ports of {first}-{last}/{protocol} are allocated")]
    RangeExhausted {
        /// Lowest of the range.
        first: u16,
        /// Highest of the range.
        last: u16,
        /// `tcp` or `udp`.
        protocol: &'static str,
    },
    /// The socket cannot be bound: no such address on this host, no permission.
    #[error("failed to bind host port {key}")]
    Bind {
        /// The port.
        key: PortKey,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The port was not reserved, or released already.
    #[error("host port {0} is not reserved")]
    NotReserved(PortKey),
    /// The rules of the port could not be changed.
    #[error("cannot {operation} host port {key}")]
    Firewall {
        /// `publish` or `release`.
        operation: &'static str,
        /// The port.
        key: PortKey,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The rules of an earlier process could not be read.
    #[error("cannot list published ports")]
    List(#[source] io::Error),
}

fn describe(holder: Option<&PortHolder>) -> String {
    holder.map_or_else(String::new, |holder| format!(" by {} (pid {})", holder.name, holder.pid))
}
