//! The OpenAPI side of the types in this crate.
//!
//! A parameter of a typed id refers to a named schema that the generator does not collect by itself;
//! whoever builds a document adds [`all`] to its components, so that no reference dangles.

use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::error::{ErrorKind, FieldError};
use crate::page::Cursor;
use crate::role::{ChannelKind, ChannelRole, WorkspaceRole};
use crate::time::Timestamp;
use crate::{id, text};

/// Name and schema of every type of this crate that a document may refer to.
pub fn all() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = id::schemas();
    schemas.extend(text::schemas());
    schemas.extend([
        named::<Timestamp>(),
        named::<ErrorKind>(),
        named::<FieldError>(),
        named::<Cursor>(),
        named::<WorkspaceRole>(),
        named::<ChannelRole>(),
        named::<ChannelKind>(),
    ]);
    schemas
}

/// One entry of the list.
pub(crate) fn named<T: ToSchema>() -> (String, RefOr<Schema>) {
    (T::name().into_owned(), T::schema())
}

/// A string in the format `uuid`.
pub(crate) fn uuid() -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
        .examples(["018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a"])
        .into()
}

/// A string that is one of `values`.
pub(crate) fn one_of<'a>(values: impl IntoIterator<Item = &'a str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(values)).into()
}

/// A string with its limits in characters and, where it has one, its pattern.
pub(crate) fn text(min: usize, max: usize, pattern: Option<&str>, example: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length((min > 0).then_some(min))
        .max_length(Some(max))
        .pattern(pattern)
        .examples([example])
        .into()
}

impl PartialSchema for Timestamp {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339, UTC, milliseconds"))
            .examples(["2026-01-31T09:30:00.000Z"])
            .into()
    }
}

impl ToSchema for Timestamp {}

impl PartialSchema for ErrorKind {
    fn schema() -> RefOr<Schema> {
        one_of(ErrorKind::ALL.iter().map(|kind| kind.code()))
    }
}

impl ToSchema for ErrorKind {}
