//! Checking a request's values so that every refused one is listed, not only the first.
//!
//! ```
//! use colink_core::error::Invalid;
//! use colink_http::validate::{all, field, optional};
//!
//! fn short(text: &str) -> Result<String, Invalid> {
//!     if text.len() < 5 { Ok(text.to_owned()) } else { Err(Invalid::new("must be shorter")) }
//! }
//!
//! let checked = all((field("name", short("ann")), optional("topic", Some("tea"), short)));
//! let (name, topic) = checked.unwrap();
//! assert_eq!((name.as_str(), topic.as_deref()), ("ann", Some("tea")));
//! ```

use colink_core::error::{FieldError, Invalid};

use crate::error::{ApiError, ApiResult};

/// Names the field that a value was parsed from.
///
/// # Errors
/// The refusal under the field's name.
pub fn field<T>(name: &str, parsed: Result<T, Invalid>) -> Result<T, FieldError> {
    parsed.map_err(|reason| reason.at(name))
}

/// Parses a value that may be absent.
///
/// # Errors
/// The refusal under the field's name.
pub fn optional<X, T>(
    name: &str,
    value: Option<X>,
    parse: impl FnOnce(X) -> Result<T, Invalid>,
) -> Result<Option<T>, FieldError> {
    value.map(|value| field(name, parse(value))).transpose()
}

/// Parses every item of a list; the first refused one is named with its place: `file_ids[2]`.
///
/// # Errors
/// The refusal under the item's path.
pub fn each<X, T>(
    name: &str,
    values: impl IntoIterator<Item = X>,
    mut parse: impl FnMut(X) -> Result<T, Invalid>,
) -> Result<Vec<T>, FieldError> {
    let numbered = values.into_iter().enumerate();
    numbered
        .map(|(place, value)| parse(value).map_err(|reason| reason.at(format!("{name}[{place}]"))))
        .collect()
}

/// A rule that binds several fields; name the field that should be changed.
///
/// # Errors
/// `reason` under the field's name when `holds` is false.
pub fn require(name: &str, holds: bool, reason: &str) -> Result<(), FieldError> {
    if holds { Ok(()) } else { Err(FieldError::new(name, reason)) }
}

/// Takes a tuple of checked fields apart.
///
/// # Errors
/// 400 `VALIDATION_ERROR` with the refusal of every field that was refused.
pub fn all<F: Fields>(fields: F) -> ApiResult<F::Values> {
    fields.split().map_err(ApiError::validation)
}

/// A tuple of up to twelve checked fields.
pub trait Fields {
    /// The tuple of their values.
    type Values;

    /// The values, or every refusal.
    ///
    /// # Errors
    /// The refusals, in the order of the tuple.
    fn split(self) -> Result<Self::Values, Vec<FieldError>>;
}

macro_rules! fields {
    ($($name:ident)+) => {
        #[expect(non_snake_case, reason = "the type parameters name the values too")]
        impl<$($name),+> Fields for ($(Result<$name, FieldError>,)+) {
            type Values = ($($name,)+);

            fn split(self) -> Result<Self::Values, Vec<FieldError>> {
                let ($($name,)+) = self;
                match ($($name,)+) {
                    ($(Ok($name),)+) => Ok(($($name,)+)),
                    ($($name,)+) => Err([$($name.err()),+].into_iter().flatten().collect()),
                }
            }
        }
    };
}

fields!(A);
fields!(A B);
fields!(A B C);
fields!(A B C D);
fields!(A B C D E);
fields!(A B C D E F);
fields!(A B C D E F G);
fields!(A B C D E F G H);
fields!(A B C D E F G H I);
fields!(A B C D E F G H I J);
fields!(A B C D E F G H I J K);
fields!(A B C D E F G H I J K L);

#[cfg(test)]
mod tests {
    use super::*;

    fn bad<T>(name: &str) -> Result<T, FieldError> {
        field(name, Err(Invalid::required()))
    }

    #[test]
    fn every_refused_field_is_listed_in_order() {
        let error = all((bad::<u8>("a"), Ok::<u8, _>(1), bad::<u8>("c"))).unwrap_err();
        let names: Vec<_> = error.details().iter().map(|detail| detail.field.as_str()).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(error.kind().code(), "VALIDATION_ERROR");
    }

    #[test]
    fn an_item_is_named_with_its_place() {
        let odd = |n: i32| if n % 2 == 1 { Ok(n) } else { Err(Invalid::new("must be odd")) };
        assert_eq!(each("ns", [1, 3], odd).unwrap(), [1, 3]);
        assert_eq!(each("ns", [1, 2], odd).unwrap_err().field, "ns[1]");
    }
}
