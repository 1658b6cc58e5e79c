//! Access tokens to Caller: JWKS verification, the extractor, revocation, service tokens.
