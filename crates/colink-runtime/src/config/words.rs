//! Lists that a variable of the environment can hold.

use serde::{Deserialize, Deserializer};

/// A list, or a text of words with spaces or commas between them, for `#[serde(deserialize_with = …)]`.
///
/// # Errors
/// When the value is neither a list of texts nor a text.
pub fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Words {
        List(Vec<String>),
        Text(String),
    }
    Ok(match Words::deserialize(deserializer)? {
        Words::List(list) => list,
        Words::Text(text) => {
            text.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::words;

    #[test]
    fn a_list_stays_and_a_text_is_split() {
        for (value, expected) in [
            (json!(["a", "b c"]), vec!["a", "b c"]),
            (json!("a, b c"), vec!["a", "b", "c"]),
            (json!(""), vec![]),
        ] {
            assert_eq!(words(&value).unwrap(), expected, "{value}");
        }
        assert!(words(&json!(1)).is_err());
    }
}
