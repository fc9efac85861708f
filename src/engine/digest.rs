//! What a registry says about an image, asked through the engine.

use super::{Engine, EngineError, credentials_for};

/// The digest of an image in its registry.
///
/// # Errors
/// The engine or the registry refuses, or does not know the image.
pub async fn image_digest(engine: &Engine, image: &str) -> Result<String, EngineError> {
    let operation = || format!("resolve the digest of image {image}");
    let answer = engine.docker().inspect_registry_image(image, credentials_for(image)).await;
    let answer = answer.map_err(|error| EngineError::call(operation(), &error))?;
    answer.descriptor.digest.ok_or_else(|| EngineError::Call {
        operation: operation(),
        message: "the engine named no digest".to_owned(),
        status: 0,
    })
}
