//! The strategy's texts, read from disk for the compiler.

use crate::args::Place;
use crate::exit::Exit;
use crate::given::{self, Hidden};
use crate::print;
use crate::texts::Files;
use compiler::{Checked, Compiled, Facts, Imports, Text};
use schema::fact::PluginManifest;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A strategy's texts and where they came from.
#[derive(Debug)]
pub(crate) struct Input {
    /// The strategy's own text first.
    pub(crate) texts: Vec<Text>,
    pub(crate) imports: Imports,
    /// Given with `--var`.
    pub(crate) variables: BTreeMap<String, String>,
    /// Given with `--env-file`: values of secrets, never to be shown.
    pub(crate) environment: BTreeMap<String, Hidden>,
    /// Plugins that are known by their manifest only.
    pub(crate) manifests: Vec<PluginManifest>,
    /// Folder of the strategy: relative paths in it begin here.
    pub(crate) base: PathBuf,
    /// State directory.
    pub(crate) state: PathBuf,
}

/// Folder of the strategy.
pub(crate) fn base(place: &Place) -> PathBuf {
    let folder = match place.strategy.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // Children run elsewhere, so relative would not do; a folder that is not there is told when the file is read.
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

impl Input {
    /// Reads the strategy and all that it imports, or says why not.
    pub(crate) fn read(place: &Place) -> Result<Self, Exit> {
        let base = base(place);
        let name = place.strategy.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let bytes = std::fs::read(&place.strategy).map_err(|error| {
            let path = place.strategy.display();
            print::failure("strategy-unreadable", &format!("cannot read `{path}`: {error}"));
            print::help("Name the strategy with `--strategy FILE`, or go to its folder.");
            Exit::Invalid
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
            print::failure("not-utf-8", &format!("`{name}` is not UTF-8 at byte {at}, in line {line}"));
            print::help("Save the file as UTF-8.");
            Exit::Invalid
        })?;
        let state = place.state.clone().unwrap_or_else(|| base.join(".backstay"));
        let (texts, imports) = compiler::gather(Text { name, text }, &mut Files::new(&base, &place.strategy));
        let manifests = place.plugins.as_deref().map(manifests).transpose()?.unwrap_or_default();
        let variables = given::variables(&place.variables)?;
        let environment = place.env_file.as_deref().map(given::environment).transpose()?.unwrap_or_default();
        Ok(Self { texts, imports, manifests, variables, environment, base, state })
    }

    /// Checks the strategy and tells every diagnostic.
    pub(crate) fn check(&self, facts: &Facts) -> Result<Checked, Exit> {
        accept(compiler::check(&self.texts, facts))
    }
}

/// The manifests in a folder, by name.
fn manifests(folder: &Path) -> Result<Vec<PluginManifest>, Exit> {
    let unreadable = |error: std::io::Error| {
        print::failure(
            "manifests-unreadable",
            &format!("cannot read the manifests in `{}`: {error}", folder.display()),
        );
        print::help("Name a folder with `--plugins DIR` that holds a `NAME.kdl` for each plugin.");
        Exit::Invalid
    };
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
        if let (Some(name), Some("kdl")) = (name, path.extension().and_then(|extension| extension.to_str())) {
            out.push(PluginManifest { name, text: std::fs::read_to_string(&path).map_err(unreadable)? });
        }
    }
    out.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(out)
}

/// The value of a compilation, with its diagnostics told.
pub(crate) fn accept<T>(compiled: Compiled<T>) -> Result<T, Exit> {
    print::diagnostics(&compiled.diagnostics);
    compiled.value.ok_or(Exit::Invalid)
}
