//! Attacks by images and containers that worked on other engines (contract 10.2 to 10.4), tried through the client.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::Engine;

/// An image made of busybox with a few changes, by `commit`.
fn image(engine: &Engine, name: &str, script: &str, changes: &[&str]) {
    engine.ok(&["run", "--name", "made", "busybox", "sh", "-c", script]);
    let changes = changes.iter().flat_map(|change| ["--change", change]);
    engine.ok(&["commit"].into_iter().chain(changes).chain(["made", name]).collect::<Vec<_>>());
    engine.ok(&["rm", "made"]);
}

/// CVE-2019-16884: a decoy over procfs made the engine write labels and settings into it.
#[test]
fn an_image_cannot_have_a_volume_over_proc() {
    let Some(engine) = Engine::start() else { return };
    for path in ["/proc", "/proc/sys", "/link"] {
        image(&engine, "decoy", "ln -s /proc /link", &[&format!("VOLUME {path}")]);
        let said = engine.fails(&["run", "--rm", "decoy", "true"]);
        assert!(said.contains("inside /proc"), "{path}: {said}");
    }
}

/// CVE-2018-15664: the path of a copy changes between the look and the use.
#[test]
fn a_copy_into_a_directory_that_becomes_a_link_stays_inside() {
    let Some(engine) = Engine::start() else { return };
    let (decoy, source) = (engine.directory("decoy"), engine.directory("source").join("file"));
    fs::write(&source, "copied\n").unwrap();
    let swap = "while :; do rm -rf /x; mkdir -p /x/y; rm -rf /x; ln -s $0 /x; done";
    let decoy_path = decoy.to_str().unwrap();
    fs::create_dir(decoy.join("y")).unwrap();
    engine.ok(&["run", "--detach", "--name", "box", "busybox", "sh", "-c", swap, decoy_path]);
    for _ in 0..40 {
        // Most of them fail: what is to be seen is that none gets out.
        engine.docker(&["cp", source.to_str().unwrap(), "box:/x/y/file"]);
    }
    assert_eq!(fs::read_dir(decoy.join("y")).unwrap().count(), 0);
    engine.ok(&["rm", "--force", "box"]);
    // What is right must go on to work: an absolute link means the container's root.
    let script = "mkdir -p /run /var; ln -s /run /var/run; sleep 1000";
    engine.ok(&["run", "--detach", "--name", "box", "busybox", "sh", "-c", script]);
    engine.ok(&["exec", "box", "sh", "-c", "while ! [ -L /var/run ]; do :; done"]);
    engine.ok(&["cp", source.to_str().unwrap(), "box:/var/run/file"]);
    assert_eq!(engine.ok(&["exec", "box", "cat", "/run/file"]), "copied");
}

/// CVE-2026-41567, CVE-2019-14271: what comes compressed is unpacked by a program of the container, or with its
/// libraries.
#[test]
fn an_archive_is_unpacked_without_the_containers_programs() {
    let Some(engine) = Engine::start() else { return };
    let trap = "mkdir -p /usr/bin /usr/local/bin; for name in xz unxz gzip unpigz pigz bzip2 zstd tar; do \
                for place in /bin /usr/bin /usr/local/bin; do rm -f $place/$name; \
                printf '#!/bin/sh\\n: > /sprung\\n' > $place/$name; chmod 755 $place/$name; done; done; \
                : > /set; sleep 1000";
    engine.ok(&["run", "--detach", "--name", "box", "busybox", "sh", "-c", trap]);
    engine.ok(&["exec", "box", "sh", "-c", "while ! [ -e /set ]; do :; done"]);
    let directory = engine.directory("archive");
    fs::write(directory.join("inside"), "unpacked\n").unwrap();
    for letter in ["z", "J", "j"] {
        let packed = Command::new("tar").arg(format!("-c{letter}C")).arg(&directory).arg("inside").output();
        let Some(packed) = packed.ok().filter(|output| output.status.success()) else {
            println!("skipped: no tar -{letter} here");
            continue;
        };
        let outcome = engine.docker_with_input(&["cp", "-", "box:/tmp"], &packed.stdout);
        assert_eq!(outcome.code, 0, "-{letter}: {outcome:?}");
        assert_eq!(engine.ok(&["exec", "box", "cat", "/tmp/inside"]), "unpacked", "-{letter}");
        engine.ok(&["exec", "box", "rm", "/tmp/inside"]);
    }
    engine.fails(&["exec", "box", "cat", "/sprung"]);
}

/// CVE-2022-23648: files of the host came into a volume through links in the image.
#[test]
fn a_volume_is_filled_from_the_image_alone() {
    let Some(engine) = Engine::start() else { return };
    let secret = engine.directory("secret");
    fs::write(secret.join("of-the-host"), "secret\n").unwrap();
    let secret = secret.display();
    let script = format!("ln -s {secret} /direct; mkdir /deep; ln -s ../../../../..{secret} /deep/relative");
    image(&engine, "linked", &script, &["VOLUME [\"/direct\",\"/deep/relative\"]"]);
    for path in ["/direct", "/deep/relative"] {
        let found = engine.docker(&["run", "--rm", "linked", "find", path, "-name", "of-the-host"]);
        assert!(!found.stdout.contains("of-the-host"), "{path}: {found:?}");
        let copied = ["run", "--rm", "-v", &format!("copied:{path}"), "linked", "true"].map(str::to_owned);
        engine.docker(&copied.each_ref().map(String::as_str));
        let seen = engine.ok(&["run", "--rm", "-v", "copied:/seen", "busybox", "ls", "/seen"]);
        assert!(!seen.contains("of-the-host"), "{path}: {seen}");
    }
}

/// CVE-2021-41091, CVE-2021-41103, CVE-2024-25621: other users of the host reached into the engine's folders, where
/// images have programs that run as root.
#[test]
fn other_users_of_the_host_do_not_get_into_the_engines_folders() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["run", "--detach", "--name", "box", "--user", "1000", "busybox", "sleep", "1000"]);
    let root = engine.directory("").parent().unwrap().to_owned();
    // tempfile made the root itself for its owner alone; as on a host, let others come so far.
    fs::set_permissions(&root, fs::Permissions::from_mode(0o711)).unwrap();
    let id = engine.ok(&["inspect", "--format", "{{.Id}}", "box"]);
    let upper = root.join("containers").join(&id).join("upper");
    let hosts = engine.ok(&["inspect", "--format", "{{.HostsPath}}", "box"]);
    let streams = std::path::Path::new(&hosts).with_file_name("stdout");
    assert!(upper.is_dir() && streams.exists());
    for path in [upper, streams] {
        let attempt = Command::new("setpriv")
            .args(["--reuid=1000", "--regid=1000", "--clear-groups", "test", "-e"])
            .arg(&path)
            .status();
        let Ok(attempt) = attempt else { return println!("skipped: no setpriv (util-linux) here") };
        assert!(!attempt.success(), "user 1000 reaches {}", path.display());
    }
}

/// CVE-2026-53488: labels of an image were taken for those that somebody gave to the container.
#[test]
fn an_images_labels_do_not_let_it_share_a_port() {
    let Some(engine) = Engine::start() else { return };
    let labels = ["com.docker.compose.project=p", "com.docker.compose.service=web"];
    let [project, service] = labels.map(|label| format!("LABEL {label}"));
    image(&engine, "imposter", "true", &[&project, &service]);
    let publish = ["run", "--detach", "--publish", "18089:80"];
    let mine =
        [&publish[..], &["--label", labels[0], "--label", labels[1], "busybox", "sleep", "1000"]].concat();
    engine.ok(&mine);
    let said = engine.fails(&[&publish[..], &["imposter", "sleep", "1000"]].concat());
    assert!(said.contains("port is already allocated"), "{said}");
    // They show all the same, and a second replica of the user's own still shares.
    assert_eq!(
        engine.ok(&[
            "inspect",
            "--format",
            "{{index .Config.Labels \"com.docker.compose.service\"}}",
            "imposter"
        ]),
        "web"
    );
    engine.ok(&mine);
}
