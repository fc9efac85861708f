//! Volumes and mounts side by side with a reference Docker Engine. Names begin with `vr-`.

use crate::side_by_side::{Comparison, Step};

const STEPS: &[Step] = &[
    (
        "a named volume takes the image's content, owner and mode",
        "docker run --rm -v vr-a:/data vr-image sh -c 'stat -c \"%a %u %g\" /data; cat /data/seed; ls -l /data | wc -l'",
    ),
    (
        "links, owners, special modes and pipes come along",
        "docker run --rm -v vr-t:/kinds vr-image sh -c 'cd /kinds; find . | sort | xargs stat -c \"%n %F %a %u:%g %h\"; find . ! -type d | sort | xargs stat -c \"%n %Y\"; readlink dangling'",
    ),
    (
        "it is not filled again",
        "docker run --rm -v vr-a:/data vr-image rm /data/seed; docker run --rm -v vr-a:/data vr-image ls /data",
    ),
    (
        "nocopy leaves it empty",
        "docker run --rm -v vr-b:/data:nocopy vr-image sh -c 'stat -c \"%a %u %g\" /data; ls /data'",
    ),
    (
        "nocopy in the long form",
        "docker run --rm --mount type=volume,src=vr-c,dst=/data,volume-nocopy vr-image ls -A /data",
    ),
    ("a file in the image is no content", "docker run --rm -v vr-d:/etc/passwd vr-image true"),
    (
        "a place that the image does not have",
        "docker run --rm -v vr-e:/new/place vr-image stat -c '%a %u %g' /new/place",
    ),
    (
        "the volume of the image is anonymous and goes with rm -v",
        "docker create --name vr-box vr-image true >/dev/null; docker inspect -f '{{range .Mounts}}{{.Type}} {{len .Name}} {{.Destination}} {{.Driver}} {{.Mode}} {{.RW}} {{.Propagation}}{{end}}' vr-box; V=$(docker inspect -f '{{range .Mounts}}{{.Name}}{{end}}' vr-box); docker volume inspect -f '{{json .Labels}} {{json .Options}}' $V; docker rm -v vr-box; docker volume inspect $V >/dev/null 2>&1; echo $?",
    ),
    (
        "a named volume stays with rm -v",
        "docker create --name vr-box -v vr-f:/x vr-image true >/dev/null; docker rm -v vr-box; docker volume ls -q --filter name=vr-f",
    ),
    (
        "inspect shows mounts as Docker does",
        "docker create --name vr-box -v vr-f:/x:ro,nocopy -v $DIR/made:/y:rw --tmpfs /t:size=1m --mount type=bind,src=$DIR,dst=/z,readonly,bind-propagation=rslave vr-image >/dev/null; docker inspect -f '{{range .Mounts}}{{println .Type .Destination .Mode .RW .Propagation}}{{end}}' vr-box | sort; docker inspect -f '{{json .HostConfig.Tmpfs}} {{range .HostConfig.Binds}}{{println .}}{{end}}' vr-box | sort; docker rm -v vr-box",
    ),
    (
        "a missing directory of the host is made",
        "docker run --rm -v $DIR/new/deep:/x vr-image stat -c '%a %u' /x; stat -c '%a %u %F' $DIR/new/deep",
    ),
    ("but not in the long form", "docker run --rm --mount type=bind,src=$DIR/absent,dst=/x vr-image true"),
    ("read-only binds", "docker run --rm -v $DIR:/x:ro vr-image touch /x/f"),
    (
        "a subpath",
        "docker run --rm -v vr-g:/w vr-image sh -c 'mkdir -p /w/a/b; echo deep > /w/a/b/f'; docker run --rm --mount type=volume,src=vr-g,dst=/x,volume-subpath=a/b vr-image cat /x/f",
    ),
    (
        "a subpath that is not there",
        "docker run --rm --mount type=volume,src=vr-g,dst=/x,volume-subpath=a/none vr-image true",
    ),
    (
        "a subpath that leads out",
        "docker run --rm --mount type=volume,src=vr-g,dst=/x,volume-subpath=../out vr-image true",
    ),
    (
        "a subpath that is a link",
        "docker run --rm -v vr-g:/w vr-image ln -s /etc /w/link; docker run --rm --mount type=volume,src=vr-g,dst=/x,volume-subpath=link vr-image ls /x",
    ),
    (
        "files of a part, from outside",
        "docker create --name vr-box --mount type=volume,src=vr-g,dst=/x,volume-subpath=a vr-image >/dev/null; docker cp -q vr-box:/x/b - | tar t; docker rm vr-box",
    ),
    (
        "memory",
        "docker run --rm --tmpfs /t:size=1m,mode=700,uid=5 vr-image sh -c 'stat -c \"%a %u\" /t; grep \" /t \" /proc/mounts | cut -d \" \" -f 3,4'",
    ),
    (
        "memory in the long form",
        "docker run --rm --mount type=tmpfs,dst=/t,tmpfs-size=2m,tmpfs-mode=1770 vr-image sh -c 'grep \" /t \" /proc/mounts | cut -d \" \" -f 3,4'",
    ),
    (
        "memory hides the image's files",
        "docker run --rm --tmpfs /data vr-image sh -c 'ls -A /data; stat -c \"%a %u\" /data'",
    ),
    (
        "wrong modes",
        "docker run --rm -v vr-a:/x:what vr-image true; docker run --rm -v vr-a:/x:ro,rw vr-image true",
    ),
    (
        "wrong places",
        "docker run --rm -v vr-a:/ vr-image true; docker run --rm -v vr-a:rel vr-image true; docker run --rm --mount type=volume,src=vr-a,dst=rel vr-image true",
    ),
    (
        "two at one place",
        "docker run --rm -v vr-a:/x -v vr-b:/x vr-image true; docker run --rm -v vr-a:/x --tmpfs /x vr-image true",
    ),
    (
        "wrong names",
        "docker run --rm -v 'a b:/x' vr-image true; docker volume create 'a/b'; docker volume create x",
    ),
    (
        "volumes from another container",
        "docker create --name vr-box -v vr-g:/w -v $DIR:/h vr-image >/dev/null; docker run --rm --volumes-from vr-box:ro vr-image sh -c 'exec 2>&1; cat /w/a/b/f; touch /w/no; touch /h/no'; docker rm -v vr-box",
    ),
    (
        "volumes of no container",
        "docker run --rm --volumes-from vr-none vr-image true; docker run --rm --volumes-from vr-box:bad vr-image true",
    ),
    (
        "create, list, inspect",
        "docker volume create --label a=b vr-h; docker volume create --label other=1 vr-h; docker volume inspect -f '{{.Name}} {{.Driver}} {{.Scope}} {{json .Labels}} {{json .Options}}' vr-h; docker volume ls --filter label=a=b --format '{{.Driver}} {{.Name}} {{.Labels}} {{.Mountpoint}} {{.Size}}' | sed 's|/[^ ]*|PATH|'",
    ),
    (
        "lists by state",
        "docker volume ls -q --filter dangling=true --filter name=vr-h; docker volume ls -q --filter dangling=false --filter name=vr-h; docker volume ls -q --filter colour=red",
    ),
    (
        "in use",
        "docker create --name vr-box -v vr-h:/x vr-image >/dev/null; docker volume rm vr-h; docker volume rm -f vr-h; docker rm vr-box; docker volume rm vr-h vr-none",
    ),
    ("absent", "docker volume inspect vr-none; docker volume rm -f vr-none"),
    (
        "unknown drivers",
        "docker volume create -d nothing vr-i; docker run --rm --mount type=volume,src=vr-i,dst=/x,volume-driver=nothing vr-image true",
    ),
    (
        "options that make no mount",
        "docker volume create -o colour=red vr-i; docker volume create -o type=tmpfs vr-i; docker volume create -o device=/x vr-i; docker volume create -o o=ro vr-i; docker volume create -o type=none -o device=/x vr-i",
    ),
    (
        "a volume of memory",
        "docker volume create -o type=tmpfs -o device=tmpfs -o o=size=1m,uid=7,noexec vr-j; docker run --rm -v vr-j:/x vr-image sh -c 'stat -c %u /x; grep \" /x \" /proc/mounts | cut -d \" \" -f 1,3'; docker run --rm -v vr-j:/x vr-image touch /x/f; docker run --rm -v vr-j:/x vr-image ls /x",
    ),
    (
        "a volume that is a directory",
        "mkdir $DIR/real; echo hi > $DIR/real/f; docker volume create -o type=none -o o=bind -o device=$DIR/real vr-k; docker run --rm -v vr-k:/x vr-image cat /x/f; docker run --rm -v vr-k:/data vr-image ls /data; docker volume rm vr-k; cat $DIR/real/f",
    ),
    (
        "a volume that is a directory that is not there",
        "docker volume create -o type=none -o o=bind -o device=$DIR/absent vr-l; docker run --rm -v vr-l:/x vr-image true; docker volume rm vr-l",
    ),
    (
        "a volume that is only read",
        "docker volume create -o type=none -o o=bind,ro -o device=$DIR/real vr-m; docker run --rm -v vr-m:/x vr-image touch /x/g; docker volume rm vr-m",
    ),
    (
        "a file system that the kernel does not know",
        "docker volume create -o type=nothing -o device=/dev/null vr-n; docker run --rm -v vr-n:/x vr-image true",
    ),
    (
        "propagation of a host directory that is not shared",
        "docker run --rm -v $DIR:/x:rslave vr-image true; echo $?",
    ),
    (
        "deep mounts in any order",
        "docker run --rm -v vr-g:/m/n -v $DIR:/m vr-image sh -c 'ls /m/n; ls -d /m/n'",
    ),
    (
        "prune takes what nobody uses and what is wanted",
        "docker volume create --label vr=1 vr-p >/dev/null; docker volume create --label vr=2 vr-q >/dev/null; docker volume prune -f --filter label=vr; docker volume ls -q --filter label=vr; docker volume prune -f -a --filter label=vr=1; docker volume ls -q --filter label=vr",
    ),
    (
        "prune by what it is not",
        "docker volume create --label vr=3 vr-r >/dev/null; docker volume prune -f -a --filter label=vr --filter label!=vr=3; docker volume ls -q --filter label=vr",
    ),
    (
        "labels of a volume that is made with the container",
        "docker create --name vr-box --mount type=volume,src=vr-s,dst=/x,volume-label=k=v vr-image >/dev/null; docker volume inspect -f '{{json .Labels}}' vr-s; docker rm vr-box",
    ),
    (
        "an anonymous volume is pruned without a word about all",
        "V=$(docker volume create --label vr=4); docker volume create --label vr=4 vr-u >/dev/null; docker volume prune -f --filter label=vr=4 | sed \"s/$V/ANONYMOUS/\"; docker volume ls -q --filter label=vr=4; docker volume prune -f --filter all=true --filter label=vr=4; docker volume prune -f --filter colour=red",
    ),
    (
        "an anonymous volume that another container took over",
        "docker create --name vr-box -v /a vr-image >/dev/null; docker create --name vr-other --volumes-from vr-box vr-image >/dev/null; V=$(docker inspect -f '{{range .Mounts}}{{if eq .Destination \"/a\"}}{{.Name}}{{end}}{{end}}' vr-box); docker rm -v vr-box; docker volume ls -q --filter name=$V | wc -l; docker rm -v vr-other; docker volume ls -q --filter name=$V | wc -l; docker volume rm -f $V >/dev/null",
    ),
    (
        "volumes of a container that removes itself",
        "docker run --rm -v /a -v vr-v:/b --cidfile id vr-image true; docker volume ls -q --filter name=vr-v; docker volume ls -q --filter dangling=true | grep -c vr-v",
    ),
    (
        "a place behind a link, and below one",
        "docker run --rm -v vr-w:/link vr-image sh -c 'cat /link/seed /data/seed; ls -ld /link | cut -c 1'; docker run --rm -v vr-w2:/link/below vr-image sh -c 'ls -d /data/below; ls /link/below'",
    ),
    (
        "filled for one that may not write",
        "docker run --rm --read-only -v vr-x:/data:ro vr-image cat /data/seed; docker run --rm -v vr-x:/data vr-image ls -A /data",
    ),
    (
        "an empty directory gives its owner and mode",
        "docker run --rm -v vr-y:/empty vr-image stat -c '%a %u:%g' /empty; docker run --rm -v vr-y:/data vr-image sh -c 'stat -c \"%a %u:%g\" /data; ls -A /data'",
    ),
    (
        "one in another",
        "docker run --rm -v vr-1:/data -v vr-2:/data/inner vr-image sh -c 'ls /data; stat -c \"%a %u\" /data/inner'; docker run --rm --tmpfs /m -v vr-1:/m/n vr-image ls /m/n",
    ),
    (
        "values of options that are none",
        "docker volume create -o type=tmpfs -o device=tmpfs -o o=size=much vr-3; docker run --rm -v vr-3:/x vr-image true 2>&1 | grep -o 'invalid argument'; docker volume create -o o=bind -o device=$DIR/real vr-4; docker volume create -o type=none -o o=bind -o device=real vr-5; docker volume create -o size=1m vr-6; docker volume create -o type=nfs -o device=:/x -o o=addr=127.0.0.1,rw vr-7; docker volume inspect -f '{{json .Options}}' vr-7",
    ),
    (
        "the same name with other options",
        "docker volume create vr-8; docker volume create -o type=tmpfs -o device=tmpfs vr-8; docker volume inspect -f '{{json .Options}}' vr-8; docker run --rm --mount type=volume,src=vr-8,dst=/x,volume-opt=type=tmpfs,volume-opt=device=tmpfs vr-image true",
    ),
    (
        "everything about one",
        "docker volume create --label a=b -o type=tmpfs -o device=tmpfs vr-9; docker volume inspect vr-9 | sed 's/\"CreatedAt\": .*/CREATED/'; docker volume ls --filter name=vr-9 --filter driver=local --format json | sed 's|\"Mountpoint\":\"[^\"]*\"|PATH|'; docker volume ls -q --filter driver=other",
    ),
    (
        "several are removed as far as that goes",
        "docker create --name vr-box -v vr-8:/x vr-image >/dev/null; docker create --name vr-other -v vr-8:/x vr-image >/dev/null; docker volume rm vr-8 vr-9 vr-none 2>&1 | sed 's/\\[.*\\]/IDS/'; docker rm vr-box vr-other",
    ),
    (
        "of several containers the last one counts, and what is asked for comes first",
        "docker create --name vr-box -v vr-1:/w vr-image >/dev/null; docker create --name vr-other -v vr-y:/w vr-image >/dev/null; docker create --name vr-third --volumes-from vr-box --volumes-from vr-other:ro vr-image >/dev/null; docker inspect -f '{{range .Mounts}}{{if eq .Destination \"/w\"}}{{.Name}} {{.RW}} {{.Mode}}{{end}}{{end}}' vr-third; docker create --name vr-fourth --volumes-from vr-box:ro -v vr-8:/w vr-image >/dev/null; docker inspect -f '{{range .Mounts}}{{if eq .Destination \"/w\"}}{{.Name}} {{.RW}} {{.Mode}}{{end}}{{end}}' vr-fourth; docker rm -v vr-box vr-other vr-third vr-fourth",
    ),
    (
        "files put into a volume before the start",
        "docker create --name vr-box -v vr-10:/data vr-image cat /data/put >/dev/null; echo hi > put; docker cp -q put vr-box:/data/put; docker start -a vr-box; docker cp -q vr-box:/data/seed - | tar t; docker rm -v vr-box",
    ),
    (
        "read-only in the long form, and a part that is made later",
        "docker run --rm --mount type=volume,src=vr-g,dst=/x,readonly vr-image touch /x/no; docker create --name vr-box --mount type=volume,src=vr-g,dst=/x,volume-subpath=later vr-image ls -A /x >/dev/null; docker run --rm -v vr-g:/w vr-image mkdir /w/later; docker start -a vr-box; docker rm vr-box",
    ),
    (
        "a part that becomes a link that leads out",
        "docker create --name vr-box --mount type=volume,src=vr-g,dst=/x,volume-subpath=part/etc vr-image ls /x >/dev/null; docker run --rm -v vr-g:/w vr-image ln -s / /w/part; docker start -a vr-box 2>&1 | grep -c 'passwd'; docker rm vr-box",
    ),
];

const DIFFERENCES: &[Step] = &[
    (
        "a file in the image is no content",
        "refused when it starts, with the place in the container; Docker names its own directory",
    ),
    (
        "unknown drivers",
        "Docker's client takes the 404 for a missing image and tries to pull; here it is refused with the reason",
    ),
];

/// The image: busybox with a directory of somebody else's, declared as a volume.
const PREPARE: &str = "mkdir -p root/bin root/data root/etc && cp /bin/busybox root/bin/ && \
     for name in $(/bin/busybox --list | grep -vx busybox); do ln -sf busybox root/bin/$name; done && echo seed > root/data/seed && \
     mkdir -p root/kinds/sub && echo a > root/kinds/sub/file && ln root/kinds/sub/file root/kinds/hard && ln -s /nowhere root/kinds/dangling && \
     mkfifo root/kinds/pipe && chown 9:10 root/kinds/sub/file && chmod 4750 root/kinds/sub/file && chown 11:12 root/kinds/sub && \
     chmod 2770 root/kinds/sub && chown -h 5:6 root/kinds/dangling && find root/kinds -exec touch -hd 2001-02-03 {} + && \
     ln -s data root/link && mkdir root/empty && chown 3:4 root/empty && chmod 2701 root/empty && \
     echo root:x:0:0::/:/bin/sh > root/etc/passwd && chown 7:8 root/data && chmod 1751 root/data && \
     tar -C root -c . | docker import --change 'VOLUME /data' --change 'CMD [\"true\"]' - vr-image >/dev/null";

const CLEAN: &str = "docker rm -fv $(docker ps -aq --filter name=vr-); docker volume rm -f $(docker volume ls -q --filter name=vr-); \
     docker rmi -f vr-image";

#[test]
fn volumes_are_those_of_the_reference() {
    Comparison { prepare: PREPARE, clean: CLEAN, steps: STEPS, differences: DIFFERENCES }.run();
}
