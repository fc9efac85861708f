//! `wharf stats`: what the project's containers use, as it changes.

mod sample;
mod sampling;

use std::io::Write;
use std::time::Duration;

use clap::Args;
use console::user_attended;
use futures::future::join_all;
use serde_json::{Map, Value};
use tokio::time::{MissedTickBehavior, interval};

use super::{Context, Failure, selection};
use crate::engine::Engine;
use crate::output::{self, Format, Listing};
use crate::plan::observed::ObservedContainer;
use sample::Sample;
use sampling::Samples;

/// Arguments of `stats`.
#[derive(Args, Debug)]
pub struct StatsArgs {
    /// Only these services
    services: Vec<String>,
    /// Containers that do not run too
    #[arg(short, long)]
    all: bool,
    /// Output: "table", "json" (one object per line), a Go template or "table TEMPLATE"
    #[arg(long, default_value = "table")]
    format: String,
    /// Print once and end
    #[arg(long)]
    no_stream: bool,
    /// Whole ids
    #[arg(long)]
    no_trunc: bool,
}

const LISTING: Listing = Listing {
    columns: &[
        ("ID", "CONTAINER ID"),
        ("Name", "NAME"),
        ("CPUPerc", "CPU %"),
        ("MemUsage", "MEM USAGE / LIMIT"),
        ("MemPerc", "MEM %"),
        ("NetIO", "NET I/O"),
        ("BlockIO", "BLOCK I/O"),
        ("PIDs", "PIDS"),
    ],
    headings: &[],
    json_array: false,
    least_width: output::CLIENT_WIDTH,
};

/// Time between two printed states; engines take a sample a second.
const REFRESH: Duration = Duration::from_millis(500);
/// To the top left corner, and nothing below it.
const CLEAR: &str = "\u{1b}[H\u{1b}[J";

/// Prints what containers use, once or until Ctrl-C.
///
/// # Errors
/// The service is unknown, the engine fails, or the format is not understood.
pub async fn run(context: &Context, args: StatsArgs) -> Result<(), Failure> {
    let format = Format::parse(&args.format)?;
    let engine = context.engine().await?;
    let mut containers = selection::containers(context, &engine, &args.services).await?;
    containers.retain(|container| args.all || container.is_running());
    if args.no_stream {
        return once(&engine, &args, &format, &containers).await;
    }
    let project = context.project_name()?;
    let mut samples = Samples::begin(&engine, &project, &args, containers);
    let mut ticks = interval(REFRESH);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Without containers there is a heading, so that nobody takes the wait for a hang.
    let mut changed = samples.is_empty();
    loop {
        tokio::select! {
            more = samples.next() => {
                more?;
                changed = true;
            }
            _ = ticks.tick() => {
                if std::mem::take(&mut changed) && !print(&samples.entries(args.no_trunc), &format)? {
                    return Ok(());
                }
            }
        }
    }
}

async fn once(
    engine: &Engine,
    args: &StatsArgs,
    format: &Format,
    containers: &[ObservedContainer],
) -> Result<(), Failure> {
    let samples = join_all(containers.iter().map(|container| Sample::take(engine, container))).await;
    let samples: Vec<Sample> = samples.into_iter().collect::<Result<_, _>>()?;
    let pairs = containers.iter().zip(&samples);
    let entries: Vec<_> = pairs.map(|(c, sample)| sample.entry(&c.id, &c.name, args.no_trunc)).collect();
    LISTING.print(format, &entries)?;
    Ok(())
}

/// One state; on a terminal in place of the one before. False when nobody reads any more.
fn print(entries: &[Map<String, Value>], format: &Format) -> Result<bool, Failure> {
    let mut text = if user_attended() { CLEAR.to_owned() } else { String::new() };
    for line in LISTING.lines(format, entries)? {
        text += &line;
        text.push('\n');
    }
    let mut out = std::io::stdout().lock();
    Ok(out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok())
}
