//! What an administrator enters about a workspace's provider, checked.

use chrono::{DateTime, Utc};
use colink_core::error::{FieldError, Invalid};
use colink_core::id::WorkspaceId;
use colink_core::text::{Email, one_line};
use colink_http::validate::{all, each, optional, require};
use colink_http::{ApiError, ApiResult};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::config::Kind;
use crate::store::oidc_providers::{NewProvider, StoredProvider};

const NAME_MAX: usize = 80;
const CLIENT_ID_MAX: usize = 255;
const SECRET_MAX: usize = 1024;
const WORD_MAX: usize = 100;
/// Entries of a list.
const LIST_MAX: usize = 50;
/// Refuses to take from the row what an administrator of the workspace may have changed since somebody looked.
const UNSTATED: &str = "must be sent along by whoever begins to trust the provider, as he checked it";
/// Says something only of a provider whose second factor counts.
const MFA_ACR: &str = "mfa_acr";

/// A provider to be, or what is to be changed of one: what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateWorkspaceProvider)]
pub(crate) struct Changes {
    /// What it speaks; never changes.
    pub(crate) kind: Option<Kind>,
    /// The issuer, or the site of a GitHub; never changes. Google and GitHub have defaults.
    #[schema(max_length = 2048, example = "https://sso.acme.example")]
    pub(crate) issuer: Option<String>,
    /// What people read on the button.
    #[schema(max_length = 80, example = "Acme")]
    pub(crate) name: Option<String>,
    /// As what this installation is registered there.
    #[schema(max_length = 255, example = "colink")]
    pub(crate) client_id: Option<String>,
    /// The secret of that registration. It is never shown again.
    #[schema(value_type = Option<String>, format = Password, max_length = 1024)]
    pub(crate) client_secret: Option<SecretString>,
    /// What is asked for; the kind's usual scopes when empty.
    pub(crate) scopes: Option<Vec<String>>,
    /// Mail domains whose people may sign in; all when empty.
    pub(crate) allowed_domains: Option<Vec<String>>,
    /// Whether whoever signs in becomes a member of the workspace.
    pub(crate) jit: Option<bool>,
    /// Whether it vouches for addresses, so that accounts are made. For administrators of the installation.
    pub(crate) trusts_email: Option<bool>,
    /// Whether an account with the same verified address is linked. For administrators of the installation.
    pub(crate) link_by_address: Option<bool>,
    /// Whether its second factor counts. For administrators of the installation.
    pub(crate) trust_mfa: Option<bool>,
    /// Values of `acr` that stand for two factors.
    pub(crate) mfa_acr: Option<Vec<String>>,
}

impl Changes {
    /// What says who is trusted with what, and is left out.
    pub(crate) fn left_out(&self) -> Vec<&'static str> {
        let given = [
            ("allowed_domains", self.allowed_domains.is_some()),
            ("client_id", self.client_id.is_some()),
            (MFA_ACR, self.mfa_acr.is_some()),
        ];
        given.into_iter().filter(|(_, given)| !given).map(|(name, _)| name).collect()
    }
}

/// A provider with the changes made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) allowed_domains: Vec<String>,
    pub(crate) jit: bool,
    pub(crate) trusts_email: bool,
    pub(crate) link_by_address: bool,
    pub(crate) trust_mfa: bool,
    pub(crate) mfa_acr: Vec<String>,
}

impl Draft {
    /// The provider as it is stored.
    pub(crate) fn of(stored: &StoredProvider) -> Self {
        Self {
            name: stored.name.clone(),
            client_id: stored.client_id.clone(),
            scopes: stored.scopes.clone(),
            allowed_domains: stored.allowed_domains.clone(),
            jit: stored.jit,
            trusts_email: stored.trusts_email,
            link_by_address: stored.link_by_address,
            trust_mfa: stored.trust_mfa,
            mfa_acr: stored.mfa_acr.clone(),
        }
    }

    /// Makes the changes.
    ///
    /// # Errors
    /// 400 with every refused field.
    pub(crate) fn change(self, kind: Kind, changes: Changes) -> ApiResult<Self> {
        let trusts_email = changes.trusts_email.unwrap_or(self.trusts_email);
        let link_by_address = changes.link_by_address.unwrap_or(self.link_by_address);
        let domains_left = changes.allowed_domains.as_ref().unwrap_or(&self.allowed_domains).is_empty();
        let (name, client_id, _, scopes, allowed_domains, mfa_acr, (), ()) = all((
            optional("name", changes.name, |text| one_line(&text, 1..=NAME_MAX)),
            optional("client_id", changes.client_id, |text| one_line(&text, 1..=CLIENT_ID_MAX)),
            optional("client_secret", changes.client_secret.as_ref(), check_secret),
            list("scopes", changes.scopes, scope).and_then(|scopes| with_openid(kind, scopes)),
            list("allowed_domains", changes.allowed_domains, domain),
            list(MFA_ACR, changes.mfa_acr, |text| one_line(&text, 1..=WORD_MAX)),
            require("link_by_address", trusts_email || !link_by_address, "needs `trusts_email`"),
            require(
                "allowed_domains",
                !trusts_email || !domains_left,
                "must name what the provider is trusted with",
            ),
        ))?;
        Ok(Self {
            name: name.unwrap_or(self.name),
            client_id: client_id.unwrap_or(self.client_id),
            scopes: scopes.unwrap_or(self.scopes),
            allowed_domains: allowed_domains.unwrap_or(self.allowed_domains),
            jit: changes.jit.unwrap_or(self.jit),
            trusts_email,
            link_by_address,
            trust_mfa: changes.trust_mfa.unwrap_or(self.trust_mfa),
            mfa_acr: mfa_acr.unwrap_or(self.mfa_acr),
        })
    }

    /// Whether its word counts beyond its workspace.
    pub(crate) fn is_trusted(&self) -> bool {
        self.trusts_email || self.link_by_address || self.trust_mfa
    }

    /// Refuses to begin trusting what would be taken from the row: until then an administrator of the workspace may change it
    /// after whoever trusts it has looked.
    ///
    /// # Errors
    /// 400 with every field that is missing.
    pub(crate) fn check_stated(&self, left_out: &[&'static str]) -> ApiResult<()> {
        let missing = left_out.iter().filter(|name| self.trust_mfa || **name != MFA_ACR);
        let missing: Vec<FieldError> = missing.map(|name| FieldError::new(*name, UNSTATED)).collect();
        if missing.is_empty() { Ok(()) } else { Err(ApiError::validation(missing)) }
    }
}

impl<'a> NewProvider<'a> {
    /// What a draft is stored as; without a secret the one that is stored stays.
    pub(crate) fn of(
        id: Uuid,
        workspace_id: WorkspaceId,
        kind: Kind,
        issuer: &'a str,
        draft: &'a Draft,
        sealed_client_secret: Option<&'a [u8]>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            workspace_id,
            kind: kind.word(),
            name: &draft.name,
            issuer,
            client_id: &draft.client_id,
            sealed_client_secret,
            scopes: &draft.scopes,
            allowed_domains: &draft.allowed_domains,
            jit: draft.jit,
            trusts_email: draft.trusts_email,
            link_by_address: draft.link_by_address,
            trust_mfa: draft.trust_mfa,
            mfa_acr: &draft.mfa_acr,
            now,
        }
    }
}

fn list(
    name: &str,
    values: Option<Vec<String>>,
    parse: impl FnMut(String) -> Result<String, Invalid>,
) -> Result<Option<Vec<String>>, FieldError> {
    let Some(values) = values else { return Ok(None) };
    require(name, values.len() <= LIST_MAX, &format!("must have at most {LIST_MAX} entries"))?;
    each(name, values, parse).map(Some)
}

fn check_secret(secret: &SecretString) -> Result<(), Invalid> {
    let text = secret.expose_secret();
    if (1..=SECRET_MAX).contains(&text.len()) && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(Invalid::new(format!("must have 1 to {SECRET_MAX} bytes and no control characters")))
    }
}

fn scope(text: String) -> Result<String, Invalid> {
    let known = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    if (1..=WORD_MAX).contains(&text.len()) && text.bytes().all(known) {
        Ok(text)
    } else {
        Err(Invalid::new("must be one scope (RFC 6749, section 3.3)"))
    }
}

fn with_openid(kind: Kind, scopes: Option<Vec<String>>) -> Result<Option<Vec<String>>, FieldError> {
    let complete = scopes
        .as_ref()
        .is_none_or(|scopes| scopes.is_empty() || scopes.iter().any(|scope| scope == "openid"));
    require("scopes", complete || kind == Kind::Github, "must name `openid`").map(|()| scopes)
}

/// A domain is what may stand behind the `@`.
fn domain(text: String) -> Result<String, Invalid> {
    let address = Email::parse(&format!("x@{}", text.trim()));
    let refused = |_| Invalid::new("must be a mail domain such as example.com");
    address.map(|address| address.domain().to_owned()).map_err(refused)
}
