//! Names of images: giving, taking away, and what goes with the last one.

use wharf_image::store::{Image, ImageUser, Removal};
use wharf_image::{Digest, Reference};

use super::local::store_error;
use super::publish;
use super::select::labels;
use crate::container::until;
use crate::core::Core;
use crate::error::{Error, Result};
use crate::filters::Filters;
use crate::model::image::{ImageDeleted, ImagesPruned};

/// The name that `repository` and `tag` ask for; an empty repository asks for none. The repository may carry the tag itself.
///
/// # Errors
/// Not a reference.
pub fn target(repository: &str, tag: &str) -> Result<Option<Reference>> {
    if repository.is_empty() {
        return Ok(None);
    }
    let reference: Reference = repository.parse().map_err(|error| Error::BadParameter(format!("{error}")))?;
    if tag.is_empty() {
        return Ok(Some(reference));
    }
    let tagged = reference.with_tag(tag).map_err(|error| Error::BadParameter(format!("{error}")))?;
    Ok(Some(tagged))
}

/// Gives an image another name.
///
/// # Errors
/// No such image.
pub fn tag(core: &Core, name: &str, target: &Reference) -> Result<()> {
    let image = core.images.resolve(name)?;
    core.images.store().tag(&image.id, target).map_err(|error| store_error(name, error))?;
    publish(&core.events, "tag", &image.id.to_string(), &target.familiar());
    Ok(())
}

/// Takes a name away, and the image with its last one.
///
/// # Errors
/// No such image; containers use it (409).
pub fn remove(core: &Core, name: &str, force: bool) -> Result<Vec<ImageDeleted>> {
    let image = core.images.resolve(name)?;
    let users = |id: &Digest| users(core, id);
    let removals =
        core.images.store().remove(name, force, &users).map_err(|error| store_error(name, error))?;
    Ok(told(core, &image.id.to_string(), removals))
}

/// Removes dangling images without containers; with `dangling=false` all without containers.
///
/// # Errors
/// An unknown filter.
pub fn prune(core: &Core, filters: &Filters) -> Result<ImagesPruned> {
    filters.allow(&["dangling", "label", "label!", "until"])?;
    let only_dangling = filters.flag("dangling")?.unwrap_or(true);
    let until = until(filters)?;
    let select = |image: &Image| {
        (!only_dangling || image.is_dangling())
            && filters.labels(&labels(image))
            && until.is_none_or(|until| image.created.is_none_or(|created| created < until))
    };
    let users = |id: &Digest| users(core, id);
    let pruned = core.images.store().prune(&select, &users).map_err(|error| store_error("", error))?;
    let deleted = told(core, "", pruned.removals);
    Ok(ImagesPruned {
        images_deleted: Some(deleted).filter(|deleted| !deleted.is_empty()),
        space_reclaimed: pruned.reclaimed,
    })
}

/// The containers that were made from an image or mount it.
fn users(core: &Core, id: &Digest) -> Vec<ImageUser> {
    let id = id.to_string();
    let containers = core.containers.all().into_iter();
    containers
        .filter(|container| container.record().uses_image(&id))
        .map(|container| ImageUser {
            container: container.id().to_owned(),
            running: container.status().counts_as_running(),
        })
        .collect()
}

/// Removals as the API answers them; each is an event too.
fn told(core: &Core, image: &str, removals: Vec<Removal>) -> Vec<ImageDeleted> {
    removals
        .into_iter()
        .map(|removal| match removal {
            Removal::Untagged(name) => {
                publish(&core.events, "untag", image, &name);
                ImageDeleted::Untagged(name)
            }
            Removal::Deleted(digest) => {
                let id = digest.to_string();
                publish(&core.events, "delete", &id, &id);
                ImageDeleted::Deleted(id)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_and_tag_make_a_name() {
        assert_eq!(target("app", "1").unwrap().unwrap().familiar(), "app:1");
        assert_eq!(target("host:5000/app:2", "").unwrap().unwrap().familiar(), "host:5000/app:2");
        assert_eq!(target("", "").unwrap(), None);
        assert!(target("UPPER CASE", "").is_err());
    }
}
