//! What becomes of containers when their host goes down and comes up again, on this engine and on a Docker Engine (contract 5.5).
//!
//! Going down is made by ending the engine with all containers, and coming up by starting it; this engine believes in a new boot
//! only when the kernel has another boot id than the one it wrote down. `REFERENCE_DOCKERD` names a program that starts
//! a Docker Engine with the arguments that it is given; without it this engine alone is held against the tables.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::{Engine, client_of, root_filesystem};

/// Of each policy one that ends when it is asked to, one that has to be killed, one that was stopped and one that was killed by hand,
/// and one that was never started; and some that are special.
const MAKE: &str = r#"
    c() { name=$1; shift; docker run -d --network none --name $name "$@" >/dev/null || exit 1; }
    ends='trap "exit 0" TERM; echo ready; sleep 1000 & wait'
    for policy in no always unless-stopped on-failure; do
        c $policy-runs --restart $policy busybox sh -c "$ends"
        c $policy-deaf --restart $policy --stop-timeout 0 busybox sleep 1000
        c $policy-stopped --restart $policy --stop-signal KILL busybox sh -c "$ends"; docker stop $policy-stopped >/dev/null
        c $policy-ended --restart $policy busybox sh -c "$ends"
        until docker logs $policy-ended | grep -q ready; do sleep 0.05; done; docker stop $policy-ended >/dev/null
        docker create --network none --name $policy-never --restart $policy busybox true >/dev/null
        until docker logs $policy-runs | grep -q ready; do sleep 0.05; done
    done
    c no-failed busybox sh -c 'exit 3'
    c on-failure-done --restart on-failure busybox true
    c on-failure-spent --restart on-failure:1 busybox sh -c 'exit 3'
    c unless-stopped-paused --restart unless-stopped busybox sh -c "$ends"; docker pause unless-stopped-paused >/dev/null
    c rm-runs --rm busybox sh -c "$ends"
    for ended in no-failed on-failure-done on-failure-spent; do docker wait $ended >/dev/null; done
    until [ "$(docker inspect -f '{{.State.Status}} {{.RestartCount}}' on-failure-spent)" = 'exited 1' ]; do sleep 0.05; done
"#;

const SHOW: &str =
    r#"docker inspect -f '{{slice .Name 1}} {{.State.Status}} {{.State.ExitCode}}' $(docker ps -aq) | sort"#;

/// After an orderly end the codes are those of the containers' own ends.
const AFTER_SHUTDOWN: &str = "\
always-deaf running 0
always-ended running 0
always-never created 0
always-runs running 0
always-stopped running 0
no-deaf exited 137
no-ended exited 0
no-failed exited 3
no-never created 0
no-runs exited 0
no-stopped exited 137
on-failure-deaf running 0
on-failure-done exited 0
on-failure-ended exited 0
on-failure-never created 0
on-failure-runs exited 0
on-failure-spent exited 3
on-failure-stopped running 0
unless-stopped-deaf running 0
unless-stopped-ended exited 0
unless-stopped-never created 0
unless-stopped-paused running 0
unless-stopped-runs running 0
unless-stopped-stopped exited 137
";

/// After a crash nobody saw the ends of those that ran.
fn after_crash() -> String {
    AFTER_SHUTDOWN
        .replace("no-deaf exited 137", "no-deaf exited 255")
        .replace("no-runs exited 0", "no-runs exited 255")
        .replace("on-failure-runs exited 0", "on-failure-runs running 0")
        .replace("unless-stopped-paused running 0\n", "")
}

/// A host with an engine.
trait Host {
    fn socket(&self) -> String;
    /// The engine is asked to end, and ends its containers.
    fn shut_down(&mut self);
    /// Everything ends at once.
    fn crash(&mut self);
    fn boot(&mut self);
}

#[test]
fn after_a_shutdown() {
    on_both(|host| host.shut_down(), AFTER_SHUTDOWN);
}

#[test]
fn after_a_crash() {
    let crash = |host: &mut dyn Host| {
        // A frozen process hears no signal at all.
        shell(host, "docker rm --force unless-stopped-paused");
        host.crash();
    };
    on_both(crash, &after_crash());
}

fn on_both(go_down: impl Fn(&mut dyn Host), wanted: &str) {
    if let Some(mut reference) = Dockerd::start() {
        check(&mut reference, &go_down, wanted);
    }
    if let Some(engine) = Engine::start() {
        check(&mut Ours(engine), &go_down, wanted);
    }
}

fn check(host: &mut dyn Host, go_down: &impl Fn(&mut dyn Host), wanted: &str) {
    assert_eq!(shell(host, MAKE), "");
    go_down(host);
    host.boot();
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut shown = shell(host, SHOW);
    while shown != wanted && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(100));
        shown = shell(host, SHOW);
    }
    assert_eq!(shown, wanted, "{}", host.socket());
}

/// What a script prints on both of its outputs.
fn shell(host: &dyn Host, script: &str) -> String {
    let mut command = Command::new("timeout");
    command.args(["120", "sh", "-c", &format!("exec 2>&1; {script}")]).env("DOCKER_HOST", host.socket());
    String::from_utf8(command.stdin(Stdio::null()).output().unwrap().stdout).unwrap()
}

/// The first processes of all containers that run.
fn processes(host: &dyn Host) -> Vec<i32> {
    let pids = shell(host, "docker inspect -f '{{.State.Pid}}' $(docker ps -q)");
    pids.lines().map(|pid| pid.parse().unwrap()).filter(|pid| *pid > 1).collect()
}

fn kill(pid: i32) {
    // Another one's end may have been its own.
    let _ = kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL);
}

fn is_gone(pid: i32) -> bool {
    // One that nobody has reaped yet does nothing any more.
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

#[track_caller]
fn wait_for(mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
}

struct Ours(Engine);

impl Host for Ours {
    fn socket(&self) -> String {
        format!("unix://{}", self.0.socket().display())
    }

    fn shut_down(&mut self) {
        self.0.end(Signal::TERM);
    }

    fn crash(&mut self) {
        let processes = processes(self);
        let worker = self.0.worker();
        self.0.end(Signal::KILL);
        kill(worker);
        processes.iter().for_each(|pid| kill(*pid));
        wait_for(|| is_gone(worker) && processes.iter().all(|pid| is_gone(*pid)));
    }

    fn boot(&mut self) {
        let boot = self.0.root().join("boot.json");
        let text = std::fs::read_to_string(&boot).unwrap();
        let now = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        assert!(text.contains(now.trim()), "{text}");
        std::fs::write(&boot, text.replace(now.trim(), "00000000-0000-0000-0000-000000000000")).unwrap();
        self.0.start_again();
    }
}

/// A Docker Engine of the test's own, without networks.
struct Dockerd {
    program: PathBuf,
    directory: TempDir,
    process: Child,
}

impl Dockerd {
    fn start() -> Option<Dockerd> {
        let Some(program) = std::env::var_os("REFERENCE_DOCKERD").map(PathBuf::from) else {
            println!(
                "skipped: REFERENCE_DOCKERD names no program that starts a Docker Engine to compare with"
            );
            return None;
        };
        let directory = TempDir::with_prefix("wharf-dockerd-").unwrap();
        let process = spawn(&program, directory.path());
        let dockerd = Dockerd { program, directory, process };
        dockerd.wait_until_it_answers();
        let mut import = client_of(&dockerd.socket(), &["import", "-", "busybox"]);
        let mut import = import.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        std::io::Write::write_all(&mut import.stdin.take().unwrap(), &root_filesystem()).unwrap();
        assert!(import.wait().unwrap().success());
        Some(dockerd)
    }

    fn wait_until_it_answers(&self) {
        wait_for(|| client_of(&self.socket(), &["version"]).output().unwrap().status.success());
    }

    /// Its containerd and the shims, which all have its directory among their arguments.
    fn helpers(&self) -> Vec<i32> {
        let directory = self.directory.path().to_str().unwrap();
        let all = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let is_helper = |pid: &i32| {
            let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let arguments = String::from_utf8_lossy(&arguments);
            arguments.contains(directory) && arguments.split('\0').next().unwrap().contains("containerd")
        };
        pids.filter(is_helper).collect()
    }
}

fn spawn(program: &Path, directory: &Path) -> Child {
    let path = |name: &str| directory.join(name).display().to_string();
    // In a network namespace of its own: without a bridge it takes the `docker0` away that it finds, which is another engine's.
    Command::new("unshare")
        .arg("--net")
        .arg(program)
        .args(["--data-root", &path("data"), "--exec-root", &path("exec"), "--pidfile", &path("pid")])
        .args(["--bridge=none", "--iptables=false", "--ip6tables=false", "--host"])
        .arg(format!("unix://{}", path("socket")))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(directory.join("log")).unwrap())
        .spawn()
        .unwrap()
}

impl Host for Dockerd {
    fn socket(&self) -> String {
        format!("unix://{}", self.directory.path().join("socket").display())
    }

    fn shut_down(&mut self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
        self.process.wait().unwrap();
    }

    fn crash(&mut self) {
        let all: Vec<i32> = processes(self).into_iter().chain(self.helpers()).collect();
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        all.iter().for_each(|pid| kill(*pid));
        wait_for(|| all.iter().all(|pid| is_gone(*pid)));
        // A boot would have taken it away.
        let _ = std::fs::remove_file(self.directory.path().join("pid"));
    }

    fn boot(&mut self) {
        self.process = spawn(&self.program, self.directory.path());
        self.wait_until_it_answers();
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        shell(self, "docker rm -f $(docker ps -aq); docker rmi -f busybox");
        let _ = kill_process(Pid::from_child(&self.process), Signal::TERM);
        let _ = self.process.wait();
    }
}
