//! One layer on its way: the network side fills a bounded queue, a blocking thread empties it into the store.
//!
//! The thread writes the compressed blob, hashes it, decompresses, hashes again and unpacks, all while bytes
//! arrive; a broken connection is continued where it broke without that thread noticing (contract 7.5.8).

use std::io::{self, Read};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use tokio::sync::mpsc;

use super::error::RegistryError;
use super::remote::Remote;
use crate::digest::Digest;
use crate::model::Descriptor;
use crate::progress::{ProgressSink, Status};
use crate::store::{ArchiveIs, ImageStore, Layer};

/// Chunks between network and disk; each is at most what one TLS record or socket read brings.
const QUEUE: usize = 64;
/// Attempts for one layer, as Docker makes.
const ATTEMPTS: u32 = 5;
/// Pause in front of the second attempt; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// Progress messages are only worth sending for steps of at least this many bytes.
const REPORT_STEP: u64 = 512 * 1024;

enum Piece {
    Bytes(Bytes),
    End,
}

/// Downloads and unpacks one layer. `below` are the layers below it, lowest first, as far as it may need
/// them.
pub(super) async fn download(
    remote: &Remote,
    store: &ImageStore,
    descriptor: &Descriptor,
    diff_id: &Digest,
    below: &[Digest],
    progress: &ProgressSink,
) -> Result<Layer, RegistryError> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let unpacking = tokio::task::spawn_blocking({
        let (store, descriptor, diff_id, below) =
            (store.clone(), descriptor.clone(), diff_id.clone(), below.to_vec());
        move || {
            let (media_type, digest) = (&descriptor.media_type, Some(&descriptor.digest));
            let archive = ArchiveIs { media_type, digest, below: &below };
            store.layer_from_archive(QueueReader::new(receiver), Some(&diff_id), archive)
        }
    });
    let fetched = fetch(remote, descriptor, &sender, progress).await;
    drop(sender);
    let unpacked = match unpacking.await {
        Ok(result) => result,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => return Err(RegistryError::Cancelled),
        },
    };
    match (fetched, unpacked) {
        (_, Ok(layer)) => {
            progress.part(descriptor.digest.short(), Status::PullComplete);
            Ok(layer)
        }
        // The thread stops reading when it fails itself, and then its error is the cause.
        (Err(Stopped::Receiver), Err(error)) | (Ok(()), Err(error)) => Err(error.into()),
        (Err(Stopped::Network(error)), Err(_)) => Err(*error),
    }
}

/// Why the network side ended early.
enum Stopped {
    Receiver,
    Network(Box<RegistryError>),
}

async fn fetch(
    remote: &Remote,
    descriptor: &Descriptor,
    sender: &mpsc::Sender<Piece>,
    progress: &ProgressSink,
) -> Result<(), Stopped> {
    let id = descriptor.digest.short();
    let mut received = 0;
    let mut attempt = 1;
    while let Err(error) = fetch_rest(remote, descriptor, &mut received, sender, progress).await {
        let error = match error {
            Stopped::Network(error) if attempt < ATTEMPTS && may_pass(&error) => error,
            stopped => return Err(stopped),
        };
        drop(error);
        let pause = FIRST_PAUSE * 2u32.pow(attempt - 1);
        progress.part(id, Status::Retrying { seconds: pause.as_secs() });
        tokio::time::sleep(pause).await;
        attempt += 1;
    }
    progress.part(id, Status::VerifyingChecksum);
    progress.part(id, Status::DownloadComplete);
    progress.amount(id, Status::Extracting, descriptor.size, descriptor.size);
    sender.send(Piece::End).await.map_err(|_| Stopped::Receiver)
}

/// One connection: from `received` to the end.
async fn fetch_rest(
    remote: &Remote,
    descriptor: &Descriptor,
    received: &mut u64,
    sender: &mpsc::Sender<Piece>,
    progress: &ProgressSink,
) -> Result<(), Stopped> {
    let network = |error| Stopped::Network(Box::new(error));
    let broken = |source| {
        let (digest, host) = (descriptor.digest.clone(), remote.endpoint.host.clone());
        network(RegistryError::Interrupted { digest, host, source })
    };
    let mut blob = remote.blob_stream(descriptor, *received).await.map_err(network)?;
    let mut known = *received - blob.offset;
    let mut reported = *received;
    while let Some(chunk) = blob.stream.next().await {
        let mut chunk = chunk.map_err(broken)?;
        let repeated = usize::try_from(known).unwrap_or(usize::MAX).min(chunk.len());
        let _ = chunk.split_to(repeated);
        known -= repeated as u64;
        *received += chunk.len() as u64;
        if *received > descriptor.size {
            return Err(network(remote.wrong_content(&descriptor.digest)));
        }
        if *received - reported >= REPORT_STEP || *received == descriptor.size {
            reported = *received;
            progress.amount(descriptor.digest.short(), Status::Downloading, *received, descriptor.size);
        }
        sender.send(Piece::Bytes(chunk)).await.map_err(|_| Stopped::Receiver)?;
    }
    if *received < descriptor.size {
        return Err(broken(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(())
}

/// True for errors that another attempt may not meet.
fn may_pass(error: &RegistryError) -> bool {
    matches!(
        error,
        RegistryError::Interrupted { .. } | RegistryError::Unreachable { .. } | RegistryError::Failed { .. }
    )
}

/// The blocking end of the queue. A queue that ends without an end mark is an error, not the end of the
/// layer.
struct QueueReader {
    queue: mpsc::Receiver<Piece>,
    current: Bytes,
    ended: bool,
}

impl QueueReader {
    fn new(queue: mpsc::Receiver<Piece>) -> QueueReader {
        QueueReader { queue, current: Bytes::new(), ended: false }
    }
}

impl Read for QueueReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.ended {
            match self.queue.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.current = bytes,
                Some(Piece::End) => self.ended = true,
                None => {
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the download was abandoned"));
                }
            }
        }
        let count = self.current.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.current.split_to(count));
        Ok(count)
    }
}
