//! Plans as pages in a real browser: axe finds nothing, only what may scroll sideways does, words stay in their boxes, and
//! nothing is asked of any network. Pictures are left in `target/web` for who wants to look.

use crate::space::{Space, ended, top};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const EXAMPLES: [&str; 2] = ["02-neo4j-community", "03-enterprise-gfs"];

#[test]
fn pages_are_sound_in_a_browser() {
    let web = top().join("tests/web");
    let mut npm = Command::new("npm");
    ended(npm.args(["ci", "--no-audit", "--no-fund", "--silent"]).current_dir(&web)).expect(0);
    let space = Space::new();
    let mut pages: Vec<PathBuf> = Vec::new();
    for example in EXAMPLES {
        let folder = Space::example(example);
        let plugins = top().join("examples").join(example).join("plugins");
        let more = if plugins.is_dir() { format!("--plugins {}", plugins.display()) } else { String::new() };
        for format in ["html", "svg"] {
            let shown = folder.run(&format!("plan {more} --at 2026-11-22T00:00:00Z --format {format}")).expect(0);
            let page = space.path(&format!("{example}.{format}"));
            fs::write(&page, shown.out).unwrap();
            pages.push(page);
        }
    }
    let mut node = Command::new("node");
    node.arg(web.join("axe.mjs")).arg("--out").arg(top().join("target/web")).args(&pages);
    let ran = ended(&mut node).expect(0);
    assert!(ran.out.contains("16 looks at 4 pages, 0 complaints"), "{}", ran.out);
}
