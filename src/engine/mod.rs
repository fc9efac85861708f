//! Finding an engine, starting the built-in one, and talking to it.
//!
//! The rest of the program sees [`Engine`]: a `bollard` client whose requests carry the negotiated API version, and what
//! that engine can do. Decisions about projects are made elsewhere.

pub mod archive;
mod connection;
mod credentials;
mod digest;
mod error;
mod facts;
mod observe;
mod read;
mod target;
mod version;

pub use connection::{Engine, connect, connect_running};
pub use credentials::credentials_for;
pub use digest::image_digest;
pub(crate) use error::with_causes;
pub use error::{EngineError, is_conflict, is_not_found, is_not_modified, server_message};
pub use facts::{existing, facts};
pub use observe::{labels_filter, observe};
pub use target::{Target, TargetOptions};
pub use version::ApiVersion;
