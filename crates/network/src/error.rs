//! What can go wrong with networks and sandboxes.
//!
//! Published ports have their own errors ([`crate::ports::PortError`]); a caller reports them differently.

use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use crate::subnet::Ipv4Subnet;

/// A result of this crate.
pub type Result<T, E = NetworkError> = std::result::Result<T, E>;

/// Why an operation on a network or a sandbox failed. The texts are the ones that Docker's users know where there are such.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// No network has this id, name or unique id prefix.
    #[error("network {0} not found")]
    NotFound(String),
    /// Names are unique (contract 3.7.4).
    #[error("network with name {0} already exists")]
    NameTaken(String),
    /// A setting of a network, or of an endpoint, is refused.
    #[error("network {network}: {reason}")]
    Invalid {
        /// The network's name.
        network: String,
        /// What is refused, and why.
        reason: String,
    },
    /// `bridge`, `host` and `none` are neither made nor removed.
    #[error("{0} is a pre-defined network and cannot be created or removed")]
    Predefined(String),
    /// Containers still use the network (contract 3.7.4).
    #[error("network {network} has active endpoints ({})", containers.join(", "))]
    ActiveEndpoints {
        /// The network's name.
        network: String,
        /// The containers' names.
        containers: Vec<String>,
    },
    /// No default pool is left (contract 3.1.1).
    #[error("all predefined address pools have been fully subnetted")]
    PoolsExhausted,
    /// The subnet overlaps another network of this engine (contract 3.1.6).
    #[error("Pool overlaps with other one on this address space: {subnet} is in use by network {network}")]
    PoolOverlap {
        /// The subnet asked for.
        subnet: Ipv4Subnet,
        /// The network that has it.
        network: String,
    },
    /// A static address outside of the network's subnet (contract 3.1.7).
    #[error("network {network}: no configured subnet contains IP address {address}")]
    AddressOutside {
        /// The network's name.
        network: String,
        /// The address asked for.
        address: Ipv4Addr,
    },
    /// Another running container, or the gateway, has the address.
    #[error("network {network}: address {address} is already in use by {holder}")]
    AddressInUse {
        /// The network's name.
        network: String,
        /// The address asked for.
        address: Ipv4Addr,
        /// Name of the container, or what else it is.
        holder: String,
    },
    /// Every address of the subnet is held by a running container.
    #[error("no available IPv4 addresses on network {network} ({subnet})")]
    AddressesExhausted {
        /// The network's name.
        network: String,
        /// Its subnet, or the range inside it that containers get addresses from.
        subnet: Ipv4Subnet,
    },
    /// The container has no endpoint on the network.
    #[error("container {container} is not connected to network {network}")]
    NotConnected {
        /// The container's id.
        container: String,
        /// The network's name.
        network: String,
    },
    /// The container already has an endpoint on the network.
    #[error("endpoint with name {container} already exists in network {network}")]
    AlreadyConnected {
        /// The container's name.
        container: String,
        /// The network's name.
        network: String,
    },
    /// The kernel refused a request.
    #[error("cannot {operation}")]
    Kernel {
        /// What was asked, with the names of what it concerns.
        operation: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A state file cannot be read or written.
    #[error("cannot {operation} {}", path.display())]
    State {
        /// `read`, `write` or `remove`.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl NetworkError {
    /// Wraps an answer of the kernel; for `map_err`.
    pub(crate) fn kernel(operation: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Kernel { operation: operation.into(), source }
    }

    pub(crate) fn invalid(network: &str, reason: impl Into<String>) -> Self {
        Self::Invalid { network: network.to_owned(), reason: reason.into() }
    }
}
