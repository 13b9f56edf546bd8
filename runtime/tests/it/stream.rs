//! A stream has two ends, and neither waits for one that is gone.

use crate::plugin::conformance::{Vault, bytes};
use runtime::artifact::channel;
use runtime::artifact::download::{Expected, download, rest};
use runtime::artifact::pace::Pace;
use runtime::event::Observers;
use schema::step::Address;
use std::time::Duration;

/// Far more than all windows between a store and a reader hold.
const LARGE: usize = 24 << 20;

/// Whoever takes what is read has had enough after the first chunk: a disk is full, or a server has gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_leaves_ends_what_it_read() {
    let vault = Vault::fs().await;
    std::fs::write(vault.root().join("large"), bytes(LARGE, 1)).expect("written");
    let observers = Observers::new(Vec::new()).of(&Address("test/step".to_owned()));
    for whole in [true, false] {
        let (out, mut feed) = channel();
        let expected = Expected { size: LARGE as u64, blake3: "" };
        let reading = async {
            let pace = Pace::new(None);
            if whole {
                download(&vault.storage, "large", expected, out, pace, &observers).await
            } else {
                rest(&vault.storage, "large", (1, expected.size), out, pace).await
            }
        };
        let leaving = async move { feed.next().await.map(|chunk| chunk.is_some()) };
        let both = async { tokio::join!(reading, leaving) };
        let (read, left) = tokio::time::timeout(Duration::from_secs(60), both).await.expect("it waits for nobody");
        assert_eq!((read.expect_err("cut off").code, left.expect("a chunk")), ("consumer-gone", true));
    }
}
