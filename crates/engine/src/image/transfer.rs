//! Images in and out of archives.

use std::sync::Arc;

use wharf_image::archive::{self, ArchiveError, ImportOptions};

use super::local::parse_platform;
use super::progress::{Reporter, load_line, quiet_load_line};
use super::requests::ImportRequest;
use super::{names, publish};
use crate::bridge;
use crate::core::{Core, blocking};
use crate::error::{Result, chain};
use crate::io::{ByteStream, ProgressStream};
use crate::model::progress::Message;

/// An archive of images. Their names are looked up before the first byte is sent.
///
/// # Errors
/// No such image.
pub async fn save(core: &Arc<Core>, names: Vec<String>) -> Result<ByteStream> {
    let (core, wanted) = (core.clone(), names.clone());
    let store = core.images.store().clone();
    blocking(move || {
        for name in &wanted {
            let image = core.images.resolve(name)?;
            publish(&core.events, "save", &image.id.to_string(), name);
        }
        Ok(())
    })
    .await?;
    Ok(bridge::written_by(move |sink| {
        archive::save(&store, &names, sink).map(drop).map_err(|error| std::io::Error::other(chain(&error)))
    }))
}

/// Loads an archive.
pub fn load(core: &Arc<Core>, archive: ByteStream, quiet: bool) -> ProgressStream {
    let core = core.clone();
    in_background(archive, move |reader, reporter| {
        let sink = reporter.sink(if quiet { quiet_load_line } else { load_line });
        for image in archive::load(core.images.store(), reader, &sink)? {
            let id = image.id.to_string();
            let name = image.tags.first().map_or_else(|| id.clone(), |tag| tag.familiar());
            publish(&core.events, "load", &id, &name);
        }
        Ok(())
    })
}

/// Makes an image of a root filesystem; its id is the only line.
///
/// # Errors
/// The name or the platform is wrong.
pub fn import(core: &Arc<Core>, request: ImportRequest, archive: ByteStream) -> Result<ProgressStream> {
    let options = ImportOptions {
        tag: names::target(&request.repository, &request.tag)?,
        platform: request.platform.as_deref().map(parse_platform).transpose()?,
        message: Some(request.message).filter(|message| !message.is_empty()),
        changes: request.changes,
    };
    let core = core.clone();
    Ok(in_background(archive, move |reader, reporter| {
        let image = archive::import(core.images.store(), reader, &options)?;
        let id = image.id.to_string();
        let name = options.tag.as_ref().map_or_else(|| id.clone(), |tag| tag.familiar());
        publish(&core.events, "import", &id, &name);
        reporter.send(Message::status(id));
        Ok(())
    }))
}

/// Reads an archive on a blocking thread; an error is the last line of the stream.
fn in_background(
    archive: ByteStream,
    work: impl FnOnce(&mut dyn std::io::Read, &Reporter) -> Result<(), ArchiveError> + Send + 'static,
) -> ProgressStream {
    let (reporter, stream) = Reporter::stream();
    let mut reader = bridge::reader(archive);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = work(&mut reader, &reporter) {
            reporter.send(Message::error(chain(&error)));
        }
    });
    stream
}
