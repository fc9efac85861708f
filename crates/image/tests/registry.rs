//! Pulling and pushing against a real registry on loopback.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::sync::{Arc, Mutex};

use support::flaky::FlakyProxy;
use support::registry::{LocalRegistry, Setup};
use support::{Archive, root};
use tempfile::TempDir;
use wharf_image::archive::{ImportOptions, import};
use wharf_image::registry::RegistryError;
use wharf_image::store::Removal;
use wharf_image::{
    Credentials, Digest, Image, ImageConfig, ImageStore, Platform, ProgressSink, PullOptions, PushOptions,
    Reference, Registry, RegistryConfig,
};

struct Host {
    directory: TempDir,
    registry: Registry,
}

impl Host {
    fn new(mirrors: &[String]) -> Host {
        let directory = tempfile::tempdir().unwrap();
        let store = ImageStore::open(&directory.path().join("images")).unwrap();
        let registry = Registry::new(store, RegistryConfig::new(mirrors, &[]).unwrap());
        Host { directory, registry }
    }

    fn store(&self) -> &ImageStore {
        self.registry.store()
    }

    async fn pull(&self, name: &str) -> Result<wharf_image::registry::Pulled, RegistryError> {
        self.registry.pull(&reference(name), &PullOptions::default(), &ProgressSink::none()).await
    }

    async fn push(&self, name: &str) -> wharf_image::registry::Pushed {
        let (registry, name) = (self.registry.clone(), reference(name));
        // In a task of its own, as an engine does it.
        let push = async move {
            registry.push(&name, &PushOptions::default(), &ProgressSink::none()).await.unwrap()
        };
        tokio::spawn(push).await.unwrap()
    }
}

fn reference(name: &str) -> Reference {
    name.parse().unwrap()
}

/// An image of two layers; the second deletes something of the first.
fn make_image(store: &ImageStore, name: &str, salt: &str) -> Image {
    let base = Archive::default().file("etc/os-release", b"ID=test\n").file("gone", b"x").directory("tmp");
    let options = ImportOptions { tag: None, ..ImportOptions::default() };
    let base = import(store, base.bytes().as_slice(), &options).unwrap();
    let upper = tempfile::tempdir().unwrap();
    Archive::default().file("app", salt.as_bytes()).file(".wh.gone", b"").unpack(upper.path()).unwrap();
    let top = store.commit_layer(upper.path(), wharf_image::Commit::Copy).unwrap();
    let mut config = ImageConfig::new(&Platform::host());
    config.config.cmd = Some(vec!["/app".to_owned()]);
    let layers = [base.layers[0].clone(), top.id.clone()];
    store.create_image(config, &layers, &[reference(name)]).unwrap()
}

fn recorder() -> (ProgressSink, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let sink = ProgressSink::new({
        let lines = lines.clone();
        move |progress| {
            let id = progress.id.map(|id| format!("{id}: ")).unwrap_or_default();
            lines.lock().unwrap().push(format!("{id}{}", progress.status));
        }
    });
    (sink, lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_image_comes_back_identical() {
    let Some(server) = LocalRegistry::start().filter(|_| root()) else { return };
    let name = format!("{}/team/app:1", server.host());
    let origin = Host::new(&[]);
    let image = make_image(origin.store(), &name, "1");
    let pushed = origin.push(&name).await;

    let other = Host::new(&[]);
    let (sink, lines) = recorder();
    let pulled = other.registry.pull(&reference(&name), &PullOptions::default(), &sink).await.unwrap();
    assert_eq!(pulled.image.id, image.id);
    assert_eq!(pulled.digest, pushed.digest);
    assert!(pulled.changed);
    assert_eq!(pulled.image.digests, [reference(&name).with_digest(pushed.digest.clone())]);
    let dirs = other.store().layer_dirs(&image.id).unwrap();
    assert_eq!(dirs.len(), 2);
    assert_eq!(std::fs::read(dirs[0].join("app")).unwrap(), b"1");
    assert!(std::fs::symlink_metadata(dirs[0].join("gone")).is_ok(), "the whiteout is there");
    assert_eq!(std::fs::read(dirs[1].join("gone")).unwrap(), b"x");

    let lines = lines.lock().unwrap().clone();
    let position = |text: &str| {
        lines.iter().position(|line| line.ends_with(text)).unwrap_or_else(|| panic!("{text}: {lines:?}"))
    };
    assert_eq!(lines[0], "1: Pulling from team/app");
    assert!(position("Pulling fs layer") < position("Downloading"));
    assert!(position("Downloading") < position("Verifying Checksum"));
    assert!(position("Verifying Checksum") < position("Download complete"));
    assert!(position("Extracting") < position("Pull complete"));
    assert_eq!(lines[lines.len() - 2], format!("Digest: {}", pushed.digest));
    assert_eq!(lines[lines.len() - 1], format!("Status: Downloaded newer image for {name}"));

    let again = other.pull(&name).await.unwrap();
    assert!(!again.changed);
    assert!(again.image.tagged >= pulled.image.tagged);
    let pushed_again = other.push(&name).await;
    assert_eq!(pushed_again, pushed, "the very bytes that were pulled");
}

#[tokio::test(flavor = "multi_thread")]
async fn mirrors_serve_docker_hub_names() {
    let Some(server) = LocalRegistry::start().filter(|_| root()) else { return };
    let origin = Host::new(&[]);
    let image = make_image(origin.store(), &format!("{}/library/redis:7-alpine", server.host()), "redis");
    origin.push(&format!("{}/library/redis:7-alpine", server.host())).await;

    // The first mirror does not answer, the second does.
    let host = Host::new(&["http://127.0.0.1:9".to_owned(), format!("http://{}", server.host())]);
    let pulled = host.pull("redis:7-alpine").await.unwrap();
    assert_eq!(pulled.image.id, image.id);
    assert_eq!(pulled.image.tags, [reference("redis:7-alpine")]);
    assert_eq!(pulled.image.digests[0].familiar(), format!("redis@{}", pulled.digest));
    let by_digest = host.pull(&format!("redis@{}", pulled.digest)).await.unwrap();
    assert_eq!((by_digest.image.id, by_digest.changed), (image.id, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_looked_up_without_a_pull() {
    let Some(server) = LocalRegistry::start().filter(|_| root()) else { return };
    let origin = Host::new(&[]);
    let name = format!("{}/library/redis:7", server.host());
    make_image(origin.store(), &name, "redis");
    let pushed = origin.push(&name).await;

    // By way of a mirror, and by the digest that came back.
    let host = Host::new(&["http://127.0.0.1:9".to_owned(), format!("http://{}", server.host())]);
    let by_tag = host.registry.inspect(&reference("redis:7"), &Credentials::Anonymous).await.unwrap();
    assert_eq!((&by_tag.descriptor.digest, by_tag.descriptor.size), (&pushed.digest, pushed.size));
    let by_digest = reference("redis").with_digest(pushed.digest.clone());
    assert_eq!(host.registry.inspect(&by_digest, &Credentials::Anonymous).await.unwrap(), by_tag);
    let missing = host.registry.inspect(&reference("redis:8"), &Credentials::Anonymous).await;
    assert!(
        matches!(missing, Err(RegistryError::NotFound { .. } | RegistryError::PullDenied { .. })),
        "{missing:?}"
    );
    assert!(host.store().list().unwrap().is_empty(), "nothing is pulled");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said_in_dockers_words() {
    let Some(server) = LocalRegistry::start().filter(|_| root()) else { return };
    let host = Host::new(&[]);
    let name = format!("{}/nothing:here", server.host());
    let error = host.pull(&name).await.unwrap_err().to_string();
    assert_eq!(error, format!("manifest for {name} not found: manifest unknown"));
    let missing = reference(&name).with_digest(Digest::of(b"x"));
    let error = host.pull(&missing.to_string()).await.unwrap_err();
    assert!(matches!(error, RegistryError::NotFound { .. }), "{error}");
    let error = host.pull("127.0.0.1:9/a/b").await.unwrap_err();
    assert_eq!(error.to_string(), "cannot reach the registry 127.0.0.1:9");
    assert!(host.store().list().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_pulls_share_the_download() {
    let Some(server) = LocalRegistry::start().filter(|_| root()) else { return };
    let name = |tag: &str| format!("{}/app:{tag}", server.host());
    let origin = Host::new(&[]);
    make_image(origin.store(), &name("a"), "a");
    make_image(origin.store(), &name("b"), "b");
    origin.push(&name("a")).await;
    origin.push(&name("b")).await;
    let host = Host::new(&[]);
    let (sink, lines) = recorder();
    let options = PullOptions::default();
    let (a, b) = (reference(&name("a")), reference(&name("b")));
    let pulls =
        tokio::join!(host.registry.pull(&a, &options, &sink), host.registry.pull(&b, &options, &sink));
    let (a, b) = (pulls.0.unwrap(), pulls.1.unwrap());
    assert_eq!(a.image.layers[0], b.image.layers[0]);
    let complete = lines.lock().unwrap().iter().filter(|line| line.ends_with("Download complete")).count();
    assert_eq!(complete, 3, "three different layers, each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_tag_leaves_the_old_image_dangling() {
    let Some(server) = LocalRegistry::start().filter(|_| root()) else { return };
    let name = format!("{}/app:latest", server.host());
    let origin = Host::new(&[]);
    let host = Host::new(&[]);
    let first = make_image(origin.store(), &name, "1");
    origin.push(&name).await;
    host.pull(&name).await.unwrap();
    let second = make_image(origin.store(), &name, "2");
    origin.push(&name).await;
    assert!(host.pull(&name).await.unwrap().changed);
    assert_eq!(host.store().resolve(&name).unwrap().id, second.id);
    assert!(host.store().image(&first.id).unwrap().is_dangling());
    let pruned = host.store().prune(&|image| image.is_dangling(), &|_| Vec::new()).unwrap();
    assert!(pruned.removals.contains(&Removal::Deleted(first.id)));
    assert_eq!(host.store().list().unwrap().len(), 1);
    assert_eq!(host.store().layer_dirs(&second.id).unwrap().iter().filter(|path| path.is_dir()).count(), 2);
    drop(host.directory);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_on_loopback_may_have_a_certificate_nobody_signed() {
    let Some(server) = LocalRegistry::start_with(&Setup { tls: true, ..Setup::default() }) else { return };
    if !root() {
        return;
    }
    let name = format!("{}/app:1", server.host());
    let origin = Host::new(&[]);
    let image = make_image(origin.store(), &name, "1");
    origin.push(&name).await;
    assert_eq!(Host::new(&[]).pull(&name).await.unwrap().image.id, image.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_open_a_registry_with_a_password() {
    let Some(server) = LocalRegistry::start_with(&Setup { password: true, ..Setup::default() }) else {
        return;
    };
    if !root() {
        return;
    }
    let name = format!("{}/app:1", server.host());
    let credentials =
        |password: &str| Credentials::Basic { username: "testuser".into(), password: password.into() };
    let origin = Host::new(&[]);
    let image = make_image(origin.store(), &name, "1");
    let push = async |credentials| {
        let options = PushOptions { credentials };
        origin.registry.push(&reference(&name), &options, &ProgressSink::none()).await
    };
    let error = push(Credentials::Anonymous).await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("push access denied for {}/app", server.host())), "{error}");
    push(credentials("testpassword")).await.unwrap();

    let host = Host::new(&[]);
    let pull = async |credentials| {
        let options = PullOptions { credentials, platform: None };
        host.registry.pull(&reference(&name), &options, &ProgressSink::none()).await
    };
    for wrong in [Credentials::Anonymous, credentials("wrong")] {
        let error = pull(wrong).await.unwrap_err().to_string();
        let host = server.host();
        let expected = format!(
            "pull access denied for {host}/app, repository does not exist or may require 'docker login'"
        );
        assert_eq!(error, expected);
    }
    assert_eq!(pull(credentials("testpassword")).await.unwrap().image.id, image.id);
    let inspected = async |credentials| origin.registry.inspect(&reference(&name), &credentials).await;
    assert!(inspected(credentials("testpassword")).await.is_ok());
    let error = inspected(Credentials::Anonymous).await.unwrap_err();
    assert!(matches!(error, RegistryError::PullDenied { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_download_goes_on_where_it_broke() {
    let Some(server) = LocalRegistry::start().filter(|_| root()) else { return };
    let name = format!("{}/app:1", server.host());
    let origin = Host::new(&[]);
    // Bytes that do not compress, so that the layer is longer than what the proxy lets through at once.
    let mut state = 1u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    })
    .take(3_000_000)
    .collect();
    let archive = Archive::default().file("noise", &noise).bytes();
    let options = ImportOptions { tag: Some(reference(&name)), ..ImportOptions::default() };
    let image = import(origin.store(), archive.as_slice(), &options).unwrap();
    origin.push(&name).await;

    let proxy = FlakyProxy::start(server.port, 1_200_000, 2);
    let host = Host::new(&[]);
    let (sink, lines) = recorder();
    let through = reference(&format!("127.0.0.1:{}/app:1", proxy.port));
    let pulled = host.registry.pull(&through, &PullOptions::default(), &sink).await.unwrap();
    assert_eq!(pulled.image.id, image.id);
    let dirs = host.store().layer_dirs(&image.id).unwrap();
    assert!(std::fs::read(dirs[0].join("noise")).unwrap() == noise);
    let retries = lines.lock().unwrap().iter().filter(|line| line.contains("Retrying in")).count();
    assert_eq!(retries, 2, "{:?}", lines.lock().unwrap());
    let ranges = proxy.range_starts();
    assert_eq!(
        ranges.iter().filter(|&&start| start > 0).count(),
        2,
        "continued, not begun again: {ranges:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_pull_leaves_nothing() {
    let Some(server) = LocalRegistry::start().filter(|_| root()) else { return };
    let name = format!("{}/app:1", server.host());
    let origin = Host::new(&[]);
    let archive = Archive::default().file("x", &vec![7; 3_000_000]).bytes();
    let options = ImportOptions { tag: Some(reference(&name)), ..ImportOptions::default() };
    let image = import(origin.store(), archive.as_slice(), &options).unwrap();
    origin.push(&name).await;

    let host = Host::new(&[]);
    let (started, mut downloading) = tokio::sync::mpsc::unbounded_channel();
    let sink = ProgressSink::new(move |progress| {
        if progress.status == wharf_image::progress::Status::PullingLayer {
            let _ = started.send(());
        }
    });
    let pull = tokio::spawn({
        let (registry, name) = (host.registry.clone(), reference(&name));
        async move { registry.pull(&name, &PullOptions::default(), &sink).await.map(drop) }
    });
    downloading.recv().await.unwrap();
    pull.abort();
    let _ = pull.await;
    let retried = host.pull(&name).await.unwrap();
    assert_eq!(retried.image.id, image.id);
    let staging = host.directory.path().join("images/tmp");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while std::fs::read_dir(&staging).unwrap().count() > 0 {
        assert!(std::time::Instant::now() < deadline, "the abandoned download is still there");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hard_links_into_lower_layers_are_followed() {
    use std::os::unix::fs::MetadataExt;

    let Some(server) = LocalRegistry::start().filter(|_| root()) else { return };
    let name = format!("{}/kaniko:1", server.host());
    let base = Archive::default().file_mode("usr/bin/tool", b"tool", 0o4755).file("usr/gone", b"");
    let top = Archive::default().hard_link("usr/bin/alias", "/usr/bin/tool");
    let archive = docker_archive(&name, &[base.bytes(), top.bytes()]);
    let origin = Host::new(&[]);
    let loaded =
        wharf_image::archive::load(origin.store(), archive.as_slice(), &ProgressSink::none()).unwrap();
    origin.push(&name).await;
    let host = Host::new(&[]);
    let pulled = host.pull(&name).await.unwrap();
    assert_eq!(pulled.image.id, loaded[0].id);
    for store in [origin.store(), host.store()] {
        let top = &store.layer_dirs(&pulled.image.id).unwrap()[0];
        let (tool, alias) = ("usr/bin/tool", "usr/bin/alias");
        let metadata = |path: &str| std::fs::metadata(top.join(path)).unwrap();
        assert_eq!(metadata(tool).ino(), metadata(alias).ino());
        assert_eq!((metadata(alias).mode() & 0o7777, metadata(alias).len()), (0o4755, 4));
    }
    // The same layer over another base would be wrong.
    let other = Archive::default().file("usr/bin/tool", b"other");
    let archive = docker_archive("other:1", &[other.bytes(), top.bytes()]);
    let error =
        wharf_image::archive::load(host.store(), archive.as_slice(), &ProgressSink::none()).unwrap_err();
    assert!(error.to_string().contains("cannot be shared"), "{error}");
    assert!(host.store().resolve("other:1").is_err());
}

/// An archive in Docker's layout of an image with these layers.
fn docker_archive(name: &str, layers: &[Vec<u8>]) -> Vec<u8> {
    let diff_ids: Vec<Digest> = layers.iter().map(|layer| Digest::of(layer)).collect();
    let config = serde_json::json!({"architecture": "amd64", "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": diff_ids}});
    let paths: Vec<String> = (0..layers.len()).map(|number| format!("{number}/layer.tar")).collect();
    let manifest = serde_json::json!([{"Config": "c.json", "RepoTags": [name], "Layers": paths}]);
    let files = paths.iter().zip(layers).fold(Archive::default(), |all, (path, layer)| all.file(path, layer));
    let files = files.file("c.json", config.to_string().as_bytes());
    files.file("manifest.json", manifest.to_string().as_bytes()).bytes()
}

/// Not a test of its own: the process that [`a_killed_pull_leaves_a_store_that_works`] kills.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "started by another test"]
async fn pull_and_say_each_step() {
    let Ok(directory) = std::env::var("PULL_INTO") else { return };
    let name = std::env::var("PULL_NAME").unwrap();
    let store = ImageStore::open(std::path::Path::new(&directory)).unwrap();
    let registry = Registry::new(store, RegistryConfig::default());
    let say = ProgressSink::new(|progress| {
        use std::io::Write;
        let mut output = std::io::stdout().lock();
        writeln!(output, "step {}", progress.status).unwrap();
        output.flush().unwrap();
    });
    registry.pull(&reference(&name), &PullOptions::default(), &say).await.unwrap();
    println!("step done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_pull_leaves_a_store_that_works() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let Some(server) = LocalRegistry::start().filter(|_| root()) else { return };
    let name = format!("{}/app:1", server.host());
    let origin = Host::new(&[]);
    let image = make_image(origin.store(), &name, "1");
    origin.push(&name).await;
    for kill_at in
        ["Pulling fs layer", "Downloading", "Download complete", "Extracting", "Pull complete", "Digest"]
    {
        let directory = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "pull_and_say_each_step", "--ignored", "--nocapture"])
            .env("PULL_INTO", directory.path())
            .env("PULL_NAME", &name)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let step = format!("step {kill_at}");
        assert!(lines.into_iter().any(|line| line.contains(&step)), "{kill_at} never came");
        child.kill().unwrap();
        child.wait().unwrap();

        let store = ImageStore::open(directory.path()).unwrap();
        assert_eq!(std::fs::read_dir(directory.path().join("tmp")).unwrap().count(), 0, "{kill_at}");
        for image in store.list().unwrap() {
            assert!(store.layer_dirs(&image.id).unwrap().iter().all(|path| path.is_dir()), "{kill_at}");
        }
        let registry = Registry::new(store, RegistryConfig::default());
        let pulled =
            registry.pull(&reference(&name), &PullOptions::default(), &ProgressSink::none()).await.unwrap();
        assert_eq!(pulled.image.id, image.id, "{kill_at}");
    }
}
