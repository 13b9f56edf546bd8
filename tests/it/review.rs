//! What a pull request sees: the shell steps of `docs/ci` against a real git repository and a real HTTP receiver.

use crate::space::{BACKSTAY, Ran, Space, ended, top};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

/// The first lines of a page about the first example.
const MARK: &str = "<!-- backstay-plan quickstart -->";

/// A comment as a forge keeps it.
#[derive(Clone)]
struct Comment {
    id: u64,
    author: &'static str,
    /// As JSON text, without its quotes.
    body: String,
}

/// What a forge has, and what it was asked for.
#[derive(Default)]
struct Kept {
    comments: Vec<Comment>,
    /// Method and path of each request that changed something.
    changes: Vec<String>,
    tokens: Vec<String>,
}

/// A forge that answers on a port of this machine until the test ends.
struct Forge {
    port: u16,
    kept: Arc<Mutex<Kept>>,
}

impl Forge {
    /// `escaped`: whether `<` and `>` are written as numbers, as some do.
    fn start(comments: Vec<Comment>, escaped: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept = Arc::new(Mutex::new(Kept { comments, ..Kept::default() }));
        let shared = Arc::clone(&kept);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                answer(&mut stream.unwrap(), &mut shared.lock().unwrap(), escaped);
            }
        });
        Self { port, kept }
    }

    fn comments(&self) -> Vec<Comment> {
        self.kept.lock().unwrap().comments.clone()
    }

    fn changes(&self) -> Vec<String> {
        self.kept.lock().unwrap().changes.clone()
    }
}

fn answer(stream: &mut TcpStream, kept: &mut Kept, escaped: bool) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let mut headers = String::new();
    while !headers.ends_with("\r\n\r\n") && reader.read_line(&mut headers).unwrap() > 2 {}
    let header = |name: &str| {
        let line = headers.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
        line.map(|line| line.split_once(": ").unwrap().1.to_owned())
    };
    let mut body = vec![0; header("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    kept.tokens.extend(header("authorization"));
    let words: Vec<&str> = line.split(' ').collect();
    let (method, path) = (words[0], words[1]);
    let body = String::from_utf8(body).unwrap();
    let body = body.strip_prefix("{\"body\":\"").and_then(|body| body.strip_suffix("\"}")).unwrap_or_default();
    if method != "GET" {
        kept.changes.push(format!("{method} {path}"));
    }
    match method {
        "GET" => {}
        "POST" => {
            let id = 500 + u64::try_from(kept.comments.len()).unwrap();
            kept.comments.push(Comment { id, author: "bot", body: body.to_owned() });
        }
        _ => {
            let id: u64 = path.rsplit('/').next().unwrap().parse().unwrap();
            kept.comments.iter_mut().find(|comment| comment.id == id).unwrap().body = body.to_owned();
        }
    }
    let page: usize = path.rsplit_once("&page=").map_or(1, |(_, page)| page.parse().unwrap());
    let listed: Vec<String> = kept.comments.iter().skip((page - 1) * 100).take(100).map(shown).collect();
    let mut out = if method == "GET" { format!("[{}]", listed.join(",")) } else { "{}".to_owned() };
    if escaped {
        out = out.replace('<', "\\u003c").replace('>', "\\u003e");
    }
    let length = out.len();
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{out}").unwrap();
}

/// As both forges say it: other things in it have ids and bodies of their own.
fn shown(comment: &Comment) -> String {
    let Comment { id, author, body } = comment;
    format!(
        "{{\"url\":\"https://forge.invalid/comments/{id}\",\"id\":{id},\"user\":{{\"login\":\"{author}\",\"id\":7}},\
         \"author\":{{\"id\":7,\"username\":\"{author}\"}},\"reactions\":{{\"id\":3,\"body\":\"{MARK}\"}},\"body\":\"{body}\"}}"
    )
}

fn git(space: &Space, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@example.invalid", "-c", "init.defaultBranch=main"]);
    ended(command.args(arguments).current_dir(space.dir.path())).expect(0);
}

/// The first example, committed.
fn repository() -> Space {
    let space = Space::quickstart();
    git(&space, &["init", "--quiet"]);
    git(&space, &["add", "strategy.kdl"]);
    git(&space, &["commit", "--quiet", "--message", "the strategy"]);
    git(&space, &["branch", "base"]);
    space
}

/// The script as a pipeline runs it.
fn review(space: &Space, forge: &Forge, kind: &str, approval: &str) -> Ran {
    let old = std::env::var_os("PATH").unwrap();
    let paths = std::iter::once(Path::new(BACKSTAY).parent().unwrap().to_owned()).chain(std::env::split_paths(&old));
    let mut command = Command::new("sh");
    command.arg(top().join("docs/ci/comment.sh")).current_dir(space.dir.path());
    command.env("PATH", std::env::join_paths(paths).unwrap()).env_remove("GITHUB_STEP_SUMMARY").env("NO_COLOR", "1");
    command.env("BACKSTAY_BASE", "base").env("BACKSTAY_FORGE", kind).env("BACKSTAY_PROJECT", "acme/backups");
    command.env("BACKSTAY_API", format!("http://127.0.0.1:{}", forge.port)).env("BACKSTAY_REQUEST", "12");
    command.env("BACKSTAY_TOKEN", "s3cret").env("BACKSTAY_AUTHOR", "bot").env("BACKSTAY_APPROVAL", approval);
    ended(&mut command)
}

/// Comments of others: more than a page of them, one of which pretends to be ours.
fn talk() -> Vec<Comment> {
    let comment = |id| Comment { id, author: "someone", body: "it says \\\"no\\\" \\\\ { [".to_owned() };
    let mut comments: Vec<Comment> = (1..=130).map(comment).collect();
    comments[4].body = format!("{MARK}\\nfake");
    comments
}

#[test]
fn a_comment_is_made_once_and_then_updated() {
    let space = repository();
    let forge = Forge::start(talk(), false);
    space.edit("        verify \"offsite\" with=\"digest\"\n", "");
    let ran = review(&space, &forge, "github", "").expect(0);
    assert!(ran.out.starts_with(MARK) && !ran.out.contains("s3cret") && !ran.err.contains("s3cret"));
    assert_eq!(forge.changes(), ["POST /repos/acme/backups/issues/12/comments"]);
    assert!(forge.comments()[130].body.contains("1 breaking effect"), "{}", forge.comments()[130].body);
    assert!(forge.kept.lock().unwrap().tokens.iter().all(|token| token == "Bearer s3cret"));
    space.edit("80MiB/s", "8MiB/s");
    review(&space, &forge, "github", "").expect(0);
    assert_eq!(forge.changes().last().unwrap(), "PATCH /repos/acme/backups/issues/comments/630");
    assert!(forge.comments()[130].body.contains("bandwidth-changed"));
    git(&space, &["checkout", "--quiet", "--", "strategy.kdl"]);
    review(&space, &forge, "github", "").expect(0);
    assert!(forge.comments()[130].body.contains("no changes"));
    assert_eq!((forge.comments().len(), forge.comments()[4].body.as_str()), (131, format!("{MARK}\\nfake").as_str()));
}

#[test]
fn another_forge_and_its_way_of_writing() {
    let space = repository();
    let forge = Forge::start(talk(), true);
    space.edit("30 3 * * *", "30 4 * * *");
    review(&space, &forge, "gitlab", "").expect(0);
    review(&space, &forge, "gitlab", "").expect(0);
    let notes = "/projects/acme/backups/merge_requests/12/notes";
    assert_eq!(forge.changes(), [format!("POST {notes}"), format!("PUT {notes}/630")]);
}

#[test]
fn what_changes_nothing_makes_no_comment() {
    let space = repository();
    let forge = Forge::start(Vec::new(), false);
    space.edit("// Files on this machine", "// Files of this machine");
    let ran = review(&space, &forge, "github", "").expect(0);
    assert!(ran.out.contains("no changes"));
    assert_eq!(forge.changes(), Vec::<String>::new());
}

/// The policy before the change counts, and the comment is there all the same.
#[test]
fn what_breaks_fails_without_approval_where_the_policy_wants_one() {
    let space = repository();
    space.edit("    job \"nightly\"", "    policy { require \"approval\" }\n    job \"nightly\"");
    git(&space, &["commit", "--quiet", "--all", "--message", "a policy"]);
    git(&space, &["branch", "--force", "base"]);
    let forge = Forge::start(Vec::new(), false);
    space.edit("        verify \"offsite\" with=\"digest\"\n", "");
    space.edit("require \"approval\"", "");
    review(&space, &forge, "github", "").expect(3);
    assert!(forge.comments()[0].body.contains("--approve"));
    review(&space, &forge, "github", "the second site is rebuilt").expect(0);
    assert!(forge.comments()[0].body.contains("the second site is rebuilt"));
    assert_eq!(forge.comments().len(), 1);
}

#[test]
fn a_strategy_that_is_wrong_makes_no_comment() {
    let space = repository();
    let forge = Forge::start(Vec::new(), false);
    space.edit("environment \"development\"", "environment \"somewhere\"");
    review(&space, &forge, "github", "").expect(2).says("made no page");
    assert_eq!(forge.changes(), Vec::<String>::new());
}
