//! Who is asking, and as whom this service asks: the extractors of colink-auth get what they need here.

use std::sync::Arc;

use actix_web::web::Data;
use colink_auth::{AuthConfig, Authenticator, RevocationList, ServiceTokens, Verifier};
use colink_http::client::InternalClient;
use colink_store::redis::RedisClient;

use super::Boot;
use crate::error::StartError;
use crate::internal::InternalConfig;

/// What decides about tokens. It is registered with every worker, so `Caller`, `MaybeCaller`, `RealmAdmin` and
/// `InternalCaller` work in every handler; keep it only for tokens that do not come in a header.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Takes access tokens and refuses revoked sessions.
    pub authenticator: Authenticator,
    /// Makes and takes service tokens.
    pub tokens: ServiceTokens,
}

impl Boot {
    /// A verifier of access tokens with the published keys. It fetches them when they are first needed.
    ///
    /// # Errors
    /// None at present; a service must be ready for a configuration that cannot be used.
    pub fn verifier(&self, config: &AuthConfig) -> Result<Verifier, StartError> {
        Ok(Verifier::new(config, self.http.clone(), self.clock()))
    }

    /// Makes the extractors of callers work. `redis` holds the list of revoked sessions.
    ///
    /// # Errors
    /// When `internal.secret` is too short, or `auth.revocation` is on and there is no Redis.
    pub fn identity(
        &mut self,
        auth: &AuthConfig,
        internal: &InternalConfig,
        redis: Option<&RedisClient>,
    ) -> Result<Identity, StartError> {
        let verifier = self.verifier(auth)?;
        self.identity_with(verifier, auth, internal, redis)
    }

    /// [`Self::identity`] with a verifier of its own keys: for the service that issues the tokens.
    ///
    /// # Errors
    /// As [`Self::identity`].
    pub fn identity_with(
        &mut self,
        verifier: Verifier,
        auth: &AuthConfig,
        internal: &InternalConfig,
        redis: Option<&RedisClient>,
    ) -> Result<Identity, StartError> {
        let revocations = match (auth.revocation, redis) {
            (true, Some(redis)) => {
                let list = RevocationList::new(redis.clone(), &self.metrics);
                Some(list.map_err(StartError::setting_up("the revocation list"))?)
            }
            (true, None) => {
                let advice = "`auth.revocation` is on and the service has no Redis to look in";
                return Err(StartError::setting_up("the revocation list")(advice));
            }
            (false, _) => None,
        };
        let identity = Identity {
            authenticator: Authenticator::new(verifier, revocations),
            tokens: self.tokens(internal)?,
        };
        self.provide(Data::new(identity.authenticator.clone()));
        self.provide(Data::new(identity.tokens.clone()));
        Ok(identity)
    }

    /// A client of another service's `/internal` routes; its place is `internal.<service>_url`.
    ///
    /// # Errors
    /// When the place or the secret is not configured.
    pub fn peer(
        &self,
        service: &'static str,
        internal: &InternalConfig,
    ) -> Result<InternalClient, StartError> {
        let url = internal.url_of(service).ok_or_else(|| {
            let advice = format!("set COLINK__INTERNAL__{}_URL", service.to_ascii_uppercase());
            StartError::setting_up("the client of another service")(advice)
        })?;
        let tokens = Arc::new(self.tokens(internal)?);
        InternalClient::new(service, url, tokens, internal.timeout())
            .map_err(StartError::setting_up("the client of another service"))
    }

    fn tokens(&self, internal: &InternalConfig) -> Result<ServiceTokens, StartError> {
        ServiceTokens::new(&internal.secret, self.service, self.clock())
            .map_err(StartError::setting_up("the tokens of internal calls"))
    }
}
