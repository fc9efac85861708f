//! Reading a log as a stream, up to its end or beyond it.

use futures::stream::{self, StreamExt};

use super::file::{Log, Snapshot};
use super::reader::Reader;
use super::tail::last_records;
use crate::container::LogOptions;
use crate::error::{Error, Result};
use crate::io::{Output, OutputStream};

impl Log {
    /// The records that `options` ask for. With `follow` the stream ends when the container's output ends.
    ///
    /// # Errors
    /// The driver keeps nothing, or a file cannot be opened.
    pub async fn read(&self, options: LogOptions) -> Result<OutputStream> {
        if self.discards() {
            let text = "configured logging driver does not support reading";
            return Err(Error::NotImplemented(text.to_owned()));
        }
        let log = self.clone();
        let follow = options.follow;
        let (reader, rest) = blocking(move || log.open_reader(options)).await?;
        let tail = Tail { reader, rest, follow };
        Ok(stream::try_unfold(tail, Tail::next).map(flatten).flatten().boxed())
    }

    fn open_reader(&self, options: LogOptions) -> Result<(Reader, Snapshot)> {
        let mut snapshot = self.snapshot().map_err(Error::io("open the log", self.path()))?;
        let files = std::mem::take(&mut snapshot.files);
        let directory = self.path().parent().unwrap_or(self.path());
        let files = match options.tail {
            Some(count) => last_records(files, count, self.format(), directory),
            None => files.into_iter().map(|file| file.expand(directory)).collect(),
        };
        let files = files.map_err(Error::io("read the log", self.path()))?;
        Ok((Reader::new(files, self.format(), options), snapshot))
    }
}

/// A reader and what tells it that there is more.
struct Tail {
    reader: Reader,
    rest: Snapshot,
    follow: bool,
}

impl Tail {
    async fn next(mut self) -> Result<Option<(Vec<Output>, Tail)>> {
        loop {
            let progress = *self.rest.progress.borrow_and_update();
            let outputs;
            (outputs, self) = self.read().await?;
            if !outputs.is_empty() {
                return Ok(Some((outputs, self)));
            }
            if self.reader.ended() {
                return Ok(None);
            }
            // A file that replaced the current one is read even when nobody writes any more.
            if let Ok(file) = self.rest.rotations.try_recv() {
                self.reader.push(file);
                continue;
            }
            let at_end = progress.writers == 0 || !self.follow;
            if at_end || self.rest.progress.changed().await.is_err() {
                return Ok(None);
            }
        }
    }

    async fn read(mut self) -> Result<(Vec<Output>, Tail)> {
        blocking(move || {
            let outputs = self.reader.read().map_err(Error::io("read", "the log"))?;
            Ok((outputs, self))
        })
        .await
    }
}

fn flatten(batch: Result<Vec<Output>>) -> stream::BoxStream<'static, Result<Output>> {
    match batch {
        Ok(outputs) => stream::iter(outputs.into_iter().map(Ok)).boxed(),
        Err(error) => stream::iter([Err(error)]).boxed(),
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::Internal(format!("a background task failed: {error}"))),
    }
}
