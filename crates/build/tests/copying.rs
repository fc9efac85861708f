//! `COPY` and `ADD` in detail, and that neither leaves the image.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

#[expect(dead_code, reason = "each test program uses a part of it")]
mod support;

use std::fs;
use std::os::unix::fs::symlink;

use support::Workshop;

#[tokio::test]
async fn destinations() {
    let Some(shop) = Workshop::new() else { return };
    shop.write("a.txt", "a");
    shop.write("b.txt", "b");
    shop.write("dir/sub/c", "c");
    let built = shop
        .good(
            "FROM busybox\nWORKDIR /w\nCOPY a.txt renamed\nCOPY a.txt into/\nCOPY *.txt many/\nCOPY dir /copied\nCOPY dir/ /slash/\nCOPY a.txt /etc\n\
             COPY ./../a.txt /clipped\nCOPY [\"a.txt\", \"b.txt\", \"/json/\"]\nCOPY --parents dir/sub/c /p/\nCOPY --parents dir/./sub /q/\n\
             COPY --exclude=*.txt . /without\n",
        )
        .await;
    for (path, content) in [
        ("/w/renamed", "a"),
        ("/w/into/a.txt", "a"),
        ("/w/many/b.txt", "b"),
        ("/copied/sub/c", "c"),
        ("/slash/sub/c", "c"),
        ("/etc/a.txt", "a"),
        ("/clipped", "a"),
        ("/json/b.txt", "b"),
        ("/p/dir/sub/c", "c"),
        ("/q/sub/c", "c"),
        ("/without/dir/sub/c", "c"),
    ] {
        assert_eq!(built.read(path), content, "{path}");
    }
    assert!(built.path("/without/a.txt").is_none());
    assert!(built.path("/etc/passwd").is_some(), "an existing directory keeps its files");
    let several = shop.bad("FROM busybox\nCOPY a.txt /bin\nCOPY dir /etc/passwd\n").await;
    assert!(
        several.contains("cannot copy a directory to \"/etc/passwd\", which is no directory"),
        "{several}"
    );
    let over = shop.bad("FROM busybox\nRUN mkdir -p /d/a.txt\nCOPY a.txt /d/\n").await;
    assert!(over.contains("cannot copy a file over the directory"), "{over}");
}

#[tokio::test]
async fn links_are_followed_only_inside() {
    let Some(shop) = Workshop::new() else { return };
    shop.write("real", "content");
    shop.write("dir/file", "f");
    symlink("real", shop.context().join("link")).unwrap();
    symlink("/etc/hostname", shop.context().join("outside")).unwrap();
    symlink("../../../../etc/hostname", shop.context().join("dir/escape")).unwrap();
    let decoy = shop.top.path().join("decoy");
    fs::create_dir(&decoy).unwrap();
    let built = shop
        .good(&format!(
            "FROM busybox\nRUN ln -s {} /up && ln -s /tmp /abs && ln -s ../../../../../.. /dots && ln -s /nowhere/new /dangling\nCOPY link /followed\n\
             COPY dir /abs/dir\nCOPY real /up/escaped\nCOPY real /dots/top\nCOPY real /dangling\n",
            decoy.display()
        ))
        .await;
    assert_eq!(built.read("/followed"), "content");
    assert_eq!(built.read("/tmp/dir/file"), "f");
    assert!(built.path("/tmp/dir/escape").unwrap().is_symlink(), "links in a directory stay links");
    assert_eq!(built.read(&format!("{}/escaped", decoy.display())), "content", "made inside of the image");
    assert_eq!(
        (built.read("/top"), built.read("/nowhere/new")),
        ("content".to_owned(), "content".to_owned())
    );
    assert_eq!(fs::read_dir(&decoy).unwrap().count(), 0, "nothing was made on the host");
    let outside = shop.bad("FROM busybox\nCOPY outside /x\n").await;
    assert!(outside.contains("\"outside\": not found"), "{outside}");
}

#[tokio::test]
async fn modes_times_and_hard_links_are_kept() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let Some(shop) = Workshop::new() else { return };
    shop.write("d/one", "1");
    fs::hard_link(shop.context().join("d/one"), shop.context().join("d/two")).unwrap();
    fs::set_permissions(shop.context().join("d/one"), fs::Permissions::from_mode(0o4750)).unwrap();
    fs::File::open(shop.context().join("d/one"))
        .unwrap()
        .set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000))
        .unwrap();
    let built =
        shop.good("FROM busybox\nCOPY d /d\nCOPY --chmod=640 --chown=5 d /e/f\nCOPY --link d /l\n").await;
    let one = built.path("/d/one").unwrap().metadata().unwrap();
    assert_eq!((one.mtime(), one.nlink()), (1_000, 2));
    assert_eq!((built.owner("/d/one"), built.owner("/e/f/one")), ("4750 0:0".into(), "640 5:5".into()));
    assert_eq!((built.owner("/e"), built.owner("/e/f")), ("640 5:5".into(), "640 5:5".into()));
    assert_eq!(built.top_layer(), ["l", "l/one", "l/two"]);
}

/// The values are what Docker Engine 28.5 made of the same file.
#[tokio::test]
async fn new_directories_are_plain_and_what_is_below_keeps_its_owner() {
    let Some(shop) = Workshop::new() else { return };
    let built = shop
        .good(
            "FROM busybox AS s\nRUN mkdir -p /src/in /tgt/in && echo x > /src/in/f && chmod 700 /src /src/in && chown -R 7:8 /src && \\\n\
             chmod 4711 /src/in/f && chown 9:9 /tgt /tgt/in\nFROM busybox\nCOPY --from=s /src /new\nCOPY --from=s /src /deep/er/new/\n\
             COPY --from=s --chown=5:6 --chmod=0750 /src /ch/a\nCOPY --from=s /src/in/f /file/f\nCOPY --from=s /tgt /etc\n",
        )
        .await;
    for (path, expected) in [
        ("/new", "755 0:0"),
        ("/new/in", "700 7:8"),
        ("/new/in/f", "4711 7:8"),
        ("/deep", "755 0:0"),
        ("/deep/er/new/in", "700 7:8"),
        ("/ch", "750 5:6"),
        ("/ch/a", "750 5:6"),
        ("/ch/a/in/f", "750 5:6"),
        ("/file", "755 0:0"),
        ("/file/f", "4711 7:8"),
        ("/etc", "755 0:0"),
        ("/etc/in", "755 9:9"),
    ] {
        assert_eq!(built.owner(path), expected, "{path}");
    }
}

#[tokio::test]
async fn a_linked_copy_replaces_links_and_ignores_what_is_below() {
    let Some(shop) = Workshop::new() else { return };
    shop.write("f", "new");
    let built = shop.good("FROM busybox\nRUN mkdir /real && ln -s /real /app\nCOPY --link f /app/f\n").await;
    assert!(built.path("/real/f").is_none());
    assert_eq!(built.read("/app/f"), "new");
    let again = shop.good("FROM busybox\nRUN mkdir /other\nCOPY --link f /app/f\n").await;
    assert_eq!(again.executed(), ["[2/3] RUN mkdir /other"], "the layer does not depend on what is below");
}

#[tokio::test]
async fn archives_are_unpacked_by_content() {
    let Some(shop) = Workshop::new() else { return };
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in [("top/a", "A"), ("b", "B")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(1);
        header.set_mode(0o600);
        header.set_uid(9);
        header.set_gid(9);
        archive.append_data(&mut header, name, content.as_bytes()).unwrap();
    }
    fs::write(shop.context().join("files.bin"), archive.into_inner().unwrap()).unwrap();
    shop.write("plain.tar", "no archive at all");
    let built = shop.good("FROM busybox\nADD files.bin plain.tar /x/\nADD --unpack=false files.bin /y/\nADD --chown=3:4 files.bin /z\nCOPY files.bin /c\n").await;
    assert_eq!(
        (built.read("/x/top/a"), built.read("/x/b"), built.read("/x/plain.tar")),
        ("A".into(), "B".into(), "no archive at all".into())
    );
    assert_eq!((built.owner("/x/b"), built.owner("/z/b")), ("600 9:9".into(), "600 3:4".into()));
    assert!(built.path("/y/files.bin").unwrap().is_file() && built.path("/c").unwrap().is_file());
    fs::write(shop.context().join("cut.tar.xz"), [0xfd, b'7', b'z', b'X', b'Z', 0]).unwrap();
    let cut = shop.good("FROM busybox\nADD cut.tar.xz /x\n").await;
    assert_eq!(
        cut.path("/x").unwrap().metadata().unwrap().len(),
        6,
        "what only looks compressed is a file like any other"
    );
}
