//! Query and path parameters read into a struct by serde, with the name of the parameter that was refused.
//!
//! A value is read as what the field's type asks for: text, whole numbers, `true`/`false`, an enum's
//! variant, an `Option` (an empty value counts as absent), or a list separated by commas.

use std::cell::RefCell;
use std::str::FromStr;

use colink_core::error::FieldError;
use serde::Deserializer;
use serde::de::value::{Error, MapDeserializer, SeqDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, Error as _, IntoDeserializer, Visitor};

use crate::body::of_message;

/// Names and decoded values, in the order they were sent.
pub(crate) type Pairs = Vec<(String, String)>;

/// Reads a `T` from parameters.
///
/// # Errors
/// The first refused parameter and why.
pub(crate) fn read<T: DeserializeOwned>(pairs: Pairs) -> Result<T, FieldError> {
    if let Some((name, _)) = pairs.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(FieldError::new(name.replace('\0', ""), "must not contain NUL"));
    }
    let last = RefCell::new(String::new());
    let result = T::deserialize(Params { pairs, last: &last });
    result.map_err(|error| of_message(&error.to_string()).at(&last.borrow()))
}

/// Decodes `%XX`, and `+` as a blank when `plus`.
///
/// # Errors
/// `None` when a `%` is not followed by two hex digits or the result is not UTF-8.
pub(crate) fn decode(text: &str, plus: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex_digit(rest.next()?)? * 16 + hex_digit(rest.next()?)?,
            b'+' if plus => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

struct Params<'a> {
    pairs: Pairs,
    last: &'a RefCell<String>,
}

impl Params<'_> {
    /// The one parameter that a bare value is read from.
    fn single(mut self) -> Result<Part, Error> {
        let (name, value) = self.pairs.pop().ok_or_else(|| Error::custom("is required"))?;
        *self.last.borrow_mut() = name;
        Ok(Part(value))
    }
}

macro_rules! of_single {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.single()?.$method(visitor)
        })+
    };
}

impl<'de> Deserializer<'de> for Params<'_> {
    type Error = Error;

    of_single! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char
        deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_identifier
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let last = self.last;
        let noted = self.pairs.into_iter().map(|(name, value)| {
            last.borrow_mut().clone_from(&name);
            (name, Part(value))
        });
        visitor.visit_map(MapDeserializer::new(noted))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let last = self.last;
        let noted = self.pairs.into_iter().map(|(name, value)| {
            *last.borrow_mut() = name;
            Part(value)
        });
        visitor.visit_seq(SeqDeserializer::new(noted))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.single()?.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

/// One value.
struct Part(String);

impl<'de> IntoDeserializer<'de, Error> for Part {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

fn number<T: FromStr>(text: &str, kind: &str) -> Result<T, Error> {
    text.parse().ok().ok_or_else(|| Error::custom(format!("must be {kind}")))
}

macro_rules! parsed {
    ($($method:ident $visit:ident $kind:literal;)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(number(&self.0, $kind)?)
        })+
    };
}

impl<'de> Deserializer<'de> for Part {
    type Error = Error;

    parsed! {
        deserialize_bool visit_bool "true or false";
        deserialize_i8 visit_i8 "a whole number";
        deserialize_i16 visit_i16 "a whole number";
        deserialize_i32 visit_i32 "a whole number";
        deserialize_i64 visit_i64 "a whole number";
        deserialize_u8 visit_u8 "a whole number, 0 or more";
        deserialize_u16 visit_u16 "a whole number, 0 or more";
        deserialize_u32 visit_u32 "a whole number, 0 or more";
        deserialize_u64 visit_u64 "a whole number, 0 or more";
        deserialize_f32 visit_f32 "a number";
        deserialize_f64 visit_f64 "a number";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.0.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        StringDeserializer::new(self.0).deserialize_enum(name, variants, visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let items = self.0.split(',').map(str::trim).filter(|item| !item.is_empty());
        visitor.visit_seq(SeqDeserializer::new(items.map(|item| Self(item.to_owned()))))
    }

    serde::forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier ignored_any
    }
}
