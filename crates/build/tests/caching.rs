//! What is built again and what is not.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

#[expect(dead_code, reason = "each test program uses a part of it")]
mod support;

use std::fs;
use std::sync::atomic::Ordering;
use std::time::Instant;

use support::{Workshop, executed};
use wharf_build::PruneOptions;

const FILE: &str = "FROM busybox AS builder\nWORKDIR /src\nCOPY req.txt .\nRUN date > installed\nCOPY . .\nFROM busybox\nCOPY --from=builder /src /app\n\
                    RUN cat /app/req.txt\nCMD [\"sh\"]\n";

#[tokio::test]
async fn nothing_changed_nothing_is_built_also_after_a_restart() {
    let Some(shop) = Workshop::new() else { return };
    shop.write("req.txt", "1");
    shop.write("main.py", "1");
    let mut request = shop.request(FILE);
    request.tags = vec!["app:1".to_owned()];
    let first = shop.good_request(&request).await;
    assert_eq!(first.executed().len(), 6);
    let first_id = first.image.id.clone();
    let second = shop.good_request(&request).await;
    assert_eq!((second.executed(), second.image.id.clone()), (Vec::new(), first_id.clone()));
    drop((first, second));
    let left = shop.top.path().join("build/work/1-0/upper/half");
    fs::create_dir_all(&left).unwrap();
    let shop = shop.reopen();
    assert!(!left.exists(), "what a killed build left is removed");
    let third = shop.good_request(&request).await;
    assert_eq!(
        (third.executed(), third.image.id.clone()),
        (Vec::new(), first_id),
        "records survive a restart"
    );
    assert_eq!(third.image.tags.iter().map(|tag| tag.familiar()).collect::<Vec<_>>(), ["app:1"]);
}

#[tokio::test]
async fn a_change_rebuilds_from_there_on() {
    let Some(shop) = Workshop::new() else { return };
    shop.write("req.txt", "1");
    shop.write("main.py", "1");
    shop.good(FILE).await;
    shop.write("main.py", "2");
    let changed = shop.good(FILE).await;
    assert_eq!(
        changed.executed(),
        [
            "[builder 5/5] COPY . .",
            "[stage-1 2/3] COPY --from=builder /src /app",
            "[stage-1 3/3] RUN cat /app/req.txt"
        ]
    );
    // Only the time changed.
    let file = fs::File::options().write(true).open(shop.context().join("main.py")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    assert!(shop.good(FILE).await.executed().is_empty(), "times are no part of the content");
    shop.write("ignored.md", "x");
    shop.write(".dockerignore", "*.md\n.dockerignore\n");
    assert!(shop.good(FILE).await.executed().is_empty(), "ignored files are no part of the content");
    let argument = shop.good("FROM busybox\nARG A=1\nRUN true\n").await;
    assert_eq!(argument.executed().len(), 1);
    assert_eq!(
        shop.good("FROM busybox\nARG A=2\nRUN true\n").await.executed().len(),
        1,
        "a changed ARG counts though unused"
    );
    assert!(
        shop.good("FROM busybox\nLABEL x=y\nARG A=2\nRUN true\n").await.executed().is_empty(),
        "metadata makes no step"
    );
}

#[tokio::test]
async fn the_cache_can_be_switched_off_and_is_still_filled() {
    let Some(shop) = Workshop::new() else { return };
    shop.write("req.txt", "1");
    let mut request = shop.request(FILE);
    shop.good_request(&request).await;
    request.no_cache_stages = vec!["builder".to_owned()];
    let filtered = shop.good_request(&request).await;
    assert!(
        filtered.executed().iter().take(4).all(|name| name.starts_with("[builder")),
        "{:?}",
        filtered.executed()
    );
    request.no_cache_stages.clear();
    request.no_cache = true;
    assert_eq!(shop.good_request(&request).await.executed().len(), 6);
    request.no_cache = false;
    assert!(shop.good_request(&request).await.executed().is_empty());
}

#[tokio::test]
async fn the_same_step_of_two_builds_runs_once() {
    let Some(shop) = Workshop::new() else { return };
    let one = shop.request("FROM busybox\nRUN sleep 0.2; date > /d\n");
    let two = shop.request("FROM busybox\nRUN sleep 0.2; date > /d\nLABEL other=1\n");
    let (first, second) = tokio::join!(shop.build(&one), shop.build(&two));
    assert_eq!(shop.runner.runs.load(Ordering::Relaxed), 1);
    assert_eq!(executed(&first.events).len() + executed(&second.events).len(), 1);
    assert_ne!(first.result.unwrap().id, second.result.unwrap().id);
}

#[tokio::test]
async fn a_missing_layer_is_built_again() {
    let Some(shop) = Workshop::new() else { return };
    let built = shop.good("FROM busybox\nRUN echo x > /x\n").await;
    let steps = shop.top.path().join("build/steps");
    for entry in fs::read_dir(&steps).unwrap() {
        fs::write(entry.unwrap().path(), "{ half a rec").unwrap();
    }
    let again = shop.good("FROM busybox\nRUN echo x > /x\n").await;
    assert_eq!(again.executed().len(), 1);
    assert_eq!(again.read("/x"), built.read("/x"));
}

#[tokio::test]
async fn pruning_forgets_what_no_image_needs() {
    let Some(shop) = Workshop::new() else { return };
    let text = "FROM busybox AS b\nRUN --mount=type=cache,target=/c echo kept > /c/f; head -c 100000 /bin/busybox > /big\nFROM busybox\nCOPY --from=b /etc/group /g\n";
    let mut request = shop.request(text);
    request.tags = vec!["kept:1".to_owned()];
    let image = shop.good_request(&request).await.image.id;
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let prune = |unused_since, keep_steps_of_images| {
        shop.builder.prune(&PruneOptions { unused_since, keep_steps_of_images }).unwrap()
    };
    assert_eq!(prune(long_ago, false), 0, "everything was used just now");
    assert!(shop.good_request(&request).await.executed().is_empty());
    let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    let freed = prune(soon, true);
    assert!(freed >= 100_005, "{freed}");
    assert_eq!(shop.good_request(&request).await.executed().len(), 1, "the image's own step was kept");
    prune(soon, false);
    assert_eq!(fs::read_dir(shop.top.path().join("build/mounts")).unwrap().count(), 0);
    assert!(shop.store.layer_dirs(&image).is_ok(), "the image's own layers stay");
    assert_eq!(shop.good_request(&request).await.executed().len(), 2);
}

/// Prints the numbers that the budgets are about; they are compared by hand, not asserted, because other
/// tests run at the same time.
#[tokio::test]
async fn time_of_builds_with_nothing_to_do() {
    let Some(shop) = Workshop::new() else { return };
    shop.write("req.txt", "1");
    for number in 0..20 {
        shop.write(&format!("src/{number}.py"), "print(1)\n");
    }
    let small = fastest(&shop, &shop.request(FILE)).await;
    for number in 0..2_000 {
        shop.write(&format!("big/{}/{number}", number % 100), "x");
    }
    let first = Instant::now();
    shop.good(FILE).await;
    let first = first.elapsed();
    wait_until_settled(&shop.context().join("big/99/1999")).await;
    let big = fastest(&shop, &shop.request(FILE)).await;
    println!("nothing changed: 22 files {small:?}; 2,022 files {big:?} (first build {first:?})");
    assert!(small.as_secs() < 5 && big.as_secs() < 10, "far beyond any budget");
}

/// A file's digest is remembered only when its last change is a second ago.
async fn wait_until_settled(last: &std::path::Path) {
    let changed = fs::metadata(last).unwrap().modified().unwrap();
    while changed.elapsed().unwrap().as_millis() < 1_050 {
        tokio::task::yield_now().await;
    }
}

async fn fastest(shop: &Workshop, request: &wharf_build::BuildRequest) -> std::time::Duration {
    shop.good_request(request).await;
    let mut best = std::time::Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        let built = shop.good_request(request).await;
        best = best.min(start.elapsed());
        assert!(built.executed().is_empty());
    }
    best
}
