//! The log streams of several containers as one, in order of time; containers may come and come back.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use bollard::query_parameters::LogsOptionsBuilder;
use futures::stream::{SelectAll, Stream, StreamExt};

use super::line::{LogLine, lines};
use super::merge::{Merge, Turn};
use crate::engine::Engine;

/// Which part of the logs is wanted.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Wanted {
    /// Wait for more at the end.
    pub follow: bool,
    /// Last lines of each container, `all` or a number.
    pub tail: String,
    /// Nothing before this, in nanoseconds since 1970.
    pub since: Option<i128>,
    /// Nothing after this, in nanoseconds since 1970.
    pub until: Option<i128>,
}

/// What comes out.
#[derive(Debug)]
pub(in crate::cli) enum Output {
    /// A line.
    Line(LogLine),
    /// The log of the container with this id has ended, and all of it came out.
    Ended(String),
}

/// Several containers' logs.
pub(in crate::cli) struct LogSources {
    engine: Arc<Engine>,
    wanted: Wanted,
    streams: SelectAll<LineStream>,
    merge: Merge,
    sources: BTreeMap<String, Source>,
}

struct Source {
    name: String,
    number: usize,
    /// Its end was told.
    told: bool,
    /// It runs again, though the log of the run before has not ended yet.
    again: bool,
    /// Time of the last line that came, to go on from after a restart.
    last: Option<i128>,
}

/// Piece of a container's log, with the container's id; no lines at its end.
type LineStream = Pin<Box<dyn Stream<Item = (String, Option<Vec<LogLine>>)> + Send>>;

impl LogSources {
    /// No containers yet.
    pub fn new(engine: &Arc<Engine>, wanted: Wanted) -> LogSources {
        LogSources {
            engine: Arc::clone(engine),
            merge: Merge::new(wanted.follow),
            wanted,
            streams: SelectAll::new(),
            sources: BTreeMap::new(),
        }
    }

    /// Adds a container, or goes on with one whose log had ended.
    pub fn add(&mut self, id: &str, name: &str) {
        let before = self.sources.get_mut(id);
        if let Some(source) = before
            && !self.merge.is_finished(source.number)
        {
            source.again = true;
            return;
        }
        let last = self.sources.get(id).and_then(|source| source.last);
        let number = self.merge.open(Instant::now());
        self.sources
            .insert(id.to_owned(), Source { name: name.to_owned(), number, told: false, again: false, last });
        self.streams.push(self.stream(id, name, last));
    }

    fn stream(&self, id: &str, name: &str, last: Option<i128>) -> LineStream {
        let from = last.map(|time| time + 1).or(self.wanted.since);
        let to = self.wanted.until;
        let tail = if last.is_some() { "all" } else { &self.wanted.tail };
        let mut options = LogsOptionsBuilder::default().stdout(true).stderr(true).timestamps(true);
        options = options.follow(self.wanted.follow).tail(tail).since(from.map_or(0, seconds));
        if let Some(to) = to {
            options = options.until(seconds(to) + 1);
        }
        let (id, name) = (id.to_owned(), name.to_owned());
        let mut last_time = last.unwrap_or(0);
        let end = (id.clone(), None);
        let docker = self.engine.docker().clone();
        let frames = async_stream(docker, id.clone(), options.build());
        let pieces = frames.map(move |frame| {
            let mut all = lines(&name, &frame, last_time);
            last_time = all.last().map_or(last_time, |line| line.time);
            // The API takes whole seconds only.
            all.retain(|line| from.is_none_or(|t| line.time >= t) && to.is_none_or(|t| line.time <= t));
            (id.clone(), Some(all))
        });
        Box::pin(pieces.chain(futures::stream::iter([end])))
    }

    /// Whether everything that will come without a new container came out.
    pub fn is_empty(&self) -> bool {
        self.sources.values().all(|source| source.told)
    }

    /// Whether nothing more will come of this container as it is now.
    pub fn is_drained(&self, id: &str) -> bool {
        self.sources.get(id).is_none_or(|source| source.told)
    }

    /// The name of a container that was added.
    pub fn name(&self, id: &str) -> Option<String> {
        self.sources.get(id).map(|source| source.name.clone())
    }

    /// What comes out next. Never returns while [`Self::is_empty`]. May be dropped at any point without loss.
    pub async fn next(&mut self) -> Output {
        loop {
            if let Some(output) = self.finished() {
                return output;
            }
            let wake = match self.merge.next(Instant::now()) {
                Turn::Line(line) => return Output::Line(line),
                Turn::Wait(until) => Some(until),
                Turn::Empty => None,
            };
            let deadline = async {
                match wake {
                    Some(until) => tokio::time::sleep_until(until.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some((id, piece)) = self.streams.next() => take(&mut self.merge, &mut self.sources, &id, piece),
                () = deadline => {}
            }
        }
    }

    fn finished(&mut self) -> Option<Output> {
        let merge = &self.merge;
        let mut sources = self.sources.iter_mut();
        let (id, source) = sources.find(|(_, source)| !source.told && merge.is_finished(source.number))?;
        let (id, name) = (id.clone(), source.name.clone());
        if std::mem::take(&mut source.again) {
            self.add(&id, &name);
        } else {
            source.told = true;
        }
        Some(Output::Ended(id))
    }
}

fn take(merge: &mut Merge, sources: &mut BTreeMap<String, Source>, id: &str, piece: Option<Vec<LogLine>>) {
    let Some(source) = sources.get_mut(id) else { return };
    let Some(lines) = piece else { return merge.close(source.number) };
    let now = Instant::now();
    for line in lines {
        source.last = Some(line.time);
        merge.push(source.number, line, now);
    }
}

/// The frames of one log; an error ends it as the end of the container would.
fn async_stream(
    docker: bollard::Docker,
    id: String,
    options: bollard::query_parameters::LogsOptions,
) -> impl Stream<Item = bollard::container::LogOutput> + Send {
    let frames = docker.logs(&id, Some(options));
    frames
        .take_while(|frame| futures::future::ready(frame.is_ok()))
        .filter_map(|frame| futures::future::ready(frame.ok()))
}

fn seconds(nanoseconds: i128) -> i32 {
    i32::try_from(nanoseconds.div_euclid(1_000_000_000)).unwrap_or(i32::MAX)
}
