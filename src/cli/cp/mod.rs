//! `wharf cp`: copies files between this machine and a service's containers.

mod download;
mod place;
mod upload;

use clap::Args;

use super::dry_run::announced;
use super::session::Session;
use super::{Context, Failure, selection};
use crate::engine::EngineError;
use crate::engine::archive::ReceiveError;
use crate::output::plan::Row;
use crate::output::progress::{ProgressEvent, Status};
use crate::plan::observed::ObservedContainer;

/// Arguments of `cp`.
#[derive(Args, Debug)]
pub struct CpArgs {
    /// What to copy: a path here, SERVICE:PATH, or - for a tar archive on standard input
    #[arg(value_name = "SOURCE", allow_hyphen_values = true)]
    source: String,
    /// Where to: a path here, SERVICE:PATH, or - for a tar archive on standard output
    #[arg(value_name = "DESTINATION", allow_hyphen_values = true)]
    destination: String,
    /// Containers made by `run` too
    #[arg(long)]
    all: bool,
    /// Keep owners and groups
    #[arg(short, long)]
    archive: bool,
    /// Copy what a symbolic link leads to instead of the link
    #[arg(short = 'L', long)]
    follow_link: bool,
    /// Only this replica (default: all to copy to, the first to copy from)
    #[arg(long)]
    index: Option<u32>,
}

/// Which way.
#[derive(Debug, PartialEq, Eq)]
enum Direction<'a> {
    /// From a path here to a path of a service.
    ToService { from: &'a str, service: &'a str, to: &'a str },
    /// From a path of a service to a path here.
    FromService { service: &'a str, from: &'a str, to: &'a str },
}

/// Copies.
///
/// # Errors
/// The service has no such container, a path is not there or not of the right kind, or the engine fails.
pub async fn run(context: &Context, args: CpArgs) -> Result<(), Failure> {
    let direction = direction(&args.source, &args.destination)?;
    let session = Session::open(context, &context.project_name()?, "cp").await?;
    let containers = match &direction {
        Direction::ToService { service, .. } => containers(context, &session, &args, service).await?,
        Direction::FromService { service, .. } => {
            containers(context, &session, &args, service).await?.into_iter().take(1).collect()
        }
    };
    let row = |container: &ObservedContainer| {
        let (from, to) = ends(&direction, container);
        Row::asked("copy", "container", &container.name, format!("copy {from} to {to}"))
    };
    if announced(context, &session.runner.project, || containers.iter().map(row).collect()) {
        return Ok(());
    }
    let mut stdin = None;
    for container in &containers {
        let (from, to) = ends(&direction, container);
        let id = format!("Container {}", container.name);
        let event =
            |status, text| ProgressEvent::new(&id, status, text).with_details(format!("{from} to {to}"));
        session.runner.progress.event(&event(Status::Working, "Copying"));
        match &direction {
            Direction::FromService { from, to, .. } => {
                download::copy(&session, container, from, to, &args).await?
            }
            Direction::ToService { from: "-", to, .. } => {
                // Every replica gets the same, and standard input can be read only once.
                let archive = stdin.get_or_insert_with(upload::standard_input);
                upload::copy_archive(
                    &session,
                    container,
                    archive.as_ref().map_err(clone)?.clone(),
                    to,
                    &args,
                )
                .await?;
            }
            Direction::ToService { from, to, .. } => {
                upload::copy(&session, container, from, to, &args).await?
            }
        }
        session.runner.progress.event(&event(Status::Done, "Copied"));
    }
    session.runner.progress.finish();
    Ok(())
}

fn clone(error: &std::io::Error) -> Failure {
    Failure::message(format!("cannot read standard input: {error}"))
}

/// Replicas of the service, whatever their state: all, or the one asked for.
async fn containers(
    context: &Context,
    session: &Session,
    args: &CpArgs,
    service: &str,
) -> Result<Vec<ObservedContainer>, Failure> {
    let mut found = selection::containers(context, session.engine(), &[service.to_owned()]).await?;
    found.retain(|c| (args.all || !c.one_off) && args.index.is_none_or(|index| c.number == Some(index)));
    match (found.is_empty(), args.index) {
        (false, _) => Ok(found),
        (true, None) => Err(Failure::message(format!("no container found for service {service:?}"))),
        (true, Some(index)) => {
            Err(Failure::message(format!("service {service:?} has no container #{index}")))
        }
    }
}

/// Both ends, as people read them.
fn ends(direction: &Direction<'_>, container: &ObservedContainer) -> (String, String) {
    match direction {
        Direction::ToService { from, to, .. } => ((*from).to_owned(), format!("{}:{to}", container.name)),
        Direction::FromService { from, to, .. } => (format!("{}:{from}", container.name), (*to).to_owned()),
    }
}

fn direction<'a>(source: &'a str, destination: &'a str) -> Result<Direction<'a>, Failure> {
    match (in_service(source), in_service(destination)) {
        (None, Some((service, to))) => Ok(Direction::ToService { from: source, service, to }),
        (Some((service, from)), None) => Ok(Direction::FromService { service, from, to: destination }),
        (Some(_), Some(_)) => Err(Failure::message("copying between services is not supported")),
        (None, None) => Err(Failure::message(
            "unknown copy direction: one of the two has to be in a service, as SERVICE:PATH",
        )),
    }
}

/// The service and path of `SERVICE:PATH`; a path that begins with `/` or `.` has no service.
fn in_service(text: &str) -> Option<(&str, &str)> {
    let (service, path) = text.split_once(':')?;
    let is_path = service.is_empty() || service.starts_with(['.', '/']);
    (!is_path).then_some((service, path))
}

/// A transfer that failed, in words.
fn failed(what: &str, container: &ObservedContainer, error: ReceiveError) -> Failure {
    match error {
        ReceiveError::Engine(error) => {
            EngineError::call(format!("{what} container {}", container.name), &error).into()
        }
        ReceiveError::Local(error) => {
            Failure::message(format!("{what} container {}: {error}", container.name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_side_is_a_service() {
        assert_eq!(
            direction("a:b", "web:/x").unwrap_err().to_string(),
            "copying between services is not supported"
        );
        assert_eq!(
            direction("./a:b", "web:/x").unwrap(),
            Direction::ToService { from: "./a:b", service: "web", to: "/x" }
        );
        assert_eq!(
            direction("web:x", "-").unwrap(),
            Direction::FromService { service: "web", from: "x", to: "-" }
        );
        assert!(direction("/a", "/b").is_err());
    }
}
