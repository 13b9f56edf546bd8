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
