//! One more process in a running container (contract 1.12).

use std::convert::Infallible;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::thread::{ThreadNameSpaceType, move_into_thread_name_spaces};

use super::channel::Channel;
use super::error::{At, SetupError};
use super::{apparmor, mounts, namespaces, privileges, program, settings, terminal};
use crate::cgroup::{self, Cgroup, Hierarchies};
use crate::fsroot::Root;
use crate::launch_failure::Stage;
use crate::spec::{CgroupSpec, ExecSpec};
use crate::stdio::ChildStdio;

/// Runs in a helper; the command is a second child that the helper gives to the monitor.
pub(super) fn start(spec: &ExecSpec, channel: &Channel, stdio: ChildStdio) -> Result<Infallible, SetupError> {
    let birthplace = join_cgroup(spec)?;
    join_namespaces(spec)?;
    namespaces::become_sibling(0, birthplace, channel)?;

    let root = Root::open(Path::new("/")).at(Stage::Namespaces, || "open the container's root".into())?;
    let process = &spec.process;
    let stdio = terminal::connect(process.terminal, stdio, &root, channel)?;
    let proc = mounts::private_proc()?;
    settings::set_limits(process, &proc)?;
    apparmor::confine_program(process.apparmor.as_deref(), &proc)?;
    drop(proc);
    let user = privileges::find_user(process, &root)?;
    drop(root);
    let entered = program::enter_working_directory(process)?;
    privileges::drop_to(process, &user)?;
    let program = program::prepare(process, &user, entered)?;
    privileges::install_late_filter(process)?;
    program.execute(channel, stdio)
}

/// Before the namespaces, in which the host's cgroups cannot be seen. The command is to be forked into the
/// result.
fn join_cgroup(spec: &ExecSpec) -> Result<Option<OwnedFd>, SetupError> {
    let CgroupSpec { parent, name, .. } = &spec.cgroup;
    let what = || "enter the container's cgroup".to_owned();
    let hierarchies = Hierarchies::of_this_host().at(Stage::Cgroup, what)?;
    let cgroup = Cgroup::open(hierarchies, parent, name).at(Stage::Cgroup, what)?;
    cgroup.join_legacy().at(Stage::Cgroup, what)?;
    cgroup::birthplace(parent, name).at(Stage::Cgroup, what)
}

fn join_namespaces(spec: &ExecSpec) -> Result<(), SetupError> {
    let pidfd = spec.container.open().at(Stage::Namespaces, || "find the container's process".into())?;
    let all = ThreadNameSpaceType::MOUNT
        | ThreadNameSpaceType::HOST_NAME_AND_NIS_DOMAIN_NAME
        | ThreadNameSpaceType::INTER_PROCESS_COMMUNICATION
        | ThreadNameSpaceType::NETWORK
        | ThreadNameSpaceType::PROCESS_ID
        | ThreadNameSpaceType::CONTROL_GROUP;
    move_into_thread_name_spaces(rustix::fd::AsFd::as_fd(&pidfd), all)
        .at(Stage::Namespaces, || "enter the container's namespaces".into())
}
