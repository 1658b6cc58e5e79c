#![doc = include_str!("../README.md")]

mod api_key;
mod bearer;
mod cache;
mod caller;
mod claims;
mod config;
mod identity;
mod jwks;
mod key_cache;
mod keys;
mod revocation;
mod scoped;
mod service;
mod signer;
mod token;
mod verifier;

pub use api_key::ApiKey;
pub use bearer::token as bearer_token;
pub use caller::{Authenticator, Caller, EnrollingCaller, MaybeCaller, RealmAdmin, RealmAdminOrKey};
pub use claims::{API_KEY, Claims, REALM_ADMIN};
pub use config::{AuthConfig, AuthError};
pub use identity::TokenIdentity;
pub use jsonwebtoken::jwk::{Jwk, JwkSet};
pub use key_cache::{KeyCache, KeySource, KeyTimes};
pub use revocation::RevocationList;
pub use scoped::{NeededScope, Scoped, needs};
pub use service::{InternalCaller, ServiceTokens};
pub use signer::TokenSigner;
pub use token::TokenError;
pub use verifier::Verifier;
