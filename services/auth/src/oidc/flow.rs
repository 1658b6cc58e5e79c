//! One sign-in on its way through a provider: what binds it to the browser that began it.
//!
//! `state` and the browser's cookie are 32 random bytes each; only hashes of them are stored. The nonce and the verifier of
//! PKCE follow from both, so that neither is stored: who reads the database can end no sign-in, and who has only the
//! `state` of somebody else neither.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use url::Url;

use super::provider::Provider;
use crate::config::Kind;
use crate::domain::opaque_token::OpaqueToken;

/// The secrets of one sign-in.
#[derive(Debug)]
pub(crate) struct FlowSecrets {
    pub(crate) state: OpaqueToken,
    pub(crate) browser: OpaqueToken,
}

impl FlowSecrets {
    /// The claim that the ID token must repeat.
    pub(crate) fn nonce(&self) -> String {
        self.derive("nonce")
    }

    /// What the code is redeemed with (RFC 7636).
    pub(crate) fn verifier(&self) -> String {
        self.derive("verifier")
    }

    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier()))
    }

    /// 32 bytes that nobody knows who does not know both; purposes of different names give unrelated ones.
    fn derive(&self, purpose: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(purpose);
        hash.update([0]);
        hash.update(self.browser.reveal());
        hash.update(self.state.reveal());
        URL_SAFE_NO_PAD.encode(hash.finalize())
    }
}

/// Where the browser goes: the authorization request.
pub(crate) fn authorization_url(
    mut endpoint: Url,
    provider: &Provider,
    redirect_uri: &str,
    secrets: &FlowSecrets,
) -> Url {
    let mut query = endpoint.query_pairs_mut();
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", &provider.client_id)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("scope", &provider.scopes.join(" "))
        .append_pair("state", &secrets.state.reveal())
        .append_pair("code_challenge", &secrets.challenge())
        .append_pair("code_challenge_method", "S256");
    if provider.kind != Kind::Github {
        query.append_pair("nonce", &secrets.nonce());
    }
    if let (Kind::Google, [domain]) = (provider.kind, provider.allowed_domains.as_slice()) {
        query.append_pair("hd", domain);
    }
    drop(query);
    endpoint
}

#[cfg(test)]
mod tests {
    use super::*;

    ///
    #[test]
    fn what_is_derived_depends_on_both_secrets_and_on_the_purpose() {
        let (state, browser) = (OpaqueToken::generate(), OpaqueToken::generate());
        let secrets = FlowSecrets { state: state.clone(), browser: browser.clone() };
        let again = FlowSecrets { state: state.clone(), browser: browser.clone() };
        assert_eq!((secrets.nonce(), secrets.verifier()), (again.nonce(), again.verifier()));
        assert_ne!(secrets.nonce(), secrets.verifier());
        let other_browser = FlowSecrets { state, browser: OpaqueToken::generate() };
        let other_state = FlowSecrets { state: OpaqueToken::generate(), browser };
        for other in [other_browser, other_state] {
            assert_ne!(other.nonce(), secrets.nonce());
            assert_ne!(other.verifier(), secrets.verifier());
        }
        // RFC 7636, section 4.1: 43 to 128 unreserved characters.
        assert_eq!(secrets.verifier().len(), 43);
    }
}
