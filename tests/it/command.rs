//! The `command` engine: a real PostgreSQL there and back by its own programs, and programs that misbehave.

use crate::space::{Ran, Space, ended};
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const PASSWORD: &str = "correct-horse-battery";

/// A PostgreSQL server of its own, gone with the test.
struct Server {
    _folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The newest installation of the server's programs.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL: install `postgresql`");
    let mut found: Vec<PathBuf> = versions.map(|entry| entry.unwrap().path().join("bin")).collect();
    found.retain(|bin| bin.join("initdb").exists());
    found.sort();
    found.pop().expect("PostgreSQL: install `postgresql`")
}

/// It refuses to run as root.
fn as_postgres(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=KILL", "--"]);
    command.arg(programs().join(program)).current_dir("/").stdin(Stdio::null());
    command
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        fs::write(folder.path().join("password"), PASSWORD).unwrap();
        ended(Command::new("chown").args(["-R", "postgres:postgres", &path])).expect(0);
        let mut initdb = as_postgres("initdb");
        initdb.args(["--no-sync", "--auth=scram-sha-256", "--username=postgres", "--encoding=UTF8", "--locale=C"]);
        ended(initdb.arg(format!("--pwfile={path}/password")).arg(format!("--pgdata={path}/data"))).expect(0);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = as_postgres("postgres");
        server.args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "unix_socket_directories="]);
        server.arg("-D").arg(format!("{path}/data")).arg("-p").arg(port.to_string());
        let child = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let server = Self { _folder: folder, port, child };
        while !server.client("pg_isready", &["--quiet"]).status().unwrap().success() {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        server
    }

    fn client(&self, program: &str, words: &[&str]) -> Command {
        let mut command = Command::new(programs().join(program));
        command.args(words).env("PGHOST", "127.0.0.1").env("PGPORT", self.port.to_string());
        command.env("PGUSER", "postgres").env("PGPASSWORD", PASSWORD).stdin(Stdio::null());
        command
    }

    fn sql(&self, database: &str, text: &str) -> String {
        let words = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--command"];
        ended(self.client("psql", &words).arg(text).arg(database)).expect(0).out
    }

    /// Everything in a database, as text.
    fn all(&self, database: &str) -> String {
        let dump = ended(&mut self.client("pg_dump", &[database])).expect(0).out;
        // Two lines hold a word that is another one each time.
        let same = |line: &&str| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict");
        dump.lines().filter(same).collect::<Vec<_>>().join("\n")
    }

    /// The example, for this server, with a database that has something in it.
    fn shop(&self) -> Space {
        let space = Space::example("04-postgres");
        space.edit("\"5432\"", &format!("\"{}\"", self.port));
        self.sql("postgres", "CREATE DATABASE shop");
        self.sql(
            "shop",
            "CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL);
             CREATE TABLE purchase (id int PRIMARY KEY, customer int REFERENCES customer, what bytea);
             INSERT INTO customer SELECT n, 'Åse ' || n || E'\\n\\t;' FROM generate_series(1, 500) n;
             INSERT INTO purchase SELECT n, 1 + n % 500, decode(md5(n::text), 'hex') FROM generate_series(1, 2000) n;
             CREATE INDEX ON purchase (customer)",
        );
        space
    }
}

/// With the password where the example expects it.
fn run(space: &Space, words: &str) -> Ran {
    ended(space.command(words).env("SHOP_PASSWORD", PASSWORD))
}

#[test]
fn a_database_comes_back_in_place_and_under_a_new_name() {
    let server = Server::start();
    let space = server.shop();
    let before = server.all("shop");
    let ran = run(&space, "run --job nightly").expect(0);
    space.holds("backups/local", 1);
    space.holds("backups/offsite", 1);

    server.sql("shop", "DROP TABLE purchase; UPDATE customer SET name = 'nobody'; CREATE TABLE later (x int)");
    server.sql("postgres", "CREATE DATABASE \"shop-back\"");
    let plan = run(&space, "restore shop").expect(0);
    assert!(plan.out.contains("writes over what is there"), "{}", plan.out);
    run(&space, "restore shop --confirm --into shop-back").expect(0).says("as `shop-back`");
    assert!(server.all("shop-back") == before, "all of it, and nothing else");
    assert_eq!(server.sql("shop", "SELECT DISTINCT name FROM customer").trim(), "nobody", "not touched");

    run(&space, "restore shop --confirm").expect(0);
    assert_eq!(server.sql("shop", "SELECT count(*) FROM purchase").trim(), "2000");
    server.sql("shop", "DROP TABLE later");
    assert!(server.all("shop") == before, "all of it, and nothing else");

    let mut kept = Vec::new();
    for file in space.files(".") {
        fs::File::open(space.path(&file)).unwrap().read_to_end(&mut kept).unwrap();
    }
    let said = [ran.out, ran.err, plan.out, String::from_utf8_lossy(&kept).into_owned()].concat();
    assert!(!said.contains(PASSWORD), "the password is written nowhere");
    drop(server);
}

#[test]
fn a_restore_that_fails_leaves_what_was_there() {
    let server = Server::start();
    let space = server.shop();
    run(&space, "run --job nightly").expect(0);
    // What the dump does not know holds on to what it drops.
    server.sql("shop", "CREATE VIEW holds AS SELECT * FROM customer");
    let before = server.all("shop");
    run(&space, "restore shop --confirm").expect(1).says("command-failed").says("may be gone in part");
    assert!(server.all("shop") == before, "psql was in one transaction");
}

#[test]
fn a_dump_that_is_killed_or_refused_leaves_no_artifact() {
    let server = Server::start();
    let space = server.shop();
    let dump = programs().join("pg_dump");
    let script = format!(
        "{{ {} shop & echo $! > pid; wait $!; echo $? > code; }} | {{ head -c 5000; kill -9 $(cat pid); cat; }}; exit $(cat code)",
        dump.display()
    );
    let given = r#"backup "pg_dump" "--clean" "--if-exists" "--no-password" "{{database}}""#;
    let killed = format!("backup \"sh\" \"-c\" \"{script}\"");
    server.sql("shop", "INSERT INTO purchase SELECT n, 1, repeat('x', 9000)::bytea FROM generate_series(3000, 9000) n");
    space.edit(given, &killed);
    run(&space, "run --job nightly").expect(1).says("was ended by signal 9");
    space.holds("backups/local", 0);

    space.edit(&killed, given);
    ended(space.command("run --job nightly").env("SHOP_PASSWORD", "wrong-password"))
        .expect(1)
        .says("password authentication failed");
    space.holds("backups/local", 0);
    ended(space.command("run --job nightly").env_remove("SHOP_PASSWORD")).expect(1).says("secret-missing");
    run(&space, "run --job nightly").expect(0);
    space.holds("backups/local", 1);
}

/// A strategy with one source whose programs are these.
fn made_of(nodes: &str) -> Space {
    let space = Space::new();
    let text = format!(
        "strategy \"words\" {{\n environment \"development\"\n source \"it\" engine=\"command\" {{\n{nodes}\n}}\n \
         store \"local\" plugin=\"fs\" {{ site \"desk\"; media \"disk\"; path \"store\" }}\n \
         job \"copy\" {{ backup \"it\" to=\"local\" }}\n}}\n"
    );
    space.write("strategy.kdl", text.as_bytes());
    space
}

fn artifact(space: &Space) -> String {
    fs::read_to_string(&space.ending("store", ".out")[0]).unwrap()
}

#[test]
fn half_of_an_output_is_no_artifact() {
    for (script, said) in [
        ("echo half; echo why >&2; exit 1", "ended with 1: why"),
        ("echo half; kill -TERM $$", "signal 15"),
        ("exit 0", "artifact-empty"),
    ] {
        let space = made_of(&format!("backup \"sh\" \"-c\" \"{script}\""));
        space.run("run").expect(1).says(said);
        space.holds("store", 0);
    }
    made_of("backup \"no-such-program\"").run("run").expect(1).says("program-missing");
}

#[test]
fn words_are_rendered_one_by_one_and_no_shell_reads_them() {
    let space = made_of(r#"backup "printf" "%s|" "{{strategy}}" "$(id) `id` ; {{source}} \"x\"" "{{database}}""#);
    space.run("run").expect(0);
    assert_eq!(artifact(&space), "words|$(id) `id` ; it \"x\"|command|");
}

#[test]
fn programs_get_their_variables_and_no_others() {
    let space = made_of(
        "backup \"sh\" \"-c\" \"echo $GIVEN $OURS; echo $TOKEN >&2; echo ${#TOKEN}\"\n\
         environment-variable \"GIVEN\" \"given\"\nsecret \"TOKEN\" (env)\"HIDDEN\"",
    );
    let ran = ended(space.command("run").env("OURS", "ours").env("HIDDEN", "p4ssw0rd-of-it")).expect(0);
    assert_eq!(artifact(&space), "given\n14\n");
    assert!(!ran.err.contains("p4ssw0rd") && !ran.out.contains("p4ssw0rd"), "{}", ran.err);
}

/// What is started may be a database, which is to have what it would have without us.
#[test]
fn huge_pages_are_put_off_for_this_program_alone() {
    let space = made_of(
        "backup \"sh\" \"-c\" \"grep THP_enabled /proc/self/status; \
         grep THP_enabled /proc/$(grep PPid: /proc/$PPID/status | cut -f2)/status\"",
    );
    space.run("run").expect(0);
    let own = fs::read_to_string("/proc/self/status").unwrap();
    let own = own.lines().find(|line| line.starts_with("THP_enabled")).unwrap();
    assert_eq!(artifact(&space), format!("{own}\nTHP_enabled:\t0\n"));
}

#[test]
fn a_check_decides_before_anything_is_written_over() {
    let nodes = "backup \"cat\" \"data\"\nrestore \"sh\" \"-c\" \"cat > {{into}}\"\ncheck \"grep\" \"-q\" \"good\"";
    let space = made_of(nodes);
    space.edit("backup \"it\" to=\"local\"", "backup \"it\" to=\"local\"; verify \"it\" with=\"consistency\"");
    space.write("data", b"good\n");
    space.run("run").expect(0);
    space.run("restore it --confirm --into elsewhere").expect(0);
    assert_eq!(fs::read(space.path("elsewhere")).unwrap(), b"good\n");
    space.write("data", b"bad\n");
    space.run("run").expect(1).says("`grep` ended with 1");
    // By itself a restore takes the older one, which is sound.
    let listed: Vec<serde_json::Value> =
        serde_json::from_str(&space.run("catalog list --format json").expect(0).out).unwrap();
    let newest = listed.last().unwrap()["id"].as_str().unwrap();
    assert!(space.run("restore it").expect(0).out.contains("was found damaged"));
    space.run(&format!("restore it --artifact {newest} --confirm")).expect(1).says("`grep` ended with 1");
    assert!(!space.path("command").exists(), "its restore was not run");
    let left = fs::read_dir(space.path(".backstay/scratch")).map_or(0, Iterator::count);
    assert!(left <= 1, "what was staged for one restore may be left, and is private");
}

/// The whole artifact is found right before a program sees a byte of it.
#[test]
fn a_damaged_artifact_reaches_no_program() {
    let space = made_of("backup \"printf\" \"%s\" \"some bytes\"\nrestore \"sh\" \"-c\" \"cat > {{into}}\"");
    space.run("run").expect(0);
    fs::write(&space.ending("store", ".out")[0], "other byte").unwrap();
    space.run("restore it --confirm --into out").expect(1).says("artifact-damaged");
    assert!(!space.path("out").exists());
}

#[test]
fn a_program_that_does_not_heed_the_end_is_ended() {
    let space =
        made_of("backup \"sh\" \"-c\" \"trap '' TERM INT HUP; echo $$ > pid; while :; do echo x; sleep 0.1; done\"");
    let mut child = space.start("run");
    while fs::read_to_string(space.path("pid")).map_or(true, |pid| pid.is_empty()) {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let pid = fs::read_to_string(space.path("pid")).unwrap();
    let backstay = child.id().to_string();
    ended(Command::new("kill").args(["-INT", &backstay])).expect(0);
    assert!(!child.wait().unwrap().success());
    assert!(!PathBuf::from(format!("/proc/{}", pid.trim())).exists(), "it is gone");
    space.holds("store", 0);
}
