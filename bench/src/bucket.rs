//! A large file into a bucket across the loopback: a backup, with its digests, beside the same file sent by `rclone`, with its
//! own, and by `s5cmd`. The server writes to the disk that is measured.

use crate::Setting;
use crate::backup::{GIB, mebibytes, random, settle};
use crate::measure::{Samples, program, watched};
use crate::table::Table;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const TIMES: usize = 3;
const SIZE: u64 = 4 * GIB;
const ACCESS: &str = "bench-access";
const SECRET: &str = "bench-secret-key";

pub(crate) fn measure(setting: &Setting, table: &mut Table) -> Result<(), String> {
    let folder = setting.work.join("bucket");
    let failed = |e: std::io::Error| format!("cannot write below `{}`: {e}", folder.display());
    for made in ["data", "keys", "objects"] {
        fs::create_dir_all(folder.join(made)).map_err(failed)?;
    }
    let server = Server::start(setting, &folder)?;
    fs::write(folder.join("strategy.kdl"), strategy(server.port)).map_err(failed)?;
    fs::write(folder.join("keys/access"), ACCESS).map_err(failed)?;
    fs::write(folder.join("keys/secret"), SECRET).map_err(failed)?;
    random(&folder.join("data/file"), SIZE).map_err(failed)?;
    let (mut ours, mut peer, mut third) = (Samples::default(), Samples::default(), Samples::default());
    let mut peaks = (0, 0, 0);
    // In turn; the first turn does not count.
    for turn in 0..=TIMES {
        let _ = fs::remove_dir_all(folder.join(".backstay"));
        let (seconds, bytes) = once(&folder, &mut program(&setting.backstay, &["run", "--job", "copy"], &folder))?;
        let (other, other_bytes) = once(&folder, &mut rclone(setting, server.port, &folder))?;
        let (last, last_bytes) = once(&folder, &mut s5cmd(setting, server.port, &folder))?;
        if turn > 0 {
            ours.0.push(seconds);
            peer.0.push(other);
            third.0.push(last);
            peaks = (peaks.0.max(bytes), peaks.1.max(other_bytes), peaks.2.max(last_bytes));
        }
    }
    let what = format!("backup of {} GiB to `s3`", SIZE / GIB);
    table.times(&what, &ours, Some(("`rclone copyto`", &peer)), "≤ 1.0 of the other");
    table.times("the same", &ours, Some(("`s5cmd cp`", &third)), "≤ 1.0 of the other");
    let target = format!("≤ {} of `rclone`; {} of `s5cmd`", mebibytes(peaks.1), mebibytes(peaks.2));
    table.figure("peak memory of that run", &mebibytes(peaks.0), &target);
    drop(server);
    fs::remove_dir_all(&folder).map_err(failed)
}

/// One run, into a bucket with nothing in it.
fn once(folder: &Path, command: &mut Command) -> Result<(f64, u64), String> {
    let bucket = folder.join("objects/vault");
    let _ = fs::remove_dir_all(&bucket);
    fs::create_dir(&bucket).map_err(|e| format!("cannot make `{}`: {e}", bucket.display()))?;
    settle(folder)?;
    watched(command)
}

fn rclone(setting: &Setting, port: u16, folder: &Path) -> Command {
    let words = ["copyto", "data/file", "vault:vault/file"];
    let mut command = program(setting.tools.join("rclone"), &words, folder);
    // Parts as large as ours, and as many at once. That the bucket is there, the server does not tell of a plain folder.
    command.args(["--s3-chunk-size", "8M", "--s3-upload-concurrency", "4", "--s3-no-check-bucket"]);
    for (key, value) in [
        ("TYPE", "s3"),
        ("PROVIDER", "Other"),
        ("ACCESS_KEY_ID", ACCESS),
        ("SECRET_ACCESS_KEY", SECRET),
        ("REGION", "us-east-1"),
        ("ENDPOINT", &format!("http://127.0.0.1:{port}")),
    ] {
        command.env(format!("RCLONE_CONFIG_VAULT_{key}"), value);
    }
    command.env("RCLONE_CONFIG", folder.join("rclone.conf"));
    command
}

/// With the parts that it chooses.
fn s5cmd(setting: &Setting, port: u16, folder: &Path) -> Command {
    let endpoint = format!("http://127.0.0.1:{port}");
    let words = ["--endpoint-url", &endpoint, "cp", "data/file", "s3://vault/file"];
    let mut command = program(setting.tools.join("s5cmd"), &words, folder);
    command.env("AWS_ACCESS_KEY_ID", ACCESS).env("AWS_SECRET_ACCESS_KEY", SECRET).env("AWS_REGION", "us-east-1");
    command
}

fn strategy(port: u16) -> String {
    format!(
        r#"strategy "bench" {{
    environment "development"
    source "file" engine="files" {{ root "data" }}
    store "vault" plugin="s3" {{
        site "here"; media "object"; bucket "vault"; region "us-east-1"; endpoint "http://127.0.0.1:{port}"; private #true
        secret "access-key" (file)"keys/access"; secret "secret-key" (file)"keys/secret"
    }}
    job "copy" {{ backup "file" to="vault" }}
}}
"#
    )
}

/// A server of the S3 protocol that keeps objects as files; it ends with its value.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(setting: &Setting, folder: &Path) -> Result<Self, String> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|bound| bound.local_addr());
        let port = free.map_err(|e| format!("no free port: {e}"))?.port();
        let mut command = Command::new(setting.tools.join("versitygw"));
        command.args(["--port", &format!("127.0.0.1:{port}"), "--region", "us-east-1", "posix"]);
        command.arg(folder.join("objects")).env("ROOT_ACCESS_KEY", ACCESS).env("ROOT_SECRET_KEY", SECRET);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|e| format!("cannot run {command:?}: {e}"))?;
        let server = Self { child, port };
        let end = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > end {
                return Err(format!("{command:?} does not listen"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
