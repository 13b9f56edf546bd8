//! What a change does, as a reviewer sees it: beside a git commit, another file, a saved plan.

use crate::space::{Space, ended};
use std::process::Command;

/// Runs git in the folder of a space, as someone who needs no settings.
fn git(space: &Space, words: &[&str]) {
    let mut git = Command::new("git");
    git.arg("-C").arg(space.path(".")).args(["-c", "user.name=t", "-c", "user.email=t@example.org"]).args(words);
    ended(&mut git).expect(0);
}

/// The strategy of the first example, committed.
fn committed() -> Space {
    let space = Space::quickstart();
    git(&space, &["init", "--quiet", "--initial-branch=main"]);
    git(&space, &["add", "strategy.kdl"]);
    git(&space, &["commit", "--quiet", "--message", "first"]);
    space
}

#[test]
fn nothing_changes_beside_the_same_text() {
    let space = committed();
    for against in ["HEAD", "main", "strategy.kdl"] {
        let ran = space.run(&format!("plan --against {against} --detailed-exitcode")).expect(0);
        assert_eq!(ran.out, "No changes\n", "{against}");
    }
    space.run("plan --out plan.json").expect(0);
    space.run("plan --against plan.json --detailed-exitcode").expect(0);
}

#[test]
fn a_copy_less_is_a_breaking_change() {
    let space = committed();
    space.edit("        transfer from=\"local\" to=\"offsite\" bandwidth=\"80MiB/s\"\n        verify \"offsite\" with=\"digest\"\n", "");
    let told = space.run("plan --against HEAD").expect(0);
    assert!(told.out.contains("Breaking") && told.out.contains("offsite"), "{}", told.out);
    space.run("plan --against HEAD --detailed-exitcode").expect(2);
    let json = space.run("plan --against HEAD --format json").expect(0).out;
    let diff: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(diff["breaking"].as_u64().unwrap() > 0, "{json}");
    let markdown = space.run("plan --against HEAD --format markdown").expect(0).out;
    assert!(markdown.starts_with("<!-- backstay-plan"), "{markdown}");
    space.run("plan --against HEAD --format dot").expect(2).says("text, json or markdown");
}

#[test]
fn a_policy_can_ask_for_the_reason() {
    let space = Space::quickstart();
    space.edit(
        "    environment \"development\"\n",
        "    environment \"development\"\n    policy { require \"approval\"; }\n",
    );
    git(&space, &["init", "--quiet"]);
    git(&space, &["add", "strategy.kdl"]);
    git(&space, &["commit", "--quiet", "--message", "first"]);
    space.edit("        verify \"notes\" with=\"digest\"\n", "");
    space.run("plan --against HEAD").expect(3).says("approval-missing").says("--approve NOTE");
    let words = ["plan", "--against", "HEAD", "--approve", "checked by the store itself"];
    let approved = space.run_words(&words).expect(0);
    assert!(approved.out.contains("checked by the store itself"), "{}", approved.out);
    // A reason for nothing is no reason.
    space.run_words(&["plan", "--against", "HEAD", "--approve", " "]).expect(3);
}

#[test]
fn imports_are_those_of_the_commit() {
    let space = Space::quickstart();
    space.write(
        "parts/stores.kdl",
        b"store \"third\" plugin=\"fs\" { site \"barn\"; media \"disk\"; path \"backups/third\"; }\n",
    );
    space.edit("    source", "    import \"parts\"\n    source");
    git(&space, &["init", "--quiet"]);
    git(&space, &["add", "strategy.kdl", "parts"]);
    git(&space, &["commit", "--quiet", "--message", "first"]);
    std::fs::remove_file(space.path("parts/stores.kdl")).unwrap();
    space.write(
        "parts/stores.kdl",
        b"store \"third\" plugin=\"fs\" { site \"loft\"; media \"disk\"; path \"backups/third\"; }\n",
    );
    let told = space.run("plan --against HEAD").expect(0).out;
    assert!(told.contains("barn") && told.contains("loft"), "{told}");
    git(&space, &["rm", "--quiet", "--cached", "parts/stores.kdl"]);
    git(&space, &["commit", "--quiet", "--message", "second"]);
    space.run("plan --against HEAD").expect(2).says("there is no such file or folder in that commit");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let space = committed();
    space.run("plan --against no-such-branch").expect(2).says("against-unknown").says("origin/main");
    space.run("plan --against --output=x").expect(2);
    space.write("broken.kdl", b"strategy \"x\" { store; }");
    space.run("plan --against broken.kdl").expect(2).says("against-invalid");
    std::fs::copy(space.path("strategy.kdl"), space.path("plan.kdl")).unwrap();
    space.write("broken.json", b"{");
    space.run("plan --against broken.json").expect(2).says("plan-unreadable");
    git(&space, &["rm", "--quiet", "--cached", "strategy.kdl"]);
    git(&space, &["commit", "--quiet", "--message", "gone"]);
    let all = space.run("plan --against HEAD").expect(0).says("all of it is new");
    assert!(all.out.contains("local") && all.out.contains("offsite"), "{}", all.out);
    assert!(!all.out.contains("strategy-renamed"), "{}", all.out);
    // What git holds and cannot be read is not the same as nothing.
    space.write("strategy.kdl", &vec![b'\n'; 9 << 20]);
    git(&space, &["add", "strategy.kdl"]);
    git(&space, &["commit", "--quiet", "--message", "large"]);
    std::fs::copy(space.path("plan.kdl"), space.path("strategy.kdl")).unwrap();
    space.run("plan --against HEAD").expect(2).says("strategy-unreadable").says("more than the");
}

#[test]
fn no_git_folder_is_no_commit() {
    let space = Space::quickstart();
    space.run("plan --against HEAD").expect(2).says("against-unknown");
}
