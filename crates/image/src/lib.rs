//! Container images: names, the registry protocol, the store on disk, archives.
//!
//! The way data takes: [`registry`] or an archive delivers documents ([`model`]) and compressed layers;
//! layers are unpacked into directories that overlayfs can stack; [`store`] keeps all of it below one
//! directory and knows images and tags. Nothing here knows containers, builds or Docker's HTTP API.
//!
//! # Calls
//!
//! * [`ImageStore`]: `open`, `list`, `resolve` (anything a user types), `image`, `config`, `layer_dirs` (top first),
//!   `commit_layer`, `create_image`, `hold_layer`/`release_layer`, `tag`, `untag`, `remove`, `prune`. Synchronous.
//! * [`Registry`]: `pull`, `push`. Asynchronous; progress arrives through a [`ProgressSink`].
//! * [`archive`]: `load`, `save`, `import`. Synchronous, from any reader and to any writer.
//! * [`layer::extract`]: the confined extractor, for anybody who unpacks an archive they did not write.

pub mod archive;
pub mod digest;
mod disk;
pub mod layer;
pub mod model;
pub mod platform;
pub mod progress;
pub mod reference;
pub mod registry;
pub mod store;
pub mod tar;

pub use digest::Digest;
pub use model::{Config, Healthcheck, History, ImageConfig};
pub use platform::Platform;
pub use progress::{Progress, ProgressSink};
pub use reference::Reference;
pub use registry::{Credentials, PullOptions, PushOptions, Registry, RegistryConfig};
pub use store::{Commit, Image, ImageStore, Layer, LayerId};
