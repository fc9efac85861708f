//! Making a layer of an overlay's upper directory, and of a stream.

use std::fs;
use std::io::{self, BufWriter, Read};
use std::path::Path;

use super::error::StoreError;
use super::layers::{Layer, LayerId};
use super::publish::LayerFacts;
use super::{BlobRecord, ImageStore};
use crate::digest::Digest;
use crate::layer::{HashingWriter, LayerError, pack, unpack_verified};

/// What becomes of the directory that a layer is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// It moves into the store; nothing may have it mounted any more.
    Move,
    /// It stays as it is; a container may go on using it.
    Copy,
}

impl ImageStore {
    /// Makes a layer of `upper`, the upper directory of an overlay mounted without `redirect_dir` and
    /// `metacopy`. A layer with the same content that is already here is returned instead. With
    /// [`Commit::Move`] the directory is gone after success and untouched after failure.
    ///
    /// # Errors
    /// [`StoreError::Layer`] when the directory cannot be read or is no plain upper directory; otherwise what the file
    /// system says.
    pub fn commit_layer(&self, upper: &Path, how: Commit) -> Result<Layer, StoreError> {
        drop(self.writable_state()?);
        match how {
            Commit::Move => self.move_layer(upper),
            Commit::Copy => self.copy_layer(upper),
        }
    }

    fn move_layer(&self, upper: &Path) -> Result<Layer, StoreError> {
        let packed = pack(upper, HashingWriter::new(io::sink()));
        let (hashed, extracted) = packed.map_err(StoreError::layer(upper.display()))?;
        let (_, id, packed_size) = hashed.finish();
        if let Some(existing) = self.layer(&id) {
            fs::remove_dir_all(upper).map_err(StoreError::io("remove", upper))?;
            return Ok(existing);
        }
        let staged = self.stage_layer()?;
        match fs::rename(upper, staged.path()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                drop(staged);
                let layer = self.copy_layer(upper)?;
                fs::remove_dir_all(upper).map_err(StoreError::io("remove", upper))?;
                return Ok(layer);
            }
            Err(error) => return Err(StoreError::io("move into the store", upper)(error)),
        }
        self.publish_layer(
            staged,
            LayerFacts { id, extracted, packed_size: Some(packed_size), below: &[] },
            None,
        )
    }

    /// By way of the archive: what is written is what was hashed, whatever a running container changes
    /// meanwhile.
    fn copy_layer(&self, upper: &Path) -> Result<Layer, StoreError> {
        let (blob, file) = self.stage_blob()?;
        let packed = pack(upper, HashingWriter::new(BufWriter::new(file)));
        let (hashed, _) = packed.map_err(StoreError::layer(upper.display()))?;
        let (_, id, packed_size) = hashed.finish();
        if let Some(existing) = self.layer(&id) {
            return Ok(existing);
        }
        let staged = self.stage_layer()?;
        let unpacked = unpack_verified(blob.open()?, Some(&id), staged.path(), &[]);
        let (_, extracted) = unpacked.map_err(StoreError::layer(&id))?;
        self.publish_layer(
            staged,
            LayerFacts { id, extracted, packed_size: Some(packed_size), below: &[] },
            None,
        )
    }

    /// Makes a layer of an archive, compressed or not, and keeps the archive as it came as the layer's blob.
    pub(crate) fn layer_from_archive(
        &self,
        archive: impl Read,
        expected: Option<&LayerId>,
        descriptor: ArchiveIs<'_>,
    ) -> Result<Layer, StoreError> {
        let (blob, file) = self.stage_blob()?;
        let mut tee = HashingWriter::new(file);
        let name = expected.map_or_else(|| "archive".to_owned(), LayerId::to_string);
        let staged = self.stage_layer()?;
        let below = self.directories_of(descriptor.below)?;
        let mut source = TeeReader { source: archive, sink: &mut tee };
        let unpacked = unpack_verified(&mut source, expected, staged.path(), &below);
        let (id, extracted) = unpacked.map_err(StoreError::layer(name))?;
        let copied = io::copy(&mut source, &mut io::sink());
        copied.map_err(StoreError::io("read the archive into", staged.path()))?;
        let (_, digest, size) = tee.finish();
        if let Some(promised) = descriptor.digest.filter(|promised| **promised != digest) {
            let source = LayerError::Digest { expected: promised.clone(), actual: digest };
            return Err(StoreError::Layer { layer: promised.to_string(), source });
        }
        let record = BlobRecord { media_type: descriptor.media_type.to_owned(), digest, size };
        self.publish_layer(
            staged,
            LayerFacts { id, extracted, packed_size: None, below: descriptor.below },
            Some((blob, record)),
        )
    }
}

/// What is promised about an archive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ArchiveIs<'a> {
    pub(crate) media_type: &'a str,
    /// Digest of the archive as it comes.
    pub(crate) digest: Option<&'a Digest>,
    /// The layers below, lowest first, as far as they are here.
    pub(crate) below: &'a [LayerId],
}

/// Copies what is read to a sink.
struct TeeReader<'a, R, W> {
    source: R,
    sink: &'a mut W,
}

impl<R: Read, W: io::Write> Read for TeeReader<'_, R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.sink.write_all(&buffer[..count])?;
        Ok(count)
    }
}
