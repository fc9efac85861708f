//! Health and restarts side by side with a reference Docker Engine: what happened in which order, and what is shown; not how fast
//! (contract 4, 5). Names begin with `lr-`.

use crate::side_by_side::{Comparison, Step};

const STEPS: &[Step] = &[
    (
        "success makes healthy",
        "begin --health-cmd 'echo fine' --health-interval 1s; shows {{.State.Health.Status}} healthy; inspect '{{.State.Health.FailingStreak}} {{with index .State.Health.Log 0}}{{.ExitCode}} {{json .Output}}{{end}}'; docker ps --filter name=lr-c --format '{{.Status}}' | grep -o '(.*'; end",
    ),
    (
        "failures make unhealthy after as many as are allowed",
        "begin --health-cmd 'echo no; exit 3' --health-interval 1s --health-retries 2; shows '{{len .State.Health.Log}}' 1; inspect '{{.State.Health.Status}} {{.State.Health.FailingStreak}}'; shows {{.State.Health.Status}} unhealthy; inspect '{{.State.Health.FailingStreak}} {{range .State.Health.Log}}{{.ExitCode}} {{json .Output}} {{end}}'; end",
    ),
    (
        "failures in the start period do not count, until it is over",
        "begin --health-cmd 'exit 1' --health-interval 1s --health-start-period 2s --health-start-interval 1s --health-retries 1; shows '{{len .State.Health.Log}}' 1; inspect '{{.State.Health.Status}} {{.State.Health.FailingStreak}}'; shows {{.State.Health.Status}} unhealthy; end",
    ),
    (
        "success ends the start period",
        "begin --health-cmd 'test ! -e /ill' --health-interval 1s --health-start-period 60s --health-start-interval 1s --health-retries 1; shows {{.State.Health.Status}} healthy; docker exec lr-c touch /ill; shows {{.State.Health.Status}} unhealthy; end",
    ),
    (
        "unhealthy is not for ever",
        "begin --health-cmd 'test -e /well' --health-interval 500ms --health-retries 1; shows {{.State.Health.Status}} unhealthy; docker exec lr-c touch /well; shows {{.State.Health.Status}} healthy; inspect '{{.State.Health.FailingStreak}}'; docker exec lr-c rm /well; shows {{.State.Health.Status}} unhealthy; end",
    ),
    (
        "a probe that takes too long",
        "begin --health-cmd 'echo begun; sleep 100' --health-interval 1s --health-timeout 1s --health-retries 1; shows {{.State.Health.Status}} unhealthy; inspect '{{with index .State.Health.Log 0}}{{.ExitCode}} {{json .Output}}{{end}}'; end",
    ),
    (
        "output is cut",
        "begin --health-cmd 'yes 123456789 | head -c 5000; exit 1' --health-interval 1s --health-retries 1; shows {{.State.Health.Status}} unhealthy; inspect '{{(index .State.Health.Log 0).Output}}' | tail -c 20; inspect '{{len (index .State.Health.Log 0).Output}}'; end",
    ),
    (
        "five results are kept",
        "begin --health-cmd true --health-interval 200ms; shows '{{len .State.Health.Log}}' 5; FIRST=$(inspect '{{(index .State.Health.Log 0).Start}}'); until [ \"$(inspect '{{(index .State.Health.Log 0).Start}}')\" != \"$FIRST\" ]; do sleep 0.1; done; inspect '{{len .State.Health.Log}}'; end",
    ),
    (
        "all codes but 0 are failures",
        "for code in 2 125 127 255; do begin --health-cmd \"exit $code\" --health-interval 500ms --health-retries 1; shows {{.State.Health.Status}} unhealthy; inspect '{{(index .State.Health.Log 0).ExitCode}}'; end; done",
    ),
    (
        "none",
        "begin --no-healthcheck; inspect '{{json .State.Health}} {{json .Config.Healthcheck}}'; docker ps --filter name=lr-c --format '{{.Status}}' | grep -c '('; end",
    ),
    (
        "stopped before the first result, and started again",
        "begin --health-cmd 'test -e /never' --health-interval 60s; docker stop -t 5 lr-c; inspect '{{.State.Status}} {{.State.ExitCode}}'; docker start lr-c; inspect '{{.State.Health.Status}} {{.State.Health.FailingStreak}} {{len .State.Health.Log}}'; end",
    ),
    (
        "a restart begins anew",
        "begin --health-cmd 'test -e /well' --health-interval 1s --health-retries 1; shows {{.State.Health.Status}} unhealthy; docker restart -t 5 lr-c; inspect '{{.State.Health.Status}} {{.State.Health.FailingStreak}}'; end",
    ),
    (
        "paused and on again",
        "begin --health-cmd true --health-interval 500ms; shows {{.State.Health.Status}} healthy; docker pause lr-c; inspect '{{.State.Status}} {{.State.Health.Status}}'; docker unpause lr-c; inspect '{{.State.Status}} {{.State.Health.Status}}'; end",
    ),
    (
        "on-failure ends after as many restarts as are allowed",
        "begin_with 'exit 3' --restart on-failure:2; shows '{{.State.Status}} {{.RestartCount}}' 'exited 2'; inspect '{{.State.ExitCode}} {{.State.Restarting}} {{.State.Running}} {{.State.Pid}}'; end",
    ),
    (
        "on-failure is not for success",
        "begin_with 'exit 0' --restart on-failure; shows {{.State.Status}} exited; inspect '{{.RestartCount}} {{.State.ExitCode}}'; end",
    ),
    (
        "without a policy",
        "begin_with 'exit 3'; shows {{.State.Status}} exited; inspect '{{.RestartCount}} {{.State.ExitCode}}'; end",
    ),
    (
        "always, until it is stopped; a start counts anew",
        "begin_with 'exit 0' --restart always; until [ \"$(inspect {{.RestartCount}})\" -ge 3 ]; do sleep 0.1; done; docker stop lr-c; inspect '{{.State.Status}} {{.State.ExitCode}} {{.State.Restarting}}'; docker update --restart no lr-c; docker start lr-c; shows {{.State.Status}} exited; inspect '{{.RestartCount}}'; docker rm -f lr-c",
    ),
    (
        "what cannot be done while it waits for its restart",
        "docker run -d --name lr-c --restart always lr-box sh -c 'exit 1' >/dev/null; until [ \"$(inspect {{.RestartCount}})\" -ge 6 ]; do sleep 0.1; done; shows {{.State.Status}} restarting; inspect '{{.State.Running}} {{.State.Restarting}} {{.State.Pid}} {{.State.ExitCode}}'; docker exec lr-c true 2>&1 | known; docker pause lr-c 2>&1 | known; docker rm lr-c 2>&1 | known; docker attach lr-c 2>&1 | known; docker kill lr-c 2>&1 | known; inspect '{{.State.Status}}'; docker rm -f lr-c",
    ),
    (
        "a kill is for good",
        "begin --restart always; docker kill lr-c; shows {{.State.Status}} exited; inspect '{{.State.ExitCode}} {{.RestartCount}}'; end",
    ),
    (
        "a process that ends by a signal from inside comes back",
        "begin_with 'test -e /second && exec sleep 600; touch /second; kill -9 $$' --restart unless-stopped; shows '{{.State.Status}} {{.RestartCount}}' 'running 1'; end",
    ),
    (
        "restarted by hand, also when it is paused",
        "begin --restart always; docker restart -t 5 lr-c; inspect '{{.State.Status}} {{.RestartCount}}'; docker pause lr-c; docker restart -t 5 lr-c; inspect '{{.State.Status}} {{.State.Paused}} {{.RestartCount}}'; end",
    ),
    (
        "a paused one is stopped",
        "begin; docker pause lr-c; docker stop -t 5 lr-c; inspect '{{.State.Status}} {{.State.Paused}} {{.State.ExitCode}}'; end",
    ),
    (
        "a command that cannot run is not tried again",
        "docker run -d --name lr-c --restart always lr-box /no/such >/dev/null 2>&1; echo $?; inspect '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}'; docker rm -f lr-c",
    ),
    (
        "a policy that is given later",
        "begin; docker update --restart on-failure:1 lr-c; inspect '{{json .HostConfig.RestartPolicy}}'; docker exec lr-c kill 1; shows {{.State.Status}} exited; end",
    ),
    (
        "wrong policies",
        "for policy in sometimes always:3 on-failure:-1 on-failure:x; do docker create --name lr-c --restart $policy lr-box true 2>&1 | known; done; docker create --rm --restart always lr-box 2>&1 | known",
    ),
    (
        "wrong health checks",
        "docker create --health-interval 1us --health-cmd true lr-box true; docker create --health-timeout -1s --health-cmd true lr-box true; docker create --health-retries -1 --health-cmd true lr-box true; docker create --no-healthcheck --health-cmd true lr-box true",
    ),
];

const DIFFERENCES: &[Step] = &[
    (
        "paused and on again",
        "Docker shows `unhealthy` from a pause to the next result, without an event; here the status stays",
    ),
    (
        "restarted by hand, also when it is paused",
        "that a stop thaws a container is an event of its own on Docker",
    ),
    ("a paused one is stopped", "as above"),
];

/// A box, and what steps are made of: `begin OPTION...` and `begin_with SCRIPT OPTION...` start `lr-c`, `shows TEMPLATE WANTED` waits for
/// what inspect shows, `end` prints what has happened to it and removes it
/// (without `kill` and `stop`, whose order and number with no grace is a race on Docker), `known` is what a client says without what only it says.
const PREPARE: &str = r#"mkdir -p box/bin box/etc && cp /bin/busybox box/bin/ &&
    for name in $(/bin/busybox --list | grep -vx busybox); do ln -sf busybox box/bin/$name; done &&
    echo root:x:0:0::/:/bin/sh > box/etc/passwd && tar -C box -c . | docker import - lr-box >/dev/null &&
    cat > prelude <<'END'
begin() { begin_with 'trap "exit 0" TERM; sleep 600 & wait' "$@"; }
begin_with() { script="$1"; shift; SINCE=$(date +%s.%N); docker run -d --name lr-c "$@" lr-box sh -c "$script" >/dev/null; }
inspect() { docker inspect -f "$1" lr-c; }
shows() { until [ "$(inspect "$1" 2>/dev/null)" = "$2" ]; do sleep 0.05; done; }
known() { grep -v '^See\|^Usage\|^$' | head -n 1; }
end() {
    docker events --since "$SINCE" --until "$(date +%s.%N)" --filter type=container --filter container=lr-c \
        --format '{{.Action}} {{.Actor.Attributes.exitCode}}' | grep -v '^exec_\|^attach\|^kill\|^stop' | sed 's/<no value>//'
    docker rm -f lr-c >/dev/null 2>&1
}
END"#;

const CLEAN: &str = "docker rm -fv lr-c; docker rmi -f lr-box";

#[test]
fn health_and_restarts_are_those_of_the_reference() {
    Comparison { prepare: PREPARE, clean: CLEAN, steps: STEPS, differences: DIFFERENCES }.run();
}
