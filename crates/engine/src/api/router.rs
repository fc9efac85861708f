//! Which path and method goes to which handler. Nothing else.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::{delete, get, head, post};

use super::complete::complete;
use super::error::ApiError;
use super::prepare::prepare;
use super::routes::{
    archive, attach, build, container, create, events, exec, image, image_transfer, logs, network, observe,
    system, unsupported, volume,
};
use crate::Engine;

/// The whole API. Paths have no version here: the outer layer strips it before these routes are looked at.
pub fn router(engine: Engine) -> Router {
    let routes = Router::new()
        .merge(system_routes())
        .merge(container_routes())
        .merge(container_data_routes())
        .merge(exec_routes())
        .merge(image_routes())
        .merge(network_routes())
        .merge(volume_routes())
        .merge(unsupported::routes())
        .fallback(no_route)
        .method_not_allowed_fallback(no_route)
        // Each extractor has its own limit; those without one stream.
        .layer(DefaultBodyLimit::disable())
        .with_state(engine);
    Router::new().fallback_service(routes).layer(from_fn(complete)).layer(from_fn(prepare))
}

async fn no_route() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "page not found")
}

fn system_routes() -> Router<Engine> {
    Router::new()
        .route("/_ping", get(system::ping))
        .route("/version", get(system::version))
        .route("/info", get(system::info))
        .route("/system/df", get(system::disk_usage))
        .route("/events", get(events::events))
        .route("/build", post(build::build))
        .route("/build/prune", post(build::prune))
        .route("/commit", post(create::commit))
}

fn container_routes() -> Router<Engine> {
    Router::new()
        .route("/containers/json", get(container::list))
        .route("/containers/create", post(create::create))
        .route("/containers/prune", post(container::prune))
        .route("/containers/{id}", delete(container::remove))
        .route("/containers/{id}/json", get(container::inspect))
        .route("/containers/{id}/start", post(container::start))
        .route("/containers/{id}/stop", post(container::stop))
        .route("/containers/{id}/restart", post(container::restart))
        .route("/containers/{id}/kill", post(container::kill))
        .route("/containers/{id}/wait", post(container::wait))
        .route("/containers/{id}/rename", post(container::rename))
        .route("/containers/{id}/pause", post(container::pause))
        .route("/containers/{id}/unpause", post(container::unpause))
        .route("/containers/{id}/update", post(container::update))
}

fn container_data_routes() -> Router<Engine> {
    Router::new()
        .route("/containers/{id}/logs", get(logs::logs))
        .route("/containers/{id}/attach", post(attach::attach))
        .route("/containers/{id}/resize", post(attach::resize))
        .route("/containers/{id}/top", get(observe::top))
        .route("/containers/{id}/stats", get(observe::stats))
        .route("/containers/{id}/changes", get(observe::changes))
        .route("/containers/{id}/export", get(archive::export))
        .route("/containers/{id}/archive", head(archive::stat).get(archive::read).put(archive::write))
}

fn exec_routes() -> Router<Engine> {
    Router::new()
        .route("/containers/{id}/exec", post(exec::create))
        .route("/exec/{id}/start", post(exec::start))
        .route("/exec/{id}/resize", post(exec::resize))
        .route("/exec/{id}/json", get(exec::inspect))
}

/// Image names contain slashes, so what follows `/images/` is split by its last part.
fn image_routes() -> Router<Engine> {
    Router::new()
        .route("/images/json", get(image::list))
        .route("/images/prune", post(image::prune))
        .route("/images/create", post(image_transfer::create))
        .route("/images/load", post(image_transfer::load))
        .route("/images/get", get(image_transfer::save_several))
        .route("/distribution/{*rest}", get(image::get_from_registry))
        .route("/images/{*rest}", get(image::get).post(image::post).delete(image::remove))
}

fn network_routes() -> Router<Engine> {
    Router::new()
        .route("/networks", get(network::list))
        .route("/networks/create", post(network::create))
        .route("/networks/prune", post(network::prune))
        .route("/networks/{id}", get(network::inspect).delete(network::remove))
        .route("/networks/{id}/connect", post(network::connect))
        .route("/networks/{id}/disconnect", post(network::disconnect))
}

fn volume_routes() -> Router<Engine> {
    Router::new()
        .route("/volumes", get(volume::list))
        .route("/volumes/create", post(volume::create))
        .route("/volumes/prune", post(volume::prune))
        .route("/volumes/{name}", get(volume::inspect).delete(volume::remove))
}
