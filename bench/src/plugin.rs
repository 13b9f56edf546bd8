//! The plugin host: from nothing to a store that can be used, with the compiled plugin in the cache and without, and one
//! short call of a fresh instance.

use crate::Setting;
use crate::measure::Samples;
use crate::table::Table;
use runtime::event::Observers;
use runtime::plugin::{Host, SecretSource, Storage};
use schema::grant::Grant;
use schema::step::Address;
use schema::store::{Config, PluginUse};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const LOADS: usize = 40;
const CALLS: usize = 2000;

/// The `fs` plugin has none.
#[derive(Debug)]
struct NoSecrets;

impl SecretSource for NoSecrets {
    fn value(&self, name: &str) -> runtime::Result<String> {
        Err(runtime::Error::permanent("secret-missing", format!("no secret `{name}`")))
    }
}

pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let folder = setting.work.join("plugin");
    std::fs::create_dir_all(folder.join("store")).map_err(|e| format!("cannot make `{}`: {e}", folder.display()))?;
    let threads = tokio::runtime::Runtime::new().map_err(|e| format!("cannot start threads: {e}"))?;
    threads.block_on(all(&folder, table)).map_err(|error| format!("plugin `fs`: {error}"))
}

async fn all(folder: &Path, table: &mut Table) -> runtime::Result<()> {
    let mut compiled = Samples::default();
    for n in 0..5 {
        compiled.0.push(open(&folder.join(format!("cache-{n}")), folder).await?.0);
    }
    table.times("plugin `fs` compiled and opened", &compiled, None, "–");

    let mut loaded = Samples::default();
    for _ in 0..LOADS {
        loaded.0.push(open(&folder.join("cache-0"), folder).await?.0);
    }
    table.times("plugin `fs` opened from the cache", &loaded, None, "≤ 2 ms");

    let (_, storage) = open(&folder.join("cache-0"), folder).await?;
    storage.create("here", b"x").await?;
    let mut calls = Samples::default();
    for _ in 0..CALLS {
        let began = Instant::now();
        storage.stat("here").await?;
        calls.0.push(began.elapsed().as_secs_f64());
    }
    table.times("one call (`stat`, a fresh instance)", &calls, None, "≤ 100 µs");
    Ok(())
}

/// Seconds from no host to a storage that can be called, and that storage.
async fn open(cache: &Path, folder: &Path) -> runtime::Result<(f64, Storage)> {
    let config = BTreeMap::from([("path".to_owned(), Config::Text("store".to_owned()))]);
    let grants = vec![Grant::Dir { path: "store".to_owned() }];
    let plugin = PluginUse { name: "fs".to_owned(), config, grants, secrets: BTreeMap::new() };
    let observers = Observers::default().of(&Address("bench/backup/file/store".to_owned()));
    let began = Instant::now();
    let host = Host::new(cache)?;
    let storage = Storage::open(&host, &plugin, folder, Arc::new(NoSecrets), observers).await?;
    Ok((began.elapsed().as_secs_f64(), storage))
}
