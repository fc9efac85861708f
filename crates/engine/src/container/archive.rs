//! A container's files from outside: `docker cp`, `export`, `diff`, whether it runs or not.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{Mode, OFlags};
use tokio::sync::{MutexGuard, oneshot};
use wharf_container::fsroot::Root;
use wharf_container::user;

use super::Containers;
use super::instance::Container;
use super::mounts::{MountKind, MountRecord, ReadOnly, image_view};
use super::requests::ArchivePut;
use crate::bridge;
use crate::core::{Core, blocking};
use crate::error::{Error, Result};
use crate::files::{self, UnpackRules, View, ViewMount};
use crate::io::ByteStream;
use crate::model::summary::{Change, PathStat};

impl Containers {
    /// What a path in it is.
    ///
    /// # Errors
    /// No such path.
    pub async fn archive_stat(&self, reference: &str, path: &str) -> Result<PathStat> {
        let (core, container) = (self.core.clone(), self.get(reference)?);
        let (reference, path) = (reference.to_owned(), rooted(path));
        blocking(move || files::path_stat(open(&core, &container)?.view.root(), &path, &reference)).await
    }

    /// A path in it as a tar stream.
    ///
    /// # Errors
    /// No such path.
    pub async fn archive_get(&self, reference: &str, path: &str) -> Result<(PathStat, ByteStream)> {
        let (core, container) = (self.core.clone(), self.get(reference)?);
        let (reference, path) = (reference.to_owned(), rooted(path));
        let (found, stat) = oneshot::channel();
        let archive = bridge::written_by(move |sink| {
            let opened = open(&core, &container)
                .and_then(|opened| Ok((files::path_stat(opened.view.root(), &path, &reference)?, opened)));
            let (stat, opened) = opened.map_or_else(|error| (Err(error), None), |(s, o)| (Ok(s), Some(o)));
            // A caller that left meanwhile shows in the first write.
            let _ = found.send(stat);
            match opened {
                Some(opened) => files::pack(opened.view.root(), &path, files::archive_name(&path), sink),
                None => Ok(()),
            }
        });
        let stat = stat.await.map_err(|_| Error::Internal("the archive's writer is gone".to_owned()))??;
        Ok((stat, archive))
    }

    /// Unpacks a tar stream (plain or compressed) into it.
    ///
    /// # Errors
    /// The path is not a directory; the root filesystem is read-only.
    pub async fn archive_put(&self, reference: &str, request: ArchivePut, archive: ByteStream) -> Result<()> {
        let (core, container) = (self.core.clone(), self.get(reference)?);
        let (reference, path) = (reference.to_owned(), rooted(&request.path));
        let mut archive = bridge::reader(archive);
        blocking(move || put(&core, &container, &reference, &path, &request, &mut archive)).await
    }

    /// What it changed against its image.
    ///
    /// # Errors
    /// No such container.
    pub async fn changes(&self, reference: &str) -> Result<Vec<Change>> {
        let (core, container) = (self.core.clone(), self.get(reference)?);
        blocking(move || files::changes(&container.path("upper"), &lower(&core, &container)?)).await
    }

    /// Its whole filesystem as a tar stream, without what is mounted in it.
    ///
    /// # Errors
    /// No such container.
    pub async fn export(&self, reference: &str) -> Result<ByteStream> {
        let (core, container) = (self.core.clone(), self.get(reference)?);
        container.publish(&core.events, "export", &[]);
        Ok(bridge::written_by(move |sink| {
            let view = exported(&core, &container).map_err(|error| io::Error::other(error.message()))?;
            files::pack(view.root(), "/", "", sink)
        }))
    }
}

/// A view that a start cannot get in the way of.
struct Opened<'a> {
    view: View,
    _operation: Option<MutexGuard<'a, ()>>,
}

/// Paths of the API are relative to the root, whether they say so or not.
fn rooted(path: &str) -> String {
    if path.starts_with('/') || path == "." { path.to_owned() } else { format!("/{path}") }
}

/// The root of a container. Blocks while something else is done to a container that does not run.
fn open<'a>(core: &Core, container: &'a Container) -> Result<Opened<'a>> {
    if let Some(run) = container.run() {
        return Ok(Opened { view: View::of_process(run.identity.pid)?, _operation: None });
    }
    let operation = container.operation.blocking_lock();
    if let Some(run) = container.run() {
        return Ok(Opened { view: View::of_process(run.identity.pid)?, _operation: None });
    }
    let (upper, work) = (container.path("upper"), container.path("work"));
    let mounts = view_mounts(core, &container.record().mounts)?;
    let view =
        View::of_layers(&lower(core, container)?, Some((&upper, &work)), &core.view_directory(), &mounts)?;
    Ok(Opened { view, _operation: Some(operation) })
}

/// Layer directories below the container's own, top first.
fn lower(core: &Core, container: &Container) -> Result<Vec<PathBuf>> {
    let image = core.images.get(&container.record().image_id)?;
    Ok([core.init_layer.clone()].into_iter().chain(image.layers).collect())
}

fn exported(core: &Core, container: &Container) -> Result<View> {
    let layers: Vec<PathBuf> = [container.path("upper")].into_iter().chain(lower(core, container)?).collect();
    View::of_layers(&layers, None, &core.view_directory(), &[])
}

/// What a container has mounted but memory, as far as it is there: its other files can be looked at without it.
fn view_mounts(core: &Core, mounts: &[MountRecord]) -> Result<Vec<ViewMount>> {
    let mut all = Vec::new();
    for mount in mounts.iter().filter(|mount| mount.kind != MountKind::Tmpfs) {
        let image = if mount.kind == MountKind::Image { Some(image_view(core, mount)?) } else { None };
        let Some(source) = view_source(core, mount, image.as_ref())? else { continue };
        let read_only = mount.read_only != ReadOnly::No;
        all.push(ViewMount { source, image, destination: PathBuf::from(&mount.destination), read_only });
    }
    Ok(all)
}

/// An open file or directory; none when it is gone.
fn view_source(core: &Core, mount: &MountRecord, image: Option<&View>) -> Result<Option<OwnedFd>> {
    let inside = Path::new("/").join(&mount.subpath);
    Ok(match (mount.kind, image) {
        (_, Some(image)) => image.root().locate(&inside).ok(),
        (MountKind::Volume, None) => {
            let data = core.volumes.prepare(&mount.volume)?;
            Root::open(&data).and_then(|root| root.locate(&inside)).ok()
        }
        (..) => rustix::fs::open(&mount.source, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok(),
    })
}

fn put(
    core: &Core,
    container: &Arc<Container>,
    reference: &str,
    path: &str,
    request: &ArchivePut,
    archive: &mut impl io::Read,
) -> Result<()> {
    check_writable(container, path)?;
    let opened = open(core, container)?;
    let root = opened.view.root();
    let owner = match request.copy_uid_gid {
        true => Some(owner(root, container)?),
        false => None,
    };
    let rules = UnpackRules { keep_kinds: request.no_overwrite_dir_non_dir, owner };
    files::unpack(root, path, reference, archive, rules)
}

/// A read-only root takes files only where something writable is mounted.
fn check_writable(container: &Container, path: &str) -> Result<()> {
    let record = container.record();
    let writable = |mount: &MountRecord| {
        mount.read_only == ReadOnly::No && PathBuf::from(path).starts_with(&mount.destination)
    };
    if record.host_config.readonly_rootfs && !record.mounts.iter().any(writable) {
        return Err(Error::BadParameter("container rootfs is marked read-only".to_owned()));
    }
    Ok(())
}

/// The user that the container runs as; `docker cp -a` gives everything to it.
fn owner(root: &wharf_container::fsroot::Root, container: &Container) -> Result<(u32, u32)> {
    let found = user::find(root, &container.record().config.user, &[]);
    let user = found.map_err(|error| Error::BadParameter(error.to_string()))?;
    Ok((user.uid, user.gid))
}
