//! The file as a tree that knows its lines, and serde's view of it.

use indexmap::IndexMap;
use serde::de::value::{MapDeserializer, SeqDeserializer, StrDeserializer};
use serde::de::{self, IntoDeserializer, Visitor};
use toml::de::{DeTable, DeValue};

use crate::fault::Fault;

/// Deepest nesting of tables and lists that is read.
const MAX_DEPTH: usize = 100;

/// A value and the line that it stands on; 0 for what did not come from the file.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) value: Value,
    pub(crate) line: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Nothing: what `false` stands for where a filter is meant. TOML has no such value.
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(String),
    /// A date or time, which no field takes.
    Date(String),
    Array(Vec<Item>),
    Table(IndexMap<String, Item>),
}

impl Item {
    /// A value that did not come from the file's text.
    pub(crate) fn new(value: Value, line: usize) -> Item {
        Item { value, line }
    }

    /// The name that the table has, if it is one of a connection.
    pub(crate) fn name(&self) -> Option<&str> {
        match &self.value {
            Value::Table(t) => match &t.get("name")?.value {
                Value::Str(s) => Some(s),
                _ => None,
            },
            _ => None,
        }
    }

    /// What it is, for messages.
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Null => "nothing".into(),
            Value::Bool(b) => format!("{b}"),
            Value::Int(i) => format!("{i}"),
            Value::Float(x) => format!("{x:?}"),
            Value::Str(s) if s.chars().count() > 40 => {
                format!("the text \"{}…\"", s.chars().take(40).collect::<String>().escape_debug())
            }
            Value::Str(s) => format!("the text \"{}\"", s.escape_debug()),
            Value::Date(d) => format!("the date {d}"),
            Value::Array(a) => format!("a list of {}", a.len()),
            Value::Table(_) => "a table".into(),
        }
    }
}

/// Lines of a text, by byte.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Lines {
        Lines(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(k, _)| k).collect())
    }
    fn at(&self, byte: usize) -> usize {
        self.0.partition_point(|end| *end < byte) + 1
    }
}

/// Reads TOML.
pub(crate) fn read(text: &str) -> Result<Item, Fault> {
    let lines = Lines::new(text);
    let table = DeTable::parse(text).map_err(|e| {
        let line = e.span().map_or(0, |s| lines.at(s.start));
        match e.message() {
            m if m.contains("recursion") => Fault::new(line, "tables and lists are nested too deep"),
            m => Fault::new(line, format!("this is not TOML: {}", m.trim())),
        }
    })?;
    let line = 1;
    let value = table_of(table.get_ref(), &lines, 0)?;
    Ok(Item { value, line })
}

fn table_of(table: &DeTable<'_>, lines: &Lines, depth: usize) -> Result<Value, Fault> {
    let mut out = IndexMap::with_capacity(table.len());
    for (key, value) in table {
        let mut item = item_of(value.get_ref(), lines.at(value.span().start), lines, depth + 1)?;
        // A table's span may be that of its first header; the key says where this one is named.
        item.line = lines.at(key.span().start).max(item.line);
        out.insert(key.get_ref().to_string(), item);
    }
    Ok(Value::Table(out))
}

fn item_of(value: &DeValue<'_>, line: usize, lines: &Lines, depth: usize) -> Result<Item, Fault> {
    if depth > MAX_DEPTH {
        return Err(Fault::new(line, format!("tables and lists are nested more than {MAX_DEPTH} deep")));
    }
    let value = match value {
        DeValue::String(s) => Value::Str(s.to_string()),
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Integer(i) => match i64::from_str_radix(i.as_str(), i.radix()) {
            Ok(i) => Value::Int(i),
            Err(_) => return Err(Fault::new(line, format!("the whole number {} is too large", i.as_str()))),
        },
        DeValue::Float(x) => match x.as_str().parse() {
            Ok(x) => Value::Float(x),
            Err(_) => return Err(Fault::new(line, format!("`{}` is not a number", x.as_str()))),
        },
        DeValue::Datetime(d) => Value::Date(d.to_string()),
        DeValue::Array(a) => {
            let of = |v: &toml::Spanned<DeValue<'_>>| {
                item_of(v.get_ref(), lines.at(v.span().start), lines, depth + 1)
            };
            Value::Array(a.iter().map(of).collect::<Result<_, _>>()?)
        }
        DeValue::Table(t) => table_of(t, lines, depth)?,
    };
    Ok(Item { value, line })
}

impl<'de> IntoDeserializer<'de, de::value::Error> for &'de Item {
    type Deserializer = &'de Item;
    fn into_deserializer(self) -> &'de Item {
        self
    }
}

impl<'de> de::Deserializer<'de> for &'de Item {
    type Error = de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match &self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(b) => visitor.visit_bool(*b),
            Value::Int(i) => visitor.visit_i64(*i),
            Value::Float(x) => visitor.visit_f64(*x),
            Value::Str(s) | Value::Date(s) => visitor.visit_str(s),
            Value::Array(a) => visitor.visit_seq(SeqDeserializer::new(a.iter())),
            Value::Table(t) => {
                visitor.visit_map(MapDeserializer::new(t.iter().map(|(k, v)| (k.as_str(), v))))
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match &self.value {
            Value::Str(s) => visitor.visit_enum(StrDeserializer::new(s)),
            _ => Err(de::Error::custom(format!("expected a name, found {}", self.describe()))),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any newtype_struct
    }
}
