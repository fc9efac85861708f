//! Ports of the host that lead to containers.
//!
//! A [`PortKey`] is reserved by a socket that is really bound (and listens, for TCP), so nobody else can take the port.
//! IPv4 packets are led to the backends by the firewall and never reach that socket; what does reach it (IPv6 clients)
//! is forwarded by this process to the same backends.

mod backends;
mod error;
mod forward_tcp;
mod forward_udp;
mod holder;
mod key;
mod mapper;
mod reserve;

pub use error::PortError;
pub use holder::PortHolder;
pub use key::{HostPorts, PortKey, PortRequest};
pub use mapper::PortMapper;
