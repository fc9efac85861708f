//! AppArmor: the default profile and what it denies, a profile by name, none. The virtual machine of `tests/vm` has it.

use serde_json::{Value, json};

use crate::support::{TestEngine, engine};

/// An engine on a host with AppArmor and its parser.
fn confining_engine() -> Option<TestEngine> {
    let engine = engine()?;
    let info = engine.get("/info");
    if info["SecurityOptions"].as_array().unwrap().contains(&json!("name=apparmor")) {
        return Some(engine);
    }
    println!("skipped: this host has no AppArmor, or no apparmor_parser");
    None
}

const LABEL: [&str; 2] = ["cat", "/proc/self/attr/apparmor/current"];

/// The label of a container's command.
fn label(engine: &TestEngine, name: &str, more: Value) -> String {
    engine.run(name, &LABEL, more);
    assert_eq!(engine.wait(name), 0, "{}", engine.logs(name));
    engine.logs(name).trim().to_owned()
}

#[test]
fn containers_run_under_the_default_profile() {
    let Some(engine) = confining_engine() else { return };
    assert_eq!(label(&engine, "default", Value::Null), "docker-default (enforce)");
    assert_eq!(engine.inspect("default")["AppArmorProfile"], "docker-default");
    assert_eq!(
        label(&engine, "gains", json!({"HostConfig": {"SecurityOpt": ["no-new-privileges"]}})),
        "docker-default (enforce)"
    );
    assert_eq!(label(&engine, "user", json!({"User": "999"})), "docker-default (enforce)");
    assert_eq!(label(&engine, "privileged", json!({"HostConfig": {"Privileged": true}})), "unconfined");
    let unconfined = json!({"HostConfig": {"SecurityOpt": ["apparmor=unconfined"]}});
    assert_eq!(label(&engine, "unconfined", unconfined), "unconfined");
    assert_eq!(engine.inspect("unconfined")["AppArmorProfile"], "unconfined");
}

#[test]
fn an_init_and_an_exec_are_confined_too() {
    let Some(engine) = confining_engine() else { return };
    engine.run("init", &["sleep", "600"], json!({"HostConfig": {"Init": true}}));
    let (code, labels) = engine
        .exec("init", &["sh", "-c", "cat /proc/1/attr/apparmor/current /proc/self/attr/apparmor/current"]);
    assert_eq!((code, labels.matches("docker-default (enforce)").count()), (0, 2), "{labels}");
    // Signals reach it from the engine, and its command from it.
    engine.post("/containers/init/kill?signal=TERM", Value::Null);
    assert_eq!(engine.wait("init"), 143);
}

#[test]
fn the_profile_denies_what_only_the_host_may_do() {
    let Some(engine) = confining_engine() else { return };
    // With the capabilities and without the masks, so that nothing else denies it.
    let naked = json!({"HostConfig": {"CapAdd": ["ALL"], "MaskedPaths": [], "ReadonlyPaths": [],
        "SecurityOpt": ["seccomp=unconfined"], "Tmpfs": {"/place": ""}}});
    engine.run("naked", &["sleep", "600"], naked);
    let denied = |command: &str| {
        let (code, said) = engine.exec("naked", &["/bin/busybox", "sh", "-c", command]);
        assert!(code != 0 && said.contains("ermission denied"), "{command}: {code} {said}");
    };
    denied("echo h > /proc/sysrq-trigger");
    denied("cat /proc/kcore");
    denied("echo x > /proc/sys/kernel/core_pattern");
    denied("echo 1 > /proc/sys/vm/drop_caches");
    denied("/bin/busybox mount -t tmpfs x /place");
    let allowed = "cat /proc/sys/kernel/shmmax > /tmp/max && cat /tmp/max > /proc/sys/kernel/shmmax && echo 5 > /proc/self/oom_score_adj && \
                   echo x > /tmp/file && /bin/busybox umount /place";
    assert_eq!(engine.exec("naked", &["/bin/busybox", "sh", "-c", allowed]), (0, String::new()));
}

#[test]
fn a_decoy_in_place_of_proc_does_not_unconfine() {
    let Some(engine) = confining_engine() else { return };
    let decoy = engine.root().join("decoy");
    std::fs::create_dir(&decoy).unwrap();
    let more = json!({"HostConfig": {"Binds": [format!("{}:/proc/self/attr", decoy.display())]}});
    engine.create("decoy", &LABEL, more);
    let answer = engine.call("POST", "/containers/decoy/start", None);
    assert!(answer.status >= 400 && answer.text().contains("inside /proc"), "{}", answer.text());
}

#[test]
fn a_profile_that_is_not_loaded_is_an_error() {
    let Some(engine) = confining_engine() else { return };
    engine.create("odd", &LABEL, json!({"HostConfig": {"SecurityOpt": ["apparmor=no-such-profile"]}}));
    let answer = engine.call("POST", "/containers/odd/start", None);
    let text = answer.text();
    assert!(
        text.contains("unable to apply apparmor profile no-such-profile: the profile is not loaded"),
        "{text}"
    );
}

#[test]
fn steps_of_a_build_are_confined() {
    let Some(engine) = confining_engine() else { return };
    let dockerfile = b"FROM busybox\nRUN cat /proc/self/attr/apparmor/current\n";
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(dockerfile.len() as u64);
    archive.append_data(&mut header, "Dockerfile", &dockerfile[..]).unwrap();
    let output = engine.send("POST", "/build", "application/x-tar", &archive.into_inner().unwrap()).text();
    assert!(output.contains("docker-default (enforce)"), "{output}");
}
