//! What a container with Docker's defaults looks like from the inside.

mod support;

use support::{Engine, skip};
use wharf_container::process::ExitStatus;

#[test]
fn a_container_says_hello() {
    if skip() {
        return;
    }
    let mut engine = Engine::start();
    assert!(engine.adoption().is_empty());
    let spec = engine.shell("echo hello; echo oops >&2; exit 3");
    let output = engine.run(&spec);
    assert_eq!(output.status, ExitStatus::Code(3));
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("hello\n", "oops\n"));
}
