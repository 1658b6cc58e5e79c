//! The mails this service writes, in text and HTML.

/// What a mail is about. The name is stored in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Template {
    /// Prove that this address is yours.
    VerifyEmail,
    /// Somebody registered with an address that has an account.
    AlreadyRegistered,
    /// The account got a passkey.
    PasskeyAdded,
    /// The account lost a passkey.
    PasskeyRemoved,
    /// Set a new password.
    ResetPassword,
    /// The password was changed or set.
    PasswordChanged,
    /// A second factor was put in use.
    MfaEnabled,
    /// A second factor was given up.
    MfaDisabled,
    /// An administrator took the second factors away.
    MfaReset,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// A recovery code was used, and few are left.
    RecoveryCodesLow,
    /// There are new recovery codes.
    RecoveryCodesRegenerated,
}

impl Template {
    const ALL: [Self; 12] = [
        Self::VerifyEmail,
        Self::AlreadyRegistered,
        Self::MfaEnabled,
        Self::MfaDisabled,
        Self::MfaReset,
        Self::RecoveryCodeUsed,
        Self::RecoveryCodesLow,
        Self::RecoveryCodesRegenerated,
        Self::ResetPassword,
        Self::PasswordChanged,
        Self::PasskeyAdded,
        Self::PasskeyRemoved,
    ];

    /// The name in the queue and in metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::AlreadyRegistered => "already_registered",
            Self::MfaEnabled => "mfa_enabled",
            Self::MfaDisabled => "mfa_disabled",
            Self::MfaReset => "mfa_reset",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::RecoveryCodesLow => "recovery_codes_low",
            Self::RecoveryCodesRegenerated => "recovery_codes_regenerated",
            Self::PasskeyAdded => "passkey_added",
            Self::PasskeyRemoved => "passkey_removed",
            Self::ResetPassword => "reset_password",
            Self::PasswordChanged => "password_changed",
        }
    }

    /// Reads a name of the queue.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.name() == name)
    }
}

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
}

/// Subject, text and HTML of a template.
macro_rules! letter {
    ($subject:literal, $file:literal) => {
        (
            $subject,
            include_str!(concat!("letter/", $file, ".txt")),
            include_str!(concat!("letter/", $file, ".html")),
        )
    };
}

/// Writes the mail.
pub(crate) fn write(template: Template, filling: &Filling<'_>) -> Letter {
    let (subject, text, html) = match template {
        Template::VerifyEmail => letter!("Confirm your mail address", "verify_email"),
        Template::AlreadyRegistered => letter!("You already have an account", "already_registered"),
        Template::MfaEnabled => letter!("A second factor was added to your account", "mfa_enabled"),
        Template::MfaDisabled => letter!("A second factor was removed from your account", "mfa_disabled"),
        Template::MfaReset => letter!("Your second factors were removed", "mfa_reset"),
        Template::RecoveryCodeUsed => letter!("A recovery code was used", "recovery_code_used"),
        Template::RecoveryCodesLow => letter!("Few recovery codes are left", "recovery_codes_low"),
        Template::RecoveryCodesRegenerated => letter!("New recovery codes", "recovery_codes_regenerated"),
        Template::PasskeyAdded => letter!("A passkey was added", "passkey_added"),
        Template::PasskeyRemoved => letter!("A passkey was removed", "passkey_removed"),
        Template::ResetPassword => letter!("Set a new password", "reset_password"),
        Template::PasswordChanged => letter!("Your password was changed", "password_changed"),
    };
    Letter { subject, text: fill(text, filling, str::to_owned), html: fill(html, filling, escape) }
}

/// One pass over the template, so that a name that looks like a placeholder stays a name.
fn fill(template: &str, filling: &Filling<'_>, quote: impl Fn(&str) -> String) -> String {
    let mut written = String::with_capacity(template.len() * 2);
    let mut parts = template.split("{{");
    written.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (name, rest) = part.split_once("}}").unwrap_or((part, ""));
        match name {
            "name" => written.push_str(&quote(filling.display_name)),
            "username" => written.push_str(&quote(filling.username)),
            "url" => written.push_str(&quote(filling.public_url)),
            "token" => written.push_str(filling.token),
            "hours" => written.push_str(&filling.hours.to_string()),
            other => written.push_str(other),
        }
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
        let (username, token) = ("ada.l", "tok-EN_1");
        write(template, &Filling { display_name, username, public_url, token, hours: 24 })
    }

    /// one is about the link, the other holds none.
    #[test]
    fn the_link_for_a_new_password_is_there() {
        let letter = filled(Template::ResetPassword, "Ada");
        assert!(letter.text.contains("\nhttps://chat.example.com/reset-password?token=tok-EN_1\n"));
        assert!(letter.html.contains("href=\"https://chat.example.com/reset-password?token=tok-EN_1\""));
        let notice = filled(Template::PasswordChanged, "Ada");
        assert!(!notice.text.contains("tok-EN_1") && !notice.html.contains("tok-EN_1"));
    }

    /// text and HTML; the token stands in the link and on a line of its own.
    #[test]
    fn the_link_and_the_bare_token_are_there() {
        let letter = filled(Template::VerifyEmail, "Ada");
        assert!(letter.text.contains("\nhttps://chat.example.com/verify-email?token=tok-EN_1\n"));
        assert!(letter.text.lines().any(|line| line == "tok-EN_1"));
        assert!(letter.html.contains("href=\"https://chat.example.com/verify-email?token=tok-EN_1\""));
        assert!(letter.text.contains("24 hours"));
        assert!(letter.text.contains("ada.l") && letter.html.contains("ada.l"), "whose registration it is");
    }

    #[test]
    fn every_template_is_filled_completely() {
        for template in Template::ALL {
            let letter = filled(template, "Ada");
            assert!(!letter.text.contains("{{") && !letter.html.contains("{{"), "{}", template.name());
            assert_eq!(Template::from_name(template.name()), Some(template));
        }
    }

    #[test]
    fn a_name_is_no_markup_and_no_placeholder() {
        let letter = filled(Template::AlreadyRegistered, "<b>{{token}}</b>");
        assert!(letter.html.contains("&lt;b&gt;{{token}}&lt;/b&gt;"));
        assert!(letter.text.contains("<b>{{token}}</b>"));
    }
}
