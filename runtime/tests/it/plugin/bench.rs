//! Figures of the host: run with `--ignored --nocapture`, in release.

use super::{Fixture, Heard, NO_SECRETS, cache, dir_grant, plugin_use};
use bytes::Bytes;
use runtime::plugin::{Body, Host, Kind, Limits, Storage};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn show(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let (least, middle) = (times.first().copied(), times.get(times.len() / 2).copied());
    println!("{what}: min {:?}, median {:?}", least.unwrap_or_default(), middle.unwrap_or_default());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
async fn figures() {
    let cache = cache();
    Host::new(cache).expect("a host").prepare("fs", Kind::Storage).await.expect("compiled");
    let mut loads = Vec::new();
    for _ in 0..20 {
        let host = Host::new(cache).expect("a host");
        let begun = Instant::now();
        host.prepare("fs", Kind::Storage).await.expect("loaded");
        loads.push(begun.elapsed());
    }
    show("load `fs` from the cache, check and link", loads);
    let place = tempfile::tempdir().expect("a directory");
    let host = Host::new(cache).expect("a host");
    let used = plugin_use("fs", vec![dir_grant(place.path())]);
    let observers = Arc::<Heard>::default().observers();
    let storage = Storage::open(&host, &used, place.path(), Arc::new(NO_SECRETS), observers).await.expect("opened");
    let (mut calls, mut stats) = (Vec::new(), Vec::new());
    for _ in 0..500 {
        let begun = Instant::now();
        storage.prepare("a", None).await.expect("a plan");
        calls.push(begun.elapsed());
        let begun = Instant::now();
        storage.stat("a").await.expect("an answer");
        stats.push(begun.elapsed());
    }
    show("instantiate, configure, prepare", calls);
    show("instantiate, configure, stat of a file", stats);
    let chunk = Bytes::from(vec![7; 1 << 20]);
    let (session, mut receipts) = (storage.begin("big", None).await.expect("begun"), Vec::new());
    let begun = Instant::now();
    for n in 0..64u32 {
        let body = Body::new(u64::from(n) * (16 << 20), vec![chunk.clone(); 16]);
        receipts.push(storage.put_part(&session, n + 1, body).await.expect("put"));
    }
    let put = begun.elapsed();
    storage.commit(&session, &receipts).await.expect("committed");
    println!("1 GiB in parts of 16 MiB, one at a time: {put:?}; with commit {:?}", begun.elapsed());
    let hostile = Fixture::new(Limits::default(), vec![], NO_SECRETS).await;
    for key in ["spin", "hog", "flood", "recurse"] {
        let begun = Instant::now();
        let error = hostile.storage.stat(key).await.expect_err("stopped");
        println!("{key}: {} after {:?}", error.code, begun.elapsed());
    }
}
