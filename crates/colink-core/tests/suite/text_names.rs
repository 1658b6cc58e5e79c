//! Names and what becomes of them in URLs.

use colink_core::text::{ChannelName, DisplayName, FileName, Slug, WorkspaceName};
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

#[test]
fn names_are_trimmed_and_limited_in_characters() {
    assert_eq!(DisplayName::parse("  Ada ").unwrap().as_str(), "Ada");
    assert!(DisplayName::parse(&"ß".repeat(80)).is_ok());
    let refused = DisplayName::parse(&"ß".repeat(81)).unwrap_err();
    assert_eq!(refused.message(), "must have at most 80 characters, and has 81: shorten it");
    let refused = ChannelName::parse("ab").unwrap_err();
    assert_eq!(refused.message(), "must have at least 3 characters, and has 2");
    assert!(WorkspaceName::parse("株").is_ok());
}

#[test]
fn a_name_that_shows_nothing_is_absent() {
    for text in ["", " ", "\u{200B}\u{200D}", "\u{3164}", "\u{2800}\u{2800}\u{2800}"] {
        assert_eq!(DisplayName::parse(text).unwrap_err().message(), "is required", "{text:?}");
    }
}

#[test]
fn a_name_holds_no_control_characters_and_no_direction_overrides() {
    for text in
        ["a\0b", "a\nb", "a\tb", "a\u{7f}b", "a\u{85}b", "abc\u{202E}fdp.exe", "a\u{2066}b", "a\u{2028}b"]
    {
        assert!(DisplayName::parse(text).is_err(), "{text:?}");
        assert!(FileName::parse(text).is_err(), "{text:?}");
    }
    let refused = DisplayName::parse("a\0b").unwrap_err();
    assert_eq!(refused.message(), "must not contain the character U+0000: remove it");
}

#[test]
fn a_file_name_is_no_path() {
    for text in ["a/b", "a\\b", ".", "..", "/etc/passwd", "C:\\x"] {
        assert!(FileName::parse(text).is_err(), "{text}");
    }
    for (text, extension) in
        [("report.PDF", Some("pdf")), ("a.tar.gz", Some("gz")), (".profile", None), ("x.", None)]
    {
        assert_eq!(FileName::parse(text).unwrap().extension().as_deref(), extension, "{text}");
    }
}

#[test]
fn look_alike_names_have_one_slug() {
    for (name, slug) in [
        ("General", "general"),
        ("  Café  Crème! ", "cafe-creme"),
        ("ﬁnance ２", "finance-2"),
        ("a/b\\c", "a-b-c"),
        ("---x1---", "x1"),
    ] {
        assert_eq!(Slug::from_name(name).as_str(), slug);
    }
}

#[test]
fn names_of_other_scripts_keep_different_slugs() {
    let first = ChannelName::parse("日本語").unwrap().slug();
    let second = ChannelName::parse("日本酒").unwrap().slug();
    assert_ne!(first, second);
    assert_ne!(ChannelName::parse("开发 team").unwrap().slug().as_str(), "team");
    assert_ne!(ChannelName::parse("🚀🚀🚀").unwrap().slug(), ChannelName::parse("🔥🔥🔥").unwrap().slug());
    let long = "x".repeat(79);
    assert_ne!(Slug::from_name(&format!("{long}1")), Slug::from_name(&format!("{long}2")));
    assert_eq!(first, ChannelName::parse("日本語").unwrap().slug());
}

#[test]
fn a_slug_is_taken_only_as_it_is() {
    for text in ["ab", "a-b", "a--b", "9z", &"a".repeat(63)] {
        assert_eq!(Slug::parse(text).unwrap().as_str(), text);
    }
    for text in ["a", "-ab", "ab-", "Ab", "a_b", "a b", "ä1", &"a".repeat(64)] {
        assert!(Slug::parse(text).is_err(), "{text}");
    }
    assert_eq!(Slug::parse("").unwrap_err().message(), "is required");
}

proptest! {
    #[test]
    fn any_name_has_a_valid_slug(name: String) {
        let slug = Slug::from_name(&name);
        prop_assert_eq!(Slug::parse(slug.as_str()).unwrap(), slug);
    }

    #[test]
    fn an_ascii_name_and_its_slug_agree(name in "[A-Za-z0-9 _-]{3,40}") {
        let slug = Slug::from_name(&name);
        prop_assert_eq!(Slug::from_name(slug.as_str()), slug);
    }

    #[test]
    fn an_accepted_name_is_accepted_again(text: String) {
        if let Ok(name) = DisplayName::parse(&text) {
            prop_assert!((1..=80).contains(&name.as_str().chars().count()));
            prop_assert_eq!(DisplayName::parse(name.as_str()).unwrap(), name);
        }
        if let Ok(name) = FileName::parse(&text) {
            prop_assert!(!name.as_str().contains(['/', '\\', '\0', '\n']));
        }
    }
}
