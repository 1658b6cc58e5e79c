//! The mails this service writes, in text and HTML.
//!
//! A mail is a pair of files in `letter/` and a line in the list of `letter/template.rs`. The files hold what the mail says and
//! placeholders; greeting line, frame and styles around it are those of `letter/layout.*`. Placeholders: `{{name}}`,
//! `{{username}}`, `{{url}}` (of the web client), `{{token}}` and `{{hours}}` (of the link), `{{style.button}}` and its like (see
//! [`STYLES`]), and what the caller gave as facts. Each needs a sample in `letter/sample.rs`, from which previews are made.

mod sample;
mod template;

use std::collections::BTreeMap;

pub(crate) use self::sample::preview;
pub(crate) use self::template::Template;

const LAYOUT_TEXT: &str = include_str!("letter/layout.txt");
const LAYOUT_HTML: &str = include_str!("letter/layout.html");

/// Inline styles, because many mail readers pass over style sheets. The colours of the dark mode are in the layout's.
const STYLES: &[(&str, &str)] = &[
    (
        "style.button",
        "display:inline-block;padding:12px 24px;border-radius:6px;background-color:#2563eb;color:#ffffff;\
         font-weight:600;text-decoration:none",
    ),
    (
        "style.code",
        "display:inline-block;padding:8px 12px;border-radius:6px;background-color:#f3f4f6;color:#111827;\
         font-family:ui-monospace,Menlo,Consolas,monospace;font-size:14px;word-break:break-all",
    ),
    ("style.quiet", "color:#6b7280;font-size:14px"),
];

/// A mail without its address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// The subject.
    pub(crate) subject: &'static str,
    /// The plain text.
    pub(crate) text: String,
    /// The same as HTML.
    pub(crate) html: String,
}

/// What a template is filled with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filling<'a> {
    /// Whom it greets.
    pub(crate) display_name: &'a str,
    /// The name that the account has, or would get by the link.
    pub(crate) username: &'a str,
    /// Where the web client is.
    pub(crate) public_url: &'a str,
    /// The token of the link, where there is one.
    pub(crate) token: &'a str,
    /// How long the link lives, in hours.
    pub(crate) hours: u32,
    /// What else the template asks for.
    pub(crate) facts: &'a BTreeMap<String, String>,
}

/// Writes the mail.
pub(crate) fn write(template: Template, filling: &Filling<'_>) -> Letter {
    let subject = template.subject();
    let (text, html) = template.bodies();
    let text = fill(text, |name| filling.value(name));
    let html = fill(html, |name| style(name).or_else(|| filling.value(name).map(|value| escape(&value))));
    let frame = |name: &str, body: &str| match name {
        "body" => Some(body.trim_end().to_owned()),
        "subject" => Some(subject.to_owned()),
        "url" => Some(filling.public_url.to_owned()),
        other => style(other),
    };
    Letter {
        subject,
        text: fill(LAYOUT_TEXT, |name| frame(name, &text)),
        html: fill(LAYOUT_HTML, |name| match name {
            "body" => frame(name, &html),
            _ => frame(name, "").map(|value| escape(&value)),
        }),
    }
}

impl Filling<'_> {
    fn value(&self, name: &str) -> Option<String> {
        match name {
            "name" => Some(self.display_name.to_owned()),
            "username" => Some(self.username.to_owned()),
            "url" => Some(self.public_url.to_owned()),
            "token" => Some(self.token.to_owned()),
            "hours" => Some(self.hours.to_string()),
            other => self.facts.get(other).cloned(),
        }
    }
}

fn style(name: &str) -> Option<String> {
    STYLES.iter().find(|(known, _)| *known == name).map(|(_, css)| (*css).to_owned())
}

/// One pass over the template, so that a name that looks like a placeholder stays a name. A placeholder without a value is
/// left empty.
fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut written = String::with_capacity(template.len() * 2);
    let mut parts = template.split("{{");
    written.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or((part, ""));
        written.push_str(&value(name).unwrap_or_default());
        written.push_str(rest);
    }
    written
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: Template, display_name: &str) -> Letter {
        let public_url = "https://chat.example.com";
        let (username, token, facts) = ("ada.l", "tok-EN_1", &BTreeMap::new());
        write(template, &Filling { display_name, username, public_url, token, hours: 24, facts })
    }

    /// one is about the link, the other holds none.
    #[test]
    fn the_link_for_a_new_password_is_there() {
        let letter = filled(Template::ResetPassword, "Ada");
        assert!(letter.text.contains("\nhttps://chat.example.com/reset-password#token=tok-EN_1\n"));
        assert!(letter.html.contains("href=\"https://chat.example.com/reset-password#token=tok-EN_1\""));
        let notice = filled(Template::PasswordChanged, "Ada");
        assert!(!notice.text.contains("tok-EN_1") && !notice.html.contains("tok-EN_1"));
    }

    /// text and HTML; the token stands in the link and on a line of its own.
    #[test]
    fn the_link_and_the_bare_token_are_there() {
        let letter = filled(Template::VerifyEmail, "Ada");
        assert!(letter.text.contains("\nhttps://chat.example.com/verify-email#token=tok-EN_1\n"));
        assert!(letter.text.lines().any(|line| line == "tok-EN_1"));
        assert!(letter.html.contains("href=\"https://chat.example.com/verify-email#token=tok-EN_1\""));
        assert!(letter.text.contains("24 hours"));
        assert!(letter.text.contains("ada.l") && letter.html.contains("ada.l"), "whose registration it is");
    }

    /// every placeholder of every mail has a sample, so every preview is complete.
    #[test]
    fn every_template_has_all_its_samples() {
        for template in Template::ALL.iter().copied() {
            let (text, html) = template.bodies();
            for placeholder in [text, html].iter().flat_map(|body| body.split("{{").skip(1)) {
                let (name, _) = placeholder.split_once("}}").unwrap();
                let known = style(name).or_else(|| sample::filling(&sample::facts()).value(name));
                assert!(known.is_some(), "{}: {name} has no sample", template.name());
            }
            assert_eq!(Template::from_name(template.name()), Some(template));
            assert!(!html.contains("<html"), "{}: the layout is around it", template.name());
        }
    }

    /// one frame for all: readable in dark mode, with styles in line, without anything from elsewhere.
    #[test]
    fn the_layout_is_around_every_mail() {
        for letter in Template::ALL.iter().copied().map(preview) {
            assert!(
                letter.html.starts_with("<!doctype html>") && letter.html.trim_end().ends_with("</html>")
            );
            assert!(letter.html.contains(&format!("<title>{}</title>", letter.subject)));
            assert!(letter.html.contains("prefers-color-scheme: dark") && letter.html.contains("style=\""));
            assert!(!letter.html.contains("src=") && !letter.html.contains("<script"), "nothing is loaded");
            assert!(letter.text.starts_with("Hello ") && letter.text.contains("\n-- \n"));
            assert!(letter.text.lines().all(|line| line.len() <= 200));
        }
    }

    #[test]
    fn a_name_is_no_markup_and_no_placeholder() {
        let letter = filled(Template::AlreadyRegistered, "<b>{{token}}</b>");
        assert!(letter.html.contains("&lt;b&gt;{{token}}&lt;/b&gt;"));
        assert!(letter.text.contains("<b>{{token}}</b>"));
        let letter = filled(Template::AlreadyRegistered, "{{body}}\" style='x'");
        assert!(letter.html.contains("{{body}}&quot; style=&#39;x&#39;"));
    }
}
