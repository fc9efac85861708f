//! Whole builds on overlayfs with real processes.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

#[expect(dead_code, reason = "each test program uses a part of it")]
mod support;

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use support::{NoRegistry, Workshop, output};
use wharf_build::{
    BuildEvent, NamedContext, OutputSink, RunExit, RunStep, RunnerError, SecretSource, Services, StepRunner,
};

#[tokio::test]
async fn a_stage_with_all_kinds_of_steps() {
    let Some(shop) = Workshop::new() else { return };
    shop.write("main.py", "print(1)\n");
    shop.write("requirements.txt", "fastapi\n");
    shop.write(".dockerignore", "*.md\n");
    shop.write("README.md", "ignored");
    let built = shop
        .good(
            "FROM busybox\nARG WHO=world\nENV GREETING=\"hello $WHO\"\nWORKDIR /app/src\nCOPY requirements.txt .\n\
             RUN echo \"$GREETING\" > greeting && cat requirements.txt && pwd\nCOPY . .\nEXPOSE 8000 53/udp\nUSER app\n\
             RUN id -u > /tmp/uid\nHEALTHCHECK --interval=30s CMD test -f /app\nENTRYPOINT [\"/bin/sh\"]\nCMD [\"-c\", \"true\"]\n\
             LABEL a=b\nVOLUME /data\nSTOPSIGNAL SIGINT\n",
        )
        .await;
    assert_eq!(built.read("/app/src/greeting"), "hello world\n");
    assert_eq!(built.read("/app/src/main.py"), "print(1)\n");
    assert_eq!(built.read("/tmp/uid"), "1000\n");
    assert!(built.path("/app/src/README.md").is_none());
    assert_eq!(output(&built.events), ["fastapi", "/app/src"]);
    let config = &built.image.config.config;
    assert_eq!((config.working_dir.as_str(), config.user.as_str()), ("/app/src", "app"));
    assert_eq!(config.exposed_ports.iter().collect::<Vec<_>>(), ["53/udp", "8000/tcp"]);
    assert!(config.env.contains(&"GREETING=hello world".to_owned()), "{:?}", config.env);
    assert!(!config.env.iter().any(|pair| pair.starts_with("WHO=")));
    assert_eq!(config.healthcheck.as_ref().unwrap().interval, 30_000_000_000);
    assert_eq!(config.stop_signal.as_deref(), Some("SIGINT"));
    let history: Vec<_> = built
        .image
        .config
        .history
        .iter()
        .map(|entry| (entry.created_by.clone().unwrap(), entry.empty_layer))
        .collect();
    assert!(history.contains(&("WORKDIR /app/src".to_owned(), false)));
    assert!(history.contains(&("COPY requirements.txt . # buildkit".to_owned(), false)));
    assert!(
        history.contains(&("RUN |1 WHO=world /bin/sh -c id -u > /tmp/uid # buildkit".to_owned(), false)),
        "{history:?}"
    );
    assert!(history.contains(&("CMD [\"-c\" \"true\"]".to_owned(), true)));
    let layers = history.iter().filter(|(_, empty)| !empty).count() + 1;
    assert_eq!(built.image.layers.len(), layers, "the base's layer has no history here");
}

#[tokio::test]
async fn stages_pass_files_on_with_their_owners() {
    let Some(shop) = Workshop::new() else { return };
    let built = shop
        .good(
            "FROM busybox AS builder\nRUN mkdir -p /out/bin && echo tool > /out/bin/tool && chown -R 7:8 /out && ln -s tool /out/bin/link\n\
             FROM busybox AS unused\nRUN false\n\
             FROM busybox\nCOPY --from=builder /out /kept\nCOPY --from=builder --chown=app:web --chmod=u=rwx,go= /out/bin/tool /owned/\n\
             COPY --from=0 /out/bin/l* /links/\nRUN cat /kept/bin/tool /kept/bin/link\n",
        )
        .await;
    assert_eq!(output(&built.events), ["tool", "tool"]);
    assert_eq!(built.owner("/kept/bin/tool"), "644 7:8");
    assert_eq!(built.owner("/owned/tool"), "700 1000:33");
    assert_eq!(built.owner("/owned"), "700 1000:33", "--chmod is for new directories too");
    assert_eq!(built.read("/links/link"), "tool\n");
}

#[tokio::test]
async fn a_failing_process_is_reported_with_its_output_and_leaves_nothing() {
    let Some(shop) = Workshop::new() else { return };
    let request = shop.request("FROM busybox\n\nRUN echo before; echo oops; exit 3\n");
    let outcome = shop.build(&request).await;
    let report = outcome.result.unwrap_err().report();
    assert_eq!(
        report,
        "Dockerfile:3: RUN echo before; echo oops; exit 3: process \"/bin/sh -c echo before; echo oops; exit 3\" did not complete \
         successfully: exit code: 3"
    );
    let failed = outcome.events.iter().find_map(|event| match event {
        BuildEvent::Failed { message, last_lines, .. } => Some((message.clone(), last_lines.clone())),
        _ => None,
    });
    let (message, last_lines) = failed.unwrap();
    assert!(message.ends_with("exit code: 3"), "{message}");
    assert_eq!(last_lines, ["before", "oops"]);
    let work = std::fs::read_dir(shop.top.path().join("build/work")).unwrap().count();
    assert_eq!(work, 0, "nothing half-made stays behind");
}

#[tokio::test]
async fn secrets_reach_the_process_and_nothing_else() {
    let Some(shop) = Workshop::new() else { return };
    let mut request = shop.request(
        "FROM busybox\nRUN --mount=type=secret,id=token --mount=type=secret,id=token,env=TOKEN cat /run/secrets/token > /dev/null && \
         test \"$TOKEN\" = \"$(cat /run/secrets/token)\" && stat -c '%a %u' /run/secrets/token\n",
    );
    request.secrets.insert("token".to_owned(), SecretSource::Value(b"hunter2".to_vec()));
    let built = shop.good_request(&request).await;
    assert_eq!(output(&built.events), ["400 0"]);
    let names = built.top_layer();
    assert!(!names.iter().any(|name| name.starts_with("run") || name.starts_with("etc")), "{names:?}");
    let config = String::from_utf8(built.image.config.to_bytes().unwrap()).unwrap();
    assert!(!config.contains("hunter2"));
    // The value is no part of the key, the presence of the mount is.
    request.secrets.insert("token".to_owned(), SecretSource::Value(b"other".to_vec()));
    assert!(shop.good_request(&request).await.executed().is_empty());
    let missing = shop.bad("FROM busybox\nRUN --mount=type=secret,id=gone,required=true true\n").await;
    assert!(missing.ends_with("secret gone: not found"), "{missing}");
}

#[tokio::test]
async fn cache_and_bind_mounts() {
    let Some(shop) = Workshop::new() else { return };
    shop.write("data/a", "A");
    shop.write(".dockerignore", "data/hidden\n");
    shop.write("data/hidden", "H");
    let first = "FROM busybox AS tools\nRUN mkdir /t && echo tool > /t/x\nFROM busybox\n\
                 RUN --mount=type=cache,target=/cache,id=shared touch /cache/one\n\
                 RUN --mount=type=cache,target=/elsewhere,id=shared --mount=target=/context --mount=type=tmpfs,target=/fast \
                 --mount=from=tools,source=/t,target=/tools,rw touch /fast/x /tools/y && ls /elsewhere /context/data /tools && ls -a /cache || true\n";
    let built = shop.good(first).await;
    let lines = output(&built.events).join(" ");
    assert!(lines.contains("/context/data: a  /elsewhere: one  /tools: x y"), "{lines}");
    assert!(!lines.contains("hidden"), "{lines}");
    let names = built.top_layer();
    assert!(names.is_empty(), "no mount point stays: {names:?}");
}

#[tokio::test]
async fn heredocs() {
    let Some(shop) = Workshop::new() else { return };
    let built = shop
        .good(
            "FROM busybox\nARG NAME=x\nRUN <<EOF\necho one\necho two > /two\nEOF\nRUN cat <<A > /a && cat <<-'B' > /b\nfrom a $NAME\nA\n\t\tfrom b\n\
             \tB\nCOPY <<conf <<'raw' /etc/\nname=$NAME \"quoted\"\nconf\nname=$NAME\nraw\nRUN <<S\n#!/bin/sh\necho script > /s\nS\n",
        )
        .await;
    assert_eq!(output(&built.events), ["one"]);
    assert_eq!(
        (built.read("/two"), built.read("/a"), built.read("/b")),
        ("two\n".into(), "from a x\n".into(), "from b\n".into())
    );
    assert_eq!(
        (built.read("/etc/conf"), built.read("/etc/raw")),
        ("name=x \"quoted\"\n".into(), "name=$NAME\n".into())
    );
    assert_eq!((built.read("/s"), built.owner("/etc/conf")), ("script\n".into(), "644 0:0".into()));
    assert!(built.path("/dev/pipes").is_none());
}

#[tokio::test]
async fn arguments_and_variables() {
    let Some(shop) = Workshop::new() else { return };
    let mut request = shop.request(
        "ARG BASE=wrong\nARG V=global\nFROM $BASE AS one\nARG V\nARG X=default\nENV X=env\nRUN echo $V $X ${Y:-unset}\nFROM one\nARG X=again\n\
         RUN echo $V $X $TARGETOS\nARG TARGETOS\nRUN echo $TARGETOS $HTTP_PROXY\n",
    );
    request.build_args.insert("BASE".to_owned(), "busybox".to_owned());
    request.build_args.insert("HTTP_PROXY".to_owned(), "http://proxy".to_owned());
    request.build_args.insert("UNKNOWN".to_owned(), "1".to_owned());
    let built = shop.good_request(&request).await;
    assert_eq!(output(&built.events), ["global env unset", "global again", "linux http://proxy"]);
    let config = String::from_utf8(built.image.config.to_bytes().unwrap()).unwrap();
    assert!(!config.contains("http://proxy"));
    assert!(built.events.contains(&BuildEvent::Warning {
        message: "build arguments that no ARG declares: UNKNOWN".to_owned()
    }));
    request.build_args.insert("HTTP_PROXY".to_owned(), "http://other".to_owned());
    assert!(shop.good_request(&request).await.executed().is_empty(), "proxies are no part of the key");
    request.build_args.insert("V".to_owned(), "given".to_owned());
    assert_eq!(output(&shop.good_request(&request).await.events)[0], "given env unset");
}

#[tokio::test]
async fn triggers_run_in_the_image_built_upon() {
    let Some(shop) = Workshop::new() else { return };
    shop.write("file", "F");
    let mut base = shop.request("FROM busybox\nONBUILD COPY file /copied\nONBUILD RUN cat /copied && echo\n");
    base.tags = vec!["base:1".to_owned()];
    let built = shop.good_request(&base).await;
    assert_eq!(built.image.config.config.on_build.len(), 2);
    let child = shop.good("FROM base:1\nRUN echo own\n").await;
    assert_eq!(output(&child.events), ["F", "own"]);
    assert!(child.image.config.config.on_build.is_empty());
    let same_file = shop.good("FROM busybox AS b\nONBUILD RUN echo trigger\nFROM b\nRUN echo after\n").await;
    assert_eq!(output(&same_file.events), ["trigger", "after"]);
}

#[tokio::test]
async fn named_contexts_and_scratch() {
    let Some(shop) = Workshop::new() else { return };
    let other = shop.top.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("f"), "other").unwrap();
    let mut request = shop
        .request("FROM scratch\nCOPY --from=extra f /f\nCOPY --from=tools /bin/busybox /bb\nWORKDIR /w\n");
    request.named_contexts = BTreeMap::from([
        ("extra".to_owned(), NamedContext::Directory(other)),
        ("tools".to_owned(), NamedContext::Image("busybox".to_owned())),
    ]);
    let built = shop.good_request(&request).await;
    assert_eq!(built.read("/f"), "other");
    assert_eq!(built.owner("/bb"), "755 0:0");
    assert_eq!(built.image.layers.len(), 3);
    assert!(built.image.config.config.env.iter().any(|pair| pair.starts_with("PATH=")));
}

#[tokio::test]
async fn what_cannot_work_is_said_before_anything_runs() {
    let Some(shop) = Workshop::new() else { return };
    let missing = shop.bad("FROM busybox\nCOPY nothere /x\n").await;
    assert!(
        missing.starts_with("Dockerfile:2: COPY nothere /x: cannot find the files: \"nothere\": not found"),
        "{missing}"
    );
    let wildcard = shop.good("FROM busybox\nCOPY nothere* /x\n").await;
    assert!(wildcard.path("/x").is_none());
    assert!(
        wildcard
            .events
            .contains(&BuildEvent::Warning { message: "COPY: nothing matches \"nothere*\"".to_owned() })
    );
    let image = shop.bad("FROM nosuch:1\n").await;
    assert_eq!(image, "Dockerfile:1: cannot get the image nosuch:1: nosuch:1: there is no registry here");
    let host = shop.bad("FROM busybox\nRUN --network=host true\n").await;
    assert!(host.contains("needs the entitlement network.host"), "{host}");
    let url = shop.bad("FROM busybox\nADD https://example.com/x /x\n").await;
    assert!(url.contains("ADD from the network is not supported"), "{url}");
    let mut request = shop.request("FROM busybox");
    request.tags = vec!["UPPER".to_owned()];
    assert!(shop.build(&request).await.result.unwrap_err().report().starts_with("invalid tag \"UPPER\""));
    assert_eq!(shop.runner.runs.load(std::sync::atomic::Ordering::Relaxed), 0);
}

/// A runner whose process never ends by itself.
struct Endless(tokio::sync::Notify);

impl StepRunner for Endless {
    fn run<'a>(
        &'a self,
        step: RunStep,
        _: &'a OutputSink<'a>,
    ) -> BoxFuture<'a, Result<RunExit, RunnerError>> {
        std::fs::write(step.upper.join("half"), "made").unwrap();
        self.0.notify_one();
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_build_that_is_given_up_leaves_nothing_and_blocks_nobody() {
    let Some(shop) = Workshop::new() else { return };
    let request = shop.request("FROM busybox\nRUN echo done > /done\n");
    let endless = Endless(tokio::sync::Notify::new());
    let services = Services { runner: &endless, puller: &NoRegistry, events: &|_| {} };
    tokio::select! {
        result = shop.builder.build(&request, services) => panic!("it cannot end: {result:?}"),
        () = endless.0.notified() => {}
    }
    assert_eq!(std::fs::read_dir(shop.top.path().join("build/work")).unwrap().count(), 0);
    assert_eq!(shop.good_request(&request).await.top_layer(), ["done"]);
}

/// The owners are what Docker Engine 28.5 gives.
#[tokio::test]
async fn working_directories_belong_to_the_user_of_their_line() {
    let Some(shop) = Workshop::new() else { return };
    let built = shop.good("FROM busybox\nWORKDIR /a\nUSER app\nWORKDIR b/c\nUSER 65534\nWORKDIR /d\nWORKDIR /tmp\nUSER ghost\nWORKDIR /e\n").await;
    let owners = ["/a", "/a/b", "/a/b/c", "/d", "/tmp", "/e"].map(|path| built.owner(path));
    assert_eq!(
        owners,
        ["755 0:0", "755 1000:1001", "755 1000:1001", "755 65534:65534", "1777 0:0", "755 0:0"]
    );
    let warned = built
        .events
        .iter()
        .any(|event| matches!(event, BuildEvent::Warning { message } if message.contains("user ghost")));
    assert!(warned, "{:?}", built.events);
}

#[tokio::test]
async fn independent_stages_run_at_the_same_time() {
    let Some(shop) = Workshop::new() else { return };
    // Each waits for the other through a shared directory: one after the other would never end.
    let wait = |own: &str, other: &str| {
        format!(
            "RUN --mount=type=cache,target=/c touch /c/{own}; n=0; while ! test -f /c/{other}; do n=$((n+1)); test $n -lt 200 || exit 1; sleep 0.05; done\n"
        )
    };
    let text = format!(
        "FROM busybox AS a\n{}FROM busybox AS b\n{}FROM scratch\nCOPY --from=a /bin/sh /a\nCOPY --from=b /bin/sh /b\n",
        wait("a", "b"),
        wait("b", "a")
    );
    shop.good(&text).await;
}
