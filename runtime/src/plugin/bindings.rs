//! Rust types and traits of `schema/wit`, generated. Nothing outside this folder names them.

#![expect(unreachable_pub, reason = "generated")]

pub mod storage {
    wasmtime::component::bindgen!({
        path: "../schema/wit",
        world: "storage-plugin",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "backstay:plugin/data.artifact": crate::plugin::body::Body,
            "backstay:plugin/data.sink": crate::plugin::body::Outlet,
        },
    });
}

pub mod notifier {
    wasmtime::component::bindgen!({
        path: "../schema/wit",
        world: "notifier-plugin",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "backstay:plugin/data": super::storage::backstay::plugin::data,
            "backstay:plugin/types": super::storage::backstay::plugin::types,
            "backstay:plugin/dir": super::storage::backstay::plugin::dir,
            "backstay:plugin/http": super::storage::backstay::plugin::http,
            "backstay:plugin/secrets": super::storage::backstay::plugin::secrets,
            "backstay:plugin/log": super::storage::backstay::plugin::log,
            "backstay:plugin/clock": super::storage::backstay::plugin::clock,
            "backstay:plugin/random": super::storage::backstay::plugin::random,
        },
    });
}

pub(super) use storage::backstay::plugin::{clock, data, dir, http, log, random, secrets, types};
