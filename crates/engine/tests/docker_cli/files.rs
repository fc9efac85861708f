//! Files in and out of containers, and containers as archives and images.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::Engine;

#[test]
fn cp_works_on_running_and_stopped_containers() {
    let Some(engine) = Engine::start() else { return };
    let directory = engine.directory("cp");
    fs::write(directory.join("in"), "content").unwrap();
    let (file, back) = (directory.join("in"), directory.join("back"));
    let (file, back) = (file.to_str().unwrap(), back.to_str().unwrap());
    engine.ok(&["create", "--name", "box", "--volume", "data:/data", "busybox", "sleep", "1000"]);
    for state in ["created", "running", "exited"] {
        match state {
            "running" => drop(engine.ok(&["start", "box"])),
            "exited" => drop(engine.ok(&["kill", "box"])),
            _ => {}
        }
        engine.wait_for("box", "{{.State.Status}}", state);
        for place in ["/tmp", "/data"] {
            engine.ok(&["cp", file, &format!("box:{place}/{state}")]);
            engine.ok(&["cp", &format!("box:{place}/{state}"), back]);
            assert_eq!(fs::read_to_string(back).unwrap(), "content", "{state} {place}");
            fs::remove_file(back).unwrap();
        }
    }
    let all = engine.ok(&["run", "--rm", "--volumes-from", "box", "busybox", "ls", "/data"]);
    assert_eq!(all, "created\nexited\nrunning");
    assert!(
        engine.fails(&["cp", "box:/nope", back]).contains("Could not find the file /nope in container box")
    );
    assert!(
        engine.fails(&["cp", file, "box:/nope/x"]).contains("Could not find the file /nope in container box")
    );
}

#[test]
fn a_link_in_a_container_does_not_lead_to_the_host() {
    let Some(engine) = Engine::start() else { return };
    let directory = engine.directory("links");
    fs::write(directory.join("secret"), "of the host").unwrap();
    let script = format!("ln -s {} /out; ln -s /etc/passwd /inside; sleep 1000", directory.display());
    engine.ok(&["run", "--detach", "--name", "box", "busybox", "sh", "-c", &script]);
    engine.ok(&["exec", "box", "sh", "-c", "while ! [ -L /inside ]; do :; done"]);
    let back = directory.join("back");
    assert!(engine.docker(&["cp", "box:/out/secret", back.to_str().unwrap()]).code != 0);
    assert!(!back.exists());
    engine.ok(&["cp", "--follow-link", "box:/inside", back.to_str().unwrap()]);
    assert!(fs::read_to_string(&back).unwrap().starts_with("root:"));
}

#[test]
fn directories_and_links_survive_the_way() {
    let Some(engine) = Engine::start() else { return };
    let directory = engine.directory("tree");
    fs::create_dir_all(directory.join("d/sub")).unwrap();
    fs::write(directory.join("d/sub/file"), "deep").unwrap();
    symlink("sub/file", directory.join("d/link")).unwrap();
    engine.ok(&["create", "--name", "box", "busybox", "true"]);
    engine.ok(&["cp", directory.join("d").to_str().unwrap(), "box:/copied"]);
    engine.ok(&["cp", "box:/copied", directory.join("back").to_str().unwrap()]);
    assert_eq!(fs::read_link(directory.join("back/link")).unwrap().to_str(), Some("sub/file"));
    assert_eq!(fs::read_to_string(directory.join("back/sub/file")).unwrap(), "deep");
}

#[test]
fn diff_export_and_commit_see_what_changed() {
    let Some(engine) = Engine::start() else { return };
    let directory = engine.directory("export");
    let script = "echo new > /tmp/new; rm /bin/zcat; echo more >> /etc/passwd";
    engine.ok(&["run", "--name", "box", "--env", "KEPT=yes", "busybox", "sh", "-c", script]);
    assert_eq!(engine.ok(&["diff", "box"]), "C /bin\nD /bin/zcat\nC /etc\nC /etc/passwd\nC /tmp\nA /tmp/new");

    let archive = directory.join("a.tar");
    engine.ok(&["export", "--output", archive.to_str().unwrap(), "box"]);
    let mut names: Vec<String> = tar::Archive::new(fs::File::open(&archive).unwrap())
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .filter(|name| name.ends_with("/new") || name.ends_with("/zcat"))
        .collect();
    names.sort();
    assert_eq!(names, ["tmp/new"]);

    engine.ok(&["commit", "--message", "why", "--change", "CMD cat /tmp/new", "box", "made:1"]);
    assert_eq!(engine.ok(&["run", "--rm", "made:1"]), "new");
    assert_eq!(
        engine.ok(&["run", "--rm", "made:1", "sh", "-c", "echo $KEPT; ls /bin/zcat 2>&1 | wc -l"]),
        "yes\n1"
    );
    assert!(engine.ok(&["history", "--no-trunc", "--format", "{{.Comment}}", "made:1"]).starts_with("why\n"));
}

#[test]
fn a_read_only_container_takes_no_files() {
    let Some(engine) = Engine::start() else { return };
    engine.ok(&["create", "--name", "box", "--read-only", "busybox", "true"]);
    let refused = engine.fails(&["cp", "/etc/hostname", "box:/tmp/x"]);
    assert!(refused.contains("container rootfs is marked read-only"), "{refused}");
}
