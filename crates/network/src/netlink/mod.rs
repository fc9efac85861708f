//! Blocking netlink: the framing that all netlink families share, and the route family's requests.
//!
//! A socket belongs to the namespace of the thread that opened it, for its whole life; so a thread that is inside a
//! new namespace can drive both sides. Nothing here knows what a container is.

mod address;
mod attribute;
mod link;
mod removal;
mod route;
mod route_socket;
mod socket;

pub(crate) use attribute::{AttributeWriter, attributes};
pub(crate) use link::{BridgeLink, LinkState, VethLink};
pub(crate) use removal::remove_link;
pub(crate) use route_socket::RouteSocket;
pub(crate) use socket::{Message, NetlinkSocket, align};
