//! Name resolution for containers, at 127.0.0.11 in each sandbox (contract 3.6).
//!
//! The way of a query: [`server`] receives it, [`answer`] looks it up in the [`names`] of the container's networks as its
//! [`view`] allows, and what nobody here knows is passed on unread by [`upstream`]. [`sockets`] are opened and
//! [`redirect`]ed to inside the sandbox; everything else runs in this process.

mod answer;
mod names;
mod redirect;
mod server;
mod sockets;
mod upstream;
mod view;

pub(crate) use names::Names;
pub(crate) use server::Resolver;
pub(crate) use sockets::ResolverSockets;
pub(crate) use view::{View, ViewNetwork};
