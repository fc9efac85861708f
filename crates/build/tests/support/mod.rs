//! What the tests build with: a store with a busybox image, a runner that really runs processes, and a record
//! of the events.
//!
//! The runner mounts the step's overlay in a mount namespace of its own and changes its root there, so
//! nothing stays behind.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::FutureExt;
use futures::future::BoxFuture;
use tempfile::TempDir;
use wharf_build::{
    BuildError, BuildEvent, BuildRequest, Builder, BuiltImage, Context, DockerfileSource, ImagePuller,
    OutputSink, OutputStream, PullError, PullSink, RunExit, RunMount, RunStep, RunnerError, Services,
    StepRunner,
};
use wharf_image::store::{Commit, Image, ImageStore};
use wharf_image::{ImageConfig, Platform, Reference};

const BUSYBOX: &str = "/bin/busybox";
const APPLETS: [&str; 24] = [
    "sh", "cat", "echo", "ls", "mkdir", "touch", "rm", "id", "env", "pwd", "chmod", "chown", "stat", "test",
    "true", "false", "cp", "mv", "ln", "sleep", "date", "head", "hostname", "grep",
];

/// A place to build in.
pub struct Workshop {
    pub top: TempDir,
    pub store: ImageStore,
    pub builder: Builder,
    pub runner: ChrootRunner,
}

/// What one build said and did.
pub struct Outcome {
    pub result: Result<BuiltImage, BuildError>,
    pub events: Vec<BuildEvent>,
}

impl Workshop {
    /// A workshop, or `None` with a message when this machine cannot run one.
    pub fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: needs root for overlayfs and chroot");
            return None;
        }
        if !Path::new(BUSYBOX).exists() {
            println!("skipped: needs {BUSYBOX} (Debian: busybox-static)");
            return None;
        }
        let top = tempfile::tempdir().unwrap();
        let store = ImageStore::open(&top.path().join("images")).unwrap();
        let builder = Builder::open(&top.path().join("build"), store.clone()).unwrap();
        fs::create_dir(top.path().join("context")).unwrap();
        let workshop = Self { runner: ChrootRunner::new(top.path().join("views")), top, store, builder };
        workshop.make_busybox();
        Some(workshop)
    }

    /// Closes everything and opens it again, as a restarted engine does.
    pub fn reopen(self) -> Self {
        let Self { top, store, builder, runner } = self;
        drop((store, builder));
        let store = ImageStore::open(&top.path().join("images")).unwrap();
        let builder = Builder::open(&top.path().join("build"), store.clone()).unwrap();
        Self { top, store, builder, runner }
    }

    pub fn context(&self) -> PathBuf {
        self.top.path().join("context")
    }

    /// Writes a file of the context.
    pub fn write(&self, path: &str, content: &str) {
        let path = self.context().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub fn request(&self, dockerfile: &str) -> BuildRequest {
        let mut request = BuildRequest::new(Context::Directory(self.context()));
        request.dockerfile = DockerfileSource::Inline(dockerfile.to_owned());
        request
    }

    pub async fn build(&self, request: &BuildRequest) -> Outcome {
        let events = Mutex::new(Vec::new());
        let result = {
            let sink = |event| events.lock().unwrap().push(event);
            let services = Services { runner: &self.runner, puller: &NoRegistry, events: &sink };
            self.builder.build(request, services).await
        };
        Outcome { result, events: events.into_inner().unwrap() }
    }

    /// Builds a Dockerfile that must succeed.
    pub async fn good(&self, dockerfile: &str) -> Built<'_> {
        self.good_request(&self.request(dockerfile)).await
    }

    pub async fn good_request(&self, request: &BuildRequest) -> Built<'_> {
        let outcome = self.build(request).await;
        let built =
            outcome.result.unwrap_or_else(|error| panic!("{}\n{:#?}", error.report(), outcome.events));
        Built { workshop: self, image: self.store.image(&built.id).unwrap(), events: outcome.events }
    }

    /// Builds a Dockerfile that must fail, and returns the message.
    pub async fn bad(&self, dockerfile: &str) -> String {
        match self.build(&self.request(dockerfile)).await.result {
            Ok(built) => panic!("built {}", built.id),
            Err(error) => error.report(),
        }
    }

    fn make_busybox(&self) {
        let root = self.top.path().join("busybox");
        for directory in ["bin", "etc", "tmp", "root", "proc", "sys", "dev"] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        fs::set_permissions(root.join("tmp"), fs::Permissions::from_mode(0o1777)).unwrap();
        // By another process: one that a test is just starting would share the descriptor that writes the copy,
        // and the copy would be "busy".
        assert!(Command::new("cp").arg(BUSYBOX).arg(root.join("bin/busybox")).status().unwrap().success());
        for applet in APPLETS {
            symlink("busybox", root.join("bin").join(applet)).unwrap();
        }
        fs::write(
            root.join("etc/passwd"),
            "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n",
        )
        .unwrap();
        fs::write(root.join("etc/group"), "root:x:0:\napp:x:1001:\nweb:x:33:\n").unwrap();
        let layer = self.store.commit_layer(&root, Commit::Move).unwrap();
        let mut config = ImageConfig::new(&Platform::host());
        config.config.cmd = Some(vec!["sh".to_owned()]);
        config.created = Some("2026-01-01T00:00:00Z".to_owned());
        self.store.create_image(config, &[layer.id], &["busybox".parse().unwrap()]).unwrap();
    }
}

/// A built image and how it was made.
pub struct Built<'a> {
    workshop: &'a Workshop,
    pub image: Image,
    pub events: Vec<BuildEvent>,
}

impl Built<'_> {
    /// The file of the topmost layer that has it.
    pub fn path(&self, path: &str) -> Option<PathBuf> {
        let layers = self.workshop.store.layer_dirs(&self.image.id).unwrap();
        layers
            .iter()
            .map(|layer| layer.join(path.trim_start_matches('/')))
            .find(|path| path.symlink_metadata().is_ok())
    }

    pub fn read(&self, path: &str) -> String {
        let found = self.path(path).unwrap_or_else(|| panic!("{path} is not in the image"));
        fs::read_to_string(found).unwrap()
    }

    /// `mode uid:gid` of a path.
    pub fn owner(&self, path: &str) -> String {
        use std::os::unix::fs::MetadataExt;
        let found = self.path(path).unwrap_or_else(|| panic!("{path} is not in the image"));
        let metadata = found.symlink_metadata().unwrap();
        format!("{:o} {}:{}", metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
    }

    /// The names in the topmost layer, sorted.
    pub fn top_layer(&self) -> Vec<String> {
        let top = self.workshop.store.layer_dirs(&self.image.id).unwrap().remove(0);
        let mut names = Vec::new();
        list(&top, &top, &mut names);
        names.sort();
        names
    }

    /// Names of the steps that were not taken from the cache, base images left out.
    pub fn executed(&self) -> Vec<String> {
        executed(&self.events)
    }
}

fn list(top: &Path, directory: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        names.push(entry.path().strip_prefix(top).unwrap().to_string_lossy().into_owned());
        if entry.file_type().unwrap().is_dir() {
            list(top, &entry.path(), names);
        }
    }
}

pub fn executed(events: &[BuildEvent]) -> Vec<String> {
    let mut names = BTreeMap::new();
    for event in events {
        match event {
            BuildEvent::Started { step, name } => drop(names.insert(*step, name.clone())),
            BuildEvent::Cached { step } => drop(names.remove(step)),
            _ => {}
        }
    }
    names.into_values().collect()
}

/// Output lines of all steps.
pub fn output(events: &[BuildEvent]) -> Vec<String> {
    let lines = events.iter().filter_map(|event| match event {
        BuildEvent::Output { line, .. } => Some(line.clone()),
        _ => None,
    });
    lines.collect()
}

/// Has no images.
pub struct NoRegistry;

impl ImagePuller for NoRegistry {
    fn pull<'a>(
        &'a self,
        reference: &'a Reference,
        _: &'a Platform,
        progress: &'a PullSink<'a>,
    ) -> BoxFuture<'a, Result<Image, PullError>> {
        progress(format!("looking for {reference}"));
        async move { Err(PullError(format!("{}: there is no registry here", reference.familiar()))) }.boxed()
    }
}

/// Runs steps with the host's shell, unshare and chroot.
pub struct ChrootRunner {
    views: PathBuf,
    /// How many processes were run.
    pub runs: AtomicUsize,
}

impl ChrootRunner {
    fn new(views: PathBuf) -> Self {
        fs::create_dir(&views).unwrap();
        Self { views, runs: AtomicUsize::new(0) }
    }
}

impl StepRunner for ChrootRunner {
    fn run<'a>(
        &'a self,
        step: RunStep,
        output: &'a OutputSink<'a>,
    ) -> BoxFuture<'a, Result<RunExit, RunnerError>> {
        let view = self.views.join(self.runs.fetch_add(1, Ordering::Relaxed).to_string());
        async move {
            let finished = tokio::task::spawn_blocking(move || run(&step, &view)).await.unwrap();
            let (code, text) = finished.map_err(|error| RunnerError(error.to_string()))?;
            // In two pieces, as a pipe might deliver it.
            let (first, second) = text.split_at(text.len() / 2);
            output(OutputStream::Stdout, first);
            output(OutputStream::Stdout, second);
            Ok(RunExit { code, out_of_memory: false })
        }
        .boxed()
    }
}

fn run(step: &RunStep, view: &Path) -> std::io::Result<(i32, Vec<u8>)> {
    fs::create_dir(view)?;
    let mut child = Command::new("unshare")
        .args(["--mount", "sh", "-c", &script(step, view)])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut text = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut text)?;
    let status = child.wait()?;
    fs::remove_dir(view)?;
    Ok((status.code().unwrap_or(255), text))
}

/// Mounts like the engine does: mount points that are missing are made, the managed files and `/proc` are
/// always there.
fn script(step: &RunStep, view: &Path) -> String {
    let view = view.display();
    let lowers: Vec<String> = step.lowers.iter().map(|path| path.display().to_string()).collect();
    let mut lines = vec![
        "exec 2>&1; set -e".to_owned(),
        format!(
            "mount -t overlay overlay -o lowerdir={},upperdir={},workdir={} {view}",
            lowers.join(":"),
            step.upper.display(),
            step.work.display()
        ),
        format!("mkdir -p {view}/proc && mount -t proc proc {view}/proc"),
        format!("mkdir -p {view}/etc; touch {view}/etc/hosts && mount --bind /etc/hosts {view}/etc/hosts"),
    ];
    lines.extend(step.mounts.iter().map(|mount| mount_line(mount, &view.to_string())));
    let user = if step.user.is_empty() { "0:0" } else { &step.user };
    let env: Vec<String> = step.env.iter().map(|pair| quote(pair)).collect();
    let argv: Vec<String> = step.argv.iter().map(|word| quote(word)).collect();
    lines.push(format!(
        "exec env -i {} chroot --userspec={user} {view} /bin/sh -c 'cd \"$0\" && exec \"$@\"' {} {}",
        env.join(" "),
        quote(&step.cwd),
        argv.join(" ")
    ));
    lines.join("\n")
}

fn mount_line(mount: &RunMount, view: &str) -> String {
    match mount {
        RunMount::Bind { source, target, read_only } => {
            let (source, target) = (source.display(), format!("{view}{target}"));
            let make = format!(
                "if [ -d {source} ]; then mkdir -p {target}; else mkdir -p $(dirname {target}); touch {target}; fi"
            );
            let remount =
                if *read_only { format!("; mount -o remount,bind,ro {target}") } else { String::new() };
            format!("{make}; mount --bind {source} {target}{remount}")
        }
        RunMount::Tmpfs { target, .. } => {
            format!("mkdir -p {view}{target}; mount -t tmpfs tmpfs {view}{target}")
        }
    }
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
