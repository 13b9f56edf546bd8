//! The two version lines that tests run against, and what differs between them.

/// A version line of Neo4j Community.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Version {
    /// The long-term line.
    #[value(name = "5.26")]
    Line5,
    /// The calendar line.
    #[value(name = "2026.09")]
    Line2026,
}

impl Version {
    pub(crate) const ALL: [Self; 2] = [Self::Line5, Self::Line2026];

    /// As a strategy says it.
    pub(crate) fn line(self) -> &'static str {
        match self {
            Self::Line5 => "5.26",
            Self::Line2026 => "2026.09",
        }
    }

    /// The release that is fetched.
    pub(crate) fn exact(self) -> &'static str {
        match self {
            Self::Line5 => "5.26.12",
            Self::Line2026 => "2026.09.0",
        }
    }

    /// Digest of [`super::install::digest`] over the jars of that release: another set of jars is refused.
    pub(crate) fn jars(self) -> &'static str {
        match self {
            Self::Line5 => "8d88bcafc25f4573c974aad4f075397b05ef676d7330c88563d91c7236216e29",
            Self::Line2026 => "cb9999c3a6ad99b32e984ac2b7537294fe1f1e0543ba8e02975afa91937f4397",
        }
    }

    /// Major versions of Java that it runs on, the preferred one first.
    pub(crate) fn java(self) -> &'static [u32] {
        match self {
            Self::Line5 => &[17, 21],
            Self::Line2026 => &[25, 21],
        }
    }

    /// Debian package of the preferred Java.
    pub(crate) fn java_package(self) -> &'static str {
        match self {
            Self::Line5 => "openjdk-17-jre-headless",
            Self::Line2026 => "openjdk-21-jre-headless",
        }
    }

    /// Main class of the server.
    pub(crate) fn server(self) -> &'static str {
        match self {
            Self::Line5 => "org.neo4j.server.CommunityEntryPoint",
            Self::Line2026 => "org.neo4j.server.Neo4jCommunity",
        }
    }

    /// Options of the virtual machine that only this line needs.
    pub(crate) fn options(self, java: u32) -> &'static str {
        match (self, java) {
            (Self::Line5, _) => "",
            (Self::Line2026, ..=23) => "--enable-native-access=ALL-UNNAMED",
            (Self::Line2026, _) => "--enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow",
        }
    }
}
