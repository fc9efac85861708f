//! Volumes of the local driver (contract 2).

pub mod copy_up;
pub mod options;
pub mod store;

use std::sync::Arc;

use crate::core::{Core, blocking};
use crate::error::{Error, Result};
use crate::events::Bus;
use crate::filters::Filters;
use crate::model::config::Labels;
use crate::model::json::meaningful;
use crate::model::volume::{Volume, VolumeCreate, VolumeList, VolumesPruned};
use crate::{disk, names};
use store::VolumeRecord;

/// The volume calls.
#[derive(Clone)]
pub struct Volumes {
    core: Arc<Core>,
}

/// Publishes an event about a volume.
pub fn publish(events: &Bus, action: &str, name: &str) {
    let attributes = Labels::from([("driver".to_owned(), "local".to_owned())]);
    events.publish("volume", action, name, attributes);
}

impl Volumes {
    pub(crate) fn new(core: Arc<Core>) -> Volumes {
        Volumes { core }
    }

    /// Creates a volume, or gives the one with this name.
    ///
    /// # Errors
    /// Not a name; an unknown option (contract 2.3.2).
    pub async fn create(&self, body: VolumeCreate) -> Result<Volume> {
        if !matches!(body.driver.as_str(), "" | "local") {
            let (name, driver) = (&body.name, &body.driver);
            let text = format!(
                "create {name}: error looking up volume plugin {driver}: plugin \"{driver}\" not found"
            );
            return Err(Error::NotFound(text));
        }
        if let Some(name) = meaningful(&body.unknown).next() {
            return Err(Error::NotImplemented(format!("option {name} is not supported by this engine")));
        }
        let (record, new) = if body.name.is_empty() {
            (self.core.volumes.create_anonymous(&body.labels)?, true)
        } else {
            self.core.volumes.create(&body.name, &body.labels, &body.driver_opts)?
        };
        if new {
            publish(&self.core.events, "create", &record.name);
        }
        Ok(self.describe(&record))
    }

    fn describe(&self, record: &VolumeRecord) -> Volume {
        let set = |labels: &Labels| Some(labels.clone()).filter(|labels| !labels.is_empty());
        Volume {
            created_at: names::api_time(Some(record.created)),
            driver: "local".to_owned(),
            labels: set(&record.labels),
            mountpoint: self.core.volumes.data(&record.name).to_string_lossy().into_owned(),
            name: record.name.clone(),
            options: set(&record.options),
            scope: "local".to_owned(),
            usage_data: None,
        }
    }

    /// Volumes by name. Filter keys: dangling, driver, label, name.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn list(&self, filters: Filters) -> Result<VolumeList> {
        filters.allow(&["dangling", "driver", "label", "label!", "name"])?;
        let dangling = filters.flag("dangling")?;
        let selected = |record: &VolumeRecord| {
            filters.any("driver", |wanted| wanted == "local")
                && filters.any("name", |wanted| record.name.contains(wanted))
                && filters.labels(&record.labels)
                && dangling.is_none_or(|wanted| wanted != self.in_use(&record.name))
        };
        let all = self.core.volumes.list();
        let volumes =
            all.iter().filter(|record| selected(record)).map(|record| self.describe(record)).collect();
        Ok(VolumeList { volumes, warnings: None })
    }

    fn in_use(&self, name: &str) -> bool {
        !self.core.containers.users_of_volume(name).is_empty()
    }

    /// One volume.
    ///
    /// # Errors
    /// No such volume.
    pub async fn inspect(&self, name: &str) -> Result<Volume> {
        Ok(self.describe(&self.core.volumes.get(name)?))
    }

    /// Removes one; `force` makes a missing one no error.
    ///
    /// # Errors
    /// In use (409), no such volume.
    pub async fn remove(&self, name: &str, force: bool) -> Result<()> {
        match self.core.volumes.get(name) {
            Err(Error::NoSuchVolume(_)) if force => return Ok(()),
            result => result?,
        };
        let users = self.core.containers.users_of_volume(name);
        if !users.is_empty() {
            let ids: Vec<_> = users.iter().map(|container| container.id()).collect();
            return Err(Error::Conflict(format!("remove {name}: volume is in use - [{}]", ids.join(", "))));
        }
        let (core, owned) = (self.core.clone(), name.to_owned());
        blocking(move || core.volumes.remove(&owned)).await?;
        publish(&self.core.events, "destroy", name);
        Ok(())
    }

    /// Removes unused ones (contract 2.2.4). Filter keys: all, label, label!.
    ///
    /// # Errors
    /// An unknown filter.
    pub async fn prune(&self, filters: Filters) -> Result<VolumesPruned> {
        filters.allow(&["all", "label", "label!"])?;
        let all = filters.flag("all")?.unwrap_or(false);
        let mut pruned = VolumesPruned::default();
        for record in self.core.volumes.list() {
            let wanted = (all || record.is_anonymous()) && filters.labels(&record.labels);
            if !wanted || self.in_use(&record.name) {
                continue;
            }
            let data = self.core.volumes.data(&record.name);
            let size = blocking(move || Ok(disk::usage(&data))).await?;
            self.remove(&record.name, true).await?;
            pruned.space_reclaimed += size;
            pruned.volumes_deleted.get_or_insert_default().push(record.name);
        }
        Ok(pruned)
    }
}
