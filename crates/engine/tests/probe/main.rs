//! A container on this engine is like one on Docker Engine: what a program sees in it is compared, option by option.
//!
//! The same commands of the stock `docker` client go to both engines (`cases`). A program in the container
//! (`inside`, an example of wharf-container) says what it sees; that, exit codes and messages make up what an engine
//! *showed*. Each difference is a defect or stands in `ledger.txt` with its reason, and a line there that no longer
//! meets a difference is wrong too.
//!
//! `WHARF_TEST_DOCKER_HOST` names a Docker Engine to compare with. Without it the engine is compared with what Docker
//! Engine 28.5 showed, which `golden*.txt` tell; `WHARF_TEST_UPDATE_GOLDEN=PATH` writes such a file.
//! [`options`] compares what the client says and what `docker inspect` shows, for many more options.
//!
//! `WHARF_TEST_CASES=words` picks the cases with one of these words in their names; a word after `=` is a whole name.
//! `WHARF_TEST_INSIDE` is the program that looks, where no compiler can make it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cases;
mod compare;
mod golden;
mod image;
mod ledger;
mod normalise;
mod options;
mod side;
#[path = "../docker_cli/support.rs"]
#[expect(dead_code, reason = "this test needs a part of it")]
mod support;

use std::process::Command;

use cases::Case;
use compare::{Difference, differences};
use golden::Golden;
use ledger::Ledger;
use side::{Shown, Side};

const LEDGER: &str = include_str!("ledger.txt");

#[test]
fn containers_are_like_dockers() {
    let Some(program) = image::program() else { return };
    let chosen = cases::chosen();
    let reference = Reference::ask(&program, &chosen);
    // Only now: an engine that has nothing to do for a while ends.
    let Some(engine) = support::Engine::start() else { return };
    let shown = Side::new("ours", |arguments: &[&str]| engine.client(arguments), &program).run_all(&chosen);
    let mut found = differences(&reference.shown, &shown);
    found.retain(reference.comparable);
    println!("{} cases, {} differences from Docker Engine", chosen.len(), found.len());
    let complaints = Ledger::read(LEDGER).check(&found, &chosen, reference.is_live);
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// A client of a Docker Engine.
fn reference(host: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=1", "120", "docker", "--host", host]).args(arguments);
    command.stdin(std::process::Stdio::null());
    command
}

/// Docker Engine, or what is known of it.
struct Reference {
    shown: Shown,
    /// Which differences say anything here.
    comparable: fn(&Difference) -> bool,
    is_live: bool,
}

impl Reference {
    fn ask(program: &std::path::Path, chosen: &[Case]) -> Reference {
        match std::env::var("WHARF_TEST_DOCKER_HOST") {
            Ok(host) => Reference::live(&host, program, chosen),
            Err(_) => Reference::golden(chosen),
        }
    }

    fn live(host: &str, program: &std::path::Path, chosen: &[Case]) -> Reference {
        let shown = Side::new("Docker Engine", |words| reference(host, words), program).run_all(chosen);
        if let Some(path) = std::env::var_os("WHARF_TEST_UPDATE_GOLDEN") {
            Golden::write(&shown, std::path::Path::new(&path));
        }
        Reference { shown, comparable: |_| true, is_live: true }
    }

    fn golden(chosen: &[Case]) -> Reference {
        let golden = Golden::read();
        let same_kernel = golden.kernel == golden::kernel();
        if !same_kernel {
            println!("skipped: what depends on the kernel; what is known of Docker is of {}", golden.kernel);
        }
        let comparable = if same_kernel { golden::on_this_machine } else { golden::on_any_machine };
        Reference { shown: golden.of(chosen), comparable, is_live: false }
    }
}
