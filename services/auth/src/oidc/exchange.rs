//! The back channel of a sign-in: the code becomes tokens, and those say who it is.

use serde::Deserialize;

use super::id_token::{self, Expected, IdClaims, IdTokenError};
use super::metadata::{Metadata, MetadataError};
use super::person::{Flag, Person};
use super::provider::Provider;
use super::refusal::Refusal;
use super::transport::{Transport, TransportError};

/// Why a code led to nobody.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExchangeError {
    /// The issuer cannot be used.
    #[error(transparent)]
    Metadata(#[from] std::sync::Arc<MetadataError>),
    /// A call failed.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The ID token does not count.
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
    /// The provider says no, or something that makes no sense.
    #[error("the provider {0}")]
    Refused(&'static str),
}

impl ExchangeError {
    /// Whether the provider has signed what is refused: then nobody made it up.
    pub(crate) fn is_of_provider(&self) -> bool {
        matches!(self, Self::IdToken(IdTokenError::Wrong(_)))
    }

    /// What the person is told.
    pub(crate) fn refusal(&self) -> Refusal {
        let transport = match self {
            Self::Transport(error) | Self::IdToken(IdTokenError::Transport(error)) => Some(error),
            Self::Metadata(error) => match error.as_ref() {
                MetadataError::Transport(error) => Some(error),
                MetadataError::OtherIssuer | MetadataError::NoAlgorithm => None,
            },
            Self::IdToken(_) | Self::Refused(_) => None,
        };
        if transport.is_some_and(TransportError::is_outage) {
            Refusal::Unavailable
        } else {
            Refusal::Provider
        }
    }
}

/// What is needed to redeem a code.
#[derive(Debug)]
pub(crate) struct Redemption<'a> {
    pub(crate) code: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) verifier: &'a str,
}

#[derive(Debug, Deserialize)]
struct TokenAnswer {
    access_token: Option<String>,
    token_type: Option<String>,
    id_token: Option<String>,
}

/// The tokens of a sign-in. They are used here and kept nowhere.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) id: Option<String>,
}

/// Redeems a code (RFC 6749, section 4.1.3).
///
/// # Errors
/// [`ExchangeError`].
pub(crate) async fn redeem(
    transport: &Transport,
    provider: &Provider,
    endpoint: &str,
    secret_in_form: bool,
    redemption: &Redemption<'_>,
) -> Result<Tokens, ExchangeError> {
    use secrecy::ExposeSecret;
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", redemption.code),
        ("redirect_uri", redemption.redirect_uri),
        ("code_verifier", redemption.verifier),
    ];
    let secret = provider.client_secret.as_ref().map(ExposeSecret::expose_secret);
    let basic = secret.filter(|_| !secret_in_form).map(|secret| (provider.client_id.as_str(), secret));
    if basic.is_none() {
        form.push(("client_id", &provider.client_id));
        form.extend(secret.map(|secret| ("client_secret", secret)));
    }
    let answer = transport.post_form(endpoint, &form, basic).await?;
    if (400..500).contains(&answer.status) {
        return Err(ExchangeError::Refused("does not take the code"));
    }
    // GitHub answers a refusal with 200, so that the token is looked for.
    let tokens: TokenAnswer = answer.ok()?.json()?;
    let bearer = tokens.token_type.is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    match tokens.access_token {
        Some(access) if bearer => Ok(Tokens { access, id: tokens.id_token }),
        _ => Err(ExchangeError::Refused("gives no bearer token for the code")),
    }
}

/// Who a code of an OpenID provider stands for.
///
/// # Errors
/// [`ExchangeError`].
pub(crate) async fn identify(
    transport: &Transport,
    provider: &Provider,
    metadata: &Metadata,
    redemption: &Redemption<'_>,
    expected: &Expected<'_>,
) -> Result<Person, ExchangeError> {
    let (endpoint, in_form) = (&metadata.token_endpoint, metadata.secret_in_form);
    let tokens = redeem(transport, provider, endpoint, in_form, redemption).await?;
    let id_token = tokens.id.as_deref().ok_or(ExchangeError::Refused("gives no ID token"))?;
    let claims = id_token::verify(id_token, &tokens.access, metadata, expected).await?;
    let mut person = Person::from(claims);
    if let (None, Some(endpoint)) = (&person.email, &metadata.userinfo_endpoint) {
        complete(&mut person, userinfo(transport, endpoint, &tokens.access).await?)?;
    }
    Ok(person)
}

impl From<IdClaims> for Person {
    fn from(claims: IdClaims) -> Self {
        Self {
            subject: claims.sub,
            email: claims.email,
            email_verified: claims.email_verified.0,
            name: claims.name,
            username: claims.preferred_username,
            hosted_domain: claims.hd,
            amr: claims.amr.0,
            acr: claims.acr,
        }
    }
}

/// What the userinfo endpoint adds (OpenID Connect Core 1.0, section 5.3).
#[derive(Debug, Deserialize)]
struct UserInfo {
    sub: String,
    email: Option<String>,
    #[serde(default)]
    email_verified: Flag,
    name: Option<String>,
    preferred_username: Option<String>,
}

async fn userinfo(transport: &Transport, endpoint: &str, token: &str) -> Result<UserInfo, TransportError> {
    transport.get(endpoint, Some(token)).await?.ok()?.json()
}

/// The answer counts only when it is about the person of the ID token.
fn complete(person: &mut Person, info: UserInfo) -> Result<(), ExchangeError> {
    if info.sub != person.subject {
        return Err(ExchangeError::Refused("speaks of somebody else at its userinfo endpoint"));
    }
    (person.email, person.email_verified) = (info.email, info.email_verified.0);
    person.name = person.name.take().or(info.name);
    person.username = person.username.take().or(info.preferred_username);
    Ok(())
}
