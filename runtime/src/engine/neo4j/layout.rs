//! Where an installation keeps things: its configuration says, and only two of its settings matter here.

use std::path::{Path, PathBuf};

/// Folders of one installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) home: PathBuf,
    /// Records of swaps are kept here, on the same disk as what they are about.
    pub(super) data: PathBuf,
    pub(super) databases: PathBuf,
    pub(super) transactions: PathBuf,
    pub(super) logs: PathBuf,
}

impl Layout {
    /// `conf` is the folder that `NEO4J_CONF` names, if it does.
    pub(super) fn of(home: &Path, conf: Option<&Path>) -> Self {
        let own = home.join("conf");
        let conf = conf.map_or_else(|| if own.is_dir() { own } else { PathBuf::from("/etc/neo4j") }, Path::to_owned);
        let text = std::fs::read_to_string(conf.join("neo4j.conf")).unwrap_or_default();
        Self::from_text(home, &text)
    }

    fn from_text(home: &Path, text: &str) -> Self {
        let setting =
            |name: &str| settings(text).filter(|(key, _)| *key == name).last().map(|(_, value)| home.join(value));
        let data = setting("server.directories.data").unwrap_or_else(|| home.join("data"));
        let transactions =
            setting("server.directories.transaction.logs.root").unwrap_or_else(|| data.join("transactions"));
        let logs = setting("server.directories.logs").unwrap_or_else(|| home.join("logs"));
        Self { home: home.to_owned(), databases: data.join("databases"), data, transactions, logs }
    }

    /// The store and the transaction logs of a database.
    pub(super) fn pair(&self, database: &str) -> [PathBuf; 2] {
        [self.databases.join(database), self.transactions.join(database)]
    }

    /// Live and staged directories, in the order in which they are exchanged.
    pub(super) fn pairs(&self, live: &str, staging: &str) -> Vec<(PathBuf, PathBuf)> {
        self.pair(live).into_iter().zip(self.pair(staging)).collect()
    }

    /// Whether a process holds the lock of the whole store, or of this database. A server holds both.
    pub(super) fn held(&self, database: Option<&str>) -> bool {
        let own = database.map(|database| self.databases.join(database).join("database_lock"));
        [Some(self.databases.join("store_lock")), own].into_iter().flatten().any(|path| locked(&path))
    }
}

/// Tries the lock, and gives it back at once.
fn locked(path: &Path) -> bool {
    let Ok(file) = std::fs::File::options().read(true).write(true).open(path) else { return false };
    let tried = rustix::fs::fcntl_lock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive);
    matches!(tried, Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS))
}

fn settings(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('=')).map(|(key, value)| (key.trim(), value.trim()))
}

#[cfg(test)]
mod tests {
    use super::Layout;
    use std::path::Path;

    #[test]
    fn the_configuration_moves_folders() {
        let home = Path::new("/srv/neo4j");
        let plain = Layout::from_text(home, "# server.directories.data=/x\n");
        assert_eq!(plain.databases, Path::new("/srv/neo4j/data/databases"));
        assert_eq!(plain.transactions, Path::new("/srv/neo4j/data/transactions"));
        let moved = Layout::from_text(
            home,
            "server.directories.data = store\nserver.directories.transaction.logs.root=/fast/tx\n",
        );
        assert_eq!(moved.databases, Path::new("/srv/neo4j/store/databases"));
        assert_eq!(moved.transactions, Path::new("/fast/tx"));
    }
}
