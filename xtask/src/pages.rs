//! Looks at the pages and drawings that the binary makes, in a real browser: nothing is wrong by axe, nothing scrolls
//! sideways that must not, nothing is fetched. Pictures are left below `target/pages`.

use crate::{peers, place, shell};
use std::fs;
use std::path::{Path, PathBuf};

/// What is looked at: an example, the words of the command, and the ending of its page.
const PAGES: [(&str, &str, &str); 5] = [
    ("01-quickstart", "plan --format html", "html"),
    ("02-neo4j-community", "plan --format html", "html"),
    ("03-enterprise-gfs", "plan --format html", "html"),
    ("03-enterprise-gfs", "plan --format svg", "svg"),
    ("03-enterprise-gfs", "simulate --format svg", "svg"),
];
/// When the next runs are counted from.
const AT: &str = "2026-11-22T00:00:00Z";
/// What the look needs beside the browser; digests of packages are in the lock file.
const FILES: [&str; 3] = ["axe.mjs", "package.json", "package-lock.json"];

/// Installs the browser and what drives it.
///
/// # Errors
/// Something is missing and cannot be installed; the message says what to do.
pub(crate) fn install() -> Result<PathBuf, String> {
    peers::program("chromium", "chromium")?;
    peers::program("node", "nodejs")?;
    peers::program("npm", "npm")?;
    let (from, to) = (place::root().join("tests/web"), place::cache()?.join("web"));
    fs::create_dir_all(&to).map_err(|e| format!("cannot make `{}`: {e}", to.display()))?;
    let lock = |folder: &Path| fs::read(folder.join("package-lock.json")).ok();
    let fresh = lock(&from) != lock(&to) || !to.join("node_modules/axe-core").is_dir();
    for file in FILES {
        fs::copy(from.join(file), to.join(file)).map_err(|e| format!("cannot copy `tests/web/{file}`: {e}"))?;
    }
    if fresh {
        let mut npm = shell::command("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]).current_dir(&to);
        if let Err(error) = shell::output(&mut npm) {
            // The next run must not take half of it for all of it.
            let _ = fs::remove_file(to.join("package-lock.json"));
            return Err(error);
        }
    }
    Ok(to)
}

/// Makes the pages and looks at each.
///
/// # Errors
/// A page cannot be made, or something is wrong with one.
pub(crate) fn run() -> Result<(), String> {
    let web = install()?;
    shell::run(&mut shell::cargo(&["build", "--quiet", "--locked", "--package", "backstay"]))?;
    let folder = place::fresh("pages")?;
    let mut look = shell::command("node");
    look.arg(web.join("axe.mjs")).arg("--out").arg(folder.join("pictures"));
    look.env("CHROMIUM", chromium()?);
    for (example, words, ending) in PAGES {
        let verb = words.split(' ').next().unwrap_or_default();
        let page = folder.join(format!("{example}-{verb}.{ending}"));
        let mut make = shell::command(place::built("debug", "backstay"));
        make.args(words.split(' ')).args(["--at", AT]).current_dir(place::root().join("examples").join(example));
        make.env("BACKSTAY_STATE", folder.join("state"));
        if place::root().join("examples").join(example).join("plugins").is_dir() {
            make.args(["--plugins", "plugins"]);
        }
        let text = shell::output(&mut make)?;
        fs::write(&page, text).map_err(|e| format!("cannot write `{}`: {e}", page.display()))?;
        look.arg(page);
    }
    shell::run(&mut look)
}

/// The browser's program.
fn chromium() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("chromium")).find(|it| shell::is_program(it));
    found.ok_or_else(|| "there is no `chromium` on the path".to_owned())
}
