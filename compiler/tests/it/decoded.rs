//! The decoded strategy conforms to its JSON Schema, and what is not one does not.

use crate::case::facts;
use crate::json_schema::schema;
use crate::places::{Fixture, fixtures};
use compiler::structure::{self, Form, Manifest, NodeShape};
use compiler::{Text, check, decoded};
use serde_json::{Value, json};

/// Every strategy of the examples and of the suite in which nothing is wrong, decoded, with its name.
fn strategies() -> Vec<(String, Value)> {
    let decode = |it: Fixture| (it.name, decoded(&check(&it.texts, &it.facts).value.unwrap()));
    fixtures().into_iter().map(decode).collect()
}

#[test]
fn decoded_strategies_conform() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let all = strategies();
    assert!(all.len() >= 20, "only {} strategies", all.len());
    for (name, strategy) in all {
        let wrong: Vec<String> =
            validator.iter_errors(&strategy).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(wrong, Vec::<String>::new(), "{name}");
    }
}

/// Walks data with its shape and makes one thing wrong at a time.
struct Breaker<'a> {
    whole: &'a Value,
    manifests: &'a [Manifest],
    /// JSON pointers, and what stands there instead; nothing when it is removed.
    broken: Vec<(String, Option<Value>)>,
}

impl Breaker<'_> {
    fn node(&mut self, path: &str, shape: &NodeShape) {
        match shape.form() {
            Form::Object => self.object(path, shape),
            Form::Many(_) => {
                self.leaf(path);
                self.items(path, Self::leaf);
            }
            Form::One(_) | Form::Flag => self.leaf(path),
        }
    }

    fn items(&mut self, path: &str, each: impl Fn(&mut Self, &str)) {
        let count = self.whole.pointer(path).and_then(Value::as_array).map_or(0, Vec::len);
        (0..count).for_each(|at| each(self, &format!("{path}/{at}")));
    }

    fn object(&mut self, path: &str, shape: &NodeShape) {
        let plugin = self.whole.pointer(&format!("{path}/plugin")).and_then(Value::as_str);
        // What the nodes of a plugin are that does not come with Backstay, its schema cannot know.
        if shape.plugin.is_none() || self.manifests.iter().any(|manifest| plugin == Some(manifest.name.as_str())) {
            self.broken.push((format!("{path}/no-such-key"), Some(json!("x"))));
        }
        self.broken.push((path.to_owned(), Some(json!("x"))));
        let here = self.whole.pointer(path).unwrap().as_object().unwrap();
        for value in shape.arguments.iter().chain(&shape.properties).filter(|value| here.contains_key(&value.name)) {
            let key = format!("{path}/{}", value.name);
            self.leaf(&key);
            self.items(&key, Self::leaf);
            if value.required || value.default.is_some() {
                self.broken.push((key, None));
            }
        }
        if let Some(list) = &shape.ordered {
            self.broken.push((format!("{path}/{list}"), None));
            self.broken.push((format!("{path}/{list}/0"), Some(json!({ "no-such-step": {} }))));
        }
        let added = self.manifests.iter().filter(|manifest| {
            shape.plugin.is_some() && here.get("plugin").and_then(Value::as_str) == Some(manifest.name.as_str())
        });
        let whens = |child: &&NodeShape| {
            let when = child.when.as_ref();
            when.is_none_or(|when| here.get(&when.property).and_then(Value::as_str) == Some(when.value.as_str()))
        };
        for child in shape.children.iter().filter(whens).chain(added.flat_map(|manifest| &manifest.nodes)) {
            self.child(path, shape, child, here.contains_key(&child.name));
        }
    }

    fn child(&mut self, path: &str, shape: &NodeShape, child: &NodeShape, present: bool) {
        let key = format!("{path}/{}", child.name);
        if let Some(list) = shape.ordered.as_ref().filter(|_| child.repeat) {
            self.items(&format!("{path}/{list}"), |breaker, item| {
                let key = format!("{item}/{}", child.name);
                if breaker.whole.pointer(&key).is_some() {
                    breaker.node(&key, child);
                }
            });
        } else if present && child.repeat {
            self.broken.push((key.clone(), Some(json!([]))));
            self.items(&key, |breaker, item| breaker.node(item, child));
        } else if present {
            self.node(&key, child);
            if child.required || child.stands_by_default() {
                self.broken.push((key, None));
            }
        }
    }

    /// No value of one type is one of another.
    fn leaf(&mut self, path: &str) {
        let other = match self.whole.pointer(path).unwrap() {
            Value::String(_) => json!(7),
            Value::Number(_) => json!(-1),
            Value::Array(_) => json!("x"),
            _ => json!(["x"]),
        };
        self.broken.extend([other, json!({ "no-such-key": 1 })].map(|other| (path.to_owned(), Some(other))));
    }
}

fn apply(whole: &Value, path: &str, instead: Option<&Value>) -> Value {
    let mut out = whole.clone();
    let (parent, key) = path.rsplit_once('/').unwrap_or(("", ""));
    match (out.pointer_mut(path), instead) {
        (Some(place), Some(instead)) => *place = instead.clone(),
        (_, instead) => match (out.pointer_mut(parent).unwrap(), instead) {
            (Value::Object(map), None) => _ = map.remove(key),
            (Value::Object(map), Some(instead)) => _ = map.insert(key.to_owned(), instead.clone()),
            (Value::Array(list), Some(instead)) => list.push(instead.clone()),
            (other, _) => panic!("{path} is in {other}"),
        },
    }
    out
}

#[test]
fn broken_ones_do_not() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let manifests = structure::manifests(&facts().plugins, &mut Vec::new());
    let root = structure::strategy().iter().find(|shape| shape.required).unwrap();
    let mut count = 0;
    for (name, whole) in strategies() {
        let mut breaker = Breaker { whole: &whole, manifests: &manifests, broken: Vec::new() };
        breaker.node("", root);
        for (path, instead) in breaker.broken {
            let broken = apply(&whole, &path, instead.as_ref());
            assert!(!validator.is_valid(&broken), "{name}: accepted with {instead:?} at {path}");
            count += 1;
        }
    }
    assert!(count > 1_000, "only {count} broken strategies");
}

#[test]
fn values_are_in_one_form_and_secrets_are_references() {
    let text = r#"strategy "orders" {
        environment "development"
        objectives { rpo "1h30m"; }
        workload { size "1.5GiB"; growth "2.5%/month"; change-rate "4GiB/day"; }
        source "notes" engine="files" { root "notes"; }
        store "desk" plugin="fs" { path "desk"; secret "a" (env)"A"; secret "b" (command)"pass show b"; }
        job "nightly" { backup "notes" to="desk"; verify "desk"; }
    }"#;
    let text = Text { name: "strategy.kdl".to_owned(), text: text.to_owned() };
    let decoded = decoded(&check(&[text], &facts()).value.unwrap());
    assert_eq!(decoded["objectives"], json!({ "rpo": 5_400 }));
    let growth = json!({ "basis-points": 250, "per": 2_592_000 });
    assert_eq!(decoded["workload"], json!({ "size": 1_610_612_736_u64, "growth": growth, "change-rate": 49_710 }));
    let secrets = json!([{ "name": "a", "reference": { "env": "A" } }, { "name": "b", "reference": { "command": ["pass", "show", "b"] } }]);
    assert_eq!(decoded["store"][0]["secret"], secrets);
    assert_eq!(decoded["source"][0]["include"], json!(["**"]));
    let steps = json!([{ "backup": { "source": "notes", "to": "desk", "type": "full" } }, { "verify": { "of": "desk", "with": "digest" } }]);
    assert_eq!(decoded["job"][0]["steps"], steps);
}
