//! The child: from a fork of the monitor to the execution of the command (contract 1.8).
//!
//! Everything here runs in a process of its own, with one thread, between a fork and an execve, so ordinary
//! code is fine and nothing has to be undone: mounts, namespaces and descriptors end with the process when a
//! step fails. Only the cgroup stays; the engine removes it.

pub(crate) mod channel;

mod apparmor;
mod cgroup_mount;
mod container;
mod devices;
mod error;
mod exec;
mod hiding;
mod init;
pub(crate) mod mount_api;
mod mounts;
mod namespaces;
mod privileges;
mod program;
mod root;
mod settings;
mod terminal;

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;

use serde::Deserialize;

use crate::launch_failure::Stage;
use crate::monitor::message::{Descriptors, Role};
use crate::spec::{ContainerSpec, ExecSpec, SPEC_VERSION};
use crate::stdio::ChildStdio;
use crate::sys;
use channel::Channel;
use error::{At, SetupError};

/// Longest spec in bytes.
const MAX_SPEC: u64 = 16 << 20;

/// A spec as the child reads it.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Document {
    Container(Box<ContainerSpec>),
    Exec(Box<ExecSpec>),
}

/// The life of a child. Returns never: it ends as the command, or reports why not.
pub(crate) fn run_child(channel: &Channel, descriptors: Descriptors) -> ! {
    let error = match start(channel, descriptors) {
        Ok(never) => match never {},
        Err(error) => error,
    };
    let status = error.exit_code;
    // Without a monitor there is nobody left to tell.
    let _nobody_listens = channel.send_failed(error);
    sys::exit_now(status)
}

fn start(channel: &Channel, mut descriptors: Descriptors) -> Result<std::convert::Infallible, SetupError> {
    sys::reset_signals();
    // What is made from here on has exactly the mode that is asked for; the command gets a mask of its own.
    rustix::process::umask(rustix::fs::Mode::empty());
    // Nobody inside a container may trace or open this process before it is the command (contract 10.1).
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
        .at(Stage::Security, || "make the child untraceable".into())?;
    let document = read_document(descriptors.take(Role::Spec))?;
    let stdio = descriptors.take_child_stdio();
    let network = descriptors.take(Role::Network);
    match document {
        Document::Container(spec) => container::start(&spec, channel, Inherited { stdio, network }),
        Document::Exec(spec) => exec::start(&spec, channel, stdio),
    }
}

/// What comes with a container's launch.
struct Inherited {
    stdio: ChildStdio,
    network: Option<OwnedFd>,
}

fn read_document(descriptor: Option<OwnedFd>) -> Result<Document, SetupError> {
    let wrong = |message: String| SetupError::new(Stage::Specification, message);
    let file = File::from(descriptor.ok_or_else(|| wrong("no spec was sent".into()))?);
    let mut text = Vec::new();
    file.take(MAX_SPEC).read_to_end(&mut text).at(Stage::Specification, || "read the spec".into())?;
    let document: Document =
        serde_json::from_slice(&text).map_err(|error| wrong(format!("read the spec: {error}")))?;
    let (version, arguments) = match &document {
        Document::Container(spec) => (spec.version, &spec.process.arguments),
        Document::Exec(spec) => (spec.version, &spec.process.arguments),
    };
    if version != SPEC_VERSION {
        return Err(wrong(format!("the spec has version {version}, this program knows {SPEC_VERSION}")));
    }
    if arguments.is_empty() {
        return Err(wrong("no command specified".into()));
    }
    Ok(document)
}
