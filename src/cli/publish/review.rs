//! What of a project must not be published, and what the user has to be asked about.

use super::layers::Layer;
use super::sensitive;
use crate::cli::Failure;
use crate::project::Project;
use crate::project::model::MountKind;

/// Refuses what others could not run.
///
/// # Errors
/// A service has no image that others could get.
pub(super) fn refuse(project: &Project) -> Result<(), Failure> {
    let services = project.services.values();
    let built: Vec<String> = services
        .filter(|service| service.build.is_some() && service.image.is_empty())
        .map(|service| format!("\n- {:?}", service.name))
        .collect();
    if built.is_empty() {
        return Ok(());
    }
    Err(Failure::message(format!(
        "your Compose stack cannot be published as it only contains a build section for service(s):{}\nName their images with \
         `image:`, and push them with `wharf push`",
        built.concat()
    )))
}

/// Questions about what would leave this machine, each with what it is about.
pub(super) fn questions(project: &Project, layers: &[Layer]) -> Vec<String> {
    let mut questions = Vec::new();
    let mounts: Vec<String> = binds(project);
    if !mounts.is_empty() {
        questions.push(format!(
            "you are about to publish bind mounts declaration within your OCI artifact.\n\
             only the bind mount declarations will be added to the OCI artifact (not content)\n\
             please double check that you are not mounting potential user's sensitive directories or data\n{}\n\
             Are you ok to publish these bind mount declarations?",
            mounts.join("\n")
        ));
    }
    let text = |layer: &Layer| String::from_utf8_lossy(&layer.content).into_owned();
    let found: Vec<String> =
        layers.iter().flat_map(|layer| sensitive::found(&layer.name, &text(layer))).collect();
    if !found.is_empty() {
        questions.push(format!(
            "you are about to publish sensitive data within your OCI artifact.\n\
             please double check that you are not leaking sensitive data\n{}\n\
             Are you ok to publish these sensitive data?",
            found.join("\n")
        ));
    }
    questions
}

fn binds(project: &Project) -> Vec<String> {
    let mounts = project
        .services
        .values()
        .flat_map(|service| service.volumes.iter().map(move |mount| (&service.name, mount)));
    let binds = mounts.filter(|(_, mount)| mount.kind == MountKind::Bind);
    binds.map(|(service, mount)| format!("{service}: {}:{}", mount.source, mount.target)).collect()
}

/// Refuses variables that nobody said may leave this machine.
///
/// # Errors
/// A service has variables, and `--with-env` was not given.
pub(super) fn variables(project: &Project, with_env: bool) -> Result<(), Failure> {
    if with_env {
        return Ok(());
    }
    let mut found = Vec::new();
    for service in project.services.values() {
        if !service.env_file.is_empty() {
            found.push(format!("service {:?} has env_file declared.\n", service.name));
        }
        if !service.environment.is_empty() {
            found.push(format!("service {:?} has environment variable(s) declared.\n", service.name));
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::message(format!(
        "{}To avoid leaking sensitive data, you must either explicitly allow the sending of environment variables by using the \
         --with-env flag,\nor remove sensitive data from your Compose configuration",
        found.concat()
    )))
}
