//! Plans compared with what Docker Engine 28.5 (BuildKit) made of the same file: history and configuration were
//! read there with `docker history` and `docker inspect`.

use indexmap::IndexMap;
use wharf_image::Platform;

use super::arguments::Arguments;
use super::graph::{Base, Names};
use super::operation::{Operation, Origin, PlannedMount};
use super::stage::{Planner, StagePlan};
use super::state::StageState;
use crate::dockerfile;
use crate::request::{BuildRequest, Context};
use crate::runner::NetworkMode;

const FILE: &str = r#"FROM busybox
ARG A=1 B
ENV X=1 Y="two words" Z=$A
LABEL l1="v 1" l2=$X
WORKDIR rel/dir
RUN --mount=type=cache,target=/c echo hi > f && echo   "q"   \
    more
COPY --chown=nosuch a.txt b.txt /dst/
COPY --chown=root:root --chmod=0644 a.txt /m
COPY --link a.txt /linked/
COPY <<E1 <<'E2' /here/
x $X
E1
x $X
E2
ADD t.tar a.txt /un2/
EXPOSE 80 81/udp 90-91
USER 65534
WORKDIR /owned/by/user
VOLUME /v1 ["x"]
VOLUME ["/v2"]
STOPSIGNAL 9
SHELL ["/bin/sh", "-ec"]
RUN echo $X
RUN ["echo", "a b"]
RUN <<EOF
echo body
EOF
HEALTHCHECK --interval=30s --retries=3 CMD wget x
ONBUILD RUN echo hi
CMD echo hello $X
ENTRYPOINT ["e", "f"]
MAINTAINER me
"#;

const HISTORY: [&str; 24] = [
    "ARG A=1 B",
    "ENV X=1 Y=two words Z=1",
    "LABEL l1=v 1 l2=1",
    "WORKDIR /rel/dir",
    "RUN |2 A=1 B= /bin/sh -c echo hi > f && echo   \"q\"       more # buildkit",
    "COPY --chown=nosuch a.txt b.txt /dst/ # buildkit",
    "COPY --chown=root:root --chmod=0644 a.txt /m # buildkit",
    "COPY a.txt /linked/ # buildkit",
    "COPY <<E1 <<E2 /here/ # buildkit",
    "ADD t.tar a.txt /un2/ # buildkit",
    "EXPOSE [80/tcp 81/udp 90/tcp 91/tcp]",
    "USER 65534",
    "WORKDIR /owned/by/user",
    "VOLUME [/v1 [x]]",
    "VOLUME [/v2]",
    "STOPSIGNAL 9",
    "SHELL [/bin/sh -ec]",
    "RUN |2 A=1 B= /bin/sh -ec echo $X # buildkit",
    "RUN |2 A=1 B= echo a b # buildkit",
    "RUN |2 A=1 B= /bin/sh -ec echo body\n # buildkit",
    "HEALTHCHECK &{[\"CMD-SHELL\" \"wget x\"] \"30s\" \"0s\" \"0s\" \"0s\" '\\x03'}",
    "CMD [\"/bin/sh\" \"-ec\" \"echo hello $X\"]",
    "ENTRYPOINT [\"e\" \"f\"]",
    "MAINTAINER me",
];

const CONFIG: &str = r#"{
    "User": "65534",
    "ExposedPorts": {"80/tcp": {}, "81/udp": {}, "90/tcp": {}, "91/tcp": {}},
    "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "X=1", "Y=two words", "Z=1"],
    "Entrypoint": ["e", "f"],
    "Cmd": ["/bin/sh", "-ec", "echo hello $X"],
    "Volumes": {"/v1": {}, "/v2": {}, "[x]": {}},
    "WorkingDir": "/owned/by/user",
    "Labels": {"l1": "v 1", "l2": "1"},
    "StopSignal": "9",
    "ArgsEscaped": true,
    "Healthcheck": {"Test": ["CMD-SHELL", "wget x"], "Interval": 30000000000, "Retries": 3},
    "OnBuild": ["RUN echo hi"],
    "Shell": ["/bin/sh", "-ec"]
}"#;

fn plan_from(
    state: StageState,
    text: &str,
    change: impl FnOnce(&mut BuildRequest),
) -> Result<StagePlan, String> {
    let mut request = BuildRequest::new(Context::Empty);
    change(&mut request);
    let file = dockerfile::parse("Dockerfile", text).map_err(|error| error.to_string())?;
    let arguments = Arguments::new(&file, &IndexMap::new(), &Platform::host(), "");
    let arguments = arguments.map_err(|error| error.to_string())?;
    let names = Names { file: &file, contexts: &request.named_contexts };
    let planner = Planner { names, arguments: &arguments, request: &request };
    planner.stage(0, Base::Scratch, state).map_err(|error| error.to_string())
}

fn scratch() -> StageState {
    StageState::scratch(&Platform::host())
}

fn plan(text: &str) -> StagePlan {
    plan_from(scratch(), text, |_| {}).unwrap_or_else(|error| panic!("{error}"))
}

fn problem(text: &str) -> String {
    plan_from(scratch(), text, |_| {}).map(|plan| plan.entries.len()).expect_err(text)
}

fn operations(plan: &StagePlan) -> Vec<&Operation> {
    plan.entries.iter().filter_map(|entry| entry.operation.as_ref()).collect()
}

#[test]
fn history_and_configuration_are_dockers() {
    let plan = plan(FILE);
    let history: Vec<&str> = plan.entries.iter().filter_map(|entry| entry.created_by.as_deref()).collect();
    assert_eq!(history, HISTORY);
    let config = serde_json::to_value(&plan.state.image.config).expect("JSON");
    let expected: serde_json::Value = serde_json::from_str(CONFIG).expect("JSON");
    assert_eq!(config, expected);
    assert_eq!(plan.state.image.author.as_deref(), Some("me"));
    assert_eq!(operations(&plan).len(), 11);
}

#[test]
fn entrypoint_resets_only_an_inherited_command() {
    let own = plan("FROM scratch\nCMD [\"a\"]\nENTRYPOINT [\"b\"]");
    assert_eq!(own.state.image.config.cmd, Some(vec!["a".to_owned()]));
    let mut base = scratch();
    base.image.config.cmd = Some(vec!["inherited".to_owned()]);
    let inherited = plan_from(base.inherited(), "FROM x\nENTRYPOINT [\"b\"]", |_| {}).expect("valid");
    assert_eq!(inherited.state.image.config.cmd, None);
}

#[test]
fn mounts_are_made_absolute_and_their_variables_expanded() {
    let plan = plan(
        "FROM scratch\nARG ID=pip\nWORKDIR /w\nRUN --mount=type=cache,id=$ID,target=cache --mount=target=.,rw x\n",
    );
    let Some(Operation::Run(run)) = operations(&plan).pop() else { panic!("a RUN") };
    let [PlannedMount::Cache { mount, .. }, bind] = run.mounts.as_slice() else { panic!("{:?}", run.mounts) };
    assert_eq!((mount.id.as_deref(), mount.target.as_str()), (Some("pip"), "/w/cache"));
    let (target, source) = ("/w".to_owned(), String::new());
    assert_eq!(*bind, PlannedMount::Bind { target, origin: Origin::Context, source, writable: true });
}

#[test]
fn the_host_network_must_be_granted() {
    let text = "FROM scratch\nRUN --network=host x\n";
    assert!(problem(text).contains("entitlement network.host"));
    let granted = plan_from(scratch(), text, |request| request.allow_host_network = true).expect("granted");
    let Some(Operation::Run(run)) = operations(&granted).pop() else { panic!("a RUN") };
    assert_eq!(run.network, NetworkMode::Host);
}

#[test]
fn problems_name_their_line() {
    for (text, start) in [
        ("FROM scratch\nEXPOSE 0", "Dockerfile:2: EXPOSE: invalid port \"0\""),
        ("FROM scratch\nSTOPSIGNAL SIGNOPE", "Dockerfile:2: STOPSIGNAL: there is no signal \"SIGNOPE\""),
        ("FROM scratch\nCOPY --chmod=abc a b", "Dockerfile:2: --chmod=abc is not a mode"),
        ("FROM scratch\nENV A=\"${B:?must be set}\"", "Dockerfile:2: B: must be set"),
        ("FROM scratch\nWORKDIR $NONE", "Dockerfile:2: WORKDIR: the path is empty"),
        ("FROM scratch\nADD git@host:repo.git /x", "Dockerfile:2: ADD from the network is not supported"),
        ("FROM scratch\nLABEL A=\"open", "Dockerfile:2: the quote \" is not closed"),
        ("FROM scratch\nRUN --mount=target=/ x", "Dockerfile:2: --mount: the target must not be /"),
    ] {
        let error = problem(text);
        assert!(error.starts_with(start), "{text}: {error}");
    }
}
