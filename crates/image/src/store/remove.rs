//! Removing names and images by Docker's rules, with Docker's words.

use std::fmt;

use super::collect::Garbage;
use super::error::StoreError;
use super::{Image, ImageStore, State};
use crate::digest::Digest;
use crate::reference::Reference;

/// A container that was made from an image; the engine knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageUser {
    /// The container's id.
    pub container: String,
    /// Whether it runs.
    pub running: bool,
}

/// One thing that a removal did, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// A name is gone: the familiar reference.
    Untagged(String),
    /// An image or a layer is gone.
    Deleted(Digest),
}

/// The outcome of [`ImageStore::prune`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// What was removed.
    pub removals: Vec<Removal>,
    /// Bytes of the files that are gone.
    pub reclaimed: u64,
}

/// Says which containers were made from an image.
pub type Users<'a> = &'a dyn Fn(&Digest) -> Vec<ImageUser>;

impl ImageStore {
    /// Removes the name `name`, and the image with it when it was the last one; or, given an id, the image
    /// with all its names. With `force`, names go although containers use the image; the image itself then
    /// stays, dangling.
    ///
    /// # Errors
    /// [`StoreError::NoSuchImage`]; [`StoreError::Conflict`] when containers or several repositories stand against it.
    pub fn remove(&self, name: &str, force: bool, users: Users<'_>) -> Result<Vec<Removal>, StoreError> {
        let found = self.resolve(name)?;
        let users = users(&found.id);
        let mut state = self.writable_state()?;
        // Once more, now that nothing changes any more: the name may have moved meanwhile.
        let moved = || StoreError::NoSuchImage { name: name.to_owned() };
        let id = state.find(name)?;
        let image = state.image(&id, found.config).filter(|image| image.id == found.id).ok_or_else(moved)?;
        let by_id = state.names_by_id(name);
        let mut names = if by_id { all_names(&image) } else { named(&image, name)? };
        if !by_id {
            names.extend(state.orphaned_digests(&image, &names));
        }
        let last = names.len() >= all_names(&image).len();
        if last {
            check_users(&image, by_id.then_some(image.id.short()), name, force, &users)?;
        }
        if by_id && !force && repositories(&names) > 1 {
            let text = "image is referenced in multiple repositories";
            return Err(conflict(image.id.short(), "must be forced", text));
        }
        let delete = last && users.is_empty();
        let (removals, garbage) = self.forget(&mut state, &image, &names, delete)?;
        drop(state);
        garbage.delete()?;
        Ok(removals)
    }

    /// Removes every image without containers that `select` wants, then layers and blobs that nothing needs.
    ///
    /// # Errors
    /// When the state cannot be written or files cannot be removed.
    pub fn prune(&self, select: &dyn Fn(&Image) -> bool, users: Users<'_>) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        for listed in self.list()?.into_iter().filter(|image| select(image) && users(&image.id).is_empty()) {
            let mut state = self.writable_state()?;
            // It may have got a name since it was listed.
            let Some(image) = state.image(&listed.id, listed.config).filter(|image| select(image)) else {
                continue;
            };
            let (removals, garbage) = self.forget(&mut state, &image, &all_names(&image), true)?;
            drop(state);
            pruned.removals.extend(removals);
            pruned.reclaimed += garbage.delete()?;
        }
        let mut state = self.writable_state()?;
        let garbage = self.collect(&mut state)?;
        drop(state);
        pruned.removals.extend(garbage.layers().map(Removal::Deleted));
        pruned.reclaimed += garbage.delete()?;
        Ok(pruned)
    }

    fn forget(
        &self,
        state: &mut State,
        image: &Image,
        names: &[Reference],
        delete: bool,
    ) -> Result<(Vec<Removal>, Garbage), StoreError> {
        self.change_records(state, |records| {
            for name in names {
                match name.digest() {
                    None => drop(records.tags.remove(&name.to_string())),
                    Some(_) => {
                        records.images.entry(image.id.clone()).and_modify(|record| {
                            record.sources.remove(&name.name());
                        });
                    }
                }
            }
            if delete {
                records.images.remove(&image.id);
            }
        })?;
        let mut removals: Vec<_> = names.iter().map(|name| Removal::Untagged(name.familiar())).collect();
        if !delete {
            return Ok((removals, Garbage::default()));
        }
        removals.push(Removal::Deleted(image.id.clone()));
        let garbage = self.collect(state)?;
        removals.extend(garbage.layers().map(Removal::Deleted));
        Ok((removals, garbage))
    }
}

impl State {
    /// The digests of a repository go with its last tag.
    fn orphaned_digests(&self, image: &Image, removed: &[Reference]) -> Vec<Reference> {
        let has_other_tag = |repository: &str| {
            image.tags.iter().any(|tag| tag.name() == repository && !removed.contains(tag))
        };
        let orphaned = |digest: &&Reference| {
            let repository = digest.name();
            let same = removed.iter().any(|name| name.digest().is_none() && name.name() == repository);
            same && !has_other_tag(&repository) && !removed.contains(digest)
        };
        image.digests.iter().filter(orphaned).cloned().collect()
    }
}

fn all_names(image: &Image) -> Vec<Reference> {
    image.tags.iter().chain(&image.digests).cloned().collect()
}

/// The one name that was given, in the form the image has it.
fn named(image: &Image, name: &str) -> Result<Vec<Reference>, StoreError> {
    let reference: Reference = name.parse()?;
    let wanted = match reference.digest() {
        Some(digest) => reference.with_digest(digest.clone()),
        None => reference,
    };
    Ok(all_names(image).into_iter().filter(|own| *own == wanted).collect())
}

fn repositories(names: &[Reference]) -> usize {
    names.iter().map(Reference::name).collect::<std::collections::BTreeSet<_>>().len()
}

fn check_users(
    image: &Image,
    by_id: Option<&str>,
    name: &str,
    force: bool,
    users: &[ImageUser],
) -> Result<(), StoreError> {
    let running = users.iter().find(|user| user.running);
    let short = |user: &ImageUser| user.container.chars().take(12).collect::<String>();
    match (running.or(users.first()), by_id) {
        (None, _) => Ok(()),
        (Some(user), Some(id)) if user.running => {
            let text = format!("image is being used by running container {}", short(user));
            Err(conflict(id, "cannot be forced", text))
        }
        (Some(_), _) if force => Ok(()),
        (Some(user), Some(id)) => {
            let text = format!("image is being used by stopped container {}", short(user));
            Err(conflict(id, "must be forced", text))
        }
        (Some(user), None) => Err(StoreError::Conflict(format!(
            "conflict: unable to remove repository reference \"{name}\" (must force) - container {} is using its \
             referenced image {}",
            short(user),
            image.id.short()
        ))),
    }
}

fn conflict(id: &str, how: &str, text: impl fmt::Display) -> StoreError {
    StoreError::Conflict(format!("conflict: unable to delete {id} ({how}) - {text}"))
}
