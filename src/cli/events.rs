//! `wharf events`: what happens to the project's containers, as it happens.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{EventMessage, EventMessageTypeEnum};
use bollard::query_parameters::EventsOptionsBuilder;
use clap::Args;
use futures::StreamExt;
use jiff::Timestamp;
use serde_json::json;

use super::logs::when;
use super::{Context, Failure};
use crate::engine::EngineError;
use crate::output;
use crate::plan::labels;
use crate::project::pattern;

/// Arguments of `events`.
#[derive(Args, Debug)]
pub struct EventsArgs {
    /// Only these services
    services: Vec<String>,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
    /// From this time on
    #[arg(long)]
    since: Option<String>,
    /// Up to this time
    #[arg(long)]
    until: Option<String>,
}

/// Prints events until the engine or Ctrl-C ends them.
///
/// # Errors
/// A service that is not in the files, or the engine.
pub async fn run(context: &Context, args: EventsArgs) -> Result<(), Failure> {
    if let Some(unknown) = args.services.iter().find(|name| !context.names_service(name)) {
        return Err(Failure::message(format!("no such service: {unknown}")));
    }
    let engine = context.engine().await?;
    let project = format!("{}={}", labels::PROJECT, context.project_name()?);
    let filters: HashMap<String, Vec<String>> = HashMap::from([("label".to_owned(), vec![project])]);
    let mut options = EventsOptionsBuilder::default().filters(&filters);
    let now = Timestamp::now();
    if let Some(since) = &args.since {
        options = options.since(&when::seconds(since, now)?);
    }
    if let Some(until) = &args.until {
        options = options.until(&when::seconds(until, now)?);
    }
    let mut events = engine.docker().events(Some(options.build()));
    while let Some(event) = events.next().await {
        let event = event.map_err(|error| EngineError::call("read events", &error))?;
        if let Some(line) = line(&event, &args) {
            output::lines([line]);
        }
    }
    Ok(())
}

/// The printed form, or `None` for what is not asked for: other kinds of objects, one-off containers, other services.
fn line(event: &EventMessage, args: &EventsArgs) -> Option<String> {
    if event.typ != Some(EventMessageTypeEnum::CONTAINER) {
        return None;
    }
    let actor = event.actor.clone().unwrap_or_default();
    let attributes: BTreeMap<_, _> = actor.attributes.unwrap_or_default().into_iter().collect();
    let service = attributes.get(labels::SERVICE)?.clone();
    let one_off = attributes.get(labels::ONE_OFF).is_some_and(|value| value == "True");
    if one_off || !pattern::any_matches(&args.services, &service) {
        return None;
    }
    let shown: BTreeMap<_, _> =
        attributes.into_iter().filter(|(key, _)| !key.starts_with("com.docker.compose.")).collect();
    let nanoseconds = i128::from(event.time_nano.unwrap_or_default());
    let time = jiff::Timestamp::from_nanosecond(nanoseconds).unwrap_or_default();
    let (action, id) = (event.action.clone().unwrap_or_default(), actor.id.unwrap_or_default());
    if args.json {
        let object = json!({
            "time": time.to_string(), "type": "container", "action": action, "id": id,
            "service": service, "attributes": shown,
        });
        return Some(object.to_string());
    }
    let pairs: Vec<_> = shown.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let time = time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S%.6f").to_string();
    Some(format!("{time} container {action} {id} ({})\n", pairs.join(", ")))
}
