//! The HTTP face of the engine: the Docker Engine API 1.51 (minimum 1.24) on a unix socket.
//!
//! Owns decoding of requests, encoding of answers and nothing in between: every decision is taken behind
//! [`Engine`](crate::Engine). Data takes this way through the folders: `server` accepts, `prepare` strips the version and adds
//! headers, `router` names the routes, `request` decodes, `routes` calls the engine, `stream` encodes what is not one JSON value.

mod complete;
mod error;
mod prepare;
mod request;
mod router;
mod routes;
mod server;
mod stream;
mod version;

pub use server::serve;
pub use version::{API_VERSION, MIN_API_VERSION};
