//! What a registry wants to know before it hands out an image: the logins of the user's Docker configuration.

use bollard::auth::DockerCredentials;
use docker_credential::DockerCredential;

/// Key of Docker Hub in the configuration.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// The login for the registry of an image; `None` where there is none, which is fine for public images.
pub fn credentials_for(image: &str) -> Option<DockerCredentials> {
    let server = registry_of(image);
    let server_address = Some(server.to_owned());
    match docker_credential::get_credential(server).ok()? {
        DockerCredential::IdentityToken(token) => Some(DockerCredentials {
            identitytoken: Some(token),
            serveraddress: server_address,
            ..Default::default()
        }),
        DockerCredential::UsernamePassword(username, password) => Some(DockerCredentials {
            username: Some(username),
            password: Some(password),
            serveraddress: server_address,
            ..Default::default()
        }),
    }
}

fn registry_of(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => match first {
            "docker.io" | "index.docker.io" => DOCKER_HUB,
            registry => registry,
        },
        _ => DOCKER_HUB,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_registry_is_on_docker_hub() {
        assert_eq!(registry_of("redis:7"), DOCKER_HUB);
        assert_eq!(registry_of("team/app"), DOCKER_HUB);
        assert_eq!(registry_of("docker.io/library/redis"), DOCKER_HUB);
        assert_eq!(registry_of("ghcr.io/team/app:1"), "ghcr.io");
        assert_eq!(registry_of("localhost:5000/app"), "localhost:5000");
    }
}
