//! Tools with a repository of their own, as lines for a shell: a folder `data` into a repository, all of it read back, and
//! the newest of it into a folder `back`. Neither compressed nor encrypted where a tool can do without.

use crate::Setting;
use crate::measure::program;
use std::path::Path;
use std::process::Command;

/// One tool. Its repository is in a folder of its name.
#[derive(Debug)]
pub(crate) struct Tool {
    /// As the table names it.
    pub(crate) shown: &'static str,
    /// Of its program and of its repository.
    pub(crate) name: &'static str,
    /// Makes the repository.
    pub(crate) begin: &'static str,
    pub(crate) backup: &'static str,
    /// Reads every byte.
    pub(crate) verify: &'static str,
    pub(crate) restore: &'static str,
}

pub(crate) const TOOLS: [Tool; 4] = [
    Tool {
        shown: "`restic`",
        name: "restic",
        begin: "restic init",
        backup: "restic --quiet backup data",
        verify: "restic --quiet check --read-data",
        restore: "restic --quiet restore latest --target back",
    },
    Tool {
        shown: "`rustic`",
        name: "rustic",
        begin: "rustic init",
        backup: "rustic backup data",
        verify: "rustic check --read-data",
        restore: "rustic restore latest back",
    },
    Tool {
        shown: "`borg`, neither compressed nor encrypted",
        name: "borg",
        begin: "borg init --encryption none borg",
        backup: "borg create --compression none borg::one data",
        verify: "borg check --verify-data borg",
        restore: "mkdir back && cd back && borg extract ../borg::one",
    },
    Tool {
        shown: "`kopia`",
        name: "kopia",
        begin: "mkdir -p kopia cache && kopia repository create filesystem --path \"$PWD/kopia\" --cache-directory \"$PWD/cache\"",
        backup: "kopia snapshot create --no-progress data",
        verify: "kopia snapshot verify --verify-files-percent=100",
        restore: "kopia snapshot restore --no-progress --snapshot-time=latest data back",
    },
];

/// What tools keep below `folder` beside their repositories.
pub(crate) const KEPT: [&str; 2] = ["cache", "base"];

/// A line of a tool, or of ours, in a folder.
pub(crate) fn command(line: &str, setting: &Setting, folder: &Path) -> Command {
    let mut command = program("sh", &["-c", line], folder);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let ours = setting.backstay.parent().into_iter().chain([setting.tools.as_path()]).map(Path::to_owned);
    command.env("PATH", std::env::join_paths(ours.chain(std::env::split_paths(&path))).unwrap_or(path));
    for tool in ["RESTIC", "RUSTIC", "KOPIA"] {
        command.env(format!("{tool}_PASSWORD"), "measured");
    }
    command
        .env("RESTIC_REPOSITORY", folder.join("restic"))
        .env("RESTIC_CACHE_DIR", folder.join("cache"))
        .env("RUSTIC_REPOSITORY", folder.join("rustic"))
        .env("RUSTIC_CACHE_DIR", folder.join("cache"))
        .env("RUSTIC_NO_PROGRESS", "true")
        .env("RUSTIC_LOG_LEVEL", "warn")
        .env("KOPIA_CONFIG_PATH", folder.join("cache/kopia.config"))
        .env("KOPIA_LOG_DIR", folder.join("cache/log"))
        .env("KOPIA_CHECK_FOR_UPDATES", "false")
        .env("BORG_BASE_DIR", folder.join("base"))
        .env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes");
    command
}
