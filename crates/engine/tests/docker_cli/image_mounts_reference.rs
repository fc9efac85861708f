//! Images as mounts side by side with a reference Docker Engine. Names begin with `ir-`.

use crate::side_by_side::{Comparison, Step};

const STEPS: &[Step] = &[
    (
        "the image is there, and nothing can be written",
        "docker run --rm --mount type=image,src=ir-image,dst=/x ir-box sh -c 'exec 2>&1; ls /x; cat /x/d/file; stat -c \"%a %u %g\" /x /x/d; touch /x/new; grep \" /x \" /proc/mounts | cut -d \" \" -f 1,2,3 ; grep -c \" /x overlay ro,\" /proc/mounts'",
    ),
    (
        "it stays read-only when that is not asked for",
        "docker run --rm --mount type=image,src=ir-image,dst=/x,readonly=false ir-box touch /x/new",
    ),
    (
        "its programs run",
        "docker run --rm --mount type=image,src=ir-box,dst=/x ir-box /x/bin/echo from the image",
    ),
    (
        "several layers, with what the upper one removed",
        "docker run --rm --mount type=image,src=ir-layers,dst=/x ir-box sh -c 'ls /x/d; cat /x/d/file; ls -A /x/dev 2>&1'",
    ),
    ("an image without layers", "docker run --rm --mount type=image,src=ir-empty,dst=/x ir-box ls -A /x"),
    (
        "a directory of it",
        "docker run --rm --mount type=image,src=ir-image,dst=/x,image-subpath=d/sub ir-box sh -c 'ls /x; stat -c %a /x'; docker run --rm --mount type=image,src=ir-image,dst=/x,image-subpath=./d/../d/sub ir-box ls /x",
    ),
    (
        "a file of it",
        "docker run --rm --mount type=image,src=ir-image,dst=/x,image-subpath=d/file ir-box cat /x",
    ),
    (
        "a part that leads out",
        "for path in ../d /d d/absolute; do docker run --rm --mount type=image,src=ir-image,dst=/x,image-subpath=$path ir-box ls /x 2>&1 | sed -E 's#/[^ ,]*(/merged|/views/[0-9]+)#BASE#g'; done",
    ),
    (
        "a link inside",
        "docker run --rm --mount type=image,src=ir-image,dst=/x,image-subpath=d/inside ir-box ls /x",
    ),
    (
        "a part that is not there is missed by the start",
        "docker create --name ir-c --mount type=image,src=ir-image,dst=/x,image-subpath=d/none ir-box true >/dev/null; docker start ir-c 2>&1 | sed -E 's#/[^ ,:]*(/merged|/views/[0-9]+)#BASE#g'; docker inspect -f '{{.State.Status}}' ir-c; docker rm ir-c",
    ),
    (
        "inspect, list and diff",
        "docker create --name ir-c --mount type=image,src=ir-image,dst=/x,image-subpath=d ir-box cat /x/file >/dev/null; docker inspect -f '{{json .HostConfig.Mounts}}{{range .Mounts}} {{.Type}} {{.Name}} {{.Destination}} {{.Driver}} [{{.Mode}}] {{.RW}} {{.Propagation}}{{end}}' ir-c; docker ps -a --filter name=ir-c --format '{{.Mounts}}'; docker ps -aq --filter volume=/x --filter name=ir-c | wc -l; docker start -a ir-c; docker diff ir-c; docker rm ir-c",
    ),
    (
        "files of one that does not run",
        "docker create --name ir-c --mount type=image,src=ir-image,dst=/x ir-box true >/dev/null; docker cp -q ir-c:/x/d/sub - | tar t; docker cp -q ir-c:/x/d/file $DIR/copy; cat $DIR/copy; docker rm ir-c",
    ),
    (
        "from another container",
        "docker create --name ir-c --mount type=image,src=ir-image,dst=/x ir-box true >/dev/null; docker run --rm --volumes-from ir-c ir-box sh -c 'exec 2>&1; cat /x/d/file; touch /x/new'; docker rm ir-c",
    ),
    (
        "the image is in use while the container exists",
        "docker create --name ir-c --mount type=image,src=ir-image,dst=/x ir-box cat /x/d/file >/dev/null; docker rmi ir-image 2>&1 | sed -E 's/[0-9a-f]{12}/ID/g'; docker start -a ir-c; docker rmi -f ir-image | head -n 1; docker start -a ir-c; docker image inspect ir-image 2>&1 | tail -n 1; docker rm ir-c; docker import - ir-image <image.tar | wc -l; docker run --rm --mount type=image,src=ir-image,dst=/x ir-box cat /x/d/file",
    ),
    (
        "prune leaves it alone",
        "docker create --name ir-c --mount type=image,src=ir-image,dst=/x ir-box cat /x/d/file >/dev/null; docker image prune -af --filter label=ir=1 >/dev/null; docker start -a ir-c; docker rm ir-c",
    ),
    (
        "by id, and the container keeps what it was made with",
        "docker tag ir-image ir-moved; docker create --name ir-c --mount type=image,src=ir-moved,dst=/x ir-box ls /x >/dev/null; docker tag ir-layers ir-moved; docker start -a ir-c; docker rm ir-c; docker rmi ir-moved | head -n 1; docker run --rm --mount type=image,src=$(docker images -q ir-image),dst=/x ir-box ls /x",
    ),
    (
        "no such image",
        "curl -s --unix-socket ${DOCKER_HOST#unix://} -H 'Content-Type: application/json' -d '{\"Image\":\"ir-box\",\"HostConfig\":{\"Mounts\":[{\"Type\":\"image\",\"Source\":\"ir-none\",\"Target\":\"/x\"}]}}' http://d/v1.48/containers/create; echo",
    ),
    (
        "wrong requests",
        "for mount in '\"Type\":\"image\",\"Target\":\"/x\"' '\"Type\":\"image\",\"Source\":\"ir-image\"' '\"Type\":\"image\",\"Source\":\"ir-image\",\"Target\":\"x\"' '\"Type\":\"image\",\"Source\":\"ir-image\",\"Target\":\"/\"' '\"Type\":\"image\",\"Source\":\"ir-image\",\"Target\":\"/x\",\"ImageOptions\":{\"Subpath\":\"../x\"}' '\"Type\":\"image\",\"Source\":\"ir-image\",\"Target\":\"/x\",\"VolumeOptions\":{\"NoCopy\":true}' '\"Type\":\"volume\",\"Source\":\"ir-v\",\"Target\":\"/x\",\"ImageOptions\":{\"Subpath\":\"x\"}' '\"Type\":\"bind\",\"Source\":\"/etc\",\"Target\":\"/x\",\"VolumeOptions\":{\"NoCopy\":true}' '\"Type\":\"tmpfs\",\"Target\":\"/x\",\"BindOptions\":{\"NonRecursive\":true}'; do curl -s --unix-socket ${DOCKER_HOST#unix://} -H 'Content-Type: application/json' -d \"{\\\"Image\\\":\\\"ir-box\\\",\\\"HostConfig\\\":{\\\"Mounts\\\":[{$mount}]}}\" http://d/v1.48/containers/create; echo; done",
    ),
];

const DIFFERENCES: &[Step] = &[];

/// A box to run in; an image of one layer, one of two of which the upper hides files of the lower, one of none.
const PREPARE: &str = "mkdir -p box/bin box/etc root/d/sub && cp /bin/busybox box/bin/ && \
     for name in $(/bin/busybox --list | grep -vx busybox); do ln -sf busybox box/bin/$name; done && \
     echo root:x:0:0::/:/bin/sh > box/etc/passwd && tar -C box -c . | docker import --change 'CMD [\"true\"]' - ir-box >/dev/null && \
     echo content > root/d/file && echo deep > root/d/sub/deep && ln -s /etc root/d/absolute && ln -s sub root/d/inside && \
     chown 7:8 root/d && chmod 1751 root/d && tar -C root -cf image.tar . && \
     docker import --change 'LABEL ir=1' - ir-image < image.tar >/dev/null && \
     printf 'FROM ir-box\\nCOPY d /d\\nRUN rm -r /d/sub && echo changed > /d/file\\n' > root/Dockerfile && \
     DOCKER_BUILDKIT=0 docker build -q -t ir-layers root >/dev/null 2>&1 && \
     printf 'FROM scratch\\nLABEL ir=empty\\n' | DOCKER_BUILDKIT=0 docker build -q -t ir-empty - >/dev/null 2>&1";

const CLEAN: &str = "docker rm -fv $(docker ps -aq --filter name=ir-); docker volume rm -f ir-v; \
     docker rmi -f ir-image ir-layers ir-empty ir-moved ir-box; docker image prune -f --filter label=ir";

#[test]
fn image_mounts_are_those_of_the_reference() {
    Comparison { prepare: PREPARE, clean: CLEAN, steps: STEPS, differences: DIFFERENCES }.run();
}
