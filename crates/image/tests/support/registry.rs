//! A real registry on loopback: Debian's `docker-registry`, each with its own port and data.

use std::fs::File;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PROGRAM: &str = "/usr/bin/docker-registry";
/// `testuser` with the bcrypt hash of `testpassword`.
const HTPASSWD: &str = "testuser:$2y$05$8/q2bfRcX74EuxGf0qOcSuhWDQJXrgWiy6Fi73/JM2tKC66qSrLve\n";

/// A certificate for 127.0.0.1 and its key; `None`, said on the standard error, without openssl.
fn self_signed(directory: &Path) -> Option<(PathBuf, PathBuf)> {
    let (certificate, key) = (directory.join("tls.crt"), directory.join("tls.key"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    if made.is_ok_and(|status| status.success()) {
        return Some((certificate, key));
    }
    eprintln!("skipped: openssl cannot make a certificate");
    None
}

/// How a registry is set up.
#[derive(Default)]
pub struct Setup {
    /// Serve TLS with a certificate that nobody signed.
    pub tls: bool,
    /// Ask for the user `testuser` with the password `testpassword`.
    pub password: bool,
}

pub struct LocalRegistry {
    process: Child,
    data: TempDir,
    pub port: u16,
}

impl LocalRegistry {
    /// Starts one; `None`, said on the standard error, where the program is not installed.
    pub fn start() -> Option<LocalRegistry> {
        LocalRegistry::start_with(&Setup::default())
    }

    /// Starts one with a setup.
    pub fn start_with(setup: &Setup) -> Option<LocalRegistry> {
        if !std::path::Path::new(PROGRAM).exists() {
            eprintln!("skipped: {PROGRAM} is not installed");
            return None;
        }
        let data = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\nhttp:\n  addr: '127.0.0.1:{port}'\n",
            data.path().join("data").display()
        );
        if setup.tls {
            let (certificate, key) = self_signed(data.path())?;
            text += &format!("  tls: {{certificate: {}, key: {}}}\n", certificate.display(), key.display());
        }
        if setup.password {
            let file = data.path().join("htpasswd");
            std::fs::write(&file, HTPASSWD).unwrap();
            text += &format!("auth:\n  htpasswd: {{realm: test, path: {}}}\n", file.display());
        }
        let config = data.path().join("config.yml");
        std::fs::write(&config, text).unwrap();
        let log = File::create(data.path().join("log")).unwrap();
        let command = &mut Command::new(PROGRAM);
        let process = command.arg("serve").arg(&config).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let registry = LocalRegistry { process, data, port };
        registry.wait();
        Some(registry)
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let mut log = String::new();
            File::open(self.data.path().join("log")).unwrap().read_to_string(&mut log).unwrap();
            assert!(Instant::now() < deadline, "the registry does not listen: {log}");
            std::thread::yield_now();
        }
    }
}

impl Drop for LocalRegistry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
