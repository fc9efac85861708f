//! The command: its directory, its environment, finding it, executing it (contract 1.8.1, 1.9.7, 1.9.8,
//! 1.10.8, 1.11.5).

use std::convert::Infallible;
use std::ffi::CString;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, FileType, Mode, accessat, stat};
use rustix::io::Errno;

use super::channel::Channel;
use super::error::{At, CANNOT_EXECUTE, NOT_FOUND, SetupError, describe};
use super::terminal::Connected;
use crate::launch_failure::Stage;
use crate::spec::Process;
use crate::sys;
use crate::user::User;

/// Everything that execve needs.
pub(super) struct Program {
    path: PathBuf,
    executable: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
}

/// Finds the command, as the user, from the working directory that [`enter_working_directory`] has tried.
pub(super) fn prepare(process: &Process, user: &User, entered: Entered) -> Result<Program, SetupError> {
    // Nothing of the engine may be reachable from here on (CVE-2024-21626): what is open is closed by execve.
    sys::close_on_exec_from(3).at(Stage::Execute, || "close the engine's descriptors".into())?;
    if entered == Entered::Denied {
        change_directory(&process.working_directory).map_err(|error| cannot_enter(process, &error))?;
    }
    check_inside().map_err(|error| cannot_enter(process, &error))?;
    let environment = environment(&process.environment, &user.home);
    rustix::process::umask(Mode::from_raw_mode(process.umask));
    let command = &process.arguments[0];
    let path = find(command, search_path(&environment))?;
    Ok(Program {
        executable: terminated(path.to_string_lossy().into_owned())?,
        path,
        arguments: process.arguments.iter().cloned().map(terminated).collect::<Result<_, _>>()?,
        environment: environment.into_iter().map(terminated).collect::<Result<_, _>>()?,
    })
}

impl Program {
    /// Becomes the command.
    pub(super) fn execute(self, channel: &Channel, _streams: Connected) -> Result<Infallible, SetupError> {
        channel.send_ready().at(Stage::Execute, || "tell the monitor".into())?;
        let error = sys::execute(&self.executable, &self.arguments, &self.environment);
        let code = if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT_EXECUTE };
        let message = format!("exec {}: {}", self.path.display(), describe(&error));
        Err(SetupError::new(Stage::Execute, message).with_exit_code(code))
    }
}

fn terminated(text: String) -> Result<CString, SetupError> {
    CString::new(text).at(Stage::Specification, || "an argument or variable contains a zero byte".into())
}

/// Whether this process is in the working directory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Entered {
    Done,
    /// Root may not enter it; on a file system that does not trust root, the user may.
    Denied,
}

/// Enters the working directory with the rights of the launch, so that a user may begin where only root can go (contract 1.10.8).
pub(super) fn enter_working_directory(process: &Process) -> Result<Entered, SetupError> {
    match change_directory(&process.working_directory) {
        Ok(()) => Ok(Entered::Done),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(Entered::Denied),
        Err(error) => Err(cannot_enter(process, &error)),
    }
}

fn change_directory(path: &str) -> io::Result<()> {
    Ok(rustix::process::chdir(path)?)
}

/// The kernel names a directory outside of the root "(unreachable)…", or not at all (CVE-2024-21626).
fn check_inside() -> io::Result<()> {
    let current = rustix::process::getcwd(Vec::new())?;
    if current.to_bytes().starts_with(b"/") {
        return Ok(());
    }
    Err(io::Error::other("current working directory is outside of container mount namespace root"))
}

fn cannot_enter(process: &Process, error: &io::Error) -> SetupError {
    let path = &process.working_directory;
    let message = format!("chdir to cwd ({path:?}) set in config.json failed: {}", describe(error));
    let code = match error.kind() {
        io::ErrorKind::PermissionDenied => CANNOT_EXECUTE,
        io::ErrorKind::NotFound => NOT_FOUND,
        _ => super::error::CANNOT_START,
    };
    SetupError::new(Stage::WorkingDirectory, message).with_exit_code(code)
}

/// The last of equal keys wins, in the place of the first; items without `=` do not count. `HOME` is added.
fn environment(items: &[String], home: &str) -> Vec<String> {
    let mut merged: Vec<&str> = Vec::new();
    for item in items {
        let Some((key, _)) = item.split_once('=') else { continue };
        let same = |other: &&mut &str| other.split_once('=').is_some_and(|(known, _)| known == key);
        match merged.iter_mut().find(same) {
            Some(place) => *place = item,
            None => merged.push(item),
        }
    }
    merged.retain(|item| *item != "HOME=");
    let has_home = merged.iter().any(|item| item.starts_with("HOME="));
    let mut all: Vec<String> = merged.into_iter().map(str::to_owned).collect();
    if !has_home {
        all.push(format!("HOME={home}"));
    }
    all
}

fn search_path(environment: &[String]) -> &str {
    environment.iter().find_map(|item| item.strip_prefix("PATH=")).unwrap_or("")
}

/// A command with a slash is a path; any other is looked for in `PATH`. The texts and codes are Docker's.
fn find(command: &str, search_path: &str) -> Result<PathBuf, SetupError> {
    let failed = |reason: &str, code| {
        let message = format!("exec: {command:?}: {reason}");
        Err(SetupError::new(Stage::Execute, message).with_exit_code(code))
    };
    if command.contains('/') {
        let path = PathBuf::from(command);
        return match check_executable(&path) {
            Ok(()) => Ok(path),
            Err(Errno::NOENT) => failed(&format!("stat {command}: no such file or directory"), NOT_FOUND),
            Err(Errno::ISDIR) => failed("is a directory: permission denied", CANNOT_EXECUTE),
            Err(error) => failed(&describe(&error), CANNOT_EXECUTE),
        };
    }
    let mut denied = false;
    let directories =
        search_path.split(':').map(|directory| if directory.is_empty() { "." } else { directory });
    for path in directories.map(|directory| Path::new(directory).join(command)) {
        match check_executable(&path) {
            Ok(()) => return Ok(path),
            Err(Errno::ACCESS) => denied = true,
            Err(_) => {}
        }
    }
    if denied && !command.is_empty() {
        return failed("permission denied", CANNOT_EXECUTE);
    }
    failed("executable file not found in $PATH", NOT_FOUND)
}

fn check_executable(path: &Path) -> Result<(), Errno> {
    match FileType::from_raw_mode(stat(path)?.st_mode) {
        FileType::Directory => Err(Errno::ISDIR),
        _ => accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(items: &[&str]) -> Vec<String> {
        environment(&items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>(), "/home/app")
    }

    #[test]
    fn the_last_of_equal_keys_wins_and_home_is_added() {
        assert_eq!(merged(&["A=1", "B=2", "A=3"]), ["A=3", "B=2", "HOME=/home/app"]);
        assert_eq!(merged(&["HOME=/x"]), ["HOME=/x"]);
        assert_eq!(merged(&["HOME=", "NOTHING"]), ["HOME=/home/app"]);
    }

    #[test]
    fn commands_are_found_or_named() {
        assert_eq!(find("sh", "/nonexistent:/bin").unwrap(), PathBuf::from("/bin/sh"));
        let cases = [
            ("no-such-command", "exec: \"no-such-command\": executable file not found in $PATH", 127),
            ("/no/such", "exec: \"/no/such\": stat /no/such: no such file or directory", 127),
            ("/etc", "exec: \"/etc\": is a directory: permission denied", 126),
            ("/etc/passwd", "exec: \"/etc/passwd\": permission denied", 126),
            ("", "exec: \"\": executable file not found in $PATH", 127),
        ];
        for (command, message, code) in cases {
            let error = find(command, "/bin").unwrap_err();
            assert_eq!((error.message.as_str(), error.exit_code), (message, code));
        }
    }
}
