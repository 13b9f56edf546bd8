//! Document to model, one file a node. It runs only on documents that the structural check has approved, so a `None`
//! means that this stage and the vocabulary disagree; a test holds them together.

mod job;
mod json;
mod neo4j;
mod place;
mod policy;
mod source;
mod store;
mod strategy;
mod values;

pub use json::json;
pub use strategy::strategy;

use crate::diag::{Diagnostic, Sink, codes};
use crate::model::Strategy;
use crate::span::Span;
use crate::structure::Manifest;
use crate::syntax::Document;

/// Collects what the decoders did not take; empty when they and the vocabulary agree.
pub type Left = Vec<String>;

/// The strategy of an approved document. What no decoder takes is a defect, and is told: it would be promised and not
/// done.
pub(crate) fn understood(
    document: &Document,
    manifests: &[Manifest],
    root: &Span,
    sink: &mut Sink,
) -> Option<Strategy> {
    let mut left = Left::new();
    let strategy = strategy(document, manifests, &mut left).filter(|_| left.is_empty());
    if strategy.is_none() {
        let what = left.first().map_or_else(|| "something here".to_owned(), |left| format!("`{left}`"));
        let message = format!("the vocabulary allows {what}, which the compiler does not understand");
        sink.push(Diagnostic::error(&codes::VOCABULARY_MISMATCH, message).at(root, "this text").help("Report it."));
    }
    strategy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::{structure, syntax};
    use std::sync::Arc;

    /// Approved by a vocabulary that is the strategy's own, with something more in it.
    fn told(text: &str, more: &str) -> Vec<String> {
        let mut sink = Sink::new();
        let mut parsed = |text: &str| syntax::parse(&Arc::new(Source::new("strategy.kdl", text)), &mut sink);
        let (document, more) = (parsed(text).expect("a strategy"), parsed(more).expect("a vocabulary"));
        let mut vocabulary = structure::strategy().to_vec();
        for shape in structure::shapes(&more.nodes) {
            let below = vocabulary.iter_mut().filter(|shape| shape.name == "strategy");
            below.for_each(|strategy| {
                strategy.children.retain(|known| known.name != shape.name);
                strategy.children.push(shape.clone());
            });
        }
        let root = document.nodes.first().expect("a strategy").span.clone();
        let checked = structure::check(document, &vocabulary, &[], &root, &mut sink);
        assert!(sink.is_empty(), "{sink:?}");
        understood(&checked.document, &[], &root, &mut sink);
        sink.iter().map(|told| format!("[{}] {told}", told.code())).collect()
    }

    #[test]
    fn what_the_vocabulary_has_and_no_decoder_takes_is_told() {
        let text = r#"strategy "x" { weather "rain"; }"#;
        let told_of = told(text, r#"node "weather" { argument "kind" type="string" required=#true; }"#);
        let expected =
            "[vocabulary-mismatch] the vocabulary allows `strategy/weather`, which the compiler does not understand";
        assert_eq!(told_of, [expected]);
    }

    #[test]
    fn what_a_decoder_cannot_read_is_told() {
        let text = r#"strategy "x" { environment 5; }"#;
        let told_of = told(text, r#"node "environment" { argument "kind" type="integer" required=#true; }"#);
        let expected =
            "[vocabulary-mismatch] the vocabulary allows something here, which the compiler does not understand";
        assert_eq!(told_of, [expected]);
        assert!(told(r#"strategy "x" { }"#, "").is_empty());
    }
}
