//! A monitor whose worker hands its socket to whoever listens at a path: how the integration tests stand in
//! for the engine.
//!
//! `container-probe monitor SOCKET` runs the monitor; it starts `container-probe worker SOCKET`, which
//! connects to SOCKET, sends its link along as a descriptor, and ends with status 0 when it is sent a byte.

use std::ffi::OsString;
use std::io::{self, IoSlice, Read};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use wharf_container::client::MonitorLink;
use wharf_container::monitor::{self, MonitorConfig};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(role), Some(path)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: container-probe monitor|worker SOCKET");
        return ExitCode::from(2);
    };
    let result = if role == "monitor" { run_monitor(path) } else { run_worker(path) };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("container-probe: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run_monitor(path: OsString) -> io::Result<ExitCode> {
    // A test that is killed must not leave a monitor behind.
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let worker_arguments = vec!["container-probe".into(), "worker".into(), path];
    monitor::run(&MonitorConfig { worker_arguments }).map_err(io::Error::other)?;
    Ok(ExitCode::SUCCESS)
}

fn run_worker(path: OsString) -> io::Result<ExitCode> {
    let link = MonitorLink::from_inherited()?;
    let mut stream = UnixStream::connect(path)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    let descriptors = [link.as_fd()];
    ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
    let pid = std::process::id().to_ne_bytes();
    sendmsg(&stream, &[IoSlice::new(&pid)], &mut ancillary, SendFlags::empty())?;
    drop(link);
    let mut byte = [0];
    Ok(if stream.read(&mut byte)? == 1 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
