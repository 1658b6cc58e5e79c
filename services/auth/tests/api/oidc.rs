//! Sign-in through other identity providers.

mod accounts;
pub(crate) mod browser;
mod exchange;
mod gateway;
mod github;
mod google;
mod keycloak;
mod linking;
mod outage;
pub(crate) mod provider;
mod sign_in;
mod tokens;
mod unknown_keys;
mod unlinking;
pub(crate) mod workspaces;

use crate::harness::{World, settings};
use browser::Browser;
use provider::LocalProvider;

/// The name of the provider in URLs.
const SSO: &str = "sso";

/// A world with a provider that is trusted with addresses and makes accounts.
pub(crate) async fn world_with(provider: &LocalProvider) -> World {
    World::with(provider.configure(settings(), SSO)).await
}

/// The same, and a browser.
async fn start() -> (LocalProvider, World, Browser) {
    let provider = LocalProvider::start();
    let world = world_with(&provider).await;
    let browser = Browser::new(&world);
    (provider, world, browser)
}

/// The word behind `/login?error=`.
fn error_of(location: &str) -> &str {
    location
        .strip_prefix("https://chat.example.test/login?error=")
        .unwrap_or_else(|| panic!("not the sign-in page: {location}"))
}
