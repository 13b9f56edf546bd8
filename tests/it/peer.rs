//! Servers of others to test against, each on free local ports in a folder of its own, killed when it is dropped.
//! `cargo xtask test` installs them; this file is shared by the tests of the runtime and of the program.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// The access key of every server.
pub(crate) const ACCESS: &str = "test-access";
/// The secret key of every server.
pub(crate) const SECRET: &str = "test-secret-key";
pub(crate) const BUCKET: &str = "vault";
pub(crate) const REGION: &str = "us-east-1";
/// SHA-256 of nothing.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A program that `cargo xtask test` put into the cache.
pub(crate) fn tool(name: &str) -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("BACKSTAY_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|folder| folder.join("backstay")))
        .or_else(|| set("HOME").map(|folder| folder.join(".cache/backstay")));
    let path = cache.expect("a folder for the cache: set `BACKSTAY_CACHE`").join("tools/bin").join(name);
    assert!(path.exists(), "`{}` is missing: run `cargo xtask peers`, which installs it", path.display());
    path
}

/// A port that nobody listens on, and ten thousand above it another one, where some servers speak gRPC. Both are below those
/// that the system takes for whoever connects, and no port is given out twice: it is some time before a server listens.
pub(crate) fn free_port() -> u16 {
    const FIRST: u16 = 10_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let offset = (std::process::id().wrapping_mul(61) % u32::from(COUNT)) as u16;
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let next = || FIRST + (offset + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT;
    std::iter::repeat_with(next).find(|port| is_free(*port) && is_free(port + 10_000)).expect("a port")
}

/// A process that ends with the test, at once.
pub(crate) struct Running {
    child: Child,
    pub(crate) port: u16,
    pub(crate) place: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts it, and waits until something listens on its port.
    fn start(mut command: Command, port: u16, place: tempfile::TempDir) -> Self {
        let log = fs::File::create(place.path().join("log")).expect("a log");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log).current_dir(place.path());
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let mut running = Self { child, port, place };
        let end = Instant::now() + Duration::from_secs(120);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = running.child.try_wait().expect("a child");
            assert!(ended.is_none() && Instant::now() < end, "{command:?} does not listen: {}", running.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.place.path().join("log")).unwrap_or_default()
    }

    /// Kills it; nothing listens there afterwards.
    pub(crate) fn stop(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}

/// A server of the S3 protocol with one bucket.
pub(crate) struct S3 {
    pub(crate) running: Running,
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

impl S3 {
    pub(crate) fn versitygw() -> Self {
        Self::versitygw_with(&[])
    }

    /// Its bucket can lock objects, and keeps their versions.
    pub(crate) fn versitygw_with_locks() -> Self {
        Self::versitygw_with(&["x-amz-bucket-object-lock-enabled: true"])
    }

    fn versitygw_with(bucket: &[&str]) -> Self {
        let (port, place) = (free_port(), folder());
        for name in ["objects", "versions"] {
            fs::create_dir(place.path().join(name)).expect("made");
        }
        let mut command = Command::new(tool("versitygw"));
        command.env("ROOT_ACCESS_KEY", ACCESS).env("ROOT_SECRET_KEY", SECRET);
        command.args(["--port", &format!("127.0.0.1:{port}"), "--region", REGION, "posix", "--versioning-dir"]);
        command.arg(place.path().join("versions")).arg(place.path().join("objects"));
        Self::with_bucket(Running::start(command, port, place), bucket)
    }

    pub(crate) fn seaweedfs() -> Self {
        let place = folder();
        let (master, volume, filer, port) = (free_port(), free_port(), free_port(), free_port());
        let identities = format!(
            "{{\"identities\":[{{\"name\":\"test\",\"credentials\":[{{\"accessKey\":\"{ACCESS}\",\"secretKey\":\"{SECRET}\"}}],\
             \"actions\":[\"Admin\",\"Read\",\"Write\",\"List\",\"Tagging\"]}}]}}"
        );
        fs::write(place.path().join("s3.json"), identities).expect("written");
        fs::create_dir(place.path().join("objects")).expect("made");
        let mut command = Command::new(tool("weed"));
        command.arg("server");
        command.args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-dir=objects", "-s3", "-s3.config=s3.json"]);
        command.args(["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=64", "-volume.max=50"]);
        command.args(["-volume.preStopSeconds=0", "-master.telemetry=false"]);
        for (name, port) in [("master", master), ("volume", volume), ("filer", filer), ("s3", port)] {
            command.arg(format!("-{name}.port={port}"));
        }
        Self::with_bucket(Running::start(command, port, place), &[])
    }

    /// A server that overwrites, whatever the request says.
    pub(crate) fn rclone() -> Self {
        let (port, place) = (free_port(), folder());
        fs::create_dir_all(place.path().join("objects").join(BUCKET)).expect("made");
        let mut command = Command::new(tool("rclone"));
        command.args(["serve", "s3", "--auth-key", &format!("{ACCESS},{SECRET}"), "--addr"]);
        command.arg(format!("127.0.0.1:{port}")).arg(place.path().join("objects")).env("HOME", place.path());
        Self { running: Running::start(command, port, place) }
    }

    fn with_bucket(running: Running, headers: &[&str]) -> Self {
        let server = Self { running };
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            // A port that listens is not yet a server that is ready.
            let made = server.ask("PUT", "", headers);
            if made.starts_with("HTTP/1.1 200") {
                return server;
            }
            assert!(Instant::now() < end, "no bucket: {made}\n{}", server.running.log());
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.running.port)
    }

    /// What the server says to a signed request about the bucket or, after a slash, an object in it.
    pub(crate) fn ask(&self, method: &str, what: &str, headers: &[&str]) -> String {
        let mut command = Command::new("curl");
        command.args(["--silent", "--include", "--max-time", "60", "--request", method]);
        command.args(["--aws-sigv4", &format!("aws:amz:{REGION}:s3"), "--user", &format!("{ACCESS}:{SECRET}")]);
        command.args(["--header", &format!("x-amz-content-sha256: {EMPTY}")]);
        for header in headers {
            command.args(["--header", header]);
        }
        command.arg(format!("{}/{BUCKET}{what}", self.endpoint()));
        String::from_utf8_lossy(&command.output().expect("curl runs").stdout).into_owned()
    }

    /// Keys of all objects, in order.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys = elements(&self.ask("GET", "?list-type=2", &[]), "Key");
        keys.sort();
        keys
    }

    /// Keys of all unfinished uploads.
    pub(crate) fn uploads(&self) -> Vec<String> {
        elements(&self.ask("GET", "?uploads=", &[]), "Key")
    }
}

fn elements(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let pieces = xml.split(open.as_str()).skip(1);
    pieces.filter_map(|piece| piece.split_once(close.as_str())).map(|(text, _)| text.to_owned()).collect()
}

/// Toxiproxy in front of a server.
pub(crate) struct Proxy {
    api: Running,
    /// Where it listens in place of the server.
    pub(crate) port: u16,
}

impl Proxy {
    pub(crate) fn before(server: u16) -> Self {
        let (api, port) = (free_port(), free_port());
        let mut command = Command::new(tool("toxiproxy"));
        command.args(["-host", "127.0.0.1", "-port", &api.to_string()]);
        let proxy = Self { api: Running::start(command, api, folder()), port };
        let body = format!(
            "{{\"name\":\"s3\",\"listen\":\"127.0.0.1:{port}\",\"upstream\":\"127.0.0.1:{server}\",\"enabled\":true}}"
        );
        proxy.ask("POST", "/proxies", &body);
        proxy
    }

    fn ask(&self, method: &str, path: &str, body: &str) {
        let mut command = Command::new("curl");
        command.args(["--silent", "--fail", "--request", method, "--data", body]);
        let done = command.arg(format!("http://127.0.0.1:{}{path}", self.api.port)).output().expect("curl runs");
        assert!(done.status.success(), "{method} {path} {body}: {}", String::from_utf8_lossy(&done.stdout));
    }

    /// Adds a fault: its kind, `upstream` or `downstream`, how likely it is for a connection, and its attributes.
    pub(crate) fn add(&self, kind: &str, stream: &str, toxicity: f32, attributes: &str) {
        let body = format!(
            "{{\"name\":\"{kind}\",\"type\":\"{kind}\",\"stream\":\"{stream}\",\"toxicity\":{toxicity},\"attributes\":{{{attributes}}}}}"
        );
        self.ask("POST", "/proxies/s3/toxics", &body);
    }

    pub(crate) fn remove(&self, kind: &str) {
        self.ask("DELETE", &format!("/proxies/s3/toxics/{kind}"), "");
    }
}

/// The path of an object below a server that keeps objects as files.
pub(crate) fn object(server: &S3, key: &str) -> PathBuf {
    Path::new(server.running.place.path()).join("objects").join(BUCKET).join(key)
}
