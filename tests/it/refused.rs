//! What a strategy says and a run cannot do yet is refused by name, with its line, before anything is touched.

use crate::space::{Space, top};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The example that asks for everything, with the manifests that it brings along.
fn whole() -> Space {
    let space = Space::example("03-enterprise-gfs");
    for name in ["slack", "healthchecks"] {
        let manifest = format!("plugins/{name}.kdl");
        let text = std::fs::read(top().join("examples/03-enterprise-gfs").join(&manifest)).unwrap();
        space.write(&manifest, &text);
    }
    space
}

#[test]
fn jobs_of_the_whole_strategy() {
    let space = whole();
    let notifiers = ["plugin `slack` is not installed", "plugin `healthchecks` is not installed"];
    for (job, words) in [
        ("full", &["files of servers are not there yet"][..]),
        ("diff", &["diff/backup/graph:orders/vault: differential backups are not there yet"][..]),
        ("drill", &["drill/restore/graph:orders/scratch: it runs on `backup-1`"][..]),
        ("tidy", &["tidy/prune/vault: it runs on `backup-1`"][..]),
    ] {
        let mut ran = space.run(&format!("run --job {job} --plugins plugins")).expect(1).says("error[not-there-yet]");
        for word in words.iter().chain(&notifiers) {
            ran = ran.says(word);
        }
    }
    assert!(!space.path(".backstay").exists());
}

#[test]
fn a_plugin_without_a_manifest_is_unknown_and_with_one_is_only_planned() {
    let space = whole();
    space.run("validate").expect(2).says("no plugin is named `slack`");
    space.run("validate --plugins plugins").expect(0).says("plugin `slack` is known by its manifest only");
    space.run("plan --plugins plugins").expect(0);
    space.run("validate --plugins nowhere").expect(2).says("manifests-unreadable");
}

/// A saved plan is no way around it.
#[test]
fn a_saved_plan() {
    let space = whole();
    space.run("plan --plugins plugins --out plan.json").expect(0);
    space.run("run plan.json --job tidy --plugins plugins").expect(1).says("tidy/prune/vault: it runs on `backup-1`");
    assert!(!space.path(".backstay").exists());
}

/// Each option alone, in a strategy that runs without it.
#[test]
fn options_one_by_one() {
    let store = "path \"backups/local\"";
    let key = "age1yubikey1qpzry9x8gf2tvdw0s3jn54khce6mua7lqpzry9x8gf2tvdw0s3jntdnakd";
    let more = "job \"nightly\" {";
    for (at, add, says) in [
        (store, "immutable \"35d\"", "store `local`: `immutable` is more than plugin `fs` can do"),
        (store, &format!("encrypt \"{key}\""), "is of a plugin of age, which is not there yet"),
        (store, "class \"cold\"", "store `local`: `class` is not there yet"),
        (store, "secret \"a\" (keyring)\"backup/local\"", "keyrings are not read yet"),
        (more, "runner \"elsewhere\" { host \"elsewhere.invalid\"; }", "it runs on `elsewhere` (elsewhere.invalid)"),
    ] {
        let space = Space::quickstart();
        let extra = "keep in=\"local\" { last 1; }\n    \
                     target \"aside\" engine=\"files\" { directory \"aside\"; }\n    ";
        if at == more {
            space.edit(more, &format!("{add}\n    {more}"));
        } else {
            space.edit(at, &format!("{at}\n        {add}\n        "));
            space.edit(more, &format!("{extra}{more}"));
        }
        space.run("validate").expect(0);
        space.run("run --job nightly").expect(1).says("error[not-there-yet]").says(says);
        assert!(!space.path(".backstay").exists() && !space.path("backups").exists(), "{says}");
        let restored = space.run("restore notes");
        assert!(!restored.err.contains("not-there-yet"), "a preview is no run: {}", restored.err);
    }
}

#[test]
fn the_runner_itself_runs() {
    let space = Space::quickstart();
    let name = Command::new("uname").arg("-n").output().unwrap().stdout;
    let name = String::from_utf8(name).unwrap();
    space.edit("job \"nightly\"", &format!("runner \"here\" {{ host \"{}\"; }}\n    job \"nightly\"", name.trim()));
    space.run("run --job nightly").expect(0);
    space.holds("backups/offsite", 1);
}

#[test]
fn a_run_waits_for_its_turn_or_is_left_out() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    let held = |seconds: &str| {
        let lock = space.path(".backstay/lock/source-notes.lock");
        let mut holder =
            Command::new("flock").arg(lock).args(["sleep", seconds]).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert!(holder.try_wait().unwrap().is_none(), "nobody holds the lock");
        holder
    };
    let mut holder = held("20");
    space.run("run").expect(5).says("lock-held");
    holder.kill().unwrap();
    holder.wait().unwrap();
    space.edit("job \"nightly\" {", "job \"nightly\" {\n        on-overlap \"wait\"");
    // The child of `flock` inherits the lock: a short one frees it by itself.
    let began = Instant::now();
    let mut holder = held("3");
    space.run("run").expect(0);
    assert!(began.elapsed() >= Duration::from_secs(2), "it did not wait");
    holder.wait().unwrap();
    space.holds("backups/offsite", 2);
}

/// A restore is not held up by what a backup would lack, by who would be told, nor by where jobs run.
#[test]
fn a_restore_goes_on() {
    let space = Space::quickstart();
    space.run("run").expect(0);
    space.edit("path \"backups/local\"", "path \"backups/local\"; immutable \"35d\"; class \"cold\";");
    let more = "runner \"elsewhere\" { host \"elsewhere.invalid\"; }\n    \
                notify \"ops\" plugin=\"webhook\" { url \"http://127.0.0.1:9/\"; secret \"token\" (keyring)\"a/b\"; }\n    job \"nightly\"";
    space.edit("job \"nightly\"", more);
    space.run("run").expect(1).says("not-there-yet");
    space.run("verify").expect(0);
    space.run("restore notes --into back --confirm").expect(0).says("keyrings are not read yet");
    assert_eq!(std::fs::read(space.path("back/one.txt")).unwrap(), b"one\n");
}
