//! `validate` of a large strategy, beside the bare parser on the same files: what the compiler adds to reading. One
//! strategy imports a folder; ten times as many nodes must take ten times as long.

use crate::Setting;
use crate::measure::{Samples, often, program, watched};
use crate::table::Table;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

const TIMES: usize = 10;

pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    for (files, target) in [(100, "≤ 2 of the other"), (1000, "as for 100 files")] {
        let folder = setting.work.join(format!("fleet-{files}"));
        let texts = write(&folder, files)?;
        let nodes = texts.iter().map(|text| nodes(text)).sum::<Result<usize, String>>()?;
        let parser = Samples((0..TIMES).map(|_| parse(&texts)).collect::<Result<_, String>>()?);
        let mut command = program(&setting.backstay, &["validate"], &folder);
        let ours = often(&mut command, TIMES)?;
        let what = format!("`validate` of {files} files, {nodes} nodes");
        table.times(&what, &ours, Some(("`kdl` alone, one thread", &parser)), target);
        let (_, peak) = watched(&mut command)?;
        let limit = if files == 100 { "≤ 100 MiB" } else { "linear" };
        table.figure("peak memory of that", &format!("{} MiB", peak / (1024 * 1024)), limit);
        fs::remove_dir_all(&folder).map_err(|e| format!("cannot remove `{}`: {e}", folder.display()))?;
    }
    Ok(())
}

/// Seconds that the parser takes for all texts.
fn parse(texts: &[String]) -> Result<f64, String> {
    let began = Instant::now();
    for text in texts {
        std::hint::black_box(kdl::KdlDocument::parse_v2(text).map_err(|e| format!("not KDL: {e}"))?);
    }
    Ok(began.elapsed().as_secs_f64())
}

/// Nodes of a text, at every depth.
pub(crate) fn nodes(text: &str) -> Result<usize, String> {
    fn count(document: &kdl::KdlDocument) -> usize {
        document.nodes().iter().map(|node| 1 + node.children().map_or(0, count)).sum()
    }
    kdl::KdlDocument::parse_v2(text).map(|document| count(&document)).map_err(|e| format!("not KDL: {e}"))
}

/// Writes the strategy and the folder that it imports; all the texts.
pub(crate) fn write(folder: &Path, files: usize) -> Result<Vec<String>, String> {
    let failed = |e: std::io::Error| format!("cannot write into `{}`: {e}", folder.display());
    fs::create_dir_all(folder.join("parts")).map_err(failed)?;
    let root = "strategy \"fleet\" {\n    environment \"development\"\n    import \"parts\"\n}\n".to_owned();
    fs::write(folder.join("strategy.kdl"), &root).map_err(failed)?;
    let mut texts = vec![root];
    for file in 0..files {
        let text = part(file);
        fs::write(folder.join(format!("parts/{file:04}.kdl")), &text).map_err(failed)?;
        texts.push(text);
    }
    Ok(texts)
}

/// Two stores, and nine sources with a job each: 107 nodes.
fn part(file: usize) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    for (kind, site) in [("near", "dc-1"), ("far", "dc-2")] {
        let _ = write!(out, "store \"{kind}-{file}\" plugin=\"fs\" {{\n    site \"{site}\"\n    media \"disk\"\n");
        let _ = write!(out, "    path \"/srv/{kind}/{file}\"\n}}\n");
    }
    for unit in 0..9 {
        let name = format!("app-{file}-{unit}");
        let _ = write!(out, "source \"{name}\" engine=\"files\" {{\n    root \"/srv/data/{name}\"\n");
        out.push_str("    include \"**/*.db\" \"**/*.conf\"\n    exclude \"**/*.tmp\"\n    on-change \"degrade\"\n}\n");
        // Not between two and three, which one night of the year does not have: what is found has a price of its own.
        let _ = write!(out, "job \"{name}\" {{\n    schedule \"{} {} * * *\" ", unit * 5, 3 + file % 21);
        let _ = write!(out, "timezone=\"Europe/Stockholm\"\n    backup \"{name}\" to=\"near-{file}\"\n");
        let _ = writeln!(out, "    transfer from=\"near-{file}\" to=\"far-{file}\" bandwidth=\"80MiB/s\"");
        let _ = write!(out, "    verify \"{name}\"\n    verify \"far-{file}\"\n}}\n");
    }
    out
}
