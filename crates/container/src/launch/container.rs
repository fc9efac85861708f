//! The first process of a container, step by step in the order of contract 1.8.

use std::convert::Infallible;
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::Mode;

use super::channel::Channel;
use super::error::{At, SetupError};
use super::init::Init;
use super::namespaces::Donors;
use super::terminal::Connected;
use super::{
    Inherited, apparmor, devices, hiding, mounts, namespaces, privileges, program, root, settings, terminal,
};
use crate::cgroup::{Cgroup, Hierarchies};
use crate::fsroot::Root;
use crate::launch_failure::Stage;
use crate::spec::{ContainerSpec, Namespace};
use crate::sys;

pub(super) fn start(
    spec: &ContainerSpec,
    channel: &Channel,
    inherited: Inherited,
) -> Result<Infallible, SetupError> {
    let cgroup = enter_isolation(spec, channel, inherited.network)?;
    let proc = mounts::private_proc()?;
    let root = enter_root(spec, channel, &cgroup)?;
    let stdio = terminal::connect(spec.process.terminal, inherited.stdio, &root, channel)?;
    if spec.process.terminal.is_some() {
        terminal::mount_console(&root)?;
    }
    finish_root(spec, &root, &proc)?;
    settings::set_limits(&spec.process, &proc)?;
    apparmor::confine_program(spec.process.apparmor.as_deref(), &proc)?;
    let init = if needs_init(spec) { Some(Init::prepare(&spec.process, &proc)?) } else { None };
    drop(proc);
    become_program(spec, init, root, channel, stdio)
}

/// An init is only of use as the first process of a namespace.
fn needs_init(spec: &ContainerSpec) -> bool {
    spec.init && spec.namespaces.pid == Namespace::New
}

/// The cgroup and all namespaces.
fn enter_isolation(
    spec: &ContainerSpec,
    channel: &Channel,
    network: Option<OwnedFd>,
) -> Result<Cgroup, SetupError> {
    let donors = Donors::open(&spec.namespaces)?;
    namespaces::enter_pid_namespace(&donors, &spec.cgroup, channel)?;
    join_keyring(&spec.id)?;
    let cgroup = create_cgroup(spec)?;
    namespaces::enter(&spec.namespaces, &donors, &cgroup, network)?;
    Ok(cgroup)
}

/// Mounts the root with everything below it, and makes it the root of this process.
fn enter_root(spec: &ContainerSpec, channel: &Channel, cgroup: &Cgroup) -> Result<Root, SetupError> {
    let root = root::mount(&spec.root)?;
    channel.send_root(root.as_fd()).at(Stage::RootFilesystem, || "tell the monitor".into())?;
    mounts::mount_all(spec, &root, cgroup)?;
    devices::create(spec, &root)?;
    create_working_directory(&root, &spec.process.working_directory)?;
    root::switch_to(&root)?;
    Ok(root)
}

/// What can only be done inside: names, settings, and hiding what must not be seen or written.
fn finish_root(spec: &ContainerSpec, root: &Root, proc: &Root) -> Result<(), SetupError> {
    if spec.read_only {
        root::make_read_only(root)?;
    }
    set_names(spec)?;
    settings::set_sysctls(&spec.sysctls, &spec.namespaces, proc)?;
    hiding::make_read_only(&spec.read_only_paths, root)?;
    hiding::mask(&spec.masked_paths, root)
}

fn become_program(
    spec: &ContainerSpec,
    init: Option<Init>,
    root: Root,
    channel: &Channel,
    stdio: Connected,
) -> Result<Infallible, SetupError> {
    let process = &spec.process;
    let user = privileges::find_user(process, &root)?;
    drop(root);
    let entered = program::enter_working_directory(process)?;
    privileges::drop_to(process, &user)?;
    let program = program::prepare(process, &user, entered)?;
    privileges::install_late_filter(process)?;
    match init {
        Some(init) => init.supervise(program, channel, stdio),
        None => program.execute(channel, stdio),
    }
}

/// So that keys made in one container cannot be seen in another. A kernel without keyrings has none to share.
fn join_keyring(id: &str) -> Result<(), SetupError> {
    let name = CString::new(format!("_ses.{id}")).at(Stage::Specification, || "name the keyring".into())?;
    match sys::join_session_keyring(&name) {
        Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => Ok(()),
        result => result.at(Stage::Security, || "make a session keyring".into()),
    }
}

fn create_cgroup(spec: &ContainerSpec) -> Result<Cgroup, SetupError> {
    let hierarchies = Hierarchies::of_this_host().at(Stage::Cgroup, || "find the cgroup mounts".into())?;
    let cgroup =
        Cgroup::create(hierarchies, &spec.cgroup).at(Stage::Cgroup, || "set up the cgroup".into())?;
    cgroup.join_legacy().at(Stage::Cgroup, || "enter the cgroup".into())?;
    Ok(cgroup)
}

/// Root-owned 0755, before anything is read-only (contract 1.10.7).
fn create_working_directory(root: &Root, path: &str) -> Result<(), SetupError> {
    let what = || format!("create the working directory {path:?}");
    if !path.starts_with('/') {
        let message = format!("working directory {path:?} is invalid, it needs to be an absolute path");
        return Err(SetupError::new(Stage::WorkingDirectory, message));
    }
    root.create_directories(Path::new(path), Mode::from_raw_mode(0o755)).at(Stage::WorkingDirectory, what)?;
    Ok(())
}

fn set_names(spec: &ContainerSpec) -> Result<(), SetupError> {
    if let Some(hostname) = &spec.hostname {
        rustix::system::sethostname(hostname.as_bytes())
            .at(Stage::Settings, || format!("set the host name {hostname:?}"))?;
    }
    if let Some(domainname) = &spec.domainname {
        rustix::system::setdomainname(domainname.as_bytes())
            .at(Stage::Settings, || format!("set the domain name {domainname:?}"))?;
    }
    Ok(())
}
