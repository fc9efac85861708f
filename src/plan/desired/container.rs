//! One container of a service as a create request.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{ContainerCreateBody, HealthConfig};

use super::{
    DesiredError, DesiredService, InlineFile, UpOptions, extension, host, mounts, networks, non_empty, ports,
    pre_start, secrets,
};
use crate::plan::{changes, labels, names};
use crate::project::Project;
use crate::project::model::{Condition, Environment, HealthCheck, Mount, Port, Service};

/// A container to make.
#[derive(Clone, Debug)]
pub struct ContainerSpec {
    /// Service.
    pub service: String,
    /// Replica; `None` for a one-off container.
    pub number: Option<u32>,
    /// Final name.
    pub name: String,
    /// The request, without the image's id, which is known only when it is made.
    pub body: ContainerCreateBody,
    /// Files put into it between making and starting.
    pub files: Vec<InlineFile>,
    /// `os/arch[/variant]`; empty is the engine's own.
    pub platform: String,
    /// Grace period of its stop, in seconds.
    pub stop_timeout: Option<i32>,
}

/// What `run` changes of a service.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of `run`")]
pub struct OneOff {
    /// Name; empty: made from `slug`.
    pub name: String,
    /// Random id, 64 hexadecimal digits.
    pub slug: String,
    /// Replaces the command, unless empty.
    pub command: Vec<String>,
    /// Replaces the entry point.
    pub entrypoint: Option<Vec<String>>,
    /// Over the service's environment.
    pub environment: Environment,
    /// Over the service's labels.
    pub labels: BTreeMap<String, String>,
    /// User; empty: the service's.
    pub user: String,
    /// Working directory; empty: the service's.
    pub working_dir: String,
    /// Further mounts.
    pub volumes: Vec<Mount>,
    /// Ports to publish instead of the service's.
    pub publish: Vec<Port>,
    /// Publish the service's ports.
    pub service_ports: bool,
    /// Answer to the service's name on its networks.
    pub use_aliases: bool,
    /// Give it a terminal.
    pub tty: bool,
    /// Keep its standard input open.
    pub stdin: bool,
    /// Remove it when it ends.
    pub auto_remove: bool,
    /// Capabilities added.
    pub cap_add: Vec<String>,
    /// Capabilities dropped.
    pub cap_drop: Vec<String>,
}

/// Replica `number` of a service.
pub(super) fn replica(
    project: &Project,
    desired: &DesiredService,
    number: u32,
    options: &UpOptions,
) -> Result<ContainerSpec, DesiredError> {
    let service = &desired.source;
    let name = names::container(&project.name, service, number, options.separator);
    let mut labels = common_labels(project, service, &desired.hash);
    labels.insert(labels::NUMBER.to_owned(), number.to_string());
    labels.insert(labels::ONE_OFF.to_owned(), "False".to_owned());
    labels.extend(extension::labels_of(project, service)?);
    let body = body(project, service, &desired.image.reference, &name, true, options)?;
    spec(project, service, Some(number), name, ContainerCreateBody { labels: Some(labels), ..body })
}

/// A one-off container of a service.
pub(super) fn one_off(
    project: &Project,
    desired: &DesiredService,
    run: &OneOff,
    options: &UpOptions,
) -> Result<ContainerSpec, DesiredError> {
    let service = adapted(&desired.source, run);
    let generated = || names::one_off(&project.name, &service.name, &run.slug, options.separator);
    let name = if run.name.is_empty() { generated() } else { run.name.clone() };
    let mut labels = common_labels(project, &service, &desired.hash);
    labels.insert(labels::ONE_OFF.to_owned(), "True".to_owned());
    labels.insert(labels::SLUG.to_owned(), run.slug.clone());
    let mut body = body(project, &service, &desired.image.reference, &name, run.use_aliases, options)?;
    body.labels = Some(labels);
    body.stdin_once = Some(run.stdin);
    body.attach_stdin = Some(run.stdin);
    if let Some(host) = &mut body.host_config {
        host.auto_remove = Some(run.auto_remove);
    }
    spec(project, &service, None, name, body)
}

/// A container of a hook; `service` is already as the hook wants it.
pub(super) fn pre_start(
    project: &Project,
    service: &Service,
    name: String,
    options: &UpOptions,
) -> Result<ContainerSpec, DesiredError> {
    let mut body = body(project, service, &service.image, &name, false, options)?;
    body.labels = Some(pre_start::labels_of(project, service));
    spec(project, service, None, name, body)
}

/// The service with the changes of `run` (compose-surface 3.13).
fn adapted(service: &Service, run: &OneOff) -> Service {
    let mut service = service.clone();
    if run.entrypoint.is_some() {
        service.entrypoint.0.clone_from(&run.entrypoint);
        service.command.0 = None;
    }
    if !run.command.is_empty() {
        service.command.0 = Some(run.command.clone());
    }
    service.environment.extend(run.environment.clone());
    service.labels.extend(run.labels.clone());
    replace_unless_empty(&mut service.user, &run.user);
    replace_unless_empty(&mut service.working_dir, &run.working_dir);
    for mount in &run.volumes {
        service.volumes.retain(|other| other.target != mount.target);
        service.volumes.push(mount.clone());
    }
    if !run.service_ports {
        service.ports.clone_from(&run.publish);
    }
    service.cap_add.extend(run.cap_add.clone());
    service.cap_drop.extend(run.cap_drop.clone());
    service.tty = run.tty;
    service.stdin_open = run.stdin;
    service.container_name = String::new();
    service.restart = "no".to_owned();
    service
}

fn replace_unless_empty(field: &mut String, value: &str) {
    if !value.is_empty() {
        value.clone_into(field);
    }
}

fn spec(
    project: &Project,
    service: &Service,
    number: Option<u32>,
    name: String,
    mut body: ContainerCreateBody,
) -> Result<ContainerSpec, DesiredError> {
    let files = secrets::inline_files(project, service)?;
    if let Some(contents) = changes::contents_label(&files) {
        body.labels.get_or_insert_default().insert(labels::CONTENTS.to_owned(), contents);
    }
    Ok(ContainerSpec {
        service: service.name.clone(),
        number,
        files,
        platform: service.platform.clone(),
        stop_timeout: stop_timeout(service),
        name,
        body,
    })
}

fn stop_timeout(service: &Service) -> Option<i32> {
    let period = service.stop_grace_period?;
    i32::try_from(period.to_std().as_secs_f64().ceil() as i64).ok()
}

fn body(
    project: &Project,
    service: &Service,
    image: &str,
    name: &str,
    service_aliases: bool,
    options: &UpOptions,
) -> Result<ContainerCreateBody, DesiredError> {
    let mounts = mounts::translate(project, service)?;
    Ok(ContainerCreateBody {
        hostname: non_empty(&service.hostname),
        domainname: non_empty(&service.domainname),
        user: non_empty(&service.user),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        exposed_ports: ports::exposed(service),
        tty: Some(service.tty),
        open_stdin: Some(service.stdin_open),
        env: Some(environment_list(&service.environment)),
        cmd: service.command.0.clone(),
        healthcheck: service.healthcheck.as_ref().map(health_check),
        image: Some(image.to_owned()),
        working_dir: non_empty(&service.working_dir),
        // An empty list, unlike none, clears the image's entry point and keeps its command (contract 1.10.1).
        entrypoint: service.entrypoint.0.clone(),
        stop_signal: non_empty(&service.stop_signal),
        stop_timeout: stop_timeout(service).map(i64::from),
        host_config: Some(host::host_config(project, service, mounts, options)?),
        networking_config: networks::networking(project, service, name, service_aliases, options),
        ..ContainerCreateBody::default()
    })
}

/// `NAME=value`; a bare `NAME` unsets the image's value.
fn environment_list(environment: &Environment) -> Vec<String> {
    let entry = |(name, value): (&String, &Option<String>)| match value {
        Some(value) => format!("{name}={value}"),
        None => name.clone(),
    };
    environment.iter().map(entry).collect()
}

fn health_check(check: &HealthCheck) -> HealthConfig {
    let test = if check.disable { vec!["NONE".to_owned()] } else { check.test.clone() };
    HealthConfig {
        test: super::non_empty_list(&test),
        interval: check.interval.map(|d| d.0),
        timeout: check.timeout.map(|d| d.0),
        retries: check.retries.and_then(|n| i64::try_from(n).ok()),
        start_period: check.start_period.map(|d| d.0),
        start_interval: check.start_interval.map(|d| d.0),
    }
}

/// Labels of replicas and one-off containers alike (compose-surface 3.5); the program's own win over the user's.
fn common_labels(project: &Project, service: &Service, hash: &str) -> HashMap<String, String> {
    let mut all: HashMap<String, String> = service.labels.clone().into_iter().collect();
    let mut set = |key: &str, value: String| all.insert(key.to_owned(), value);
    set(labels::PROJECT, project.name.clone());
    set(labels::SERVICE, service.name.clone());
    set(labels::CONFIG_HASH, hash.to_owned());
    set(labels::VERSION, labels::WRITER_VERSION.to_owned());
    set(labels::WORKING_DIR, project.directory.display().to_string());
    set(labels::CONFIG_FILES, joined(&project.files));
    set(labels::DEPENDS_ON, dependencies_label(service));
    if !project.env_files.is_empty() {
        set(labels::ENVIRONMENT_FILE, joined(&project.env_files));
    }
    all
}

fn joined(paths: &[std::path::PathBuf]) -> String {
    let texts: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    texts.join(",")
}

fn dependencies_label(service: &Service) -> String {
    let entries = service.depends_on.iter().map(|(name, dependency)| {
        let condition = condition_text(dependency.condition);
        format!("{name}:{condition}:{}", dependency.restart)
    });
    entries.collect::<Vec<_>>().join(",")
}

/// The word of a compose file for a condition.
pub fn condition_text(condition: Condition) -> &'static str {
    match condition {
        Condition::ServiceStarted => "service_started",
        Condition::ServiceHealthy => "service_healthy",
        Condition::ServiceCompletedSuccessfully => "service_completed_successfully",
    }
}
