use colink_core::clock::ManualClock;
use colink_core::id::UserId;
use proptest::prelude::*;

use super::*;

fn plain(content: &str) -> String {
    render(content, &Known::default())
}

/// What the long way makes of a text.
fn thorough(content: &str) -> String {
    let mut rendered = String::new();
    html::push_html(&mut rendered, events(content));
    SANITISER.clean(rendered.trim_end()).to_string()
}

/// M-1.
#[test]
fn markdown_becomes_html() {
    assert_eq!(
        plain("**b** _i_ `c` ~~s~~"),
        "<p><strong>b</strong> <em>i</em> <code>c</code> <del>s</del></p>"
    );
    assert_eq!(plain("one\ntwo"), "<p>one<br>\ntwo</p>");
    assert_eq!(plain("```rust\nlet a = \"<b>\";\n```"), "<pre><code>let a = \"&lt;b&gt;\";\n</code></pre>");
    assert_eq!(plain("1. a\n2. b"), "<ol>\n<li>a</li>\n<li>b</li>\n</ol>");
    assert_eq!(plain("สวัสดี ครับ"), "<p>สวัสดี ครับ</p>");
}

#[test]
fn bare_links_are_links_and_code_is_left_alone() {
    let linked = plain("see https://a.example/?q=1&r=2.");
    assert_eq!(
        linked,
        "<p>see <a href=\"https://a.example/?q=1&amp;r=2\" rel=\"noopener noreferrer nofollow\">\
         https://a.example/?q=1&amp;r=2</a>.</p>"
    );
    assert_eq!(plain("`https://a.example`"), "<p><code>https://a.example</code></p>");
}

#[test]
fn mentions_of_known_users_are_marked() {
    let user_id = UserId::generate(&ManualClock::default());
    let known = Known { users: HashMap::from([("ada".to_owned(), user_id)]), everyone: true };
    assert_eq!(
        render("@Ada @bob @here `@ada`", &known),
        format!(
            "<p><span class=\"mention\" data-user-id=\"{user_id}\">@Ada</span> @bob \
             <span class=\"mention\">@here</span> <code>@ada</code></p>"
        )
    );
}

/// M-1: what an attacker writes is shown, and does nothing.
#[test]
fn attacks_become_text() {
    let attacks = [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "hi <svg/onload=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt&colon;alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://evil.example/pixel.gif)",
        "<a href=\"javascript:alert(1)\" onclick=alert(1)>x</a>",
        "<span class=\"mention\" data-user-id=\"x\" style=\"position:fixed\">@boss</span>",
        "[x](https://a.example \"\\\" onmouseover=alert(1) \\\"\")",
        "<https://a.example/\" onclick=\"alert(1)>",
        "</p></div><iframe src=//evil.example>",
        "<style>*{display:none}</style>",
        "<!-- --><b>x",
        "https://a.example/\"onmouseover=\"alert(1)",
        "| a |\n|---|\n| <script>x</script> |",
    ];
    for attack in attacks {
        let safe = plain(attack);
        for tag in safe.to_lowercase().split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
            for active in ["script", "img", "svg", "iframe", "style", "div", "span", "b"] {
                let name = tag.trim_start_matches('/').split(' ').next();
                assert_ne!(name, Some(active), "{attack} gave {safe}");
            }
            for attribute in ["href=\"javascript", "href=\"data", " onclick=", " onmouseover=\"", " style="] {
                assert!(!tag.contains(attribute), "{attack} gave {safe}");
            }
        }
    }
}

/// M-1: quotes and lists are shown in one another to a depth, and nothing of what is deeper is lost.
#[test]
fn deep_quotes_and_lists_are_flat() {
    let quoted = plain(&format!("{} deep", ">".repeat(4_000)));
    assert_eq!(quoted.matches("<blockquote>").count(), 8);
    assert!(quoted.contains("<p>deep</p>"), "{quoted}");
    let listed: String = (0..12).map(|n| format!("{}- item{n}\n", "  ".repeat(n))).collect();
    let html = plain(&listed);
    assert_eq!((html.matches("<ul>").count(), html.matches("</li>").count()), (8, 8));
    assert!((0..12).all(|n| html.contains(&format!("item{n}"))), "{html}");
    assert!(html.contains("item8<br>\nitem9"), "{html}");
}

/// M-1: few characters do not become much HTML: then they are shown as they were typed.
#[test]
fn a_message_does_not_grow_at_will() {
    let links = format!("{}\n\n[a]: https://a.example/{}", "[a]".repeat(600), "x".repeat(2_000));
    let cells = format!("{}\n{}\n{}", "|a".repeat(500), "|-".repeat(500), "a\n".repeat(1_000));
    let quotes = "> a\n\n>\n\n".repeat(400);
    for large in [links, cells, quotes, "***\n".repeat(1_000), "@here ".repeat(600)] {
        let known = Known { users: HashMap::new(), everyone: true };
        let html = render(&large, &known);
        assert!(html.len() <= room(&large, &known), "{} bytes of {}", html.len(), &large[..20]);
    }
    let typed = as_typed("[a] <b> & \"q\"\n| c |\n");
    assert_eq!(typed, "<p>[a] &lt;b&gt; &amp; \"q\"<br>\n| c |</p>");
    let named = |n: u128| format!("u{n:03}");
    let users = (0..50).map(|n| (named(n), UserId::from_uuid(uuid::Uuid::from_u128(n)))).collect();
    let content: String = (0..50).map(|n| format!("@{} ", named(n))).collect();
    let html = render(&content, &Known { users, everyone: false });
    assert_eq!(html.matches("data-user-id").count(), 50, "all who may be called are marked");
}

proptest! {
    /// M-1: no input makes a tag that is not on the list, or panics.
    #[test]
    fn only_listed_tags_come_out(content in "([<>&\"'`*_\\[\\]()!/@#|=:~ \na-z]|<script>|javascript:|\\PC){0,120}") {
        let html = plain(&content);
        for tag in html.split('<').skip(1) {
            let name: String = tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
            prop_assert!(name == "ul" || TAGS.contains(&name.as_str()), "{} gave {}", content, html);
        }
        prop_assert!(!html.contains("href=\"javascript"));
    }

    /// The short way gives what the long way gives.
    #[test]
    fn plain_text_renders_the_same_both_ways(content in "[a-zA-Zäก][a-z0-9 ,.?'äกข]{0,80}") {
        if is_plain(&content) {
            prop_assert_eq!(plain(&content), thorough(&content));
        }
    }
}
