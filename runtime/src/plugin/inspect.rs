//! What a component imports. Each import is a capability, so this list is all that it can ever do.

use crate::error::{Error, Result};
use crate::plugin::bundled::{Kind, Want};
use wasmtime::Engine;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

/// Interfaces that need no grant.
const FREE: [&str; 5] = ["data", "types", "log", "clock", "random"];
const PACKAGE: &str = "backstay:plugin/";

/// Names of the interfaces that a component imports, in its order.
pub(super) fn imports(engine: &Engine, component: &Component) -> Vec<String> {
    component.component_type().imports(engine).map(|(name, _)| name.to_owned()).collect()
}

/// Refuses a component that imports more than its manifest wants, or does not export what its kind needs.
pub(super) fn check(engine: &Engine, component: &Component, name: &str, kind: Kind, wants: &[Want]) -> Result<()> {
    for import in imports(engine, component) {
        let interface = import.strip_prefix(PACKAGE).and_then(|rest| rest.split('@').next()).unwrap_or("");
        let wanted = FREE.contains(&interface) || wants.iter().any(|want| want.interface() == interface);
        if !wanted {
            let message = format!("plugin `{name}` imports `{import}`, which its manifest does not want");
            return Err(Error::plugin("import-not-wanted", message)
                .help("Use a build of the plugin whose manifest says all that it does."));
        }
    }
    let export = format!("{PACKAGE}{}", kind.interface());
    let exported = component
        .component_type()
        .exports(engine)
        .any(|(name, item)| name.split('@').next() == Some(&export) && instance(&item.ty));
    if exported {
        return Ok(());
    }
    let message = format!("plugin `{name}` is no {}: it does not export `{export}`", kind.interface());
    Err(Error::plugin("interface-missing", message))
}

fn instance(item: &ComponentItem) -> bool {
    matches!(item, ComponentItem::ComponentInstance(_))
}
