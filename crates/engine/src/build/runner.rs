//! `RUN` steps: containers of this engine's runtime that are not in its list (contract 8.8).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::net::unix::pipe;
use tokio::sync::oneshot;
use wharf_build::{
    NetworkMode, OutputSink, OutputStream, RunExit, RunMount, RunStep, RunnerError, StepRunner,
};
use wharf_container::cgroup::Cgroup;
use wharf_container::process::Pidfd;
use wharf_container::spec::{
    ContainerSpec, Mount, MountKind, NetworkNamespace, Process, RootFilesystem, TmpfsMount,
};
use wharf_container::stdio;
use wharf_network::{DEFAULT_BRIDGE, EndpointSpec, Sandbox, SandboxSpec};

use crate::core::{Core, blocking};
use crate::error::{Error, Result, chain};
use crate::names;
use crate::process;

const SIGKILL: i32 = 9;

/// Runs the steps of one build.
pub struct Runner {
    core: Arc<Core>,
    shm_size: Option<u64>,
}

impl Runner {
    /// For one build; `shm_size` is that of `/dev/shm` in bytes.
    pub fn new(core: Arc<Core>, shm_size: Option<u64>) -> Runner {
        Runner { core, shm_size }
    }

    async fn run_step(&self, step: RunStep, output: &OutputSink<'_>) -> Result<RunExit> {
        let id = names::new_id()?;
        let place = Place::make(&self.core.paths.temporary().join(format!("step-{id}")))?;
        let sandbox = open_network(&self.core, &id, &step).await?;
        let launched = self.launch(&id, &place, &step, sandbox.as_ref()).await;
        let (process, ends, cgroup) = match launched {
            Ok(launched) => launched,
            Err(error) => {
                close_network(sandbox).await;
                return Err(error);
            }
        };
        let kill = Kill(process.pidfd.as_ref().map(duplicate).transpose()?);
        let (sender, ended) = oneshot::channel();
        let tidy = Tidy { core: self.core.clone(), cgroup, sandbox, place };
        // In a task of its own: it goes on to its end when the build is given up.
        tokio::spawn(async move { _ = sender.send(tidy.after(process).await) });
        let reads = async {
            futures::join!(
                read(ends.stdout, OutputStream::Stdout, output),
                read(ends.stderr, OutputStream::Stderr, output)
            )
        };
        let ((out, err), exit) = futures::join!(reads, ended);
        drop(kill);
        out.and(err).map_err(Error::io("read", "the output of a step"))?;
        exit.map_err(|_| Error::Unavailable("the engine ends".to_owned()))
    }

    async fn launch(
        &self,
        id: &str,
        place: &Place,
        step: &RunStep,
        sandbox: Option<&Sandbox>,
    ) -> Result<(process::Process, stdio::ParentStdio, Cgroup)> {
        place.write_files(step, sandbox)?;
        let spec = self.spec(id, place, step);
        self.core.apparmor.ensure_loaded(spec.process.apparmor.as_deref())?;
        let failed = |error| Error::io("make the streams of", "a step")(error);
        let (child, ends) = stdio::pipes(false).map_err(failed)?;
        let kept = ends.try_clone().map_err(failed)?;
        let namespace = sandbox.map(|sandbox| sandbox.namespace().try_clone_to_owned()).transpose();
        let namespace = namespace.map_err(Error::io("copy", "a network namespace"))?;
        let cgroup = Cgroup::open(&self.core.hierarchies, &spec.cgroup.parent, &spec.cgroup.name)
            .map_err(|error| Error::Internal(chain(&error)))?;
        match self.core.processes.launch(&spec, child, kept, namespace).await {
            Ok(process) => Ok((process, ends, cgroup)),
            Err(error) => {
                // The launch's own error is the one to tell; a group that stays is empty.
                let _ = cgroup.remove();
                Err(Error::Internal(chain(&error)))
            }
        }
    }

    fn spec(&self, id: &str, place: &Place, step: &RunStep) -> ContainerSpec {
        let mut lower = step.lowers.clone();
        if lower.is_empty() {
            // overlayfs wants something below, also for a step on nothing.
            lower.push(self.core.init_layer.clone());
        }
        let (upper, work, target) = (step.upper.clone(), step.work.clone(), place.path("rootfs"));
        let root = RootFilesystem::Overlay { lower, upper, work, target };
        let mut process = Process::docker_defaults(step.argv.clone());
        process.environment = vec![format!("HOSTNAME={}", step.hostname)];
        process.environment.extend(step.env.iter().cloned());
        process.working_directory.clone_from(&step.cwd);
        process.user.clone_from(&step.user);
        process.apparmor = self.core.apparmor.profile("", false);
        let mut spec = ContainerSpec::docker_defaults(id, &self.core.paths.name(), root, process);
        spec.hostname = Some(step.hostname.clone());
        match step.network {
            NetworkMode::Host => spec.use_host_network(),
            NetworkMode::Default | NetworkMode::None => spec.namespaces.network = NetworkNamespace::Given,
        }
        for mount in &mut spec.mounts {
            if let MountKind::Tmpfs(TmpfsMount { source: Some(source), size, .. }) = &mut mount.kind
                && source == "shm"
            {
                *size = self.shm_size.or(*size);
            }
        }
        for name in ["resolv.conf", "hostname", "hosts"] {
            spec.mounts.push(Mount::bind(place.path(name), Path::new("/etc").join(name), false));
        }
        spec.mounts.extend(step.mounts.iter().map(mount));
        spec
    }
}

impl StepRunner for Runner {
    fn run<'a>(
        &'a self,
        step: RunStep,
        output: &'a OutputSink<'a>,
    ) -> BoxFuture<'a, Result<RunExit, RunnerError>> {
        let result = self.run_step(step, output);
        result.map(|result| result.map_err(|error| RunnerError(error.message()))).boxed()
    }
}

fn mount(mount: &RunMount) -> Mount {
    match mount {
        RunMount::Bind { source, target, read_only } => Mount::bind(source, target, *read_only),
        RunMount::Tmpfs { target, size } => Mount::tmpfs(
            target,
            TmpfsMount { source: Some("tmpfs".to_owned()), size: *size, ..TmpfsMount::default() },
        ),
    }
}

/// The directory of a step: the mount point of its root, and its three managed files.
struct Place(PathBuf);

impl Place {
    fn make(directory: &Path) -> Result<Place> {
        let place = Place(directory.to_path_buf());
        fs::create_dir_all(place.path("rootfs")).map_err(Error::io("make", directory))?;
        Ok(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write_files(&self, step: &RunStep, sandbox: Option<&Sandbox>) -> Result<()> {
        let save = |name: &str, text: String| {
            let path = self.path(name);
            fs::write(&path, text).map_err(Error::io("write", &path))
        };
        let resolv_conf = match sandbox {
            Some(sandbox) => sandbox.resolv_conf(),
            None => fs::read_to_string("/etc/resolv.conf").unwrap_or_default(),
        };
        save("resolv.conf", resolv_conf)?;
        save("hostname", format!("{}\n", step.hostname))?;
        let mut hosts = "127.0.0.1\tlocalhost\n".to_owned();
        for host in &step.extra_hosts {
            hosts.push_str(&format!("{}\t{}\n", host.address, host.name));
        }
        for endpoint in sandbox.iter().flat_map(|sandbox| sandbox.endpoints()) {
            hosts.push_str(&format!("{}\t{}\n", endpoint.address, step.hostname));
        }
        save("hosts", hosts)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "files of a build step are left");
        }
    }
}

async fn open_network(core: &Arc<Core>, id: &str, step: &RunStep) -> Result<Option<Sandbox>> {
    let network = match step.network {
        NetworkMode::Host => return Ok(None),
        NetworkMode::None => "none",
        NetworkMode::Default => DEFAULT_BRIDGE,
    };
    let spec = SandboxSpec {
        container_id: id.to_owned(),
        container_name: format!("build-{}", names::short(id)),
        hostname: step.hostname.clone(),
        endpoints: vec![EndpointSpec { network: network.to_owned(), ..EndpointSpec::default() }],
        ..SandboxSpec::default()
    };
    let core = core.clone();
    blocking(move || Ok(Some(Sandbox::create(core.connector.networks(), &spec)?))).await
}

async fn close_network(sandbox: Option<Sandbox>) {
    let Some(sandbox) = sandbox else { return };
    if let Err(error) = blocking(move || Ok(sandbox.remove()?)).await {
        tracing::warn!(error = error.message(), "the network of a build step is left");
    }
}

fn duplicate(pidfd: &Pidfd) -> Result<Pidfd> {
    use std::os::fd::AsFd;
    let copy =
        pidfd.as_fd().try_clone_to_owned().map_err(Error::io("copy", "the descriptor of a process"))?;
    Ok(copy.into())
}

/// Kills the step's first process, and with it all others, when the build is given up. One that has ended is not affected.
struct Kill(Option<Pidfd>);

impl Drop for Kill {
    fn drop(&mut self) {
        if let Some(pidfd) = &self.0 {
            // Ended already: the usual case.
            let _ = pidfd.send_signal(SIGKILL);
        }
    }
}

/// What a step holds of the host until its process has ended.
struct Tidy {
    core: Arc<Core>,
    cgroup: Cgroup,
    sandbox: Option<Sandbox>,
    place: Place,
}

impl Tidy {
    async fn after(self, process: process::Process) -> RunExit {
        // Without an answer the monitor is gone, and this worker ends with it.
        let code = process.exited.await.map_or(255, |status| status.docker_code());
        let out_of_memory = self.cgroup.memory_events().oom_kills > 0;
        close_network(self.sandbox).await;
        if let Err(error) = self.cgroup.remove() {
            tracing::warn!(%error, "the cgroup of a build step is left");
        }
        // A monitor that is gone remembers nothing.
        let _ = self.core.processes.forget(&process.id);
        drop(self.place);
        RunExit { code, out_of_memory }
    }
}

/// Hands what a stream brings to the build, up to its end.
async fn read(
    end: Option<std::os::fd::OwnedFd>,
    stream: OutputStream,
    output: &OutputSink<'_>,
) -> std::io::Result<()> {
    let Some(end) = end else { return Ok(()) };
    let source = pipe::Receiver::from_owned_fd(end)?;
    let mut buffer = vec![0; 16 * 1024];
    loop {
        source.readable().await?;
        match source.try_read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => output(stream, &buffer[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
