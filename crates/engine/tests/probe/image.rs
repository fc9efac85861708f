//! The images of the cases: the program that looks, a busybox, and a few files that are there to be met.

use std::path::{Path, PathBuf};
use std::process::Command;

use tar::{Builder, EntryType, Header};

const BUSYBOX: &str = "/bin/busybox";

/// Name and settings of each image.
pub const KINDS: [(&str, &[&str]); 3] = [
    ("plain", &["CMD [\"/inside\"]"]),
    ("bare", &[]),
    (
        "rich",
        &[
            "ENTRYPOINT [\"/inside\"]",
            "CMD [\"/owned\"]",
            "ENV A=1 B=two",
            "USER app",
            "WORKDIR /home/app/work",
            "VOLUME /owned",
            "STOPSIGNAL SIGUSR1",
            "EXPOSE 80/tcp",
            "LABEL one=two",
        ],
    ),
];

const SCRIPTS: [(&str, u32, &str); 5] = [
    ("no-interpreter", 0o755, "#!/no/such/program\n"),
    ("no-format", 0o755, "neither a script nor a program\n"),
    ("private", 0o700, "#!/bin/sh\n"),
    // Says that it listens for a signal, and ends with 5 when it comes.
    ("trap", 0o755, "#!/bin/sh\ntrap 'exit 5' \"$1\"\n: > /ready\nwhile :; do sleep 0.05; done\n"),
    ("await", 0o755, "#!/bin/sh\nwhile [ ! -e \"$1\" ]; do sleep 0.05; done\n"),
];

/// The program that looks, compiled if need be; none, with the reason printed, where that cannot be.
pub fn program() -> Option<PathBuf> {
    if let Some(made) = std::env::var_os("WHARF_TEST_INSIDE") {
        return Some(made.into());
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../container/examples/inside/main.rs");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("inside-{}", std::process::id()));
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(compiler);
    command.args([
        "--edition",
        "2024",
        "-O",
        "-C",
        "target-feature=+crt-static",
        "-C",
        "strip=symbols",
        "-o",
    ]);
    let output = command.arg(&program).arg(&source).output();
    match output {
        Ok(output) if output.status.success() => Some(program),
        Ok(output) => {
            println!(
                "skipped: no static program can be made here: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            None
        }
        Err(error) => {
            println!("skipped: no rustc to make the program that looks: {error}");
            None
        }
    }
}

/// The root file system.
pub fn archive(program: &Path) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (path, mode, owner) in [
        ("bin", 0o755, 0),
        ("etc", 0o755, 0),
        ("root", 0o700, 0),
        ("tmp", 0o1777, 0),
        ("home/app", 0o750, 1000),
        ("scripts", 0o755, 0),
        ("owned", 0o1770, 1000),
    ] {
        add(&mut archive, path, EntryType::Directory, (mode, owner), &[]);
    }
    add(&mut archive, "owned/seed", EntryType::Regular, (0o640, 1000), b"from the image\n");
    let passwd = b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n";
    add(&mut archive, "etc/passwd", EntryType::Regular, (0o644, 0), passwd);
    let group = b"root:x:0:\napp:x:1001:\nextra:x:50:app\naudio:x:29:\n";
    add(&mut archive, "etc/group", EntryType::Regular, (0o644, 0), group);
    for (name, mode, text) in SCRIPTS {
        add(&mut archive, &format!("scripts/{name}"), EntryType::Regular, (mode, 0), text.as_bytes());
    }
    archive.append_path_with_name(program, "inside").unwrap();
    archive.append_path_with_name(BUSYBOX, "bin/busybox").unwrap();
    for applet in ["sh", "sleep", "mkdir", "rm", "tail", "true"] {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Symlink);
        header.set_size(0);
        archive.append_link(&mut header, format!("bin/{applet}"), "busybox").unwrap();
    }
    archive.into_inner().unwrap()
}

fn add(
    archive: &mut Builder<Vec<u8>>,
    path: &str,
    kind: EntryType,
    (mode, owner): (u32, u64),
    content: &[u8],
) {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(owner);
    header.set_gid(if owner == 0 { 0 } else { owner + 1 });
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, path, content).unwrap();
}
