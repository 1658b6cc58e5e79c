//! Looking for secrets where none may be: in logs and events.
//!
//! A journey names every password, token and address that it used; afterwards everything that was written is searched
//! for them, as they are and in the forms in which they travel.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Shorter ones are found everywhere by chance.
pub(crate) const SHORTEST: usize = 8;
/// From this length on a secret is a token, which nobody writes in capitals or encodes once more.
const LONG: usize = 200;

/// What must not be found. `Debug` shows the names only.
///
/// Every form is at least [`SHORTEST`] bytes long, and found by its first ones: the time that a text takes does not grow with the
/// number of secrets.
#[derive(Default)]
pub struct SecretSearch {
    /// Each form with the name of its secret.
    forms: BTreeMap<String, String>,
    /// The forms that begin with these bytes.
    by_start: HashMap<[u8; SHORTEST], Vec<String>>,
}

/// A secret in a place where it may not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// What was found, by its name.
    pub secret: String,
    /// Where: a file and its line, a topic and its event.
    pub place: String,
}

impl SecretSearch {
    /// Nothing to look for yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names a secret.
    ///
    /// # Panics
    /// When it is so short that it would be found by chance.
    pub fn add(&mut self, name: &str, secret: &str) {
        assert!(secret.len() >= SHORTEST, "{name} is too short to be looked for");
        self.put(name, secret.to_owned());
        if secret.len() >= LONG {
            return;
        }
        self.put(name, secret.bytes().map(percent_encoded).collect());
        self.put(name, secret.to_uppercase());
        self.put(name, secret.to_lowercase());
        // Of base64 only what does not depend on the neighbours.
        let inner = |text: String| text[..text.len() - text.len() % 4].to_owned();
        self.put(name, inner(STANDARD_NO_PAD.encode(secret)));
        self.put(name, inner(URL_SAFE_NO_PAD.encode(secret)));
    }

    fn put(&mut self, name: &str, form: String) {
        let Some(start) = form.as_bytes().first_chunk() else { return };
        if !self.forms.contains_key(&form) {
            self.by_start.entry(*start).or_default().push(form.clone());
            self.forms.insert(form, name.to_owned());
        }
    }

    /// How many secrets are looked for, each form counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.forms.len()
    }

    /// Whether nothing is looked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// What of it stands in `text`; `place` says where that is.
    #[must_use]
    pub fn in_text(&self, place: &str, text: &str) -> Vec<Leak> {
        let mut names: Vec<&String> = Vec::new();
        for (place, start) in text.as_bytes().windows(SHORTEST).enumerate() {
            let forms = <&[u8; SHORTEST]>::try_from(start).ok().and_then(|start| self.by_start.get(start));
            for form in forms.into_iter().flatten() {
                if text.as_bytes()[place..].starts_with(form.as_bytes()) {
                    names.extend(self.forms.get(form));
                }
            }
        }
        names.sort();
        names.dedup();
        names.into_iter().map(|name| Leak { secret: name.clone(), place: place.to_owned() }).collect()
    }

    /// The same for every line of every file in a folder, and how many lines were searched.
    ///
    /// # Panics
    /// When a file cannot be read.
    #[must_use]
    pub fn in_folder(&self, folder: &Path) -> (Vec<Leak>, usize) {
        let (mut leaks, mut lines) = (Vec::new(), 0);
        let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for path in entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_file()) {
            let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for (number, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
                lines += 1;
                leaks.extend(self.in_text(&format!("{}:{}", path.display(), number + 1), line));
            }
        }
        (leaks, lines)
    }
}

impl std::fmt::Debug for SecretSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.forms.values()).finish()
    }
}

fn percent_encoded(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// a search that finds nothing is worth something only if it can find.
    #[test]
    fn a_planted_secret_is_found_in_each_form() {
        let mut search = SecretSearch::new();
        search.add("the password", "Gr4phite!pencil");
        search.add("the address", "Ada@Example.test");
        let lines = [
            ("{\"message\":\"signed in\",\"password\":\"Gr4phite!pencil\"}", "the password"),
            ("GET /?password=Gr4phite%21pencil", "the password"),
            ("to=ada@example.test", "the address"),
            ("GET /users/Ada%40Example.test", "the address"),
            ("Authorization: Basic R3I0cGhpdGUhcGVuY2ls", "the password"),
        ];
        let folder = tempfile::tempdir().unwrap();
        for (number, (line, secret)) in lines.iter().enumerate() {
            let path = folder.path().join(format!("{number}.log"));
            std::fs::write(&path, format!("nothing here\n{line}\n")).unwrap();
            let (leaks, searched) = search.in_folder(folder.path());
            assert_eq!(searched, 2);
            assert_eq!(leaks.len(), 1, "{line}");
            assert_eq!(leaks[0].secret, *secret, "{line}");
            assert!(leaks[0].place.ends_with(".log:2"), "{}", leaks[0].place);
            std::fs::remove_file(path).unwrap();
        }
        assert!(search.in_text("a log", "user_id=018f4b1c ada example.test").is_empty());
        assert!(!format!("{search:?}").contains("Gr4phite"));
    }

    #[test]
    #[should_panic(expected = "too short")]
    fn what_is_found_by_chance_is_not_looked_for() {
        SecretSearch::new().add("a code", "123456");
    }
}
