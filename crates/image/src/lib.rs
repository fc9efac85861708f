//! Container images: names, the registry protocol, the store on disk, archives.
//!
//! The way data takes: [`registry`] or an archive delivers documents ([`model`]) and compressed layers; layers are
//! unpacked into directories that overlayfs can stack; [`store`] keeps all of it below one directory and knows
//! images and tags. Nothing here knows containers, builds or Docker's HTTP API.
//!
//! # Interface (being filled in this order; signatures are settled)
//!
//! ```text
//! // store: synchronous, cheap to clone; call from spawn_blocking
//! ImageStore::open(images_dir: &Path) -> Result<ImageStore, StoreError>          // one writer process (flock)
//! store.list() -> Vec<Image>                                                     // newest first, untagged ones too
//! store.resolve(name: &str) -> Result<Image, StoreError>                         // id, short id, reference (7.1.4)
//! store.get(id: &Digest) -> Option<Image>
//! store.config(id: &Digest) -> Result<ImageConfig, StoreError>
//! store.layer_dirs(id: &Digest) -> Result<Vec<PathBuf>, StoreError>              // top first, for lowerdir=
//! store.layer(id: &LayerId) -> Option<Layer>; store.layer_path(&LayerId) -> Result<PathBuf, StoreError>
//! store.commit_layer(upper: &Path, how: Commit) -> Result<Layer, StoreError>     // Commit::{Move, Copy}
//! store.hold_layer(&LayerId, holder: &str) / release_layer(&LayerId, holder)     // survives restarts: build cache
//! store.create_image(config: ImageConfig, layers: &[LayerId], tags: &[Reference]) -> Result<Image, StoreError>
//! store.tag(id: &Digest, &Reference); store.untag(&Reference)
//! store.remove(name: &str, &RemoveOptions{force}, usage: &dyn Fn(&Digest) -> Vec<ImageUser>) -> Vec<Removal>
//! store.prune(&PruneOptions{all, until, labels}, usage) -> Pruned{removals, reclaimed_bytes}
//!
//! struct Image { id, tags: Vec<Reference>, digests: Vec<Reference>, created: Option<Timestamp>, tagged: Timestamp,
//!                size: u64, layers: Vec<LayerId>, parent: Option<Digest>, platform: Platform, labels, … }
//! struct Layer { id: LayerId (= diff id newtype), size: u64, path: PathBuf }     // keeps the layer alive while it lives
//!
//! // registry: asynchronous
//! Registry::new(store: ImageStore, config: RegistryConfig { mirrors, insecure, certificates_dir }) -> Registry
//! registry.pull(&Reference, PullOptions { platform: Option<Platform>, credentials: Credentials }, ProgressSink)
//!     -> Result<Pulled { image: Image, changed: bool, digest: Digest }, RegistryError>
//! registry.push(&Reference, PushOptions { credentials }, ProgressSink) -> Result<Pushed { digest, size }, RegistryError>
//! Credentials::{Anonymous, Basic{..}, Token(..)}; Credentials::from_file(config_json: &Path, registry: &str)
//!
//! // archives: synchronous
//! archive::load(&store, reader: impl Read, &ProgressSink) -> Result<Vec<Loaded { id, tags }>, ArchiveError>
//! archive::save(&store, names: &[String], writer: impl Write) -> Result<(), ArchiveError>
//! archive::import(&store, reader: impl Read, ImportOptions { config, message, tag, platform }) -> Result<Image, …>
//! archive::unpack(reader, directory)                                             // the extractor, confined
//! ```

pub mod archive;
pub mod digest;
mod disk;
pub mod layer;
pub mod model;
pub mod platform;
pub mod progress;
pub mod reference;
pub mod store;
pub mod tar;

pub use digest::Digest;
pub use model::{Config, Healthcheck, History, ImageConfig};
pub use platform::Platform;
pub use reference::Reference;
