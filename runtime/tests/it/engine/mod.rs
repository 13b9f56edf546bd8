//! The engines, and what they share.

pub(crate) mod exchange;
mod files;
mod neo4j;

use runtime::engine::Context;
use runtime::event::{Observer, Observers};
use runtime::world::RealWorld;
use schema::event::Event;
use schema::step::Address;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// Keeps every event.
#[derive(Default)]
pub(crate) struct Recorder(pub(crate) Mutex<Vec<Event>>);

impl Observer for Recorder {
    fn observe(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

pub(crate) fn context(folder: &Path) -> (Context, Arc<Recorder>) {
    let recorder = Arc::new(Recorder::default());
    let scratch = folder.join("scratch");
    std::fs::create_dir_all(&scratch).unwrap();
    let context = Context {
        world: RealWorld::start(folder.to_owned()),
        children: crate::process::children(folder),
        observers: Observers::new(vec![recorder.clone()]).of(&Address("test/step".to_owned())),
        cancel: CancellationToken::new(),
        scratch,
    };
    (context, recorder)
}
