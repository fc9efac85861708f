//! A real registry on loopback: Debian's `docker-registry`, each with its own port and data.

use std::fs::File;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PROGRAM: &str = "/usr/bin/docker-registry";

pub struct LocalRegistry {
    process: Child,
    data: TempDir,
    pub port: u16,
}

impl LocalRegistry {
    /// Starts one; `None`, said on the standard error, where the program is not installed.
    pub fn start() -> Option<LocalRegistry> {
        if !std::path::Path::new(PROGRAM).exists() {
            eprintln!("skipped: {PROGRAM} is not installed");
            return None;
        }
        let data = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = data.path().join("config.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\n  delete: {{enabled: true}}\nhttp: {{addr: '127.0.0.1:{port}'}}\n",
            data.path().join("data").display()
        );
        std::fs::write(&config, text).unwrap();
        let log = File::create(data.path().join("log")).unwrap();
        let process = Command::new(PROGRAM)
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
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
