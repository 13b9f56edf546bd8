//! Events as NDJSON: one object a line, each with its time.

use crate::print;
use runtime::event::Observer;
use schema::event::Event;

/// Writes JSON lines to standard error.
pub(super) struct Ndjson;

impl Observer for Ndjson {
    fn observe(&self, event: &Event) {
        let Ok(mut value) = serde_json::to_value(event) else { return };
        if let Some(object) = value.as_object_mut() {
            object.insert("time".to_owned(), jiff::Timestamp::now().to_string().into());
        }
        print::line(&value.to_string());
    }
}
