//! Every code of `ErrorKind` is explained in docs/API.md and given by code, and nothing else is explained.
//!
//! A code that is agreed but that no endpoint gives yet stands in the section of reserved codes; once code
//! gives it, it moves to the table.

use super::Finding;
use super::rust_text::{before_tests, without_comments};
use super::tree::{SourceFile, Tree};

pub(super) const NAME: &str = "error-codes";

const SOURCE: &str = "crates/colink-core/src/error";
/// Lists the codes for the OpenAPI documents, and so gives none.
const DESCRIPTION: &str = "crates/colink-http/src/openapi.rs";
const DOC: &str = "docs/API.md";
const LISTED: &str = "## Error codes";
const RESERVED: &str = "## Reserved codes";

/// A code as `ErrorKind` declares it.
struct Code<'t> {
    /// `NotFound`.
    variant: &'t str,
    /// `NOT_FOUND`.
    text: &'t str,
    path: &'t str,
    line: usize,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let sources: Vec<&SourceFile> = tree.rust_under(SOURCE).collect();
    let codes: Vec<Code<'_>> = sources.iter().flat_map(|file| declared(file)).collect();
    let Some(doc) = tree.file(DOC) else {
        return codes.iter().take(1).map(|_| Finding::new(NAME, DOC, 1, "missing")).collect();
    };
    let (listed, reserved) = (section(doc, LISTED), section(doc, RESERVED));
    let given = given(tree);
    let mut findings: Vec<Finding> = codes
        .iter()
        .filter_map(|code| {
            let has = |list: &[(usize, &str)]| list.iter().any(|(_, text)| *text == code.text);
            let message =
                problem(has(&listed), has(&reserved), given.iter().any(|name| name == code.variant))?;
            Some(Finding::new(NAME, code.path, code.line, format!("{} {message}", code.text)))
        })
        .collect();
    let unknown = |text: &str| !codes.iter().any(|code| code.text == text);
    let explained = listed.iter().chain(&reserved).filter(|(_, text)| unknown(text));
    findings.extend(
        explained
            .map(|(line, text)| Finding::new(NAME, DOC, *line, format!("no ErrorKind has the code {text}"))),
    );
    findings
}

/// What is wrong with a code, if anything.
fn problem(listed: bool, reserved: bool, given: bool) -> Option<&'static str> {
    match (listed, reserved, given) {
        (true, true, _) => Some("is both listed and reserved in docs/API.md"),
        (false, false, _) => Some("is not explained in docs/API.md"),
        (true, false, false) => Some("is given by no code: remove it, or reserve it in docs/API.md"),
        (false, true, true) => {
            Some("is given by code: move it from the reserved codes to the table of docs/API.md")
        }
        (true, false, true) | (false, true, false) => None,
    }
}

fn declared(file: &SourceFile) -> Vec<Code<'_>> {
    let code = |(index, line)| {
        pair(line).map(|(variant, text)| Code { variant, text, path: &file.path, line: index + 1 })
    };
    before_tests(&file.text).lines().enumerate().filter_map(code).collect()
}

/// The variant and the code of a line that pairs them: `Self::NotFound => "NOT_FOUND"`,
/// `(NotFound, "NOT_FOUND", 404)`.
fn pair(line: &str) -> Option<(&str, &str)> {
    let (before, rest) = line.split_once('"')?;
    let (text, _) = rest.split_once('"')?;
    if before.trim_start().starts_with("//") || !is_code(text) {
        return None;
    }
    let mut words = before.split(|char: char| !char.is_ascii_alphanumeric());
    let variant = words.rfind(|word| word.starts_with(|char: char| char.is_ascii_uppercase()))?;
    Some((variant, text))
}

fn is_code(text: &str) -> bool {
    text.contains('_') && is_upper(text) || ["UNAUTHORIZED", "FORBIDDEN", "CONFLICT"].contains(&text)
}

fn is_upper(text: &str) -> bool {
    text.len() > 3 && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

/// The codes in backticks of a section of the document.
fn section<'t>(doc: &'t SourceFile, heading: &str) -> Vec<(usize, &'t str)> {
    doc.lines()
        .skip_while(|(_, line)| *line != heading)
        .skip(1)
        .take_while(|(_, line)| !line.starts_with("## "))
        .flat_map(|(number, line)| line.split('`').skip(1).step_by(2).map(move |text| (number, text)))
        .filter(|(_, text)| is_code(text))
        .collect()
}

/// Variants that production code outside the enum's own file names, other than in the pattern of a match.
fn given(tree: &Tree) -> Vec<String> {
    let shipped = |file: &&SourceFile| {
        let apart = file.path.starts_with(SOURCE) || file.path.starts_with("ci/") || file.path == DESCRIPTION;
        file.path.contains("/src/") && !apart
    };
    let mut variants: Vec<String> = Vec::new();
    for file in tree.files().iter().filter(|file| file.extension() == "rs").filter(shipped) {
        let code = without_comments(before_tests(&file.text));
        for (at, start) in code.match_indices("ErrorKind::").filter(|(at, _)| !code[..*at].ends_with("io::"))
        {
            let rest = &code[at + start.len()..];
            let end = rest.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(rest.len());
            let (variant, behind) = (&rest[..end], rest[end..].trim_start());
            if !behind.starts_with("=>") && !behind.starts_with('|') {
                variants.push(variant.to_owned());
            }
        }
    }
    variants.sort();
    variants.dedup();
    variants
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENUM: &str =
        "match self {\n    Self::NotFound => \"NOT_FOUND\",\n    Self::MfaRequired => \"MFA_REQUIRED\",\n}\n";
    const USE: &str = "fn f() { ApiError::new(ErrorKind::NotFound) } // ErrorKind::MfaRequired\n\
        fn text() { match kind { ErrorKind::MfaRequired => \"code\" } }\n";

    fn findings(doc: &str, usage: &str) -> Vec<String> {
        let tree = Tree::of(&[
            ("crates/colink-core/src/error.rs", ENUM),
            ("services/a/src/error.rs", usage),
            ("services/a/tests/api/main.rs", "ErrorKind::MfaRequired"),
            (DOC, doc),
        ]);
        check(&tree).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn listed_and_given_or_reserved_and_not_given_passes() {
        let doc = "## Error codes\n`NOT_FOUND`\n## Reserved codes\n`MFA_REQUIRED`\n";
        assert!(findings(doc, USE).is_empty());
    }

    #[test]
    fn a_code_that_nobody_explains_is_found() {
        let found = findings("## Error codes\n`NOT_FOUND`\n", USE);
        assert_eq!(
            found,
            ["crates/colink-core/src/error.rs:3 error-codes: MFA_REQUIRED is not explained in docs/API.md"]
        );
    }

    #[test]
    fn a_code_that_no_code_gives_is_found() {
        let found = findings("## Error codes\n`NOT_FOUND` `MFA_REQUIRED`\n", USE);
        assert!(found[0].contains("is given by no code"), "{found:?}");
    }

    #[test]
    fn a_reserved_code_that_is_given_is_found() {
        let doc = "## Error codes\n`NOT_FOUND`\n## Reserved codes\n`MFA_REQUIRED`\n";
        let found = findings(doc, &format!("{USE}const K: ErrorKind = ErrorKind::MfaRequired;"));
        assert!(found[0].contains("move it"), "{found:?}");
    }

    #[test]
    fn an_explained_code_that_does_not_exist_is_found() {
        let doc = "## Error codes\n`NOT_FOUND`\n`GONE_AWAY`\n## Reserved codes\n`MFA_REQUIRED`\n";
        assert_eq!(findings(doc, USE), ["docs/API.md:3 error-codes: no ErrorKind has the code GONE_AWAY"]);
    }
}
