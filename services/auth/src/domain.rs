//! Pure rules: no store, no clock of their own.

pub(crate) mod device;
pub(crate) mod foreign_hash;
pub(crate) mod letter;
pub(crate) mod opaque_token;
pub(crate) mod password;
pub(crate) mod profile;
pub(crate) mod qr;
pub(crate) mod realm_role;
pub(crate) mod recovery_code;
pub(crate) mod refresh;
pub(crate) mod totp;
