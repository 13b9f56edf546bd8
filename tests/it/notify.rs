//! Notifiers, against a real HTTP receiver.

use crate::space::Space;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;

/// A request as it arrived.
struct Received {
    line: String,
    headers: String,
    body: String,
}

/// Answers every request with `status`; what arrives is in the channel.
fn receiver(status: &'static str) -> (u16, mpsc::Receiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, received) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let mut headers = String::new();
            while !headers.ends_with("\r\n\r\n") && reader.read_line(&mut headers).unwrap() > 2 {}
            let length = headers
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(|n| n.parse().unwrap()))
                .unwrap_or(0);
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            let body = String::from_utf8(body).unwrap();
            if sender.send(Received { line, headers, body }).is_err() {
                return;
            }
        }
    });
    (port, received)
}

/// The next request; one that does not come fails the test instead of holding it.
fn next(received: &mpsc::Receiver<Received>) -> Received {
    received.recv_timeout(std::time::Duration::from_secs(60)).expect("a request")
}

fn with_notifier(port: u16, nodes: &str) -> Space {
    let space = Space::quickstart();
    let notify = format!(
        "notify \"ops\" plugin=\"webhook\" on=\"success degraded failure\" {{\n\
         url \"http://127.0.0.1:{port}/hooks/backup\"\n{nodes}\n}}\n"
    );
    space.edit("    job \"nightly\"", &format!("{notify}    job \"nightly\""));
    space
}

const BODY: &str = r##"private #true
    secret "token" (env)"HOOK_TOKEN"
    body #"{"text":"{{job}} of {{strategy}}: {{outcome}}","steps":[{{#each steps}}"{{outcome}}"{{#unless @last}},{{/unless}}{{/each}}]}"#"##;

#[test]
fn the_rendered_body_and_the_secret_arrive() {
    let (port, received) = receiver("204 No Content");
    let space = with_notifier(port, BODY);
    let ran = crate::space::ended(space.command("run").env("HOOK_TOKEN", "s3cret-value")).expect(0).says("notified");
    let request = next(&received);
    assert_eq!(request.line.trim(), "POST /hooks/backup HTTP/1.1");
    assert!(request.headers.to_lowercase().contains("authorization: bearer s3cret-value"), "{}", request.headers);
    assert_eq!(request.body, r#"{"text":"nightly of quickstart: ok","steps":["ok","ok","ok","ok","ok"]}"#);
    assert!(!ran.err.contains("s3cret-value") && !ran.out.contains("s3cret-value"));
    let journal = std::fs::read(space.path(".backstay/journal.db")).unwrap();
    assert!(!String::from_utf8_lossy(&journal).contains("s3cret-value"));
}

/// A file of values goes before the environment, and no child process gets them.
#[test]
fn a_value_of_the_env_file_arrives_and_is_passed_on_to_nobody() {
    let (port, received) = receiver("204 No Content");
    let space = with_notifier(port, BODY);
    space.write("secrets.env", b"# for the hook\nHOOK_TOKEN=\"s3cret of the file\"\n");
    let run = |space: &Space| {
        crate::space::ended(space.command("run --env-file secrets.env").env("HOOK_TOKEN", "from-the-environment"))
    };
    let ran = run(&space).expect(0).says("notified");
    let headers = next(&received).headers.to_lowercase();
    assert!(headers.contains("authorization: bearer s3cret of the file"), "{headers}");
    assert!(!ran.err.contains("s3cret of") && !ran.out.contains("s3cret of"));
    space.write("show.sh", b"echo \"child has $HOOK_TOKEN\"\n");
    space.edit("(env)\"HOOK_TOKEN\"", "(command)\"sh show.sh\"");
    run(&space).expect(0).says("notified");
    let headers = next(&received).headers.to_lowercase();
    assert!(headers.contains("authorization: bearer child has from-the-environment"), "{headers}");
}

#[test]
fn failure_and_degraded_are_told() {
    let (port, received) = receiver("200 OK");
    let space = with_notifier(port, "private #true");
    space.run("run").expect(0);
    assert!(next(&received).body.contains("\"outcome\":\"ok\""));
    std::fs::remove_file(space.path("data/two/three.bin")).unwrap();
    space.run("run").expect(6);
    assert!(next(&received).body.contains("\"outcome\":\"degraded\""));
    std::fs::remove_dir_all(space.path("data")).unwrap();
    space.run("run").expect(1);
    assert!(next(&received).body.contains("\"outcome\":\"failed\""));
}

#[test]
fn a_notifier_that_fails_is_reported_and_fails_nothing() {
    let (port, _received) = receiver("403 Forbidden");
    let space = with_notifier(port, "private #true");
    space.run("run").expect(0).says("notifier `ops` could not be told");
    space.holds("backups/offsite", 1);
}

#[test]
fn a_private_address_is_refused_without_the_grant() {
    let (port, received) = receiver("200 OK");
    let space = with_notifier(port, "");
    space.run("run").expect(0).says("private");
    assert!(received.try_recv().is_err());
}

fn occasions(space: &Space, words: &str) {
    space.edit("on=\"success degraded failure\"", &format!("on=\"{words}\""));
}

/// The occasion and the outcome of the next request, and all of it.
fn told(received: &mpsc::Receiver<Received>) -> (String, serde_json::Value) {
    let event: serde_json::Value = serde_json::from_str(&next(received).body).unwrap();
    (format!("{}: {}", event["occasion"].as_str().unwrap(), event["outcome"].as_str().unwrap()), event)
}

#[test]
fn a_beginning_and_a_recovery_are_told() {
    let (port, received) = receiver("200 OK");
    let space = with_notifier(port, "private #true");
    occasions(&space, "start failure recovered");
    space.run("run").expect(0);
    assert_eq!(told(&received).0, "start: started");
    std::fs::rename(space.path("data"), space.path("away")).unwrap();
    space.run("run").expect(1);
    assert_eq!(told(&received).0, "start: started");
    assert_eq!(told(&received).0, "failed: failed");
    std::fs::rename(space.path("away"), space.path("data")).unwrap();
    space.run("run").expect(0);
    assert_eq!(told(&received).0, "start: started");
    let (what, event) = told(&received);
    assert_eq!((what.as_str(), &event["recovered"]), ("ok: ok", &true.into()));
    assert_eq!(event["steps"].as_array().unwrap().len(), 5);
    // A success after a success is no recovery.
    space.run("run").expect(0);
    assert_eq!(told(&received).0, "start: started");
    assert!(received.try_recv().is_err());
}

#[test]
fn a_recovery_is_told_once_to_whoever_hears_of_successes_too() {
    let (port, received) = receiver("200 OK");
    let space = with_notifier(
        port,
        "private #true; body \"{{occasion}} {{outcome}}{{#if recovered}} after a failure{{/if}}{{#each due}} {{this}}{{/each}}\"",
    );
    occasions(&space, "success failure recovered");
    std::fs::rename(space.path("data"), space.path("away")).unwrap();
    space.run("run").expect(1);
    std::fs::rename(space.path("away"), space.path("data")).unwrap();
    space.run("run").expect(0);
    space.run("run").expect(0);
    let bodies = [next(&received).body, next(&received).body, next(&received).body];
    assert_eq!(bodies, ["failed failed", "ok ok after a failure", "ok ok"]);
}

/// A run more than four days ago, and none since.
fn ran_days_ago(space: &Space) {
    let days_ago = (-4 * 24 - 2) * 3600;
    crate::space::ended(space.command("run").env("BACKSTAY_CLOCK", days_ago.to_string())).expect(0);
}

#[test]
fn what_was_missed_is_told_once_by_whoever_looks_first() {
    let (port, received) = receiver("200 OK");
    let space = with_notifier(port, "private #true");
    occasions(&space, "missed");
    ran_days_ago(&space);
    assert!(received.try_recv().is_err(), "nothing was missed before the first run of all");
    let looked = space.run("status --offline --notify").says("runs that were due and did not begin");
    let (what, event) = told(&received);
    assert_eq!((what.as_str(), &event["job"]), ("missed: missed", &"nightly".into()));
    let due = event["due"].as_array().unwrap();
    assert!((3..=5).contains(&due.len()), "{event}");
    assert!(looked.out.contains("nightly"), "{}", looked.out);
    assert!(!space.run("status --offline --notify").err.contains("did not begin"));
    space.run("run").expect(0);
    assert!(received.try_recv().is_err(), "told before");
}

#[test]
fn the_next_run_tells_what_was_missed() {
    let (port, received) = receiver("200 OK");
    let space = with_notifier(port, "private #true");
    occasions(&space, "missed start");
    ran_days_ago(&space);
    assert_eq!(told(&received).0, "start: started");
    // Whoever cannot be told now is told later, and the run goes on.
    let hook = format!("url \"http://127.0.0.1:{port}/");
    space.edit(&hook, "url \"http://127.0.0.1:9/");
    space.run("run").expect(0).says("could not be told which runs were missed");
    space.edit("url \"http://127.0.0.1:9/", &hook);
    space.run("run").expect(0);
    assert_eq!(told(&received).0, "missed: missed");
    assert_eq!(told(&received).0, "start: started");
    space.run("run").expect(0);
    assert_eq!(told(&received).0, "start: started");
    assert!(received.try_recv().is_err());
}
