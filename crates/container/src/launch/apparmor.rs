//! AppArmor: the profile that the command runs under (contract 1.7.6).
//!
//! Written through a procfs of our own that nothing can be mounted over: a decoy in the container's `/proc` would take the
//! profile's name and do nothing (CVE-2019-16884, CVE-2025-52881).

use std::fs::File;
use std::io::{self, Write};

use super::error::{At, SetupError};
use super::settings::open_proc;
use crate::fsroot::Root;
use crate::launch_failure::Stage;

/// This thread's profile at its next execve (kernel 5.8).
const AT_EXECUTION: &str = "thread-self/attr/apparmor/exec";
/// This thread's profile now.
const NOW: &str = "thread-self/attr/apparmor/current";

/// Has the kernel put this process under `profile` when it executes its command.
pub(super) fn confine_program(profile: Option<&str>, proc: &Root) -> Result<(), SetupError> {
    let Some(profile) = profile else { return Ok(()) };
    let written = open_proc(proc, AT_EXECUTION).and_then(|file| write(file, "exec", profile));
    written.at(Stage::Security, || failure(profile))
}

/// A process that goes under a profile without executing anything.
pub(super) struct Confinement {
    profile: String,
    /// Opened while our own procfs is at hand. Only the process that opened it can use it.
    now: File,
}

impl Confinement {
    pub(super) fn prepare(profile: Option<&str>, proc: &Root) -> Result<Option<Self>, SetupError> {
        let Some(profile) = profile else { return Ok(None) };
        let now = open_proc(proc, NOW).at(Stage::Security, || failure(profile))?;
        Ok(Some(Self { profile: profile.to_owned(), now }))
    }

    pub(super) fn enter(self) -> io::Result<()> {
        write(self.now, "changeprofile", &self.profile)
    }
}

/// One write is one command.
fn write(mut file: File, command: &str, profile: &str) -> io::Result<()> {
    file.write_all(format!("{command} {profile}").as_bytes()).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(error.kind(), "the profile is not loaded"),
        _ => error,
    })
}

fn failure(profile: &str) -> String {
    format!("unable to apply apparmor profile {profile}")
}
