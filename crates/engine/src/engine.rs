//! The engine as one value: its parts, each with its own calls.

use std::sync::Arc;

use crate::build::Builds;
use crate::container::Containers;
use crate::core::Core;
use crate::events::Bus;
use crate::exec::Execs;
use crate::image::Images;
use crate::network::Networks;
use crate::system::System;
use crate::volume::Volumes;

/// A handle to the running engine; clones are cheap and share everything.
#[derive(Clone)]
pub struct Engine {
    /// Containers.
    pub containers: Containers,
    /// Processes added to running containers.
    pub execs: Execs,
    /// Images.
    pub images: Images,
    /// Networks.
    pub networks: Networks,
    /// Volumes.
    pub volumes: Volumes,
    /// Builds.
    pub builds: Builds,
    /// What happened.
    pub events: Bus,
    /// The engine itself.
    pub system: System,
}

impl Engine {
    /// All calls on the shared parts.
    pub(crate) fn new(core: Arc<Core>) -> Engine {
        Engine {
            containers: Containers::new(core.clone()),
            execs: Execs::new(core.clone()),
            images: Images::new(core.clone()),
            networks: Networks::new(core.clone()),
            volumes: Volumes::new(core.clone()),
            builds: Builds::new(core.clone()),
            events: core.events.clone(),
            system: System::new(core),
        }
    }
}
