//! The engine on a real installation: `BACKSTAY_NEO4J_HOME` names one with `bin/neo4j-admin`, `bin/neo4j` and an HTTP
//! address in its configuration, which this test may stop, damage and restore.

use super::super::context;
use super::{fed, whole};
use runtime::artifact::channel;
use runtime::engine::neo4j::Neo4jEngine;
use runtime::engine::{Context, Engine};
use runtime::secret::Secrets;
use schema::source::{Control, Neo4j};
use schema::step::Method;
use std::path::Path;
use std::time::Instant;

fn engine(home: &Path) -> (Neo4jEngine, String) {
    let conf = std::fs::read_to_string(home.join("conf/neo4j.conf")).unwrap();
    let address = conf.lines().find_map(|line| line.strip_prefix("server.http.listen_address=")).unwrap();
    let http = format!("http://{address}");
    let script = |word: &str| vec![home.join("bin/neo4j").to_str().unwrap().to_owned(), word.to_owned()];
    let neo4j = Neo4j {
        edition: "community".to_owned(),
        version: std::env::var("BACKSTAY_NEO4J_VERSION").unwrap_or_else(|_| "5.26".to_owned()),
        home: home.to_str().unwrap().to_owned(),
        admin: home.join("bin/neo4j-admin").to_str().unwrap().to_owned(),
        user: None,
        http: Some(http.clone()),
        login: None,
        control: Some(Control { stop: script("stop"), start: script("start"), ready_within: 120 }),
        environment: Vec::new(),
        heap: None,
    };
    (Neo4jEngine::new("graph", &neo4j, home, Secrets::new(home)), http)
}

async fn cypher(http: &str, statement: &str) -> String {
    let body = serde_json::json!({ "statement": statement }).to_string();
    let request =
        reqwest::Client::new().post(format!("{http}/db/neo4j/query/v2")).header("content-type", "application/json");
    request.body(body).send().await.unwrap().text().await.unwrap()
}

async fn count(http: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(&cypher(http, "MATCH (n) RETURN count(n)").await).unwrap();
    answer["data"]["values"][0][0].to_string()
}

async fn dump(engine: &Neo4jEngine, database: &str, context: &Context) -> Result<Vec<u8>, &'static str> {
    let (sink, feed) = channel();
    let (taken, bytes) = tokio::join!(engine.backup(database, Method::Dump, sink, context), whole(feed));
    taken.map_err(|error| error.code)?;
    bytes.map_err(|error| error.code)
}

#[tokio::test]
#[ignore = "needs an installation of Neo4j: BACKSTAY_NEO4J_HOME"]
#[expect(clippy::print_stderr, reason = "the figures are what a person runs it for")]
async fn a_real_dump_is_verified_and_a_damaged_one_refused() {
    let home = std::path::PathBuf::from(std::env::var("BACKSTAY_NEO4J_HOME").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (context, _) = context(folder.path());
    let (engine, _) = engine(&home);
    let begun = Instant::now();
    let step = |what: &str, said: &str| eprintln!("{:7.2} s  {what}: {said}", begun.elapsed().as_secs_f64());
    step("start", &engine.start(&context).await.unwrap());
    step("preflight", &engine.preflight(&["neo4j".to_owned()], &context).await.unwrap());
    assert_eq!(dump(&engine, "neo4j", &context).await.unwrap_err(), "database-in-use");
    step("dump in use", "database-in-use");
    step("stop", &engine.stop(&context).await.unwrap());
    assert_eq!(dump(&engine, "nope", &context).await.unwrap_err(), "database-missing");
    let bytes: &'static [u8] = dump(&engine, "neo4j", &context).await.unwrap().leak();
    step("dump", &format!("{} bytes", bytes.len()));
    let system: &'static [u8] = dump(&engine, "system", &context).await.unwrap().leak();
    step("dump system", &format!("{} bytes", system.len()));
    step("verify", &engine.verify("neo4j", fed(bytes, true), &context).await.unwrap());
    step("verify system", &engine.verify("system", fed(system, true), &context).await.unwrap());
    let cut = engine.verify("neo4j", fed(&bytes[..bytes.len() / 2], true), &context).await.unwrap_err();
    step("verify a cut dump", &cut.to_string());
    assert_eq!(cut.code, "archive-damaged");
}

#[tokio::test]
#[ignore = "needs an installation of Neo4j: BACKSTAY_NEO4J_HOME"]
#[expect(clippy::print_stderr, reason = "the figures are what a person runs it for")]
async fn a_real_server_is_damaged_and_restored() {
    let home = std::path::PathBuf::from(std::env::var("BACKSTAY_NEO4J_HOME").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let (context, _) = context(folder.path());
    let (engine, http) = engine(&home);
    let begun = Instant::now();
    let step = |what: &str, said: &str| eprintln!("{:7.2} s  {what}: {said}", begun.elapsed().as_secs_f64());
    step("start", &engine.start(&context).await.unwrap());
    let before = count(&http).await;
    step("stop", &engine.stop(&context).await.unwrap());
    let bytes: &'static [u8] = dump(&engine, "neo4j", &context).await.unwrap().leak();
    step("dump", &format!("{} bytes", bytes.len()));
    step("start", &engine.start(&context).await.unwrap());
    cypher(&http, "MATCH (n) DETACH DELETE n").await;
    assert_eq!(count(&http).await, "0");
    let staging = format!("bk-{}", std::process::id());
    step("stage", &engine.stage("neo4j", &staging, fed(bytes, true), &context).await.unwrap());
    step("inspect", &engine.inspect("neo4j", &staging, &context).await.unwrap());
    assert_eq!(engine.swap("neo4j", &staging, &context).await.unwrap_err().code, "server-running");
    assert_eq!(count(&http).await, "0");
    step("stop", &engine.stop(&context).await.unwrap());
    step("swap", &engine.swap("neo4j", &staging, &context).await.unwrap());
    let refused = engine.settle("neo4j", &staging, Some("RETUR 1"), &context).await.unwrap_err();
    step("settle with a bad query", &format!("{}: {refused}", refused.code));
    assert_eq!(count(&http).await, "0", "the old data is back");
    step("stop", &engine.stop(&context).await.unwrap());
    step("swap", &engine.swap("neo4j", &staging, &context).await.unwrap());
    step("settle", &engine.settle("neo4j", &staging, Some("MATCH (n) RETURN count(n)"), &context).await.unwrap());
    assert_eq!(count(&http).await, before);
    step("restored", &format!("{before} nodes"));
    step("stop", &engine.stop(&context).await.unwrap());
}
