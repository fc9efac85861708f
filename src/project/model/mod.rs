//! The project as the rest of the program sees it: every Compose attribute, typed, in canonical long form.
//!
//! Field order is the order in which Compose prints attributes, because `config` and the configuration hash are made from
//! it (see `project::render`). Fields hold what the file says after interpolation, merging and defaults; nothing is
//! dropped: what no field takes is an `x-` extension. No behaviour beyond small questions about one value lives here.

mod build;
mod deploy;
mod develop;
mod network;
mod project;
mod resource;
mod service;
mod service_parts;
mod storage;
mod ulimit;
mod units;

pub use build::Build;
pub use deploy::{
    Deploy, DeviceRequest, DiscreteResource, GenericResource, Limits, Placement, PlacementPreference,
    Reservations, Resources, RestartPolicy, UpdateConfig,
};
pub use develop::{Develop, Hook, Watch};
pub use network::{Ipam, IpamPool, Network, Port, ServiceNetwork};
pub use project::Project;
pub use resource::{FileObject, Model, Volume};
pub use service::Service;
pub use service_parts::{
    BlkioConfig, BlkioLimit, BlkioWeight, Condition, CredentialSpec, Dependency, Device, EnvFile, Extends,
    HealthCheck, Logging, Provider, ServiceModel,
};
pub use storage::{BindOptions, FileReference, ImageOptions, Mount, MountKind, TmpfsOptions, VolumeOptions};
pub use ulimit::Ulimit;
pub use units::{Bytes, Command, Duration, Extensions, FileMode, Number};

use std::collections::BTreeMap;

/// Labels, annotations, options: text by name.
pub type StringMap = BTreeMap<String, String>;

/// Environment variables. `None`: named without a value and found nowhere, so an image's value is unset too.
pub type Environment = BTreeMap<String, Option<String>>;

/// Serializes a field even when it has its zero value (the renderer leaves out others, as Compose does).
fn always<T: serde::Serialize, S: serde::Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_some(value)
}
