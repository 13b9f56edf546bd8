//! Whatever stands in any place of a document in a store: it is found, or it says nothing that matters; nothing follows it,
//! and none of it reaches a terminal as it is.

use crate::bare::moved;
use crate::space::{Ran, Space, ended, tree};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

/// What no Backstay writes in most places.
fn nasty() -> Vec<Value> {
    vec![
        json!(""),
        json!("../../../../canary"),
        json!("/etc/passwd"),
        json!("a\u{0}b"),
        json!("\u{1b}[2J\u{1b}]0;x\u{7}"),
        json!("x".repeat(100_000)),
        json!("2026-11-28T99:00:00Z"),
        json!(-1),
        json!(1.5e308),
        json!(u64::MAX),
        json!(null),
        json!(true),
        json!([]),
        json!([null]),
        json!({}),
    ]
}

/// Places whose words are for people, or for comparisons that may fail.
const WORDS: [&str; 9] =
    ["/step", "/run", "/engine/", "/index null", "/inputs", "/took", "/incomplete", "/detail", "/ok true"];

/// Every place of a document.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    if !path.is_empty() {
        found.push(path.to_owned());
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        // As RFC 6901 has it.
        let name = name.replace('~', "~0").replace('/', "~1");
        places(inner, &format!("{path}/{name}"), found);
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// Puts copies of the one artifact beside it, each with one value changed in its manifest, or in the fact of its check. What
/// each is, by its id.
fn fill(space: &Space) -> BTreeMap<String, String> {
    let manifest = space.ending("backups/local", "/manifest.json").remove(0);
    let folder = manifest.parent().unwrap();
    let attempt = read(&manifest)["attempt"].as_str().unwrap().to_owned();
    let fact = fs::read_dir(folder.join("facts")).unwrap().next().unwrap().unwrap().path();
    let mut cases = BTreeMap::new();
    for (in_fact, document) in [(false, read(&manifest)), (true, read(&fact))] {
        let mut all = Vec::new();
        places(&document, "", &mut all);
        for (place, value) in all.iter().flat_map(|place| nasty().into_iter().map(move |value| (place, value))) {
            let id = format!("{:032x}", cases.len());
            let to = folder.with_file_name(&id);
            fs::create_dir_all(to.join("facts")).unwrap();
            fs::create_dir(to.join(&attempt)).unwrap();
            for entry in fs::read_dir(folder.join(&attempt)).unwrap() {
                let entry = entry.unwrap();
                fs::copy(entry.path(), to.join(&attempt).join(entry.file_name())).unwrap();
            }
            let mut own = read(&manifest);
            own["id"] = json!(id);
            let mut changed = if in_fact { document.clone() } else { own.clone() };
            changed["id"] = json!(id);
            cases.insert(id, format!("{place} {}", value.to_string().chars().take(40).collect::<String>()));
            *changed.pointer_mut(place).unwrap() = value;
            if in_fact {
                fs::write(to.join("facts").join(fact.file_name().unwrap()), changed.to_string()).unwrap();
            } else {
                own = changed;
            }
            fs::write(to.join("manifest.json"), own.to_string()).unwrap();
        }
    }
    cases
}

/// A store of which one copy is kept, and has one.
fn backed_up() -> Space {
    let space = Space::quickstart();
    space.write("data/two/three.bin", b"small");
    fs::remove_file(space.path("data/skipped.tmp")).unwrap();
    space.edit("    job \"nightly\"", "    keep in=\"local\" { last 1; }\n    job \"nightly\"");
    space.run("run --job nightly").expect(0);
    space
}

/// Runs a command that must end in one of these ways, and print nothing that a terminal would obey.
fn calm(space: &Space, arguments: &str, codes: &[i32]) -> Ran {
    let ran = space.run(arguments);
    assert!(codes.contains(&ran.code), "{arguments}: {}\n{}{}", ran.code, ran.out, ran.err);
    for line in ran.out.lines().chain(ran.err.lines()) {
        assert!(!line.chars().any(char::is_control), "{arguments}: {line:?}");
        let long = line.len() > 3_000 && !arguments.contains("html") && !arguments.contains("json");
        assert!(!long, "{arguments}: {} bytes: {line:.300}", line.len());
    }
    ran
}

#[test]
fn no_value_in_any_place_does_harm() {
    let space = backed_up();
    let good = space.ending("backups/local", "/manifest.json").remove(0);
    let cases = fill(&space);
    space.write("canary", b"sings");
    let data = tree(&space.path("data"));

    calm(&space, "catalog rebuild", &[0]);
    let checked = calm(&space, "catalog check --format json", &[1]);
    let findings: Vec<Value> = serde_json::from_str(&checked.out).unwrap();
    let found = |id: &str| findings.iter().any(|finding| finding["wrong"] == json!(true) && finding["id"] == json!(id));
    let silent: Vec<&String> = cases.iter().filter(|(id, _)| !found(id)).map(|(_, case)| case).collect();
    let matters = |case: &&&String| !WORDS.iter().any(|word| case.starts_with(word));
    let missed: Vec<_> = silent.iter().filter(matters).collect();
    assert!(missed.is_empty(), "{missed:#?}");
    let own = good.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
    assert!(!found(&own), "the good one");

    for command in ["catalog list", "catalog check", "status", "report", "report --format html", "plan --refresh"] {
        calm(&space, command, &[0, 1]);
    }
    calm(&space, "verify --store local", &[1]);
    calm(&space, "restore notes --from local --into back --confirm", &[0]);
    assert_eq!(tree(&space.path("back")), data);
    calm(&space, &format!("restore notes --from local --artifact {own} --into again --confirm"), &[0]);
    assert_eq!(tree(&space.path("again")), data);
    calm(&space, "prune --confirm --safety-age 0s", &[0, 6]);
    calm(&space, "run --job nightly", &[0]);
    calm(&space, "restore notes --into last --confirm", &[0]);
    assert_eq!(tree(&space.path("last")), data);
    assert_eq!((fs::read(space.path("canary")).unwrap(), tree(&space.path("data"))), (b"sings".to_vec(), data));
    println!("{} documents with a value that nobody writes, {} of them found", cases.len(), cases.len() - silent.len());
}

/// Each of these documents with one place changed to each nasty value: the place, and what it has become.
fn variants(document: &Value, take: usize) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    places(document, "", &mut all);
    let one = |place: &String| {
        let values = nasty().into_iter().step_by(take);
        let changed = values.map(|value| {
            let mut changed = document.clone();
            *changed.pointer_mut(place).unwrap() = value;
            (place.clone(), changed)
        });
        changed.collect::<Vec<_>>()
    };
    all.iter().flat_map(one).collect()
}

/// Marks that a copy is to go: one that says what no mark says lets nothing go, and none reaches beyond its folder.
#[test]
fn no_value_in_a_mark_does_harm() {
    let space = backed_up();
    space.run("run --job nightly").expect(0);
    space.run("prune --confirm").expect(0);
    let mark = space.ending("backups/local", "/tombstone.json").remove(0);
    let folder = mark.parent().unwrap().to_owned();
    let (manifest, mut tombstone) = (read(&folder.join("manifest.json")), read(&mark));
    let attempt = manifest["attempt"].as_str().unwrap().to_owned();
    tombstone["at"] = json!("2020-01-31T00:00:00Z");
    let swept = json!({"format": 1, "attempt": "gone", "at": "2020-01-31T00:00:00Z", "run": "one"});
    let (mut kept, mut right) = (Vec::new(), Vec::new());
    let mut made = 0;
    for (document, file) in [(&tombstone, "tombstone.json"), (&tombstone, "half"), (&swept, "swept/gone.json")] {
        // The first one of each is as it should be.
        for (place, mut changed) in [(String::new(), document.clone())].into_iter().chain(variants(document, 1)) {
            let id = format!("{made:032x}");
            made += 1;
            let to = folder.with_file_name(&id);
            let bytes = to.join(if file == "swept/gone.json" { "gone" } else { &attempt });
            fs::create_dir_all(&bytes).unwrap();
            fs::write(bytes.join("file"), b"some").unwrap();
            if file == "tombstone.json" {
                let mut own = manifest.clone();
                own["id"] = json!(id);
                let text = own.to_string();
                fs::write(to.join("manifest.json"), &text).unwrap();
                if place != "/manifest" {
                    changed["manifest"] = json!(format!("blake3:{}", blake3::hash(text.as_bytes())));
                }
                if ["/at", "/manifest", "/attempt", "/format"].contains(&place.as_str()) {
                    kept.push((to.join("manifest.json"), format!("{place}: {changed:.300}")));
                }
            }
            if place.is_empty() {
                right.push(to.clone());
            }
            let file = to.join(if file == "half" { "tombstone.json" } else { file });
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, changed.to_string()).unwrap();
        }
    }
    space.write("canary", b"sings");
    calm(&space, "catalog rebuild", &[0]);
    for command in
        ["status", "catalog list", "prune", "prune --confirm --safety-age 0s", "prune --confirm --safety-age 0s"]
    {
        calm(&space, command, &[0, 1, 6]);
    }
    let lost: Vec<&String> = kept.iter().filter(|(path, _)| !path.exists()).map(|(_, case)| case).collect();
    assert!(lost.is_empty(), "{lost:#?}");
    assert_eq!(right.iter().filter(|path| path.exists()).count(), 0, "what is marked as it should be goes: {right:?}");
    assert_eq!(fs::read(space.path("canary")).unwrap(), b"sings");
    space.run("restore notes --from local --into back --confirm").expect(0);
    assert_eq!(tree(&space.path("back")), tree(&space.path("data")));
    println!("{made} marks with a value that nobody writes, {} of which must let nothing go", kept.len());
}

/// Leases, and whose store it is: a lease that nobody could hold is in nobody's way, and a store of nobody is left alone.
#[test]
fn no_value_in_a_lease_or_a_store_document_does_harm() {
    let space = backed_up();
    let leases = space.path("backups/local/lease/prune");
    fs::create_dir_all(&leases).unwrap();
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(10);
    let lease =
        json!({"format": 1, "epoch": 1, "holder": "other", "at": "2020-01-31T00:00:00Z", "until": soon.to_string()});
    let mut made = 0;
    for (place, changed) in variants(&lease, 2) {
        made += 1;
        fs::write(leases.join(format!("{}.json", made * 100)), changed.to_string()).unwrap();
        let ran = calm(&space, "prune --confirm", &[0, 1]);
        let free = ["/format", "/until"].contains(&place.as_str());
        assert!(!free || ran.code == 0, "{place} {changed:.300}: {}", ran.err);
        fs::remove_dir_all(&leases).unwrap();
        fs::create_dir_all(&leases).unwrap();
    }
    for name in ["18446744073709551615", "18446744073709551614", "99999999999999999999", "-1", "007", "1e9"] {
        let mut over = lease.clone();
        over["until"] = lease["at"].clone();
        fs::write(leases.join(format!("{name}.json")), over.to_string()).unwrap();
        calm(&space, "prune --confirm", &[0]);
        // Whoever holds a later one has removed it.
        let _ = fs::remove_file(leases.join(format!("{name}.json")));
        calm(&space, "prune --confirm", &[0]);
    }

    let path = space.path("backups/local/store.json");
    let whole = fs::read(&path).unwrap();
    for (place, changed) in variants(&read(&path), 3) {
        made += 1;
        let changed = changed.to_string();
        fs::write(&path, &changed).unwrap();
        calm(&space, "catalog check", &[0, 1]);
        assert_eq!(fs::read_to_string(&path).unwrap(), changed, "{place}");
    }
    fs::write(&path, whole).unwrap();
    calm(&space, "run --job nightly", &[0]);
    space.run("restore notes --from local --into back --confirm").expect(0);
    assert_eq!(tree(&space.path("back")), tree(&space.path("data")));
    println!("{made} leases and store documents with a value that nobody writes");
}

/// The index of a copy, with a line changed, and a manifest that says that it is right: one file comes back as it was, or
/// nothing does, and nowhere else.
#[test]
fn no_value_in_an_index_does_harm() {
    let space = backed_up();
    space.write("canary", b"sings");
    let index = space.ending("backups/local", ".index.zst").remove(0);
    let manifest = index.parent().unwrap().with_file_name("manifest.json");
    let plain = ended(Command::new("zstd").args(["--decompress", "--stdout"]).arg(&index)).expect(0).out;
    let lines: Vec<&str> = plain.lines().collect();
    let line = lines.iter().position(|line| line.contains("three.bin")).unwrap();
    let good: Value = serde_json::from_str(lines[line]).unwrap();
    let mut all: Vec<String> = Vec::new();
    for place in ["/path", "/kind", "/size", "/mode", "/at", "/length", "/target"] {
        let numbers = [1, 511, 512, 1 << 40, u64::MAX - 511].map(Value::from);
        for value in nasty().into_iter().step_by(3).chain(numbers) {
            let mut changed = good.clone();
            changed[&place[1..]] = value;
            all.push(changed.to_string());
        }
    }
    // Two names of one file, each of which says that the other one came first; and a line without an end.
    let first = |path: &str, target: &str| {
        let mut changed = good.clone();
        (changed["path"], changed["target"]) = (json!(path), json!(target));
        changed.to_string()
    };
    all.push(format!("{}\n{}", first("two/a", "two/three.bin"), first("two/three.bin", "two/a")));
    all.push("[".repeat(50_000_000));
    for changed in &all {
        let text = lines.iter().enumerate().map(|(at, old)| format!("{}\n", if at == line { changed } else { *old }));
        space.write("changed", text.collect::<String>().as_bytes());
        ended(Command::new("zstd").args(["--force", "-o"]).arg(&index).arg(space.path("changed"))).expect(0);
        let mut says = read(&manifest);
        let stored = fs::read(&index).unwrap();
        says["index"]["size"] = json!(stored.len());
        says["index"]["blake3"] = json!(blake3::hash(&stored).to_hex().to_string());
        fs::write(&manifest, says.to_string()).unwrap();
        let ran = calm(&space, "restore notes --from local --file two/three.bin --into part --confirm", &[0, 1]);
        assert!(!ran.err.contains("panic"), "{changed:.300}: {}", ran.err);
        let came = space.path("part/two/three.bin");
        assert!(!came.exists() || fs::read(&came).unwrap() == b"small", "{changed:.300}: {}", ran.err);
        assert_eq!(fs::read(space.path("canary")).unwrap(), b"sings", "{changed:.300}");
        let _ = fs::remove_dir_all(space.path("part"));
    }
    println!("{} indexes with a line that nobody writes", all.len());
}

/// What tells kept texts apart, of which their name has the beginning.
fn says(texts: &Value) -> String {
    // As they are written: not sorted by name.
    let plugins = texts["plugins"].as_array().into_iter().flatten();
    let plugins =
        plugins.map(|it| format!("{{\"kind\":{},\"name\":{},\"digest\":{}}}", it["kind"], it["name"], it["digest"]));
    let plugins = plugins.collect::<Vec<_>>().join(",");
    let says = format!("[{},{},{},[{plugins}]]", texts["strategy"], texts["texts"], texts["variables"]);
    blake3::hash(says.as_bytes()).to_hex().chars().take(16).collect()
}

/// The texts in a store, with a value changed and a name that vouches for it, read on a machine that has nothing else: it
/// plans a restore of what is there, or says why not, and writes nothing.
#[test]
fn no_value_in_kept_texts_does_harm() {
    let space = backed_up();
    space.edit("schedule \"30 3 * * *\"", "schedule (var)\"day\"");
    space.edit("strategy \"quickstart\" {", "strategy \"quickstart\" {\n    let \"day\" \"30 3 * * *\"");
    space.run_words(&["run", "--job", "nightly", "--var", "day=15 4 * * *"]).expect(0);
    let bare = moved(&space, "backups/local");
    let kept = bare.ending("vault/texts", ".json.zst").pop().unwrap();
    let whole = ended(Command::new("zstd").args(["--decompress", "--stdout"]).arg(&kept)).expect(0).out;
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert!(kept.to_string_lossy().contains(&says(&whole)), "{}", kept.display());
    let write = |texts: &Value| {
        let to = kept.with_file_name(format!("9-{}.json.zst", says(texts)));
        space.write("changed", texts.to_string().as_bytes());
        ended(Command::new("zstd").args(["--quiet", "-o"]).arg(&to).arg(space.path("changed"))).expect(0);
        to
    };
    let (mut all, values) = (Vec::new(), nasty());
    places(&whole, "", &mut all);
    all.extend(["/texts/0/name", "/texts/0/text", "/plugins/0/name"].map(str::to_owned));
    bare.ending("vault/texts", ".json.zst").iter().for_each(|old| fs::remove_file(old).unwrap());
    let files = || bare.files(".").into_iter().filter(|name| !name.contains(".backstay/")).collect::<Vec<_>>();
    let (before, mut made, mut refused) = (files(), 0, 0);
    // Two of the values in each place, others each time: all of them would be two thousand runs.
    for (at, place) in all.iter().enumerate() {
        let is_told = !place.starts_with("/plan");
        let values = values.iter().enumerate().filter(|(n, _)| is_told || [at % 15, (at + 7) % 15].contains(n));
        for (_, value) in values {
            let mut changed = whole.clone();
            *changed.pointer_mut(place).unwrap() = value.clone();
            let texts = write(&changed);
            let ran = calm(&bare, "restore notes --store vault --into back", &[0, 1, 2]);
            // The value of a variable is told whole: somebody needs it.
            if is_told && !place.starts_with("/variables/") {
                calm(&bare, "recover --store vault --into out", &[0, 1, 2]);
                let _ = fs::remove_dir_all(bare.path("out"));
            }
            fs::remove_file(texts).unwrap();
            assert_eq!(files(), before, "{place} {value:.100}");
            made += 1;
            refused += usize::from(ran.code != 0);
        }
    }
    write(&whole);
    bare.run("restore notes --store vault --into back --confirm").expect(0);
    assert_eq!(tree(&bare.path("back")), tree(&space.path("data")));
    println!("{made} kept texts with a value that nobody writes, {refused} of them refused");
}
