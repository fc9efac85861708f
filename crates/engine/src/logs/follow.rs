//! Reading a log as a stream, up to its end or beyond it.

use futures::stream::{self, StreamExt};

use super::file::{Log, Snapshot};
use super::reader::{Reader, skip_to_tail};
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
        let mut files = std::mem::take(&mut snapshot.files);
        if let Some(count) = options.tail {
            skip_to_tail(&mut files, count).map_err(Error::io("read the log", self.path()))?;
        }
        Ok((Reader::new(files, options), snapshot))
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::io::StdStream;
    use crate::logs::LogSettings;
    use crate::model::config::Config;
    use crate::model::host_config::LogConfig;

    fn log(directory: &tempfile::TempDir, max_size: u64, max_files: usize) -> Log {
        let settings = LogSettings::parse(&LogConfig::default(), "x", &Config::default()).unwrap();
        Log::new(directory.path().join("x-json.log"), LogSettings { max_size, max_files, ..settings })
    }

    fn both() -> LogOptions {
        LogOptions { stdout: true, stderr: true, ..LogOptions::default() }
    }

    async fn text(log: &Log, options: LogOptions) -> String {
        let outputs: Vec<_> = log.read(options).await.unwrap().collect().await;
        outputs.into_iter().map(|output| String::from_utf8(output.unwrap().data.to_vec()).unwrap()).collect()
    }

    #[tokio::test]
    async fn what_was_written_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let log = log(&directory, u64::MAX, 1);
        let (mut out, mut err) = (log.writer(StdStream::Stdout), log.writer(StdStream::Stderr));
        out.write(b"one\ntwo\npart").unwrap();
        err.write(b"bad\n").unwrap();
        out.finish().unwrap();
        assert_eq!(text(&log, both()).await, "one\ntwo\nbad\npart");
        assert_eq!(text(&log, LogOptions { stdout: false, ..both() }).await, "bad\n");
    }

    #[tokio::test]
    async fn tail_counts_over_files() {
        let directory = tempfile::tempdir().unwrap();
        let log = log(&directory, 500, 3);
        let mut out = log.writer(StdStream::Stdout);
        for number in 0..12 {
            out.write(format!("{number}\n").as_bytes()).unwrap();
        }
        for count in [0, 1, 5, 9] {
            let wanted: String = (12 - count..12).map(|number| format!("{number}\n")).collect();
            assert_eq!(text(&log, LogOptions { tail: Some(count), ..both() }).await, wanted, "tail {count}");
        }
    }

    #[tokio::test]
    async fn since_and_until_bound_the_times() {
        let directory = tempfile::tempdir().unwrap();
        let log = log(&directory, u64::MAX, 1);
        let mut out = log.writer(StdStream::Stdout);
        out.write(b"a\nb\nc\n").unwrap();
        let stamped = text(&log, LogOptions { timestamps: true, ..both() }).await;
        let middle: jiff::Timestamp =
            stamped.lines().nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert_eq!(text(&log, LogOptions { since: Some(middle), ..both() }).await, "b\nc\n");
        assert_eq!(text(&log, LogOptions { until: Some(middle), ..both() }).await, "a\nb\n");
    }

    #[tokio::test]
    async fn a_follower_loses_nothing_over_rotations() {
        let directory = tempfile::tempdir().unwrap();
        let log = log(&directory, 2000, 2);
        let mut out = log.writer(StdStream::Stdout);
        let follower = tokio::spawn({
            let stream = log.read(LogOptions { follow: true, ..both() }).await.unwrap();
            stream.map(|output| String::from_utf8(output.unwrap().data.to_vec()).unwrap()).collect::<Vec<_>>()
        });
        let lines: Vec<String> = (0..2000).map(|number| format!("line {number}\n")).collect();
        for line in &lines {
            out.write(line.as_bytes()).unwrap();
            tokio::task::yield_now().await;
        }
        out.finish().unwrap();
        assert_eq!(follower.await.unwrap(), lines);
        let names: BTreeSet<_> =
            std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }
}
