//! `[oidc]`: sign-in through other identity providers.

use std::collections::BTreeMap;
use std::time::Duration;

use colink_runtime::Problem;
use colink_runtime::config::words;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::oidc::place::Scheme;

/// Words that stand where a provider's name does in URLs.
const RESERVED: [&str; 4] = ["identities", "providers", "token", "workspaces"];
const NAME_MAX: usize = 32;
/// The answer must be back before the gateway gives the call up, and a sign-in makes up to four calls.
const TIMEOUT_MS_MAX: u64 = 5_000;

/// `[oidc]`: providers of the whole installation, and what holds for those of workspaces.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// The providers by the names that stand in URLs.
    #[serde(default)]
    pub providers: BTreeMap<String, ProviderConfig>,
    /// How long one call to a provider may take, in milliseconds.
    pub timeout_ms: u64,
    /// Whether providers of the installation may be reached without TLS on other machines.
    pub allow_http: bool,
    /// Whether providers of workspaces may be at private addresses.
    pub allow_private_addresses: bool,
}

/// What a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = IdentityProviderKind)]
pub enum Kind {
    /// Keycloak: OpenID Connect by discovery.
    Keycloak,
    /// Google: OpenID Connect; domains are those of Workspace customers (`hd`).
    Google,
    /// GitHub: OAuth 2.0 with an API of its own.
    Github,
    /// Any issuer with a discovery document.
    Oidc,
}

/// `[oidc.providers.<name>]`: one provider of the whole installation.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// What it speaks.
    pub kind: Kind,
    /// What people read on the button; the kind's own name by default.
    #[serde(default)]
    pub name: Option<String>,
    /// The issuer; for GitHub the site. Google and GitHub have defaults.
    #[serde(default)]
    pub issuer: Option<String>,
    /// Where GitHub's API is.
    #[serde(default)]
    pub api_url: Option<String>,
    /// As what this installation is registered there.
    pub client_id: String,
    /// The secret of that registration; none for a public client.
    #[serde(default)]
    pub client_secret: Option<SecretString>,
    /// What is asked for; the kind's usual scopes by default.
    #[serde(default, deserialize_with = "words")]
    pub scopes: Vec<String>,
    /// Mail domains (Google: customers) whose people may sign in; all when empty.
    #[serde(default, deserialize_with = "words")]
    pub allowed_domains: Vec<String>,
    /// Whether people without an account get one.
    #[serde(default)]
    pub jit: bool,
    /// Whether the provider's word that an address is verified counts here.
    #[serde(default)]
    pub trusts_email: bool,
    /// Whether an account with the same verified address is linked without signing in to it first.
    #[serde(default)]
    pub link_by_address: bool,
    /// Whether the provider's second factor counts here.
    #[serde(default)]
    pub trust_mfa: bool,
    /// Values of the claim `acr` that stand for two factors.
    #[serde(default, deserialize_with = "words")]
    pub mfa_acr: Vec<String>,
    /// The audience of access tokens of this provider that are exchanged for ours; none when left out.
    #[serde(default)]
    pub exchange_audience: Option<String>,
}

impl Kind {
    /// What people read when the provider has no name of its own.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Keycloak => "Keycloak",
            Self::Google => "Google",
            Self::Github => "GitHub",
            Self::Oidc => "Single sign-on",
        }
    }

    /// The issuer that everybody means.
    pub(crate) fn usual_issuer(self) -> Option<&'static str> {
        match self {
            Self::Google => Some("https://accounts.google.com"),
            Self::Github => Some("https://github.com"),
            Self::Keycloak | Self::Oidc => None,
        }
    }

    /// What is asked for unless something else is configured.
    pub(crate) fn usual_scopes(self) -> &'static [&'static str] {
        match self {
            Self::Github => &["read:user", "user:email"],
            Self::Keycloak | Self::Google | Self::Oidc => &["openid", "email", "profile"],
        }
    }

    /// The word in rows, as it is written in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Keycloak => "keycloak",
            Self::Google => "google",
            Self::Github => "github",
            Self::Oidc => "oidc",
        }
    }

    /// Reads the word of a row.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::Keycloak, Self::Google, Self::Github, Self::Oidc].into_iter().find(|kind| kind.word() == word)
    }
}

impl OidcConfig {
    /// How long one call may take.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// How issuers of the installation may be reached.
    pub(crate) fn scheme(&self) -> Scheme {
        if self.allow_http { Scheme::Any } else { Scheme::TlsOrLoopback }
    }

    /// What is wrong, each with its key.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !(1..=TIMEOUT_MS_MAX).contains(&self.timeout_ms) {
            problems.push(Problem::new("oidc.timeout_ms", format!("must be 1 to {TIMEOUT_MS_MAX}")));
        }
        for (name, provider) in &self.providers {
            let found = provider.problem(self.scheme()).or_else(|| name_problem(name));
            let problem = |found| Problem::new("oidc.providers", format!("has `{name}`, which {found}"));
            problems.extend(found.map(problem));
        }
        problems
    }
}

impl ProviderConfig {
    /// The issuer, or the kind's usual one.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref().filter(|issuer| !issuer.is_empty()).or_else(|| self.kind.usual_issuer())
    }

    fn problem(&self, scheme: Scheme) -> Option<String> {
        let Some(issuer) = self.issuer() else { return Some("needs an `issuer`".to_owned()) };
        if self.client_id.is_empty() {
            return Some("needs a `client_id`".to_owned());
        }
        let places = std::iter::once(issuer).chain(self.api_url.as_deref());
        for place in places {
            if let Err(refused) = scheme.check(place) {
                return Some(format!("has a URL that {refused}"));
            }
        }
        if (self.jit || self.link_by_address) && !self.trusts_email {
            return Some("needs `trusts_email` for `jit` and `link_by_address`".to_owned());
        }
        if self.kind == Kind::Github && self.exchange_audience.is_some() {
            return Some(
                "is a GitHub, whose tokens name no audience: leave `exchange_audience` out".to_owned(),
            );
        }
        None
    }
}

fn name_problem(name: &str) -> Option<String> {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let plain = (1..=NAME_MAX).contains(&name.len()) && name.bytes().all(known);
    if !plain {
        return Some(format!("must have 1 to {NAME_MAX} of a-z, 0-9 and hyphen as its name"));
    }
    RESERVED.contains(&name).then(|| "has a name that is reserved".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> OidcConfig {
        toml::from_str(&format!(
            "timeout_ms = 1000\nallow_http = false\nallow_private_addresses = false\n{text}"
        ))
        .unwrap()
    }

    fn problem(provider: &str) -> Option<String> {
        read(&format!("[providers.sso]\nclient_id = \"c\"\n{provider}"))
            .problems()
            .pop()
            .map(|problem| problem.problem)
    }

    ///
    #[test]
    fn a_provider_that_cannot_work_is_refused_at_start() {
        assert_eq!(problem("kind = \"google\""), None);
        assert_eq!(problem("kind = \"oidc\"\nissuer = \"http://127.0.0.1:1/x\""), None);
        for (provider, words) in [
            ("kind = \"oidc\"", "needs an `issuer`"),
            ("kind = \"oidc\"\nissuer = \"http://sso.example.com\"", "https"),
            ("kind = \"oidc\"\nissuer = \"ftp://127.0.0.1\"", "https"),
            ("kind = \"google\"\njit = true", "trusts_email"),
            ("kind = \"google\"\nlink_by_address = true", "trusts_email"),
        ] {
            assert!(problem(provider).is_some_and(|problem| problem.contains(words)), "{provider}");
        }
    }

    #[test]
    fn names_that_mean_something_else_in_a_url_are_refused() {
        for (name, good) in
            [("google", true), ("sso-1", true), ("token", false), ("A", false), ("a_b", false)]
        {
            let config = read(&format!("[providers.{name}]\nkind = \"google\"\nclient_id = \"c\""));
            assert_eq!(config.problems().is_empty(), good, "{name}");
        }
    }

    #[test]
    fn lists_may_be_texts() {
        let config = read(
            "[providers.a]\nkind = \"google\"\nclient_id = \"c\"\nscopes = \"openid email\"\nallowed_domains = [\"a.test\"]",
        );
        let provider = config.providers.get("a").unwrap();
        assert_eq!((provider.scopes.len(), provider.allowed_domains.len()), (2, 1));
    }
}
