//! Keys of clients, emoji, addresses and user names.

use colink_core::text::{ClientMsgId, Email, Emoji, IdempotencyKey, Username};
use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

#[test]
fn keys_are_visible_ascii() {
    assert_eq!(ClientMsgId::parse("a-1!").unwrap().as_str(), "a-1!");
    assert!(IdempotencyKey::parse(&"k".repeat(64)).is_ok());
    for text in ["a b", "a\t", "ä", "a\0", &"k".repeat(65), " "] {
        assert!(ClientMsgId::parse(text).is_err(), "{text:?}");
        assert!(IdempotencyKey::parse(text).is_err(), "{text:?}");
    }
    assert_eq!(ClientMsgId::parse("").unwrap_err().message(), "is required");
}

#[test]
fn an_emoji_has_one_spelling() {
    for (given, kept) in [("👍", "👍"), (":thumbsup:", "👍"), (":+1:", "👍"), ("❤", "❤️"), ("👍🏽", "👍🏽")]
    {
        assert_eq!(Emoji::parse(given).unwrap().as_str(), kept);
    }
    assert_eq!(Emoji::parse("👨‍👩‍👧‍👦").unwrap().as_str(), "👨‍👩‍👧‍👦");
    assert_eq!(Emoji::parse("👍").unwrap().shortcode(), Some("+1"));
}

#[test]
fn what_is_not_one_emoji_is_refused() {
    for text in
        ["a", "1", "thumbsup", "👍👍", "👍 ", ":no_such_emoji:", ":", "::", "\u{200D}", "\u{FE0F}", "🇩"]
    {
        assert!(Emoji::parse(text).is_err(), "{text:?}");
    }
    assert_eq!(Emoji::parse("").unwrap_err().message(), "is required");
}

#[test]
fn every_emoji_is_one_grapheme_within_the_limit() {
    use unicode_segmentation::UnicodeSegmentation;
    for emoji in emojis::iter() {
        assert_eq!(emoji.as_str().graphemes(true).count(), 1, "{emoji}");
        assert!(emoji.as_str().chars().count() <= Emoji::MAX, "{emoji}");
        assert_eq!(Emoji::parse(emoji.as_str()).unwrap().as_str(), emoji.as_str());
    }
}

#[test]
fn addresses_are_equal_after_normalisation_and_keep_their_spelling() {
    let email = Email::parse("  Ada@Example.COM ").unwrap();
    assert_eq!((email.as_str(), email.as_given()), ("ada@example.com", "Ada@Example.COM"));
    assert_eq!(email, Email::parse("ada@example.com").unwrap());
    assert_eq!(Email::parse("ａｄａ@example.com").unwrap(), email);
    assert_eq!(email.domain(), "example.com");
    assert_eq!(serde_json::to_string(&email).unwrap(), "\"ada@example.com\"");
}

/// one mailbox has one form: NFKC and folded case before the `@`, the name of the DNS behind it.
#[test]
fn every_spelling_of_a_mailbox_is_one_address() {
    for (one, other) in [
        ("jo\u{308}rg@example.de", "JÖRG@example.de"),
        ("straße@example.de", "STRASSE@example.de"),
        ("σοφός@example.gr", "ΣΟΦΌΣ@example.gr"),
        ("ada@MÜLLER.de", "ada@xn--mller-kva.de"),
        ("ada@mu\u{308}ller.de", "ada@XN--MLLER-KVA.de"),
        ("ada@example\u{3002}com", "ada@example.com"),
        ("ada@ｅxample.com", "ada@example.com"),
    ] {
        assert_eq!(Email::parse(one).unwrap(), Email::parse(other).unwrap(), "{one}");
    }
    for (one, other) in [("ada@example.com", "аda@example.com"), ("ada@example.com", "ada@ехample.com")] {
        assert_ne!(Email::parse(one).unwrap(), Email::parse(other).unwrap(), "{other} has Cyrillic letters");
    }
    let email = Email::parse("Ada@Müller.DE").unwrap();
    assert_eq!((email.local(), email.domain()), ("ada", "xn--mller-kva.de"));
    assert_eq!(email.as_given(), "Ada@xn--mller-kva.de", "a mail server knows this name");
}

#[test]
fn usual_addresses_are_taken() {
    for text in [
        "a@b.co",
        "first.last+tag@sub.example.org",
        "o'neil@example.ie",
        "jörg@müller.de",
        "x@xn--mller-kva.de",
    ] {
        assert!(Email::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    let long = format!("{}@example.com", "a".repeat(65));
    let endless = format!("a@{}.com", "b.".repeat(130));
    for text in [
        "a",
        "@b.co",
        "a@",
        "a@b",
        "a@@b.co",
        "a b@c.de",
        "a@b..co",
        ".a@b.co",
        "a.@b.co",
        "a@-b.co",
        "a@b.co.",
        "\"a\"@b.co",
        "a@[1.2.3.4]",
        "a@b.co\r\nBcc: x@y.z",
        "a\0@b.co",
        "<a@b.co>",
        "a@b,c.de",
        "a@b\u{200d}c.de",
        "a@xn--zzzzzzzz99999.de",
        "a@b_c.de",
        &long,
        &endless,
    ] {
        assert!(Email::parse(text).is_err(), "{text:?}");
    }
    assert_eq!(Email::parse(" ").unwrap_err().message(), "is required");
}

#[test]
fn user_names_are_small_ascii() {
    assert_eq!(Username::parse(" Ada.Lovelace-1_ ").unwrap().as_str(), "ada.lovelace-1_");
    for text in
        ["ab", &"a".repeat(33), "ada lovelace", "ädä", ".ada", "ada.", "-ada", "ada-", "a@b", "a/b", "a\0b"]
    {
        assert!(Username::parse(text).is_err(), "{text:?}");
    }
    // Names are ASCII: what looks like one in another script, or is written wide, is none.
    for twin in
        ["аdа", "ada\u{200b}", "ａｄａ", "adа", "ɑda", "ada\u{301}", "αda", "paypaӏ", "𝐚𝐝𝐚", "ad\u{131}"]
    {
        assert!(Username::parse(twin).is_err(), "{twin:?}");
    }
    for text in ["channel", "HERE", "everyone", "all"] {
        assert_eq!(Username::parse(text).unwrap_err().message(), "is reserved: choose another one");
    }
    assert_eq!(Username::parse("").unwrap_err().message(), "is required");
}

proptest! {
    #[test]
    fn an_accepted_address_stays_accepted(text in "[a-zA-Z0-9.+ß-]{1,12}@[a-zA-Z0-9ü.-]{1,20}") {
        if let Ok(email) = Email::parse(&text) {
            let again = Email::parse(email.as_str()).unwrap();
            prop_assert_eq!(again.as_str(), email.as_str());
        }
    }

    #[test]
    fn no_address_carries_a_second_line(text: String) {
        if let Ok(email) = Email::parse(&text) {
            prop_assert!(!email.as_given().chars().any(|c| c.is_control() || c.is_whitespace()));
            prop_assert_eq!(email.as_str().matches('@').count(), 1);
        }
    }

    #[test]
    fn an_accepted_user_name_is_in_the_pattern(text in "[A-Za-z0-9._@ -]{0,40}") {
        if let Ok(name) = Username::parse(&text) {
            prop_assert!((3..=32).contains(&name.as_str().len()));
            prop_assert_eq!(Username::parse(name.as_str()).unwrap(), name);
        }
    }

    #[test]
    fn a_key_is_kept_as_it_is(text in "[!-~]{1,64}") {
        let key = ClientMsgId::parse(&text).unwrap();
        prop_assert_eq!(key.as_str(), &text);
    }

    #[test]
    fn no_text_makes_the_emoji_parser_panic(text: String) {
        if let Ok(emoji) = Emoji::parse(&text) {
            prop_assert_eq!(Emoji::parse(emoji.as_str()).unwrap(), emoji);
        }
    }
}
