//! Messages and other longer texts.

use colink_core::text::{Description, MessageContent, SearchText, Topic, many_lines, one_line};
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

#[test]
fn a_message_is_kept_exactly_as_written() {
    for text in ["  *hi*\r\n\tthere  ", "שלום", "👨‍👩‍👧‍👦", "a\u{202E}b", "<script>", "\\0 'x'--"]
    {
        assert_eq!(MessageContent::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn a_message_has_a_length_in_characters() {
    let within = |count| MessageContent::parse_within(&"é".repeat(count), MessageContent::DEFAULT_MAX);
    assert!(within(1).is_ok() && within(4_000).is_ok());
    let refused = within(4_001).unwrap_err();
    assert_eq!(refused.message(), "must have at most 4000 characters, and has 4001: shorten it");
    assert!(MessageContent::parse(&"é".repeat(16_000)).is_ok());
    assert!(MessageContent::parse_within(&"é".repeat(16_001), 20_000).is_err());
}

#[test]
fn a_message_says_something() {
    for text in ["", " ", "\n\t", "\u{200B}"] {
        assert_eq!(MessageContent::parse(text).unwrap_err().message(), "is required", "{text:?}");
    }
    for text in ["a\0", "\u{1b}[31m", "a\u{8}", "\u{7f}x"] {
        assert!(MessageContent::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn a_topic_may_be_empty_and_has_one_line() {
    assert_eq!(Topic::parse("  ").unwrap().as_str(), "");
    assert!(Topic::parse(&"x".repeat(250)).is_ok());
    assert!(Topic::parse(&"x".repeat(251)).is_err());
    assert!(Topic::parse("a\nb").is_err());
    assert_eq!(Description::parse("a\nb").unwrap().as_str(), "a\nb");
    assert!(Description::parse(&"x".repeat(1_001)).is_err());
    assert!(SearchText::parse("").is_err());
}

#[test]
fn texts_are_json_strings_that_pass_their_own_parser() {
    let topic: Topic = serde_json::from_str("\" now \"").unwrap();
    assert_eq!(serde_json::to_string(&topic).unwrap(), "\"now\"");
    assert!(serde_json::from_str::<Topic>("\"a\\u0000b\"").is_err());
    assert!(serde_json::from_str::<Topic>("7").is_err());
    assert_eq!(String::from(topic.clone()), topic.to_string());
    assert_eq!(Topic::try_from("now".to_owned()).unwrap(), "now".parse().unwrap());
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_unchanged(text: String) {
        if let Ok(content) = MessageContent::parse(&text) {
            prop_assert_eq!(content.as_str(), &text);
        }
    }

    #[test]
    fn printable_text_is_a_message(text in "[a-zäあ🎉]{1,200}") {
        prop_assert!(MessageContent::parse(&text).is_ok());
    }

    #[test]
    fn lines_keep_their_limits(text: String, min in 0_usize..5, max in 5_usize..20) {
        for accepted in [one_line(&text, min..=max), many_lines(&text, min..=max)].into_iter().flatten() {
            prop_assert!((min..=max).contains(&accepted.chars().count()));
            prop_assert!(!accepted.contains('\0'));
        }
    }
}
