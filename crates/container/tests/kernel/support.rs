//! What the integration tests share: a root file system of a static busybox, and an engine's side of a
//! monitor.
//!
//! Every test has its own directory, monitor and cgroup parent, and removes them.

use std::fs::{self, File};
use std::io::{IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use tempfile::TempDir;
use wharf_container::LaunchFailure;
use wharf_container::cgroup::{Cgroup, Hierarchies};
use wharf_container::client::{Adopted, Event, Launched, MonitorLink};
use wharf_container::process::ExitStatus;
use wharf_container::spec::{ContainerSpec, ExecSpec, NetworkNamespace, Process, RootFilesystem};
use wharf_container::stdio::{self, ParentStdio};

/// Nothing in these tests takes longer.
pub const DEADLINE: Duration = Duration::from_secs(20);

pub const PROBE: &str = env!("CARGO_BIN_EXE_container-probe");

const BUSYBOX: [&str; 2] = ["/usr/bin/busybox", "/bin/busybox"];

/// Says why this machine cannot run the tests, when it cannot.
pub fn skip() -> bool {
    let reason = if !rustix::process::geteuid().is_root() {
        "needs root"
    } else if busybox().is_none() {
        "needs a static busybox (Debian: busybox-static)"
    } else {
        return false;
    };
    eprintln!("skipped: {reason}");
    true
}

fn busybox() -> Option<PathBuf> {
    BUSYBOX.iter().map(PathBuf::from).find(|path| path.exists())
}

/// A fresh engine, where this machine can run the tests.
pub fn engine() -> Option<Engine> {
    (!skip()).then(Engine::ready)
}

/// An exec of `arguments` with what the container's own process has.
pub fn exec_spec(spec: &ContainerSpec, launched: &Launched, arguments: &[&str]) -> ExecSpec {
    let mut process = spec.process.clone();
    process.arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
    ExecSpec::new(launched.identity.clone(), spec.cgroup.clone(), process)
}

/// One monitor, with this process as the engine that uses it.
pub struct Engine {
    pub directory: TempDir,
    pub link: MonitorLink,
    pub worker: i32,
    pub cgroup_parent: String,
    /// The group whose inside is all that the monitor sees of the tree; empty when it sees everything.
    visible_root: String,
    monitor: Child,
    listener: UnixListener,
    control: UnixStream,
    containers: Vec<String>,
}

/// What became of a finished process.
#[derive(Debug)]
pub struct Output {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// The output of a process that must have succeeded.
    pub fn success(self) -> String {
        assert_eq!(self.status, ExitStatus::Code(0), "{}{}", self.stdout, self.stderr);
        self.stdout
    }
}

impl Engine {
    pub fn start() -> Self {
        Self::start_with(Command::new(PROBE))
    }

    /// A monitor that has nothing to hand over.
    pub fn ready() -> Self {
        let engine = Self::start();
        assert!(engine.adoption().is_empty());
        engine
    }

    /// A monitor on a host that has only cgroup2, as far as it can see.
    pub fn start_unified() -> Self {
        let mut command = Command::new("unshare");
        let script = "umount -a -t cgroup && exec \"$@\"";
        command.args(["-m", "--propagation", "private", "sh", "-c", script, "sh", PROBE]);
        Self::start_with(command)
    }

    /// A monitor inside a group of its own, as an engine in a container has it: its root is no real root, and it is in it itself.
    /// Only with cgroup v2.
    pub fn start_nested() -> Self {
        let visible_root = format!("wharf-nested-{}", std::process::id());
        let mut command = Command::new("sh");
        let script = format!(
            "mkdir /sys/fs/cgroup/{visible_root} && echo $$ > /sys/fs/cgroup/{visible_root}/cgroup.procs && \
             exec /usr/bin/unshare -C -m --propagation private sh -c 'umount /sys/fs/cgroup; mount -t cgroup2 cgroup /sys/fs/cgroup && exec \"$@\"' sh \"$@\""
        );
        command.args(["-c", &script, "sh", PROBE]);
        let mut engine = Self::start_with(command);
        engine.visible_root = visible_root;
        engine
    }

    fn start_with(mut probe: Command) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let monitor = probe.arg("monitor").arg(&path).spawn().unwrap();
        let (link, worker, control) = accept(&listener);
        make_image(&directory.path().join("image"));
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let cgroup_parent = format!("wharf-test-{}-{number}", std::process::id());
        let (containers, visible_root) = (Vec::new(), String::new());
        Self { directory, link, worker, cgroup_parent, visible_root, monitor, listener, control, containers }
    }

    pub fn image(&self) -> PathBuf {
        self.directory.path().join("image")
    }

    /// A container of the busybox image that runs a shell script, with Docker's defaults and an empty
    /// network.
    pub fn shell(&mut self, script: &str) -> ContainerSpec {
        self.container(&["/bin/sh", "-c", script])
    }

    pub fn container(&mut self, arguments: &[&str]) -> ContainerSpec {
        let id = format!("{:064x}", self.containers.len() as u64 + (u64::from(std::process::id()) << 32));
        let own = self.directory.path().join(&id);
        for part in ["upper", "work", "merged"] {
            fs::create_dir_all(own.join(part)).unwrap();
        }
        let root = RootFilesystem::Overlay {
            lower: vec![self.image()],
            upper: own.join("upper"),
            work: own.join("work"),
            target: own.join("merged"),
        };
        let process = Process::docker_defaults(arguments.iter().map(|word| (*word).to_owned()).collect());
        let mut spec = ContainerSpec::docker_defaults(&id, &self.cgroup_parent, root, process);
        spec.namespaces.network = NetworkNamespace::New;
        self.containers.push(id);
        spec
    }

    pub fn upper(&self, spec: &ContainerSpec) -> PathBuf {
        self.directory.path().join(&spec.id).join("upper")
    }

    /// The next event.
    pub fn event(&self) -> Event {
        wait_readable(&self.link, "an event");
        self.link.receive().unwrap().expect("the monitor is gone")
    }

    /// Launches a container with pipes and waits until it is executed, or failed.
    pub fn launch(&self, spec: &ContainerSpec) -> Result<(Launched, ParentStdio), LaunchFailure> {
        let (child, parent) = stdio::pipes(true).unwrap();
        self.link.launch(spec, child, parent.try_clone().unwrap(), None).unwrap();
        self.launched(parent)
    }

    /// Launches an exec with pipes and waits until it is executed, or failed.
    pub fn exec(&self, id: &str, spec: &ExecSpec) -> Result<(Launched, ParentStdio), LaunchFailure> {
        let (child, parent) = stdio::pipes(false).unwrap();
        self.link.exec(id, spec, child, parent.try_clone().unwrap()).unwrap();
        self.launched(parent)
    }

    fn launched(&self, parent: ParentStdio) -> Result<(Launched, ParentStdio), LaunchFailure> {
        match self.event() {
            Event::Launched(launched) => Ok((launched, parent)),
            Event::Failed(failure) => Err(failure),
            other => panic!("unexpected {other:?}"),
        }
    }

    /// The failure of a launch that must fail.
    pub fn failure(&self, spec: &ContainerSpec) -> LaunchFailure {
        match self.launch(spec) {
            Ok(_) => panic!("the launch succeeded"),
            Err(failure) => failure,
        }
    }

    /// Runs a container to its end.
    pub fn run(&self, spec: &ContainerSpec) -> Output {
        let (_, stdio) = self.launch(spec).unwrap_or_else(|failure| panic!("{failure:?}"));
        self.finish(stdio)
    }

    /// Runs an exec to its end.
    pub fn run_exec(&self, id: &str, spec: &ExecSpec) -> Output {
        let (_, stdio) = self.exec(id, spec).unwrap_or_else(|failure| panic!("{failure:?}"));
        self.finish(stdio)
    }

    /// Waits for the end of the process that ends next.
    pub fn finish(&self, stdio: ParentStdio) -> Output {
        let stdout = read_all(stdio.stdout);
        let stderr = read_all(stdio.stderr);
        let (id, status) = self.exited();
        self.link.forget(&id).unwrap();
        Output { status, stdout, stderr }
    }

    pub fn exited(&self) -> (String, ExitStatus) {
        match self.event() {
            Event::Exited { id, status } => (id, status),
            other => panic!("unexpected {other:?}"),
        }
    }

    /// Everything up to "adoption complete".
    pub fn adoption(&self) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            match self.event() {
                Event::AdoptionComplete => return events,
                event => events.push(event),
            }
        }
    }

    /// Kills the worker and takes the place of its successor.
    pub fn crash_worker(&mut self) {
        kill(self.worker);
        (self.link, self.worker, self.control) = accept(&self.listener);
    }

    /// Has the worker end with status 0.
    pub fn end_worker(&mut self) {
        std::io::Write::write_all(&mut self.control, b"x").unwrap();
    }

    /// Waits for the monitor to end by itself.
    pub fn monitor_status(&mut self) -> std::process::ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.monitor.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the monitor does not end");
            std::thread::yield_now();
        }
    }

    pub fn monitor_pid(&self) -> i32 {
        self.monitor.id() as i32
    }

    pub fn cgroup(&self, spec: &ContainerSpec) -> Cgroup {
        self.group(&spec.id)
    }

    /// A group as this process sees it.
    fn group(&self, name: &str) -> Cgroup {
        let parent = Path::new(&self.visible_root).join(&self.cgroup_parent);
        Cgroup::open(Hierarchies::of_this_host().unwrap(), parent.to_str().unwrap(), name).unwrap()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ended_already = self.monitor.kill();
        let _reaped_already = self.monitor.wait();
        for id in &self.containers {
            let cgroup = self.group(id);
            let removed = cgroup.kill().and_then(|()| cgroup.remove());
            removed.unwrap_or_else(|error| eprintln!("{error}: {}", error.source));
        }
        let top = if self.visible_root.is_empty() { &self.cgroup_parent } else { &self.visible_root };
        if let Ok(top) = Cgroup::open(Hierarchies::of_this_host().unwrap(), "", top) {
            let _others_remove_it = top.remove();
        }
    }
}

fn accept(listener: &UnixListener) -> (MonitorLink, i32, UnixStream) {
    wait_readable(listener, "a worker");
    let (stream, _) = listener.accept().unwrap();
    let mut pid = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let slices = &mut [IoSliceMut::new(&mut pid)];
    recvmsg(&stream, slices, &mut ancillary, RecvFlags::CMSG_CLOEXEC).unwrap();
    let link = ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    (MonitorLink::from(link.unwrap()), i32::from_ne_bytes(pid), stream)
}

pub fn wait_readable(fd: &impl std::os::fd::AsFd, what: &str) {
    let timeout = Timespec { tv_sec: DEADLINE.as_secs() as i64, tv_nsec: 0 };
    let ready = poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&timeout)).unwrap();
    assert_eq!(ready, 1, "waited too long for {what}");
}

pub fn read_all(fd: Option<OwnedFd>) -> String {
    let mut text = Vec::new();
    File::from(fd.unwrap()).read_to_end(&mut text).unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

pub fn kill(pid: i32) {
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::KILL,
    )
    .unwrap();
}

/// A directory tree with busybox and the few files that programs look for.
fn make_image(path: &Path) {
    for directory in ["bin", "etc", "tmp", "root", "proc", "sys", "dev", "home/app"] {
        fs::create_dir_all(path.join(directory)).unwrap();
    }
    fs::set_permissions(path.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
    // Copied by another process: a copy made here would be "busy" for as long as a process that another test is
    // just starting shares the descriptor that wrote it.
    let busybox = busybox().unwrap();
    assert!(Command::new("cp").arg(&busybox).arg(path.join("bin/busybox")).status().unwrap().success());
    let applets = Command::new(&busybox).arg("--list").output().unwrap();
    for applet in String::from_utf8(applets.stdout).unwrap().lines().filter(|name| *name != "busybox") {
        symlink("busybox", path.join("bin").join(applet)).unwrap();
    }
    fs::write(path.join("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n")
        .unwrap();
    fs::write(path.join("etc/group"), "root:x:0:\napp:x:1001:\nextra:x:50:app\n").unwrap();
}

/// The adopted process of that id.
pub fn adopted(events: Vec<Event>, id: &str) -> Adopted {
    let mut events = events.into_iter();
    let found = events.find_map(|event| match event {
        Event::Adopted(adopted) if adopted.id == id => Some(adopted),
        _ => None,
    });
    found.expect("it is not adopted")
}
