//! Where to ask for a reference, in order (contract 7.5.6, 7.5.7).

use super::config::RegistryConfig;
use crate::reference::Reference;

/// Docker Hub's API is not at the host its names carry.
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";

/// One way to reach one registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// `host[:port]`.
    pub(crate) host: String,
    pub(crate) plain_http: bool,
    /// Whether certificates must be valid.
    pub(crate) verify: bool,
    /// A mirror's refusal is no answer: the next endpoint is asked.
    pub(crate) mirror: bool,
}

/// The endpoints to pull from: mirrors for Docker Hub, then the registry.
pub(crate) fn for_pull(reference: &Reference, config: &RegistryConfig) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    if reference.is_docker_hub() {
        for mirror in config.mirrors() {
            let ways = ways_to(&mirror.host, config).into_iter();
            endpoints.extend(
                ways.filter(|way| way.plain_http == mirror.plain_http || !mirror.plain_http).map(as_mirror),
            );
            if mirror.plain_http && !config.is_insecure(&mirror.host) {
                endpoints.push(as_mirror(Endpoint::plain(&mirror.host)));
            }
        }
    }
    endpoints.extend(for_push(reference, config));
    endpoints
}

/// The endpoints to push to: the registry itself.
pub(crate) fn for_push(reference: &Reference, config: &RegistryConfig) -> Vec<Endpoint> {
    if reference.is_docker_hub() {
        return vec![Endpoint::secure(DOCKER_HUB_HOST)];
    }
    ways_to(reference.domain(), config)
}

/// TLS, and for insecure registries also unverified TLS and plain HTTP.
fn ways_to(host: &str, config: &RegistryConfig) -> Vec<Endpoint> {
    if config.is_insecure(host) {
        let unverified = Endpoint { verify: false, ..Endpoint::secure(host) };
        return vec![unverified, Endpoint::plain(host)];
    }
    vec![Endpoint::secure(host)]
}

fn as_mirror(endpoint: Endpoint) -> Endpoint {
    Endpoint { mirror: true, ..endpoint }
}

impl Endpoint {
    fn secure(host: &str) -> Endpoint {
        Endpoint { host: host.to_owned(), plain_http: false, verify: true, mirror: false }
    }

    fn plain(host: &str) -> Endpoint {
        Endpoint { host: host.to_owned(), plain_http: true, verify: false, mirror: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(reference: &str, mirrors: &[&str]) -> Vec<String> {
        let mirrors: Vec<String> = mirrors.iter().map(|text| (*text).to_owned()).collect();
        let config = RegistryConfig::new(&mirrors, &[]).unwrap();
        let url = |endpoint: Endpoint| {
            let scheme = if endpoint.plain_http { "http" } else { "https" };
            let verified = if endpoint.verify { "" } else { "?" };
            format!("{scheme}{verified}://{}", endpoint.host)
        };
        for_pull(&reference.parse().unwrap(), &config).into_iter().map(url).collect()
    }

    #[test]
    fn mirrors_first_then_the_hub() {
        let mirrors =
            ["http://127.0.0.1:5000", "https://m.example", "http://plain.example", "https://localhost:1"];
        assert_eq!(
            urls("redis", &mirrors),
            [
                "http?://127.0.0.1:5000",
                "https://m.example",
                "http?://plain.example",
                "https?://localhost:1",
                "http?://localhost:1",
                "https://registry-1.docker.io"
            ]
        );
        assert_eq!(urls("ghcr.io/a/b", &mirrors), ["https://ghcr.io"]);
        assert_eq!(urls("localhost:5000/a", &mirrors), ["https?://localhost:5000", "http?://localhost:5000"]);
    }
}
