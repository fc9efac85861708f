//! Routes of Docker's API that this engine refuses, each with the reason.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, get, post};

use crate::Engine;
use crate::api::error::{ApiError, ApiResult};
use crate::api::stream::{Hijack, refuse};

const SWARM: &[&str] = &[
    "/swarm",
    "/swarm/{*rest}",
    "/nodes",
    "/nodes/{*rest}",
    "/services",
    "/services/{*rest}",
    "/tasks",
    "/tasks/{*rest}",
    "/secrets",
    "/secrets/{*rest}",
    "/configs",
    "/configs/{*rest}",
];

/// All of them.
pub fn routes() -> Router<Engine> {
    let swarm = SWARM.iter().fold(Router::new(), |router, path| router.route(path, any(no_swarm)));
    swarm
        .route("/plugins", get(|| async { axum::Json([(); 0]) }))
        .route("/plugins/{*rest}", any(|| refused("plugins are not supported by this engine")))
        .route(
            "/auth",
            post(|| refused("this engine keeps no registry logins: credentials come with each request")),
        )
        .route("/session", any(|| refused(BUILDKIT)))
        .route("/grpc", post(grpc))
        .route("/build/cancel", post(|| refused("to cancel a build, close its connection")))
        .route("/images/search", get(|| refused("searching a registry is not supported by this engine")))
        .route(
            "/containers/{id}/attach/ws",
            get(|| refused("attaching over a WebSocket is not supported: use POST /containers/{id}/attach")),
        )
        .route(
            "/containers/{id}/checkpoints",
            any(|| refused("checkpoints are not supported by this engine")),
        )
}

/// What to do instead of a BuildKit session.
pub const BUILDKIT: &str = "BuildKit sessions are not supported by this engine: build with DOCKER_BUILDKIT=0";

/// `POST /grpc`: asked whether there is a BuildKit here.
async fn grpc(hijack: Hijack) -> ApiResult {
    hijack.take_over("h2c", async |connection| refuse(connection, BUILDKIT).await)
}

async fn refused(reason: &'static str) -> ApiError {
    ApiError::not_implemented(reason)
}

async fn no_swarm() -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm \
         and try again.",
    )
}
