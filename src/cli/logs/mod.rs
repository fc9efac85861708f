//! `wharf logs`: the output of containers, merged by time.

mod line;
mod merge;
mod sources;
pub(in crate::cli) mod when;

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use tokio::sync::broadcast::Receiver;

pub(in crate::cli) use self::sources::{LogSources, Output, Wanted};
use super::{Context, Failure, selection};
use crate::execute::{ContainerChange, ContainerEvents};
use crate::output::{LogLines, Stream};
use crate::plan::names;
use crate::plan::observed::ObservedContainer;
use crate::project::pattern;

/// How long `--follow` waits for a container to come back when all have ended: a restart is a stop and a start.
const LINGER: Duration = Duration::from_secs(1);

/// Arguments of `logs`.
#[derive(Args, Debug)]
pub struct LogsArgs {
    /// Only these services
    services: Vec<String>,
    /// Wait for more output
    #[arg(short, long)]
    follow: bool,
    /// Only this replica (with one service)
    #[arg(long)]
    index: Option<u32>,
    /// Nothing before this time (2026-01-02T13:23:37Z) or this long ago (42m)
    #[arg(long)]
    since: Option<String>,
    /// Nothing after this time or this long ago
    #[arg(long)]
    until: Option<String>,
    /// No colours
    #[arg(long)]
    no_color: bool,
    /// No names in front of lines
    #[arg(long)]
    no_log_prefix: bool,
    /// Times in front of lines
    #[arg(short, long)]
    timestamps: bool,
    /// Last lines of each container, a number or "all"
    #[arg(short = 'n', long, default_value = "all")]
    tail: String,
}

/// Prints the logs.
///
/// # Errors
/// The project or the engine cannot be read, or an argument is not understood.
pub async fn run(context: &Context, args: LogsArgs) -> Result<(), Failure> {
    let wanted = wanted(&args)?;
    let engine = context.engine().await?;
    let project = context.project_name()?;
    let events = args.follow.then(|| ContainerEvents::subscribe(&engine, &project));
    let changes = events.as_ref().map(ContainerEvents::receive);
    let mut containers = selection::containers(context, &engine, &args.services).await?;
    let silent = silent_services(context, &args);
    containers.retain(|c| {
        !c.one_off && !silent.contains(&c.service) && args.index.is_none_or(|index| c.number == Some(index))
    });
    if let Some(index) = args.index
        && containers.is_empty()
    {
        return Err(Failure::message(format!("no container #{index} of service {}", args.services[0])));
    }
    let mut printer = Printer {
        lines: LogLines::new(!args.no_log_prefix, context.style.stdout && !args.no_color),
        sources: LogSources::new(&engine, wanted),
        running: BTreeSet::new(),
        coming: BTreeSet::new(),
        project,
        silent,
        args,
    };
    printer.add(&containers);
    printer.print(changes).await
}

/// Services with `attach: false`: they are shown only when they are named.
fn silent_services(context: &Context, args: &LogsArgs) -> BTreeSet<String> {
    let project = context.project().filter(|_| args.services.is_empty());
    let services = project.into_iter().flat_map(|project| project.services.values());
    services.filter(|service| service.attach == Some(false)).map(|service| service.name.clone()).collect()
}

fn wanted(args: &LogsArgs) -> Result<Wanted, Failure> {
    if args.index.is_some() && args.services.len() != 1 {
        return Err(Failure::message("--index needs exactly one service"));
    }
    let is_number = args.tail.parse::<u64>().is_ok();
    if !is_number && args.tail != "all" {
        return Err(Failure::message(format!("--tail {:?} is neither a number nor \"all\"", args.tail)));
    }
    let now = Timestamp::now();
    let time = |text: &Option<String>| text.as_ref().map(|text| when::parse(text, now)).transpose();
    Ok(Wanted {
        follow: args.follow,
        tail: args.tail.clone(),
        since: time(&args.since)?,
        until: time(&args.until)?,
    })
}

struct Printer {
    lines: LogLines,
    sources: LogSources,
    /// Ids of containers that may write more.
    running: BTreeSet<String>,
    /// Ids of containers that were made meanwhile and not started yet: one of them may replace one that ended.
    coming: BTreeSet<String>,
    project: String,
    /// Services left out.
    silent: BTreeSet<String>,
    args: LogsArgs,
}

impl Printer {
    fn add(&mut self, containers: &[ObservedContainer]) {
        for container in containers {
            let name = names::short(&self.project, &container.name).to_owned();
            self.lines.announce(&name);
            self.sources.add(&container.id, &name);
            if container.is_running() {
                self.running.insert(container.id.clone());
            }
        }
    }

    async fn print(mut self, mut changes: Option<Receiver<ContainerChange>>) -> Result<(), Failure> {
        loop {
            let printed = self.sources.is_empty();
            if printed && changes.is_none() {
                return Ok(());
            }
            let over = printed && self.running.is_empty() && self.coming.is_empty();
            tokio::select! {
                output = self.sources.next(), if !self.sources.is_empty() => self.output(output),
                change = next_change(&mut changes) => self.change(&change?),
                () = tokio::time::sleep(LINGER), if over => return Ok(()),
            }
        }
    }

    fn output(&mut self, output: Output) {
        match output {
            Output::Line(line) => {
                let stamp = self.args.timestamps.then_some(line.timestamp.as_str());
                // `logs` is about reading: both streams go where a pager reads (compose-surface 3.10).
                self.lines.write(&line.origin, Stream::Out, stamp, &line.text);
            }
            Output::Ended(id) => {
                if let Some(name) = self.sources.name(&id) {
                    self.lines.finish(&name);
                }
            }
        }
    }

    /// A container that starts, new or again, is followed too.
    fn change(&mut self, change: &ContainerChange) {
        let named = pattern::any_matches(&self.args.services, &change.service);
        let chosen = named && !self.silent.contains(&change.service);
        if change.one_off || !chosen || self.args.index.is_some() {
            return;
        }
        match change.action.as_str() {
            "create" => {
                self.coming.insert(change.id.clone());
            }
            "start" => {
                self.coming.remove(&change.id);
                self.running.insert(change.id.clone());
                self.sources.add(&change.id, names::short(&self.project, &change.name));
            }
            "die" => {
                self.running.remove(&change.id);
            }
            "destroy" => {
                self.coming.remove(&change.id);
            }
            _ => {}
        }
    }
}

async fn next_change(changes: &mut Option<Receiver<ContainerChange>>) -> Result<ContainerChange, Failure> {
    use tokio::sync::broadcast::error::RecvError;
    let Some(changes) = changes else { return std::future::pending().await };
    loop {
        match changes.recv().await {
            Ok(change) => return Ok(change),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return Err(Failure::message("the engine is gone")),
        }
    }
}
