//! Plans as pages in a real browser: axe finds nothing, only what may scroll sideways does, words stay in their boxes, and
//! nothing is asked of any network. Pictures are left in `target/web` for who wants to look.

use crate::space::{Space, ended, top};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// Example, and what its strategy needs beside it.
const EXAMPLES: [(&str, &str); 2] = [("02-neo4j-community", ""), ("03-enterprise-gfs", "--plugins plugins")];

#[test]
fn pages_are_sound_in_a_browser() {
    let web = top().join("tests/web");
    let mut npm = Command::new("npm");
    ended(npm.args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(&web)).expect(0);
    let space = Space::new();
    let mut pages: Vec<PathBuf> = Vec::new();
    for (example, more) in EXAMPLES {
        let folder = Space::example(example);
        for format in ["html", "svg"] {
            let shown = folder.run(&format!("plan {more} --at 2026-11-22T00:00:00Z --format {format}")).expect(0);
            let page = space.path(&format!("{example}.{format}"));
            fs::write(&page, shown.out).unwrap();
            pages.push(page);
        }
    }
    let mut node = Command::new("node");
    node.arg(web.join("axe.mjs")).arg("--out").arg(top().join("target/web")).args(&pages);
    ended(&mut node).expect(0).says("0 complaints");
}
