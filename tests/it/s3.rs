//! A store across a network: real servers of the S3 protocol, the faults of a network, and servers that cannot be trusted.

use crate::faults::wait_for;
use crate::peer::{self, Proxy, S3};
use crate::space::{Space, ended, noise, tree};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

const PREFIX: &str = "quickstart/";

/// The first example with a bucket in place of its second store.
fn space(endpoint: &str) -> Space {
    space_in(endpoint, PREFIX, "")
}

/// The same below a prefix of its own, with more words on the store.
pub(crate) fn space_in(endpoint: &str, prefix: &str, words: &str) -> Space {
    let space = Space::quickstart();
    space.write("keys/access", peer::ACCESS.as_bytes());
    space.write("keys/secret", peer::SECRET.as_bytes());
    space.edit(
        "store \"offsite\" plugin=\"fs\" { site \"cellar\"; media \"disk\"; path \"backups/offsite\" }",
        &format!(
            "store \"offsite\" plugin=\"s3\" {{ site \"cellar\"; media \"object\"; bucket \"{}\"; prefix \"{prefix}\"{words}\n        \
             region \"{}\"; endpoint \"{endpoint}\"; private #true\n        \
             secret \"access-key\" (file)\"keys/access\"; secret \"secret-key\" (file)\"keys/secret\"\n    }}",
            peer::BUCKET,
            peer::REGION,
        ),
    );
    space
}

/// The same with a job that backs up straight into the bucket, and takes it from there.
fn straight(endpoint: &str) -> Space {
    turned(space(endpoint))
}

/// With the bucket as the first store, and the folder as the second.
pub(crate) fn turned(space: Space) -> Space {
    space.edit("backup \"notes\" to=\"local\"", "backup \"notes\" to=\"offsite\"");
    space
        .edit("transfer from=\"local\" to=\"offsite\" bandwidth=\"80MiB/s\"", "transfer from=\"offsite\" to=\"local\"");
    space.edit("verify \"offsite\" with=\"digest\"", "verify \"local\" with=\"digest\"");
    space
}

/// Checks that a bucket holds exactly `count` artifacts, with bytes of one attempt each and nothing half-made.
#[track_caller]
fn holds(server: &S3, count: usize) {
    let keys = server.keys();
    let ours: Vec<&str> = keys.iter().filter_map(|key| key.strip_prefix(PREFIX)).collect();
    assert_eq!(ours.len(), keys.len(), "keys outside of the prefix: {keys:?}");
    let manifests = ours.iter().filter(|key| key.ends_with("/manifest.json")).count();
    let (indexes, bytes): (Vec<&str>, Vec<&str>) =
        ours.iter().filter(|key| key.contains("/a-")).partition(|key| key.ends_with(".index.zst"));
    let (indexes, bytes) = (indexes.len(), bytes.len());
    assert_eq!((manifests, bytes, indexes), (count, count, count), "{keys:#?}");
    let others =
        ours.iter().filter(|key| **key == "store.json" || key.contains("/facts/") || key.starts_with("texts/")).count();
    assert_eq!(manifests + bytes + indexes + others, ours.len(), "{keys:#?}");
    assert_eq!(server.uploads(), Vec::<String>::new());
}

/// Key of the bytes of the only artifact.
fn bytes_of(server: &S3) -> String {
    server.keys().into_iter().find(|key| key.contains("/a-") && !key.ends_with(".index.zst")).expect("an artifact")
}

/// The line there and back, on one server.
fn whole_line(server: &S3) {
    let to = space(&server.endpoint());
    to.write("data/large.bin", &noise(20_000_000));
    to.run("run").expect(0);
    holds(server, 1);
    to.run("verify").expect(0);
    let before = tree(&to.path("data"));
    // A bare machine: the strategy, the keys, and what stands in the bucket.
    for gone in [".backstay", "backups", "data"] {
        fs::remove_dir_all(to.path(gone)).unwrap();
    }
    to.run("catalog rebuild").expect(0);
    let listed = to.run("catalog list --format json").expect(0).out;
    assert_eq!(listed.matches("\"store\": \"offsite\"").count(), 1, "{listed}");
    to.run("restore notes --from offsite --into back --confirm").expect(0);
    to.edit("; exclude \"**/*.tmp\"", "");
    let back = tree(&to.path("back"));
    let wanted = before.iter().filter(|(path, _)| !path.to_string_lossy().ends_with(".tmp"));
    assert_eq!(back.len(), before.len() - 1);
    for (path, content) in wanted.filter(|(path, _)| !path.as_os_str().is_empty()) {
        assert!(back.get(path) == Some(content), "{} came back as another", path.display());
    }
    nothing_but_the_bucket(server, &back);
}

/// A machine that has neither the strategy nor the keys where it names them: how the bucket is reached is all that is said.
fn nothing_but_the_bucket(server: &S3, wanted: &BTreeMap<PathBuf, String>) {
    let bare = Space::new();
    let (bucket, region, endpoint) = (peer::BUCKET, peer::REGION, server.endpoint());
    let node = format!(
        "store \"bucket\" plugin=\"s3\" {{\n    bucket \"{bucket}\"; prefix \"{PREFIX}\"; region \"{region}\"; endpoint \"{endpoint}\"\n    \
         private #true; secret \"access-key\" (env)\"ACCESS\"; secret \"secret-key\" (env)\"SECRET\"\n}}\n"
    );
    bare.write("store.kdl", node.as_bytes());
    bare.write("login", format!("ACCESS={}\nSECRET={}\n", peer::ACCESS, peer::SECRET).as_bytes());
    bare.run("restore notes --store store.kdl --env-file login --into back --confirm").expect(0);
    assert!(tree(&bare.path("back")) == *wanted, "what came back is not what was there");
    bare.run("recover --store store.kdl --env-file login --into strategy").expect(0);
    assert!(fs::read_to_string(bare.path("strategy/strategy.kdl")).unwrap().contains(bucket));
}

#[test]
fn the_whole_line_on_versitygw() {
    whole_line(&S3::versitygw());
}

#[test]
fn the_whole_line_on_seaweedfs() {
    whole_line(&S3::seaweedfs());
}

#[test]
fn straight_into_the_bucket_and_from_there_to_a_folder() {
    let server = S3::versitygw();
    let space = straight(&server.endpoint());
    space.run("run").expect(0);
    holds(&server, 1);
    space.holds("backups/local", 1);
    space.run("verify").expect(0);
    let document = fs::read_to_string(peer::object(&server, &format!("{PREFIX}store.json"))).unwrap();
    for word in ["\"atomic-create\": true", "\"create-refuses\": true", "\"racers\": 8", "\"winners\": 1"] {
        assert!(document.contains(word), "{document}");
    }
    let plan = space.run("plan").expect(0).out;
    let place = format!("{}/{}/", server.endpoint(), peer::BUCKET);
    for word in [
        format!("may GET HEAD PUT POST DELETE {place}{PREFIX} (private addresses allowed)"),
        format!("may GET {place} itself"),
        "may sign with secret `secret-key`".to_owned(),
        "may send secret `access-key` in a header".to_owned(),
    ] {
        assert!(plan.contains(&word), "no {word} in {plan}");
    }
}

/// Killed while a part is on its way: nothing of it stays, and there is one artifact in the end.
#[test]
fn killed_in_the_middle_of_an_upload() {
    let server = S3::versitygw();
    let proxy = Proxy::before(server.running.port);
    let space = straight(&format!("http://127.0.0.1:{}", proxy.port));
    space.write("data/large.bin", &noise(40_000_000));
    for round in 1..=2 {
        proxy.add("bandwidth", "upstream", 1.0, "\"rate\":4000");
        let mut run = space.start("run");
        wait_for(|| !server.uploads().is_empty());
        std::thread::sleep(std::time::Duration::from_secs(2));
        run.kill().unwrap();
        run.wait().unwrap();
        assert_eq!(server.uploads().len(), 1, "it was killed too late");
        proxy.remove("bandwidth");
        space.run("run").expect(0).says("resumed");
        holds(&server, round);
    }
    space.run("verify").expect(0);
    for fault in ["before-commit", "before-manifest", "after-manifest"] {
        space.run_until(fault, "run").expect(137);
        space.run("run").expect(0).says("resumed");
    }
    holds(&server, 5);
    space.holds("backups/local", 5);
}

#[test]
fn a_wrong_secret() {
    let server = S3::versitygw();
    let space = straight(&server.endpoint());
    space.write("keys/secret", b"not-the-right-one");
    let ran = space.run("run").expect(1).says("plugin-auth").says("SignatureDoesNotMatch");
    assert!(!ran.err.contains("not-the-right-one") && !ran.out.contains("not-the-right-one"), "{}", ran.err);
    assert_eq!(server.keys(), Vec::<String>::new());
    fs::remove_file(space.path("keys/secret")).unwrap();
    space.run("run").expect(1).says("secret-missing");
    space.write("keys/secret", peer::SECRET.as_bytes());
    space.run("run").expect(0);
    holds(&server, 1);
}

#[test]
fn what_became_of_an_object_is_found() {
    let server = S3::versitygw();
    let space = straight(&server.endpoint());
    space.run("run").expect(0);
    let path = peer::object(&server, &bytes_of(&server));
    let whole = fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for damaged in [&flipped[..], &whole[..middle]] {
        fs::write(&path, damaged).unwrap();
        space.run("verify --store offsite").expect(1).says("artifact-damaged").says("store `offsite`");
    }
    fs::remove_file(&path).unwrap();
    space.run("verify --store offsite").expect(1).says("object-missing");
    // The other copy is whole, and nothing else is touched.
    space.run("restore notes --from local --into back --confirm").expect(0);
    space.run("verify --store local").expect(0);
}

/// Latency, connections that are reset, and connections that are cut in the middle of a part.
#[test]
fn a_bad_network() {
    let server = S3::versitygw();
    let proxy = Proxy::before(server.running.port);
    let space = straight(&format!("http://127.0.0.1:{}", proxy.port));
    space.write("data/large.bin", &noise(40_000_000));
    proxy.add("latency", "downstream", 1.0, "\"latency\":40,\"jitter\":20");
    for (kind, attributes) in [("limit_data", "\"bytes\":3000000"), ("reset_peer", "\"timeout\":100")] {
        let unfinished = server.uploads().len();
        let mut run = {
            // A part cannot pass as long as that lasts; what comes before one may, or is tried again.
            if kind == "limit_data" {
                proxy.add(kind, "upstream", 1.0, attributes);
                let run = space.start("run");
                wait_for(|| server.uploads().len() > unfinished);
                run
            } else {
                let run = space.start("run");
                wait_for(|| server.uploads().len() > unfinished);
                proxy.add(kind, "upstream", 1.0, attributes);
                run
            }
        };
        std::thread::sleep(std::time::Duration::from_secs(1));
        proxy.remove(kind);
        let status = run.wait().unwrap();
        let mut err = String::new();
        std::io::Read::read_to_string(&mut run.stderr.take().unwrap(), &mut err).unwrap();
        assert_eq!(status.code(), Some(0), "{kind}: {err}");
    }
    proxy.remove("latency");
    holds(&server, 2);
    space.run("verify").expect(0);
}

#[test]
fn a_server_that_is_down_is_tried_again() {
    let mut server = S3::versitygw();
    let space = straight(&server.endpoint());
    space.run("run").expect(0);
    server.running.stop();
    let ran = space.run("run").expect(1).says("plugin-busy");
    assert!(ran.err.contains("attempt 5"), "{}", ran.err);
    space.run("restore notes --from local --into back --confirm").expect(0);
}

/// There is a most of parts, so a large object needs large ones. What nobody has seen is as large as the strategy says.
#[test]
fn parts_are_as_large_as_the_data_asks() {
    let server = S3::versitygw();
    let space = straight(&server.endpoint());
    space.edit("strategy \"quickstart\" {", "strategy \"quickstart\" {\n    workload { size \"900GiB\"; }");
    space.edit("    job \"nightly\"", "    job \"once\" { backup \"notes\" to=\"offsite\"; }\n    job \"nightly\"");
    space.write("data/large.bin", &noise(120 << 20));
    // Two of 116 MiB, and an index; then as many as such an archive has, and an index.
    for parts in [3, 17] {
        let log = space.path("places.log");
        ended(space.command("run --job once").env("BACKSTAY_FAULT_LOG", &log)).expect(0);
        let places = fs::read_to_string(&log).unwrap();
        let sent = places.lines().filter(|line| line.starts_with("storage/put-part/before#")).count();
        assert_eq!(sent, parts);
        fs::remove_file(log).unwrap();
    }
    // Three of 32 MiB and a rest, and an index.
    space.edit("private #true", "private #true; part-size \"32MiB\"");
    let log = space.path("places.log");
    ended(space.command("run --job once").env("BACKSTAY_FAULT_LOG", &log)).expect(0);
    let places = fs::read_to_string(&log).unwrap();
    assert_eq!(places.lines().filter(|line| line.starts_with("storage/put-part/before#")).count(), 5);
    space.edit("part-size \"32MiB\"", "part-size \"1MiB\"");
    space.run("run --job once").expect(1).says("`part-size` is from 5 MiB to 5 GiB");
}

/// A server that takes a conditional PUT and overwrites: it is found out, and refused unless the strategy says why not.
#[test]
fn a_server_that_overwrites() {
    let server = S3::rclone();
    let space = straight(&server.endpoint());
    space
        .run("run")
        .expect(1)
        .says("store-not-atomic")
        .says("it overwrites what exists")
        .says("allow \"atomic-create\"");
    // It lists for minutes what was raced to be written and then removed, so its folder is looked at.
    let left = || fs::read_dir(peer::object(&server, PREFIX)).into_iter().flatten().count();
    assert_eq!(left(), 0);
    let allow =
        |until: &str| format!("policy {{ allow \"atomic-create\" reason=\"a laboratory\" until=\"{until}\"; }}");
    space.edit("job \"nightly\" {", &format!("{}\n    job \"nightly\" {{", allow("2020-01-31")));
    space.run("run").expect(1).says("store-not-atomic");
    assert_eq!(left(), 0);
    space.edit("2020-01-31", "9999-12-31");
    let told = "store `offsite` does not create atomically";
    space.run("run").expect(0).says(told).says("a laboratory, until 9999-12-31");
    let document = fs::read_to_string(peer::object(&server, &format!("{PREFIX}store.json"))).unwrap();
    for word in ["\"atomic-create\": false", "\"create-refuses\": false", "\"allowed\": \"a laboratory"] {
        assert!(document.contains(word), "{document}");
    }
    // It is told each time, and does not hold for longer than it says.
    space.run("run").expect(0).says(told);
    space.edit("9999-12-31", "2020-01-31");
    space.run("run").expect(1).says("store-not-atomic");
    // What is there can be read all the same.
    space.run("verify --store offsite").expect(0);
    space.run("restore notes --from offsite --into back --confirm").expect(0);
}
