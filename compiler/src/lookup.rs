//! A map that is only asked for what is in it, and never walked: what it holds has no order that a result could depend on.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

/// Without a random seed: the same texts and facts take the same way.
pub(crate) type Lookup<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;
