//! What a plan's schedules come to in the worst case, and run by run over a year. Both are made by one code: jobs to
//! durations (`duration`), schedules to runs (`timeline`), runs to artifacts and what retention leaves of them (`history`).
//!
//! There is no clock: the year begins at [`REFERENCE`], is a leap year, and has both changes of the clocks. Databases
//! that are treated alike are computed once; their bytes are a multiple of what was computed.

mod calendar;
mod domain;
mod duration;
mod flow;
mod history;
mod load;
mod loss;
mod outlook;
mod pace;
mod rates;
mod restore;
mod simulate;
mod size;
mod storage;
mod thaw;
mod timeline;
mod world;

pub use calendar::{due, span as gaps};
pub use simulate::{Failure, Simulate, simulate};
pub(crate) use thaw::thaw;

use schema::fact::StoredArtifact;
use schema::forecast::Forecast;
use schema::plan::Plan;
use world::World;

/// When the year begins that a forecast looks at: 2028-01-01, in seconds since 1970.
pub const REFERENCE: i64 = 1_830_297_600;
/// Seconds of it.
pub const YEAR: i64 = 366 * DAY;
const DAY: i64 = 86_400;
/// How far schedules are looked at beyond the year: a chain of the last weeks goes on, and a month has its end.
const BEYOND: i64 = 70 * DAY;
/// How far rare schedules are looked at: two leap days.
const LONG: i64 = 9 * 366 * DAY;

/// What all jobs of `plan` come to, and the seconds that each step takes by itself, in the order of the plan. Artifacts that
/// stores hold replace estimates of sizes.
#[must_use]
pub fn forecast(plan: &Plan, artifacts: &[StoredArtifact]) -> (Forecast, Vec<u64>) {
    let mut world = World::new(plan, artifacts, REFERENCE, None);
    let (databases, stores) = outlook::all(&mut world);
    let (jobs, temp) = (load::loads(&world), load::temp(&mut world));
    let estimates = world.times.steps.iter().map(|step| step.alone).collect();
    (Forecast { assumptions: world.assumed.into_list(), databases, jobs, stores, temp }, estimates)
}
