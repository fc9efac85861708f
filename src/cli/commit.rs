//! `wharf commit`: an image of what a container became.

use bollard::models::ContainerConfig;
use bollard::query_parameters::CommitContainerOptionsBuilder;
use clap::Args;

use super::dry_run::announced;
use super::session::Session;
use super::{Context, Failure, selection};
use crate::engine::EngineError;
use crate::output::plan::Row;
use crate::output::progress::{ProgressEvent, Status};

/// Arguments of `commit`.
#[derive(Args, Debug)]
pub struct CommitArgs {
    /// The service
    service: String,
    /// Name of the image; without one it has only its id
    #[arg(value_name = "REPOSITORY[:TAG]")]
    image: Option<String>,
    /// Which replica
    #[arg(long)]
    index: Option<u32>,
    /// Freeze the container meanwhile
    #[arg(short, long, default_value = "true")]
    pause: bool,
    /// What changed, for the image's history
    #[arg(short, long)]
    message: Option<String>,
    /// Who changed it
    #[arg(short, long)]
    author: Option<String>,
    /// Apply an instruction of a Dockerfile to the image
    #[arg(short, long, value_name = "INSTRUCTION")]
    change: Vec<String>,
}

/// Commits.
///
/// # Errors
/// The service has no such container, or the engine fails.
pub async fn run(context: &Context, args: CommitArgs) -> Result<(), Failure> {
    let session = Session::open(context, &context.project_name()?, "commit").await?;
    let container =
        selection::running_container(context, session.engine(), &args.service, args.index).await?;
    let row = || {
        let image = args.image.as_deref().unwrap_or("an image without a name");
        let text = format!("commit container {} as {image}", container.name);
        vec![Row::asked("commit", "container", &container.name, text)]
    };
    if announced(context, &session.runner.project, row) {
        return Ok(());
    }
    let id = format!("Container {}", container.name);
    let progress = &session.runner.progress;
    progress.event(&ProgressEvent::new(&id, Status::Working, "Committing"));
    let (repository, tag) = args.image.as_deref().map(repository_and_tag).unwrap_or_default();
    let options = CommitContainerOptionsBuilder::default()
        .container(&container.id)
        .repo(repository)
        .tag(tag)
        .comment(args.message.as_deref().unwrap_or_default())
        .author(args.author.as_deref().unwrap_or_default())
        .pause(args.pause);
    // An empty list of instructions is a Dockerfile without any, which Docker Engine refuses.
    let options = match args.change.as_slice() {
        [] => options,
        changes => options.changes(&changes.join("\n")),
    };
    let options = options.build();
    let answer = session.engine().docker().commit_container(options, ContainerConfig::default()).await;
    let image = answer.map_err(|e| EngineError::call(format!("commit container {}", container.name), &e))?;
    progress.event(&ProgressEvent::new(id, Status::Done, format!("Committed as {}", image.id)));
    progress.finish();
    Ok(())
}

/// `registry:5000/app:1` is `registry:5000/app` and `1`; the engine adds `latest` where there is none.
fn repository_and_tag(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (image, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_no_tag() {
        assert_eq!(repository_and_tag("app:1"), ("app", "1"));
        assert_eq!(repository_and_tag("registry:5000/app"), ("registry:5000/app", ""));
        assert_eq!(repository_and_tag("registry:5000/app:1"), ("registry:5000/app", "1"));
    }
}
