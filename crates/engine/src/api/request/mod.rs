//! Decoding of requests: queries, JSON bodies, streamed bodies, credentials, times.
//!
//! Owns how Docker's clients write things; knows no route.

mod auth;
mod body;
mod params;
mod time;

pub use auth::{registry_auth, registry_logins};
pub use body::{ByteBody, JsonBody, OptionalJson};
pub use params::Params;
