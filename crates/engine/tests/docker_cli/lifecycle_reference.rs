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
        "begin --health-cmd 'test -e /never' --health-interval 60s; docker stop -t 5 lr-c; inspect '{{.State.Status}} {{.State.ExitCode}} {{.State.Health.Status}}'; docker start lr-c; inspect '{{.State.Health.Status}} {{.State.Health.FailingStreak}} {{len .State.Health.Log}}'; end",
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
        "a signal that asks for the end is for good",
        "for signal in INT QUIT; do begin_with 'trap \"exit 4\" INT QUIT; echo ready; sleep 600 & wait' --restart always; logged ready; docker kill -s $signal lr-c; shows {{.State.Status}} exited; inspect '{{.State.ExitCode}} {{.RestartCount}}'; end; done",
    ),
    (
        "a signal that tells something",
        "begin_with 'trap : HUP; echo ready; sleep 600 & wait; test -e /second && exec sleep 600; touch /second; exit 3' --restart always; logged ready; docker kill -s HUP lr-c; until [ \"$(inspect '{{.State.Status}} {{.RestartCount}}')\" = 'running 1' ] || [ \"$(inspect {{.State.Status}})\" = exited ]; do sleep 0.1; done; inspect '{{.State.Status}} {{.RestartCount}}'; end",
    ),
    (
        "a chosen stop signal is for good, and no other one",
        "begin_with 'trap \"exit 4\" USR1; trap \"exit 5\" INT; echo ready; sleep 600 & wait' --restart always --stop-signal USR1; logged ready; docker kill -s INT lr-c; shows '{{.State.Status}} {{.RestartCount}}' 'running 1'; until [ \"$(docker logs lr-c | wc -l)\" = 2 ]; do sleep 0.1; done; docker kill -s USR1 lr-c; shows {{.State.Status}} exited; inspect '{{.State.ExitCode}}'; end",
    ),
    (
        "a paused one that is asked to end",
        "begin_with 'trap \"exit 4\" INT; echo ready; sleep 600 & wait' --restart always; logged ready; docker pause lr-c; docker kill -s INT lr-c; shows {{.State.Status}} exited; inspect '{{.State.ExitCode}} {{.State.Paused}}'; end; begin; docker pause lr-c; docker kill lr-c; shows {{.State.Status}} exited; end",
    ),
    (
        "what a probe that takes too long leaves behind",
        "begin --health-cmd 'sleep 4321 & sleep 4322' --health-interval 1s --health-timeout 1s --health-retries 1; shows {{.State.Health.Status}} unhealthy; docker top lr-c | grep -o 'sleep 432.' | sort -u; end",
    ),
    (
        "restarted by hand while it waits for its restart",
        "docker run -d --name lr-c --restart always lr-box sh -c 'test -e /well && exec sleep 600; exit 1' >/dev/null; until [ \"$(inspect {{.RestartCount}})\" -ge 6 ]; do sleep 0.1; done; shows {{.State.Status}} restarting; docker restart lr-c; inspect {{.RestartCount}}; echo x > well; docker cp -q well lr-c:/well; docker restart lr-c; shows {{.State.Status}} running; inspect '{{.State.Restarting}}'; docker rm -f lr-c",
    ),
    (
        "the delay grows, and begins anew after a long run",
        "begin_with 'echo x >> /runs; [ $(wc -l < /runs) = 7 ] && exec sleep 11; exit 1' --restart always; until [ \"$(inspect {{.RestartCount}})\" -ge 8 ]; do sleep 0.2; done; docker events --since $SINCE --until $(date +%s.%N) --filter container=lr-c --format '{{.Action}} {{.TimeNano}}' | awk '$1 == \"die\" { ended = $2 } $1 == \"start\" && ended { delay = ($2 - ended) / 1e8; for (doublings = 0; delay >= 2; doublings++) delay /= 2; runs++; if (runs == 5 || runs == 6) print runs, doublings; if (runs == 7) print runs, doublings < 4 }'; docker rm -f lr-c",
    ),
    (
        "waits",
        "begin_with 'trap \"exit 6\" TERM; echo ready; sleep 600 & wait'; logged ready; for condition in not-running next-exit removed; do wait_on $condition > $condition & done; until [ \"$(ls not-running next-exit removed 2>/dev/null | wc -l)\" = 3 ]; do sleep 0.1; done; sleep 0.3; docker stop lr-c; docker rm lr-c; wait; cat not-running next-exit removed",
    ),
    (
        "waits for what has ended, does not exist, or a condition that is none",
        "begin_with 'exit 7'; shows {{.State.Status}} exited; wait_on not-running; wait_on ''; wait_on sometimes; docker rm lr-c; wait_on not-running; wait_on removed; wait_on next-exit",
    ),
    (
        "an end that comes back counts as the next exit, not as the end",
        "begin_with 'test -e /second && exec sleep 600; touch /second; sleep 1; exit 9' --restart always; wait_on next-exit; shows '{{.State.Status}} {{.RestartCount}}' 'running 1'; docker kill lr-c; wait_on not-running; docker rm lr-c",
    ),
    (
        "a new name while it runs",
        "begin; docker rename lr-c lr-d; docker inspect -f '{{.Name}} {{.State.Status}}' lr-d; docker exec lr-d echo here; docker inspect lr-c 2>&1 | known; docker create --name lr-e lr-box true >/dev/null; docker rename lr-d lr-e 2>&1 | known | sed 's/by container .*//'; docker rename lr-d lr-d 2>&1 | known; docker rename lr-d '' 2>&1 | known; docker rename lr-d 'a b' 2>&1 | known; docker rename no-such lr-x 2>&1 | known; docker rename lr-d lr-c; docker rm lr-e; docker ps --filter name=lr-c --format {{.Names}}; end",
    ),
    (
        "limits while it runs",
        "begin --memory 64m; docker update --memory 96m --memory-swap 96m --memory-reservation 32m --cpus 0.5 --pids-limit 20 lr-c; inspect '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.MemoryReservation}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuQuota}} {{.HostConfig.PidsLimit}}'; limits; docker update --cpu-shares 300 --cpuset-cpus 0 --cpuset-mems 0 lr-c; limits; docker update --memory 200m lr-c 2>&1 | known; docker update --cpu-period 100000 --cpu-quota 20000 lr-c 2>&1 | known; docker update --cpuset-cpus 77 lr-c 2>&1 | known; docker update --memory 1m lr-c 2>&1 | known; docker update --memory 6m --memory-swap 4m lr-c 2>&1 | known; docker update --restart sometimes lr-c 2>&1 | known; docker update lr-c; docker update --pids-limit -1 lr-c; limits; end",
    ),
    (
        "a policy that is taken away while it waits for its restart",
        "docker run -d --name lr-c --restart always lr-box sh -c 'exit 1' >/dev/null; until [ \"$(inspect {{.RestartCount}})\" -ge 5 ]; do sleep 0.1; done; shows {{.State.Status}} restarting; docker update --restart no lr-c 2>&1; shows {{.State.Status}} exited; inspect '{{.State.Restarting}} {{.HostConfig.RestartPolicy.Name}}'; docker rm -f lr-c",
    ),
    (
        "limits of one that does not run",
        "docker create --name lr-c lr-box sleep 600 >/dev/null; docker update --memory 64m --cpu-shares 300 --restart always lr-c; inspect '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.CpuShares}} {{.HostConfig.RestartPolicy.Name}}'; docker start lr-c; limits; docker rm -f lr-c",
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
        "limits of one that does not run",
        "Docker refuses a memory limit for a container without one unless --memory-swap is given too",
    ),
    (
        "paused and on again",
        "Docker shows `unhealthy` from a pause to the next result, without an event; here the status stays",
    ),
    (
        "a signal that tells something",
        "on Docker it ends the restart policy too, so that a service which was told to reload does not come back from its next crash",
    ),
];

/// A box, and what steps are made of: `begin OPTION...` and `begin_with SCRIPT OPTION...` start `lr-c`, `shows TEMPLATE WANTED` waits for
/// what inspect shows, `end` prints what has happened to it and removes it
/// (without `kill` and `stop`, whose order and number with no grace is a race on Docker), `logged TEXT` waits for output, `wait_on CONDITION` is
/// the request behind `docker wait`, `limits` is what the kernel says, `known` is what a client says without what only it says.
const PREPARE: &str = r#"mkdir -p box/bin box/etc && cp /bin/busybox box/bin/ &&
    for name in $(/bin/busybox --list | grep -vx busybox); do ln -sf busybox box/bin/$name; done &&
    echo root:x:0:0::/:/bin/sh > box/etc/passwd && tar -C box -c . | docker import - lr-box >/dev/null &&
    cat > prelude <<'END'
begin() { begin_with 'trap "exit 0" TERM; sleep 600 & wait' "$@"; }
begin_with() { script="$1"; shift; SINCE=$(date +%s.%N); docker run -d --name lr-c "$@" lr-box sh -c "$script" >/dev/null; }
inspect() { docker inspect -f "$1" lr-c; }
shows() { until [ "$(inspect "$1" 2>/dev/null)" = "$2" ]; do sleep 0.05; done; }
logged() { until docker logs lr-c 2>/dev/null | grep -q "$1"; do sleep 0.05; done; }
wait_on() {
    curl -s --unix-socket "${DOCKER_HOST#unix://}" -X POST "http://docker/v1.44/containers/lr-c/wait?condition=$1"
}
limits() {
    set -- memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes memory/memory.soft_limit_in_bytes cpu/cpu.shares \
        cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpuset/cpuset.cpus pids/pids.max \
        memory.max memory.low memory.swap.max cpu.max cpu.weight cpuset.cpus pids.max
    docker exec -w /sys/fs/cgroup lr-c sh -c 'for file; do [ -e $file ] && echo $file $(cat $file); done' sh "$@"
}
known() { grep -v '^See\|^Usage\|^$' | head -n 1 | sed 's/container [0-9a-f]\{64\}/container ID/'; }
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
