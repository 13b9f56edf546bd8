//! How long steps took in the runs of the past, as the journal has it.

use super::{Journal, failed};
use crate::error::Result;
use rusqlite::params;
use schema::record::Record;
use schema::report::Outcome;
use schema::step::Address;
use std::collections::BTreeMap;

impl Journal {
    /// The longest time in seconds that each step took in the last `runs` runs of a job that ended. Steps that did not
    /// end well say nothing.
    pub fn durations(&self, job: &str, runs: u32) -> Result<BTreeMap<Address, f64>> {
        let connection = self.connection();
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut statement = connection.prepare(
                "SELECT body FROM record WHERE body LIKE '{\"record\":\"step-ended\"%' AND run IN
                 (SELECT id FROM run WHERE job = ?1 AND outcome IS NOT NULL ORDER BY rowid DESC LIMIT ?2)",
            )?;
            statement.query_map(params![job, runs], |row| row.get(0))?.collect()
        };
        let bodies = read().map_err(|error| failed("read the journal", &error))?;
        let mut longest: BTreeMap<Address, f64> = BTreeMap::new();
        for body in bodies {
            // A record that cannot be read is none: nothing is decided by it but what is begun.
            if let Ok(Record::StepEnded { step, outcome: Outcome::Ok | Outcome::Degraded, seconds, attempts, .. }) =
                serde_json::from_str(&body)
                && attempts > 0
            {
                let known = longest.entry(step).or_default();
                *known = known.max(seconds);
            }
        }
        Ok(longest)
    }
}
