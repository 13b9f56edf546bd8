//! Makes sure that the guests that are embedded have been built, and says how when they have not.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for guest in ["fs", "webhook"] {
        let place = format!("../plugins/dist/{guest}.wasm");
        println!("cargo::rerun-if-changed={place}");
        if !Path::new(&place).is_file() {
            println!(
                "cargo::error=plugins/dist/{guest}.wasm is missing: run `cargo xtask plugins` once, then build again"
            );
        }
    }
}
