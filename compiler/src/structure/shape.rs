//! What a vocabulary says of a node and of a value, as data.

use crate::syntax::{Node, Value};

/// A node that may stand somewhere.
#[derive(Clone, Debug, Default)]
pub struct NodeShape {
    pub name: String,
    pub doc: String,
    pub required: bool,
    pub repeat: bool,
    pub arguments: Vec<ValueShape>,
    pub properties: Vec<ValueShape>,
    pub children: Vec<NodeShape>,
    /// Kind of plugin whose manifest adds children; the node's property `plugin` names it.
    pub plugin: Option<String>,
    /// Only where the parent has this property.
    pub when: Option<When>,
    /// Its repeated children mean something by their order; as data they are one list of this name.
    pub ordered: Option<String>,
}

/// What a node is as data, beside its name.
#[derive(Clone, Copy, Debug)]
pub enum Form<'a> {
    /// That it stands there is all.
    Flag,
    /// Its only argument.
    One(&'a ValueShape),
    /// All its arguments, in order.
    Many(&'a ValueShape),
    /// Arguments by label, properties and children by name.
    Object,
}

/// A property of the parent that must have a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    pub property: String,
    pub value: String,
}

/// An argument or a property.
#[derive(Clone, Debug)]
pub struct ValueShape {
    /// A property's name, an argument's label.
    pub name: String,
    pub doc: String,
    pub kind: Type,
    pub required: bool,
    /// An argument that takes all that are left.
    pub repeat: bool,
    pub default: Option<Value>,
    /// The kind of thing that the value names.
    pub names: Option<String>,
    /// The kinds of thing that the value may refer to.
    pub refers: Vec<String>,
    /// The node inside which names are unique and found; the whole strategy without it.
    pub within: Option<String>,
    pub one_of: Vec<String>,
    pub reserved: Vec<String>,
    /// The range of a whole number.
    pub least: Option<i128>,
    pub most: Option<i128>,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    String,
    Integer,
    Boolean,
    Duration,
    Size,
    Rate,
    Growth,
    Path,
    Url,
    /// A host and a port.
    Address,
    Glob,
    Cron,
    Timezone,
    Time,
    Date,
    Name,
    Enum,
    /// The name of a database, or a glob over them.
    Database,
    /// Words of an enum, with spaces between.
    Words,
    Secret,
    Template,
    /// A public key that something is encrypted to.
    Recipient,
    /// Anything plain, for a variable.
    Value,
}

impl Type {
    /// Every type with its name in a vocabulary.
    pub const ALL: [(&'static str, Self); 23] = [
        ("string", Self::String),
        ("integer", Self::Integer),
        ("boolean", Self::Boolean),
        ("duration", Self::Duration),
        ("size", Self::Size),
        ("rate", Self::Rate),
        ("growth", Self::Growth),
        ("path", Self::Path),
        ("url", Self::Url),
        ("address", Self::Address),
        ("glob", Self::Glob),
        ("cron", Self::Cron),
        ("timezone", Self::Timezone),
        ("time", Self::Time),
        ("date", Self::Date),
        ("name", Self::Name),
        ("enum", Self::Enum),
        ("database", Self::Database),
        ("words", Self::Words),
        ("secret", Self::Secret),
        ("template", Self::Template),
        ("recipient", Self::Recipient),
        ("value", Self::Value),
    ];

    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// What a value of it is, with its article.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Integer => "a whole number",
            Self::Boolean => "a boolean",
            Self::Duration => "a duration",
            Self::Size => "a size",
            Self::Rate => "a rate",
            Self::Growth => "a growth",
            Self::Path => "a path",
            Self::Url => "a URL",
            Self::Address => "a host with a port",
            Self::Glob => "a glob",
            Self::Cron => "a schedule of five fields",
            Self::Timezone => "a time zone",
            Self::Time => "a time of day",
            Self::Date => "a date",
            Self::Name => "a name",
            Self::Enum => "one of a few words",
            Self::Database => "a database or a glob over databases",
            Self::Words => "a list of words",
            Self::Secret => "a reference to a secret",
            Self::Template => "a template",
            Self::Recipient => "an age recipient",
            Self::Value => "a plain value",
        }
    }

    /// A value of it, as it is typed.
    #[must_use]
    pub fn sample(self) -> &'static str {
        match self {
            Self::String | Self::Value => "\"text\"",
            Self::Integer => "8",
            Self::Boolean => "#true",
            Self::Duration => "\"2h30m\"",
            Self::Size => "\"180GiB\"",
            Self::Rate => "\"80MiB/s\"",
            Self::Growth => "\"2%/month\"",
            Self::Path => "\"/srv/data\"",
            Self::Url => "\"https://example.org/hook\"",
            Self::Address => "\"graph-1.internal:6362\"",
            Self::Glob => "\"*\"",
            Self::Cron => "\"30 2 * * *\"",
            Self::Timezone => "\"Europe/Stockholm\"",
            Self::Time => "\"02:30\"",
            Self::Date => "\"2027-01-31\"",
            Self::Name => "\"name\"",
            Self::Database => "\"neo4j\"",
            Self::Enum | Self::Words => "\"word\"",
            Self::Secret => "(env)\"NAME\"",
            Self::Template => "\"{{job}} ended {{outcome}}\"",
            Self::Recipient => "\"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\"",
        }
    }

    /// Whether a number alone does not say enough.
    #[must_use]
    pub fn has_unit(self) -> bool {
        matches!(self, Self::Duration | Self::Size | Self::Rate | Self::Growth)
    }
}

impl ValueShape {
    /// A value of which nothing but its type is known.
    #[must_use]
    pub fn new(name: &str, kind: Type) -> Self {
        Self {
            name: name.to_owned(),
            doc: String::new(),
            kind,
            required: false,
            repeat: false,
            default: None,
            names: None,
            refers: Vec::new(),
            within: None,
            one_of: Vec::new(),
            reserved: Vec::new(),
            least: None,
            most: None,
        }
    }

    /// A value that would do, as it is typed.
    #[must_use]
    pub fn sample(&self) -> String {
        match self.one_of.first() {
            Some(word) => format!("\"{word}\""),
            None => self.kind.sample().to_owned(),
        }
    }
}

impl NodeShape {
    /// What a node of this shape is as data.
    #[must_use]
    pub fn form(&self) -> Form<'_> {
        if !self.properties.is_empty() || !self.children.is_empty() || self.plugin.is_some() {
            return Form::Object;
        }
        match self.arguments.as_slice() {
            [] => Form::Flag,
            [value] if value.repeat => Form::Many(value),
            [value] => Form::One(value),
            _ => Form::Object,
        }
    }

    /// Whether it may stand in a node: whether that node has what this shape holds for.
    #[must_use]
    pub fn holds_in(&self, parent: &Node) -> bool {
        self.when.as_ref().is_none_or(|when| {
            let value = parent.property(&when.property).and_then(|entry| entry.value.as_text());
            value == Some(when.value.as_str())
        })
    }

    /// Whether defaults make it where it does not stand: they are enough for it, and it would have something to say.
    #[must_use]
    pub fn stands_by_default(&self) -> bool {
        let mut values = self.arguments.iter().chain(&self.properties);
        !self.required
            && !self.repeat
            && values.clone().all(|value| !value.required || value.default.is_some())
            && values.any(|value| value.default.is_some())
    }

    /// The shape of the argument at a position.
    #[must_use]
    pub fn argument(&self, position: usize) -> Option<&ValueShape> {
        self.arguments.get(position).or_else(|| self.arguments.last().filter(|last| last.repeat))
    }

    #[must_use]
    pub fn property(&self, name: &str) -> Option<&ValueShape> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// The node with what it must have, as it is typed.
    #[must_use]
    pub fn sample(&self) -> String {
        let arguments = self.arguments.iter().map(ValueShape::sample);
        let properties = self.properties.iter().filter(|property| property.required);
        let properties = properties.map(|property| format!("{}={}", property.name, property.sample()));
        std::iter::once(self.name.clone()).chain(arguments).chain(properties).collect::<Vec<_>>().join(" ")
    }
}
