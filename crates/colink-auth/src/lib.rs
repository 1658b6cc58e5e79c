#![doc = include_str!("../README.md")]

mod bearer;
mod cache;
mod caller;
mod claims;
mod config;
mod identity;
mod jwks;
mod keys;
mod revocation;
mod service;
mod signer;
mod token;
mod verifier;

pub use caller::{Authenticator, Caller, EnrollingCaller, MaybeCaller, RealmAdmin};
pub use claims::{Claims, REALM_ADMIN};
pub use config::{AuthConfig, AuthError};
pub use identity::TokenIdentity;
pub use jsonwebtoken::jwk::{Jwk, JwkSet};
pub use revocation::RevocationList;
pub use service::{InternalCaller, ServiceTokens};
pub use signer::TokenSigner;
pub use token::TokenError;
pub use verifier::Verifier;
