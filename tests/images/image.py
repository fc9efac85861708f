#!/usr/bin/env python3
"""Layers and images for make.sh, with nothing but Python's standard library.

image.py layer UPPER OUT.tar             an overlay upper directory as an OCI layer (whiteouts translated)
image.py push REGISTRY CACHE REF CONFIG.json LAYER.tar...   push an image of these layers under REF (name:tag)
"""
import gzip
import hashlib
import json
import os
import platform
import shutil
import stat
import sys
import tarfile
import urllib.error
import urllib.request

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def add(tar, upper, path):
    """Add one entry; an overlay whiteout (character device 0:0) becomes `.wh.NAME`."""
    name = os.path.relpath(path, upper)
    info = os.lstat(path)
    if stat.S_ISCHR(info.st_mode) and info.st_rdev == 0:
        entry = tarfile.TarInfo(os.path.join(os.path.dirname(name), ".wh." + os.path.basename(name)))
        tar.addfile(entry)
        return
    tar.add(path, arcname=name, recursive=False)
    if stat.S_ISDIR(info.st_mode) and b"y" == xattr(path, "trusted.overlay.opaque"):
        tar.addfile(tarfile.TarInfo(os.path.join(name, ".wh..wh..opq")))


def xattr(path, name):
    try:
        return os.getxattr(path, name, follow_symlinks=False)
    except OSError:
        return None


def layer(upper, out):
    with tarfile.open(out + ".new", "w", format=tarfile.PAX_FORMAT) as tar:
        for folder, folders, files in os.walk(upper):
            folders.sort()
            if folder != upper:
                add(tar, upper, folder)
            for name in sorted(files) + [d for d in folders if os.path.islink(os.path.join(folder, d))]:
                add(tar, upper, os.path.join(folder, name))
    os.rename(out + ".new", out)


def digest_of(path):
    hasher = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            hasher.update(chunk)
    return "sha256:" + hasher.hexdigest()


def compressed(tar, cache):
    """The gzip form of a layer, made once: (path, digest, diff id)."""
    stamp = os.stat(tar)
    key = os.path.join(cache, f"{os.path.basename(tar)}.{stamp.st_size}.{stamp.st_mtime_ns}")
    if not os.path.exists(key + ".json"):
        with open(tar, "rb") as source, open(key + ".gz", "wb") as target:
            with gzip.GzipFile(fileobj=target, mode="wb", compresslevel=1, mtime=0) as out:
                shutil.copyfileobj(source, out, 1 << 20)
        with open(key + ".json", "w") as file:
            json.dump({"digest": digest_of(key + ".gz"), "diff_id": digest_of(tar)}, file)
    with open(key + ".json") as file:
        known = json.load(file)
    return key + ".gz", known["digest"], known["diff_id"]


def request(method, url, data=None, headers=None):
    return urllib.request.urlopen(urllib.request.Request(url, data=data, method=method, headers=headers or {}))


def push_blob(registry, name, digest, data, size):
    try:
        request("HEAD", f"{registry}/v2/{name}/blobs/{digest}")
        return
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
    location = request("POST", f"{registry}/v2/{name}/blobs/uploads/").headers["Location"]
    if location.startswith("/"):
        location = registry + location
    separator = "&" if "?" in location else "?"
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    request("PUT", f"{location}{separator}digest={digest}", data, headers)


def push(registry, cache, reference, config_file, *tars):
    name, tag = reference.rsplit(":", 1)
    layers, diff_ids = [], []
    for tar in tars:
        path, digest, diff_id = compressed(tar, cache)
        size = os.stat(path).st_size
        with open(path, "rb") as file:
            push_blob(registry, name, digest, file, size)
        layers.append({"mediaType": LAYER, "digest": digest, "size": size})
        diff_ids.append(diff_id)
    with open(config_file) as file:
        settings = json.load(file)
    arch = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    config = json.dumps({
        "architecture": arch,
        "os": "linux",
        "created": "2026-01-01T00:00:00Z",
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [{"created": "2026-01-01T00:00:00Z", "created_by": f"recipe {os.path.basename(t)}"} for t in tars],
    }).encode()
    digest = "sha256:" + hashlib.sha256(config).hexdigest()
    push_blob(registry, name, digest, config, len(config))
    manifest = json.dumps({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "digest": digest, "size": len(config)},
        "layers": layers,
    }).encode()
    request("PUT", f"{registry}/v2/{name}/manifests/{tag}", manifest, {"Content-Type": MANIFEST})


if __name__ == "__main__":
    if len(sys.argv) < 4 or sys.argv[1] not in ("layer", "push"):
        sys.exit(__doc__)
    {"layer": layer, "push": push}[sys.argv[1]](*sys.argv[2:])
