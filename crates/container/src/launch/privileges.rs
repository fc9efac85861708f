//! Giving rights up: capabilities, the filter, the user (contract 1.6, 1.7.9, 1.10.4, 1.12.8).

use std::os::fd::BorrowedFd;

use rustix::fs::{Gid, Uid, fchown, fstat};
use rustix::io::Errno;
use rustix::thread::{CapabilitySet, CapabilitySets};

use super::error::{At, SetupError};
use crate::capabilities::Capabilities;
use crate::fsroot::Root;
use crate::launch_failure::Stage;
use crate::seccomp;
use crate::spec::Process;
use crate::user::{self, User};
use crate::{stdio, sys};

const STAGE: Stage = Stage::Security;

pub(super) fn find_user(process: &Process, root: &Root) -> Result<User, SetupError> {
    // Docker says nothing but the reason.
    user::find(root, &process.user, &process.additional_groups)
        .map_err(|error| SetupError::new(Stage::User, super::error::describe(&error)))
}

/// Everything from no-new-privileges to the user switch. What needs privileges must be done before.
pub(super) fn drop_to(process: &Process, user: &User) -> Result<(), SetupError> {
    own_stdio(user.uid)?;
    if process.no_new_privileges {
        rustix::thread::set_no_new_privs(true).at(STAGE, || "set no new privileges".into())?;
    } else {
        // Needs CAP_SYS_ADMIN, so it cannot come after the user switch.
        install_filter(process)?;
    }
    let granted = available(process.capabilities)?;
    limit_bounding_set(granted)?;
    switch_user(user)?;
    // For every user: as in Docker the command is looked up and executed with them, so that DAC_OVERRIDE lets a user
    // run a file that only root may. The kernel clears them at the execution unless the user is root.
    set_capabilities(granted)
}

/// For a process that goes on as it is: what [`drop_to`] kept for the execution of the command goes, unless the user
/// is root.
pub(super) fn forgo_capabilities() -> Result<(), SetupError> {
    if rustix::process::getuid().is_root() { Ok(()) } else { set_capabilities(Capabilities::none()) }
}

/// With no-new-privileges the filter comes as late as possible, so that a strict profile need not allow what
/// we do.
pub(super) fn install_late_filter(process: &Process) -> Result<(), SetupError> {
    if process.no_new_privileges { install_filter(process) } else { Ok(()) }
}

fn install_filter(process: &Process) -> Result<(), SetupError> {
    let capabilities = process.filter_capabilities.unwrap_or(process.capabilities);
    let filter =
        seccomp::filter(&process.seccomp, capabilities).at(STAGE, || "compile the seccomp profile".into())?;
    match filter {
        Some(filter) => sys::install_filter(&filter).at(STAGE, || "install the seccomp filter".into()),
        None => Ok(()),
    }
}

/// So that the program can reopen its streams through `/dev/stdout` (contract 1.12.8).
fn own_stdio(uid: u32) -> Result<(), SetupError> {
    let streams: [BorrowedFd<'_>; 3] =
        [rustix::stdio::stdin(), rustix::stdio::stdout(), rustix::stdio::stderr()];
    for stream in streams {
        let what = || "give the standard streams to the user".to_owned();
        if fstat(stream).at(STAGE, what)?.st_uid == uid || stdio::is_null(stream).at(STAGE, what)? {
            continue;
        }
        match fchown(stream, Some(Uid::from_raw(uid)), None) {
            Err(Errno::PERM | Errno::ROFS) => {}
            result => result.at(STAGE, what)?,
        }
    }
    Ok(())
}

/// What was asked for and this host lets us give.
fn available(wanted: Capabilities) -> Result<Capabilities, SetupError> {
    let own = rustix::thread::capabilities(None).at(STAGE, || "read the capabilities".into())?;
    Ok(wanted.intersection(Capabilities::from_bits(own.permitted.bits())))
}

fn limit_bounding_set(keep: Capabilities) -> Result<(), SetupError> {
    for number in Capabilities::numbers().filter(|number| keep.bits() & 1 << number == 0) {
        let capability = CapabilitySet::from_bits_retain(1 << number);
        match rustix::thread::remove_capability_from_bounding_set(capability) {
            // An older kernel does not have it.
            Err(Errno::INVAL) => {}
            result => result.at(STAGE, || format!("drop capability {number}"))?,
        }
    }
    Ok(())
}

/// Groups even when there is nothing to set: the engine's own must go (contract 10.4).
fn switch_user(user: &User) -> Result<(), SetupError> {
    let what = || format!("become user {}:{}", user.uid, user.gid);
    let groups: Vec<Gid> = user.groups.iter().copied().map(Gid::from_raw).collect();
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    rustix::thread::set_thread_groups(&groups).at(Stage::User, what)?;
    rustix::thread::set_thread_res_gid(gid, gid, gid).at(Stage::User, what)?;
    rustix::thread::set_keep_capabilities(true).at(Stage::User, what)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid).at(Stage::User, what)
}

/// Nothing inheritable and nothing ambient, ever (CVE-2022-24769, CVE-2022-29162).
fn set_capabilities(granted: Capabilities) -> Result<(), SetupError> {
    let what = || "set the capabilities".to_owned();
    let set = CapabilitySet::from_bits_retain(granted.bits());
    let sets = CapabilitySets { effective: set, permitted: set, inheritable: CapabilitySet::empty() };
    rustix::thread::clear_ambient_capability_set().at(STAGE, what)?;
    rustix::thread::set_capabilities(None, sets).at(STAGE, what)
}
