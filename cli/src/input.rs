//! The strategy's texts, read from disk for the compiler.

use crate::args::Place;
use crate::exit::Exit;
use crate::given::{self, Hidden};
use crate::texts::Files;
use crate::{print, read};
use compiler::render::diagnostics::{Told, json};
use compiler::{Checked, Compiled, Diagnostic, Facts, Imports, Text};
use runtime::run::Said;
use schema::fact::PluginManifest;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A strategy's texts and where they came from.
#[derive(Debug, Default)]
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
    /// Whether what is wrong is the result: as JSON on standard output, for the program that asked for JSON.
    pub(crate) wrong_as_json: bool,
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

/// As the strategy is cited.
fn name(place: &Place) -> String {
    place.strategy.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

impl Input {
    /// Reads the strategy and all that it imports, or says why not.
    pub(crate) fn read(place: &Place) -> Result<Self, Exit> {
        Self::read_telling(place, false)
    }

    /// The same; `as_json` says how it and all that follows tell what is wrong.
    pub(crate) fn read_telling(place: &Place, as_json: bool) -> Result<Self, Exit> {
        let mut input = match Self::load(place) {
            Ok(input) => Self { wrong_as_json: as_json, ..input },
            Err(unread) => {
                let input = Self { wrong_as_json: as_json, ..Self::unread(place) };
                return input.accept(Compiled::new(None, vec![*unread]));
            }
        };
        input.give(place)?;
        Ok(input)
    }

    /// Takes in what is given beside the strategy.
    pub(crate) fn give(&mut self, place: &Place) -> Result<(), Exit> {
        self.manifests = place.plugins.as_deref().map(manifests).transpose()?.unwrap_or_default();
        self.variables = given::variables(&place.variables)?;
        self.environment = place.env_file.as_deref().map(given::environment).transpose()?.unwrap_or_default();
        Ok(())
    }

    /// Reads the texts alone.
    pub(crate) fn load(place: &Place) -> Result<Self, Box<Diagnostic>> {
        let base = base(place);
        let text = read::text(&place.strategy, &name(place))?;
        let state = place.state.clone().unwrap_or_else(|| base.join(".backstay"));
        let (texts, imports) = compiler::gather(text, &mut Files::new(&base, &place.strategy));
        Ok(Self { texts, imports, base, state, ..Self::default() })
    }

    /// Other texts in the same place: all but the texts themselves.
    pub(crate) fn beside(&self) -> Self {
        Self {
            texts: Vec::new(),
            imports: Imports::default(),
            variables: self.variables.clone(),
            environment: BTreeMap::new(),
            manifests: self.manifests.clone(),
            base: self.base.clone(),
            state: self.state.clone(),
            wrong_as_json: false,
        }
    }

    /// A strategy that could not be read: its name is all that is known.
    pub(crate) fn unread(place: &Place) -> Self {
        let text = Text { name: name(place), text: String::new() };
        Self { texts: vec![text], base: base(place), ..Self::default() }
    }

    /// What is kept of it in stores.
    pub(crate) fn said(&self) -> Said {
        let text = |text: &Text| schema::texts::Text { name: text.name.clone(), text: text.text.clone() };
        Said { texts: self.texts.iter().map(text).collect(), variables: self.variables.clone() }
    }

    /// The file that a text was read from.
    pub(crate) fn path(&self, text: &Text) -> PathBuf {
        self.base.join(&text.name)
    }

    /// Checks the strategy and tells every diagnostic.
    pub(crate) fn check(&self, facts: &Facts) -> Result<Checked, Exit> {
        self.accept(compiler::check(&self.texts, facts))
    }

    /// The value of a compilation, with its diagnostics told.
    pub(crate) fn accept<T>(&self, compiled: Compiled<T>) -> Result<T, Exit> {
        if compiled.value.is_none() && self.wrong_as_json {
            let told = Told { texts: &self.texts, diagnostics: &compiled.diagnostics, folder: "" };
            print::result(&json(&told, None));
            return Err(Exit::Invalid);
        }
        accept(compiled)
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
