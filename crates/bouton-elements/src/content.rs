//! What a file holds for an element, before it is known which element it is of.
//!
//! The name of an element may stand behind its parameters, so that they have to be kept until it is read. Unlike JSON's
//! values these hold every number, infinite ones too.

use std::fmt;

use serde::de::value::{Error, MapDeserializer, SeqDeserializer};
use serde::de::{Deserialize, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};

/// A value of a file.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing.
    Unit,
    /// Yes or no.
    Bool(bool),
    /// A whole number below 0.
    I64(i64),
    /// A whole number.
    U64(u64),
    /// A number.
    F64(f64),
    /// Text.
    Str(String),
    /// A list.
    Seq(Vec<Content>),
    /// A table; the keys are text.
    Map(Vec<(String, Content)>),
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Content;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Unit)
    }
    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Unit)
    }
    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Content, D::Error> {
        Content::deserialize(d)
    }
    fn visit_bool<E>(self, x: bool) -> Result<Content, E> {
        Ok(Content::Bool(x))
    }
    fn visit_i64<E>(self, x: i64) -> Result<Content, E> {
        Ok(Content::I64(x))
    }
    fn visit_u64<E>(self, x: u64) -> Result<Content, E> {
        Ok(Content::U64(x))
    }
    fn visit_f64<E>(self, x: f64) -> Result<Content, E> {
        Ok(Content::F64(x))
    }
    fn visit_str<E>(self, x: &str) -> Result<Content, E> {
        Ok(Content::Str(x.into()))
    }
    fn visit_string<E>(self, x: String) -> Result<Content, E> {
        Ok(Content::Str(x))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut a: A) -> Result<Content, A::Error> {
        let mut all = vec![];
        while let Some(x) = a.next_element()? {
            all.push(x);
        }
        Ok(Content::Seq(all))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut a: A) -> Result<Content, A::Error> {
        let mut all = vec![];
        while let Some(x) = a.next_entry()? {
            all.push(x);
        }
        Ok(Content::Map(all))
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Content, D::Error> {
        d.deserialize_any(Reader)
    }
}

impl IntoDeserializer<'_, Error> for Content {
    type Deserializer = Content;
    fn into_deserializer(self) -> Content {
        self
    }
}

impl Content {
    /// What it is, for a message that something else was expected.
    pub fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Content::Unit => Unexpected::Unit,
            Content::Bool(x) => Unexpected::Bool(*x),
            Content::I64(x) => Unexpected::Signed(*x),
            Content::U64(x) => Unexpected::Unsigned(*x),
            Content::F64(x) => Unexpected::Float(*x),
            Content::Str(x) => Unexpected::Str(x),
            Content::Seq(_) => Unexpected::Seq,
            Content::Map(_) => Unexpected::Map,
        }
    }
}

impl<'de> Deserializer<'de> for Content {
    type Error = Error;
    fn deserialize_any<V: Visitor<'de>>(self, v: V) -> Result<V::Value, Error> {
        match self {
            Content::Unit => v.visit_unit(),
            Content::Bool(x) => v.visit_bool(x),
            Content::I64(x) => v.visit_i64(x),
            Content::U64(x) => v.visit_u64(x),
            Content::F64(x) => v.visit_f64(x),
            Content::Str(x) => v.visit_string(x),
            Content::Seq(x) => {
                let mut seq = SeqDeserializer::new(x.into_iter());
                let made = v.visit_seq(&mut seq)?;
                seq.end().map(|()| made)
            }
            Content::Map(x) => {
                let mut map = MapDeserializer::new(x.into_iter());
                let made = v.visit_map(&mut map)?;
                map.end().map(|()| made)
            }
        }
    }
    fn deserialize_option<V: Visitor<'de>>(self, v: V) -> Result<V::Value, Error> {
        match self {
            Content::Unit => v.visit_none(),
            some => v.visit_some(some),
        }
    }
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, v: V) -> Result<V::Value, Error> {
        v.visit_newtype_struct(self)
    }
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        v: V,
    ) -> Result<V::Value, Error> {
        match self {
            Content::Str(x) => {
                let d: serde::de::value::StringDeserializer<Error> = x.into_deserializer();
                d.deserialize_enum(name, variants, v)
            }
            Content::Map(x) => v.visit_enum(serde::de::value::MapAccessDeserializer::new(
                MapDeserializer::new(x.into_iter()),
            )),
            other => {
                Err(serde::de::Error::invalid_type(other.unexpected(), &"a name, or a table of one name"))
            }
        }
    }
    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}
