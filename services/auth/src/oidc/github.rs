//! GitHub, which speaks OAuth 2.0 and tells who somebody is at an API of its own.
//!
//! The subject is the number of the account: a login name can be given up and taken by somebody else.

use serde::Deserialize;

use super::exchange::{ExchangeError, Redemption, redeem};
use super::person::Person;
use super::provider::Provider;
use super::transport::Transport;

#[derive(Debug, Deserialize)]
struct Account {
    id: u64,
    login: String,
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

/// Where the browser goes.
pub(crate) fn authorization_endpoint(provider: &Provider) -> String {
    format!("{}/login/oauth/authorize", provider.issuer.trim_end_matches('/'))
}

/// Who a code stands for.
///
/// # Errors
/// [`ExchangeError`].
pub(crate) async fn identify(
    transport: &Transport,
    provider: &Provider,
    redemption: &Redemption<'_>,
) -> Result<Person, ExchangeError> {
    let endpoint = format!("{}/login/oauth/access_token", provider.issuer.trim_end_matches('/'));
    let tokens = redeem(transport, provider, &endpoint, true, redemption).await?;
    let api = provider.api_url.trim_end_matches('/');
    let account = transport.get(&format!("{api}/user"), Some(&tokens.access)).await?;
    let account: Account = account.ok()?.json()?;
    let addresses = transport.get(&format!("{api}/user/emails"), Some(&tokens.access)).await?;
    let addresses: Vec<Address> = addresses.ok()?.json()?;
    let primary = addresses.into_iter().find(|address| address.primary);
    Ok(Person {
        subject: account.id.to_string(),
        email_verified: primary.as_ref().is_some_and(|address| address.verified),
        email: primary.map(|address| address.email),
        name: account.name,
        username: Some(account.login),
        ..Person::default()
    })
}
