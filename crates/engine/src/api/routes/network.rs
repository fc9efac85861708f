//! `/networks`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use crate::Engine;
use crate::api::error::ApiResult;
use crate::api::request::{JsonBody, Params};
use crate::model::network::{
    Network, NetworkConnect, NetworkCreate, NetworkCreated, NetworkDisconnect, NetworksPruned,
};

/// `GET /networks`.
pub async fn list(State(engine): State<Engine>, mut params: Params) -> ApiResult<Json<Vec<Network>>> {
    let filters = params.filters()?;
    params.finish()?;
    Ok(Json(engine.networks.list(filters).await?))
}

/// `POST /networks/create`.
pub async fn create(
    State(engine): State<Engine>,
    JsonBody(body): JsonBody<NetworkCreate>,
) -> ApiResult<(StatusCode, Json<NetworkCreated>)> {
    Ok((StatusCode::CREATED, Json(engine.networks.create(body).await?)))
}

/// `GET /networks/{id}`. All networks are local ones, and `verbose` adds only what swarm services would have.
pub async fn inspect(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    mut params: Params,
) -> ApiResult<Json<Network>> {
    params.ignore(&["verbose"]);
    if params.text("scope").is_some_and(|scope| scope != "local") {
        return Err(crate::Error::NoSuchNetwork(id).into());
    }
    params.finish()?;
    Ok(Json(engine.networks.inspect(&id).await?))
}

/// `DELETE /networks/{id}`.
pub async fn remove(State(engine): State<Engine>, Path(id): Path<String>) -> ApiResult<StatusCode> {
    engine.networks.remove(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /networks/{id}/connect`.
pub async fn connect(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<NetworkConnect>,
) -> ApiResult<StatusCode> {
    engine.networks.connect(&id, body).await?;
    Ok(StatusCode::OK)
}

/// `POST /networks/{id}/disconnect`.
pub async fn disconnect(
    State(engine): State<Engine>,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<NetworkDisconnect>,
) -> ApiResult<StatusCode> {
    engine.networks.disconnect(&id, body).await?;
    Ok(StatusCode::OK)
}

/// `POST /networks/prune`.
pub async fn prune(State(engine): State<Engine>, mut params: Params) -> ApiResult<Json<NetworksPruned>> {
    let filters = params.filters()?;
    params.finish()?;
    Ok(Json(engine.networks.prune(filters).await?))
}
