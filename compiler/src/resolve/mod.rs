//! Names to things: references to definitions, globs to databases, plugins to what they may touch, jobs to the copies
//! that they make, and all of it to what engines can do. It reads facts, and makes no steps.

mod body;
pub mod capability;
pub mod coherence;
pub mod databases;
pub mod flow;
pub mod grants;
pub mod names;
