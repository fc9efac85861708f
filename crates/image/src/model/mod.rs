//! The documents an image consists of: configuration, manifest, index (image-spec 1.1 and Docker's schema 2).
//!
//! Owns their types, media types and validation. Fields it does not know survive a round trip.

mod config;
mod manifest;
pub mod media_type;

pub use config::{Config, Healthcheck, History, ImageConfig, RootFs};
pub use manifest::{Descriptor, Document, DocumentError, Index, MAX_DOCUMENT_SIZE, Manifest};
