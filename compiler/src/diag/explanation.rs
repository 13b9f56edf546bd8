//! What `explain CODE` says about a kind of diagnostic: data, one value a code.

/// All that is to be known about one code.
#[derive(Debug)]
pub struct Explanation {
    /// Kebab-case, stable.
    pub code: &'static str,
    /// One line: what it is.
    pub summary: &'static str,
    /// Why it matters.
    pub why: &'static str,
    pub example: Example,
    /// A sentence that says what to do.
    pub fix: &'static str,
}

/// Something that raises the code, and what does not.
#[derive(Debug)]
pub enum Example {
    /// Nodes of a strategy. A test compiles both: the wrong one raises exactly this code, the right one nothing.
    Nodes { wrong: &'static str, right: &'static str },
    /// A whole text, with those that it imports behind lines `// text NAME`, and bytes as cases of the suite write them;
    /// tested likewise.
    Text { wrong: &'static str, right: &'static str },
    /// Nodes with facts in comment lines at their head, as cases of the suite have them; tested likewise.
    Case { wrong: &'static str, right: &'static str },
    /// What no page can show, in words; a test beside makes it.
    Told { wrong: &'static str, right: &'static str },
}

impl Example {
    #[must_use]
    pub fn wrong(&self) -> &'static str {
        match self {
            Self::Nodes { wrong, .. }
            | Self::Text { wrong, .. }
            | Self::Case { wrong, .. }
            | Self::Told { wrong, .. } => wrong,
        }
    }

    #[must_use]
    pub fn right(&self) -> &'static str {
        match self {
            Self::Nodes { right, .. }
            | Self::Text { right, .. }
            | Self::Case { right, .. }
            | Self::Told { right, .. } => right,
        }
    }
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let indent = |text: &str| text.trim().lines().map(|line| format!("    {line}\n")).collect::<String>();
        writeln!(f, "{}: {}\n", self.code, self.summary)?;
        writeln!(f, "{}\n", self.why)?;
        writeln!(f, "Raised by\n\n{}", indent(self.example.wrong()))?;
        writeln!(f, "Not by\n\n{}", indent(self.example.right()))?;
        write!(f, "{}", self.fix)
    }
}
