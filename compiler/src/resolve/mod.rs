//! Names to things: references to definitions, globs to databases, plugins to what they may touch, jobs to the copies
//! that they make. It reads facts, and makes no steps.

pub mod databases;
pub mod flow;
pub mod grants;
pub mod names;
