//! The compose files and Dockerfiles that tutorials print, as people paste them, with the application folder each expects.
//!
//! The files are test data beside the repository; where they are absent the tests say so and pass.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::{Path, PathBuf};

use support::{Run, TestEngine, copy_of, http, repository, skip, wait_for};

const APP: &str = "
import os, socket
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'ok')

HTTPServer(('0.0.0.0', 8000), Handler).serve_forever()
";

const DOCKERFILE: &str = "FROM python:3.11-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
EXPOSE 8000
CMD [\"python\", \"main.py\"]
";

/// The tutorials' folder, or `None` with a message.
fn tutorials() -> Option<PathBuf> {
    let folder = repository("../shared/corpus/tutorials");
    if folder.is_dir() { Some(folder) } else { skip("the tutorials' files are not beside this repository") }
}

/// A copy of tutorial `name`, on an engine shared by the tests of this file.
struct Tutorial {
    engine: TestEngine,
    folder: tempfile::TempDir,
    project: String,
}

impl Tutorial {
    fn new(name: &str) -> Option<Self> {
        let source = tutorials()?.join(name);
        let engine = TestEngine::with_images("tutorials")?;
        let tutorial = Self { engine, folder: copy_of(&source), project: format!("tutorial-{name}") };
        Some(tutorial)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The tutorials' ports are fixed (80, 5432, 8000 …); a test takes those `from` others that are free on this machine.
    fn ports(&self, moves: &[(&str, u16)]) {
        let file = self.path().join("docker-compose.yml");
        let mut text = std::fs::read_to_string(&file).unwrap();
        for (from, to) in moves {
            let container = from.split(':').nth(1).unwrap();
            assert!(text.contains(&format!("\"{from}\"")), "{from} is in the file");
            text = text.replace(&format!("\"{from}\""), &format!("\"{to}:{container}\""));
        }
        std::fs::write(file, text).unwrap();
    }

    fn run(&self, args: &[&str]) -> Run {
        self.engine.wharf(self.path(), &[&["-p", &self.project], args].concat())
    }

    fn down(&self) {
        self.run(&["down", "-v", "-t", "1"]).ok();
    }
}

#[test]
fn ml_api_comes_up() {
    let Some(tutorial) = Tutorial::new("ml-api") else { return };
    let (api, redis) = (support::free_port(), support::free_port());
    tutorial.ports(&[("8000:8000", api), ("6379:6379", redis)]);
    tutorial.write("Dockerfile", DOCKERFILE);
    tutorial.write("main.py", APP);
    tutorial.write("models/model.pth", "weights");
    tutorial.run(&["up", "-d", "--build"]).ok();
    wait_for("the api answers", 30, || http::get(api, "/health"));
    tutorial.run(&["ps"]).ok().prints("ml-api").prints("ml-redis");
    assert!(tutorial.path().join("logs").is_dir(), "a missing bind source is created");
    tutorial.down();
}

#[test]
fn ml_api_extended_comes_up() {
    let Some(tutorial) = Tutorial::new("ml-api-extended") else { return };
    let (api, prometheus) = (support::free_port(), support::free_port());
    tutorial.ports(&[("8000:8000", api), ("9090:9090", prometheus)]);
    tutorial.write("api/Dockerfile", DOCKERFILE);
    tutorial.write("api/main.py", APP);
    tutorial.write("prometheus.yml", "global:\n  scrape_interval: 15s\n");
    tutorial.run(&["up", "-d"]).ok();
    wait_for("the api answers", 30, || http::get(api, "/"));
    wait_for("prometheus is ready", 60, || http::get(prometheus, "/-/ready"));
    tutorial.down();
}

#[test]
fn web_stack_comes_up() {
    let Some(tutorial) = Tutorial::new("web-stack") else { return };
    let ports: [u16; 4] = std::array::from_fn(|_| support::free_port());
    tutorial.ports(&[
        ("8000:8000", ports[0]),
        ("5432:5432", ports[1]),
        ("6379:6379", ports[2]),
        ("80:80", ports[3]),
    ]);
    tutorial.write("api/Dockerfile", DOCKERFILE);
    tutorial.write("api/main.py", APP);
    tutorial.write(
        "nginx.conf",
        "events {}\nhttp { server { listen 80; location / { proxy_pass http://api:8000; } } }\n",
    );
    tutorial.run(&["up", "-d"]).ok();
    wait_for("nginx reaches the api by its name", 30, || http::get(ports[3], "/"));
    wait_for("the database accepts connections", 60, || {
        let ready =
            tutorial.run(&["exec", "-T", "db", "pg_isready", "-h", "127.0.0.1", "-U", "user", "-d", "mydb"]);
        (ready.code == Some(0)).then_some(())
    });
    tutorial.down();
}

#[test]
fn api_and_model_comes_up_once_its_image_exists() {
    let Some(tutorial) = Tutorial::new("api-and-model") else { return };
    let api = support::free_port();
    tutorial.ports(&[("8000:8000", api)]);
    tutorial.write("api/Dockerfile", DOCKERFILE);
    tutorial.write("api/main.py", APP);
    tutorial.write("model/Dockerfile", "FROM python:3.11-slim\nCMD [\"bash\"]\n");
    // pytorch/pytorch is 3 GB and not in reach of every machine: an image of that name is built first.
    tutorial.write(
        "model.yml",
        "services:\n  model:\n    build: ./model\n    image: pytorch/pytorch:2.1.0-cuda12.1-cudnn8\n",
    );
    tutorial.run(&["-f", "model.yml", "build"]).ok();
    tutorial.run(&["up", "-d"]).ok();
    wait_for("the api answers", 30, || http::get(api, "/"));
    tutorial.down();
}

#[test]
fn gpu_comes_up_or_names_what_is_missing() {
    let Some(tutorial) = Tutorial::new("gpu") else { return };
    tutorial.write("Dockerfile.gpu", DOCKERFILE);
    tutorial.write("main.py", APP);
    let up = tutorial.run(&["-f", "docker-compose-gpu.yml", "up", "-d"]);
    if Path::new("/dev/nvidiactl").exists() {
        up.ok();
        tutorial.run(&["-f", "docker-compose-gpu.yml", "down", "-v"]).ok();
    } else {
        up.exits(1).says("ml-api-gpu").says("gpu").says("docker-compose-gpu.yml:");
        assert_eq!(tutorial.run(&["-f", "docker-compose-gpu.yml", "ps", "-aq"]).ok().stdout, "");
    }
}

#[test]
fn broken_nesting_says_what_is_wrong_on_which_line() {
    let Some(folder) = tutorials() else { return };
    let Some(engine) = TestEngine::with_images("tutorials") else { return };
    let run = engine.wharf(&folder.join("broken-nesting"), &["up", "-d"]).exits(1);
    run.says("docker-compose.yml:3").says("services");
}

#[test]
fn dockerfiles_build_where_their_packages_can_be_had() {
    let Some(folder) = tutorials() else { return };
    let Some(engine) = TestEngine::with_images("tutorials") else { return };
    base_images(&engine);
    for name in ["basic-python", "fastapi-1", "fastapi-2", "ml-model", "multi-stage"] {
        let context = dockerfile_context(&folder.join("dockerfiles"), name);
        engine.wharf(context.path(), &["-p", "tutorial-dockerfiles", "build"]).ok();
    }
    // torch for CUDA and the nvidia image are gigabytes that not every machine reaches: those two stop at a clear error.
    let context = dockerfile_context(&folder.join("dockerfiles"), "fastapi-4");
    let run = engine.wharf(context.path(), &["-p", "tutorial-dockerfiles", "build"]);
    if run.code != Some(0) {
        run.says("nvidia/cuda").says("Dockerfile:2");
    }
}

/// A build context with the files that the tutorials' Dockerfiles copy, and a compose file that builds it.
fn dockerfile_context(dockerfiles: &Path, name: &str) -> tempfile::TempDir {
    let context = tempfile::tempdir().unwrap();
    let path = context.path();
    for folder in ["src", "app", "models"] {
        std::fs::create_dir(path.join(folder)).unwrap();
        std::fs::write(path.join(folder).join("main.py"), APP).unwrap();
    }
    std::fs::write(path.join("main.py"), APP).unwrap();
    std::fs::write(path.join("app.py"), APP).unwrap();
    std::fs::write(path.join("models/model.pkl"), "weights").unwrap();
    std::fs::write(path.join("requirements.txt"), "six==1.16.0\n").unwrap();
    std::fs::write(path.join("requirements-gpu.txt"), "six==1.16.0\n").unwrap();
    std::fs::copy(dockerfiles.join("dockerignore"), path.join(".dockerignore")).unwrap();
    std::fs::write(path.join("docker-compose.yml"), "services:\n  app:\n    build: .\n").unwrap();
    let text = std::fs::read_to_string(dockerfiles.join(format!("{name}.Dockerfile"))).unwrap();
    std::fs::write(path.join("Dockerfile"), text).unwrap();
    context
}

/// Builds the Python images that the Dockerfiles start from. They carry this host's certificate list, since `pip` in
/// those files knows nothing of a proxy's authority; and Python 3.11, the one that can be had everywhere here.
fn base_images(engine: &TestEngine) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy("/etc/ssl/certs/ca-certificates.crt", folder.path().join("ca.crt")).unwrap();
    let dockerfile = "FROM python:3.11-slim\nCOPY ca.crt /etc/ssl/certs/ca-certificates.crt\n\
                      ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt\n";
    std::fs::write(folder.path().join("Dockerfile"), dockerfile).unwrap();
    let mut compose = "services:\n".to_owned();
    for (number, tag) in ["3.9", "3.9-slim", "3.10", "3.10-slim"].iter().enumerate() {
        compose += &format!("  base{number}:\n    build: .\n    image: python:{tag}\n");
    }
    std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
    engine.wharf(folder.path(), &["-p", "tutorial-bases", "build"]).ok();
}
