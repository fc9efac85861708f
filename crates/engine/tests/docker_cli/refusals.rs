//! What the API says to what it does not do.

use crate::support::Engine;

#[test]
fn ping_tells_the_version_before_anything_else() {
    let Some(engine) = Engine::start() else { return };
    for request in ["GET /_ping", "HEAD /_ping", "GET /v1.24/_ping"] {
        let (status, answer) = engine.http(request);
        assert_eq!(status, 200, "{request}");
        for header in
            ["api-version: 1.51", "ostype: linux", "docker-experimental: false", "builder-version: "]
        {
            assert!(answer.to_lowercase().contains(header), "{request}: {header} in {answer}");
        }
    }
    assert_eq!(engine.ok(&["version", "--format", "{{.Server.APIVersion}}"]), "1.51");
    assert!(engine.ok(&["info", "--format", "{{.Labels}}"]).contains("dev.wharf.engine=1"));
}

#[test]
fn unknown_routes_methods_and_versions_have_dockers_answers() {
    let Some(engine) = Engine::start() else { return };
    for request in ["GET /nothing", "POST /version", "GET /images/a/b/c", "DELETE /containers"] {
        let (status, answer) = engine.http(request);
        assert_eq!(status, 404, "{request}");
        assert!(answer.ends_with("{\"message\":\"page not found\"}\n"), "{request}: {answer}");
    }
    for (request, text) in [("GET /v1.99/info", "too new"), ("GET /v1.10/info", "too old")] {
        let (status, answer) = engine.http(request);
        assert!(status == 400 && answer.contains(text), "{request}: {answer}");
    }
}

#[test]
fn a_query_parameter_that_nobody_knows_is_an_error() {
    let Some(engine) = Engine::start() else { return };
    let (status, answer) = engine.http("GET /containers/json?colour=red");
    assert!(status == 400 && answer.contains("colour"), "{answer}");
    assert_eq!(engine.http("GET /containers/json?colour=").0, 200);
    assert_eq!(engine.http("GET /containers/json?limit=many").0, 400);
    assert_eq!(engine.http("GET /containers/json?filters=nonsense").0, 400);
}

#[test]
fn what_other_engines_have_is_refused_with_a_reason() {
    let Some(engine) = Engine::start() else { return };
    assert!(engine.fails(&["swarm", "init"]).contains("not a swarm manager"));
    assert!(engine.fails(&["node", "ls"]).contains("not a swarm manager"));
    assert!(engine.fails(&["search", "x"]).contains("not supported"));
    assert_eq!(engine.ok(&["plugin", "ls", "--quiet"]), "");
    for request in ["POST /build?version=2", "POST /session", "POST /auth", "GET /containers/x/attach/ws"] {
        assert_eq!(engine.http(request).0, 501, "{request}");
    }
    assert!(engine.http("POST /build?version=2").1.contains("DOCKER_BUILDKIT=0"));
}

#[test]
fn bodies_that_cannot_be_read_are_errors_and_no_broken_pipes() {
    let Some(engine) = Engine::start() else { return };
    for (request, text) in [
        ("POST /containers/create", "invalid JSON: got EOF"),
        ("POST /containers/none/exec", "invalid JSON"),
        ("POST /images/create", "fromImage"),
        ("POST /images/create?fromSrc=http%3A%2F%2Fx", "fromSrc=-"),
    ] {
        let (status, answer) = engine.http(request);
        assert!(status >= 400 && answer.contains(text), "{request}: {answer}");
    }
}
