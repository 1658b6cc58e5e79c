//! Tokens of services: how a route under `/internal` knows that another service is asking.
//!
//! Short-lived (60 s), signed with the secret the fleet shares (HS256), each for one service. They say nothing
//! about users, and are never taken for a user's token: those are never HS256.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use colink_core::clock::SharedClock;
use colink_http::client::ServiceTokenSource;
use colink_http::{ApiError, ApiResult, RequestContext};
use futures_util::future::{Ready, ready};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::bearer;
use crate::config::{AuthError, secret_bytes};
use crate::token::TokenError;
use crate::verifier::invalid;

const ISSUER: &str = "colink-internal";
const TYPE: &str = "service+jwt";
const LIFETIME_S: i64 = 60;
const LEEWAY_S: i64 = 30;

#[derive(Serialize, Deserialize)]
struct ServiceClaims {
    iss: String,
    /// The service that asks.
    sub: String,
    /// The service that is asked.
    aud: String,
    iat: i64,
    exp: i64,
}

/// Makes and reads the tokens of internal calls. Cheap to clone. Register it as `Data<ServiceTokens>`.
#[derive(Clone)]
pub struct ServiceTokens(Arc<Inner>);

struct Inner {
    service: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    clock: SharedClock,
}

impl ServiceTokens {
    /// The tokens of `service`: it makes them in its own name and takes those made for it.
    ///
    /// # Errors
    /// [`AuthError::WeakSecret`] when `secret` has less than 32 bytes.
    pub fn new(secret: &SecretString, service: &str, clock: SharedClock) -> Result<Self, AuthError> {
        let secret = secret_bytes(secret)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[service]);
        validation.required_spec_claims = HashSet::from(["exp", "iss", "aud", "sub"].map(str::to_owned));
        // Times are compared with the injected clock.
        validation.validate_exp = false;
        Ok(Self(Arc::new(Inner {
            service: service.to_owned(),
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            clock,
        })))
    }

    /// A token for the service `audience`, good for a minute.
    ///
    /// # Errors
    /// [`AuthError::Key`] when signing fails.
    pub fn mint(&self, audience: &str) -> Result<String, AuthError> {
        let now = self.0.clock.now().timestamp();
        let claims = ServiceClaims {
            iss: ISSUER.to_owned(),
            sub: self.0.service.clone(),
            aud: audience.to_owned(),
            iat: now,
            exp: now + LIFETIME_S,
        };
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        Ok(jsonwebtoken::encode(&header, &claims, &self.0.encoding)?)
    }

    /// The service that made this token for us.
    ///
    /// # Errors
    /// [`TokenError::Expired`] or [`TokenError::Invalid`].
    pub fn verify(&self, token: &str) -> Result<String, TokenError> {
        let read = jsonwebtoken::decode::<ServiceClaims>(token, &self.0.decoding, &self.0.validation);
        let read = read.map_err(|error| invalid(&error.to_string()))?;
        if read.header.typ.as_deref() != Some(TYPE) {
            return Err(invalid("it is no token of a service"));
        }
        let now = self.0.clock.now().timestamp();
        if read.claims.exp.saturating_add(LEEWAY_S) <= now {
            return Err(TokenError::Expired);
        }
        if read.claims.iat > now.saturating_add(LEEWAY_S) {
            return Err(invalid("it is from the future"));
        }
        Ok(read.claims.sub)
    }
}

impl fmt::Debug for ServiceTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceTokens").field("service", &self.0.service).finish_non_exhaustive()
    }
}

impl ServiceTokenSource for ServiceTokens {
    fn token(&self, audience: &str) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.mint(audience)?)
    }
}

/// Extractor: the service that is asking. 401 for anybody else. Every route under `/internal` takes it.
#[derive(Debug, Clone)]
pub struct InternalCaller {
    /// The name of the service.
    pub service: String,
    /// The request, with the ids of whoever caused it.
    pub context: RequestContext,
}

impl FromRequest for InternalCaller {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let service = service(request);
        let context = RequestContext::from_request(request, payload).into_inner();
        ready(service.and_then(|service| Ok(Self { service, context: context? })))
    }
}

fn service(request: &HttpRequest) -> ApiResult<String> {
    let tokens = request.app_data::<Data<ServiceTokens>>();
    let tokens = tokens.ok_or_else(|| ApiError::internal("no Data<ServiceTokens> is registered"))?;
    Ok(tokens.verify(bearer::token(request.headers())?)?)
}
