//! Our reader of `.env` files agrees with the `dotenvy` crate on the part of the dialect that both have.

use std::collections::BTreeMap;
use std::process::Command;

const FILE: &str = "\
# a comment
PLAIN=value
export EXPORTED=yes
EMPTY=
SINGLE='a $literal value'
DOUBLE=\"two words\"
COMMENTED=text # not part of it
HASH=a#b
FIRST=one
SECOND=${FIRST}-two
";

#[test]
fn the_shared_subset_reads_the_same() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), FILE).unwrap();
    std::fs::write(folder.path().join("compose.yaml"), "services: {a: {image: busybox}}\n").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_wharf"))
        .args(["config", "--environment"])
        .current_dir(folder.path())
        .env_remove("COMPOSE_FILE")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let ours: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once('=')).collect();
    let theirs: Vec<(String, String)> =
        dotenvy::from_read_iter(FILE.as_bytes()).map(Result::unwrap).collect();
    assert_eq!(theirs.len(), 9);
    for (key, value) in &theirs {
        assert_eq!(ours.get(key.as_str()), Some(&value.as_str()), "{key}");
    }
}
