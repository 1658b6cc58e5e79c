//! Passkeys of a user, and the ways they prove who he is.
//!
//! The names inside of `options` and `credential` are those of the WebAuthn specification, so that a browser takes
//! and gives them as they are: `PublicKeyCredential.parseCreationOptionsFromJSON(options)`, `credential.toJSON()`.

pub(crate) mod finish_login;
pub(crate) mod finish_reauthentication;
pub(crate) mod finish_registration;
pub(crate) mod finish_second_factor;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod rename;
pub(crate) mod start_login;
pub(crate) mod start_reauthentication;
pub(crate) mod start_registration;
pub(crate) mod start_second_factor;

use actix_web::web::{ServiceConfig, resource};
use colink_core::error::Invalid;
use colink_core::id::PasskeyId;
use colink_core::text::one_line;
use colink_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use webauthn_rs_core::proto::{PublicKeyCredential, RegisterPublicKeyCredential};

use crate::passkeys::RequestOptions;
use crate::state::State;
use crate::store::passkeys::Passkey;

const NAME_MAX: usize = 80;
/// Most passkeys of one user.
const MOST: i64 = 20;

/// The URL table. What answers with tokens or codes, or opens sensitive changes, is not kept for repetitions: an
/// authenticator's answer is good once.
pub(crate) fn configure(app: &mut ServiceConfig, state: &State) {
    let once = || state.idempotency.clone();
    app.service(resource("/auth/passkeys").get(list::list_passkeys))
        .service(
            resource("/auth/passkeys/register/start")
                .post(start_registration::start_passkey_registration)
                .wrap(once()),
        )
        .service(
            resource("/auth/passkeys/register/finish").post(finish_registration::finish_passkey_registration),
        )
        .service(resource("/auth/passkeys/login/start").post(start_login::start_passkey_login))
        .service(resource("/auth/passkeys/login/finish").post(finish_login::finish_passkey_login))
        .service(
            resource("/auth/passkeys/{passkey_id}")
                .patch(rename::rename_passkey)
                .delete(remove::remove_passkey)
                .wrap(once()),
        )
        .service(resource("/auth/mfa/passkey/start").post(start_second_factor::start_passkey_second_factor))
        .service(
            resource("/auth/mfa/passkey/finish").post(finish_second_factor::finish_passkey_second_factor),
        )
        .service(
            resource("/auth/reauthenticate/passkey/start")
                .post(start_reauthentication::start_passkey_reauthentication),
        )
        .service(
            resource("/auth/reauthenticate/passkey/finish")
                .post(finish_reauthentication::finish_passkey_reauthentication),
        );
}

/// A passkey, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Passkey)]
pub(crate) struct View {
    id: PasskeyId,
    #[schema(example = "Laptop")]
    name: String,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
    /// Whether a copy of it is kept elsewhere, such as in a password manager.
    backed_up: bool,
    /// Whether its owner can sign in with it and nothing else; one that cannot is good as a second factor.
    passwordless: bool,
    /// How the authenticator is reached: `ble`, `hybrid`, `internal`, `nfc`, `usb`.
    #[schema(example = json!(["internal"]))]
    transports: Vec<String>,
}

impl View {
    fn of(passkey: Passkey) -> Self {
        Self {
            id: passkey.id(),
            created_at: passkey.created_at.into(),
            last_used_at: passkey.last_used_at.map(Timestamp::from),
            backed_up: passkey.backed_up,
            passwordless: passkey.is_passwordless(),
            name: passkey.name,
            transports: passkey.transports,
        }
    }
}

/// What the authenticator is asked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PasskeyChallenge)]
pub(crate) struct Asked {
    /// `PublicKeyCredentialRequestOptionsJSON`, for `navigator.credentials.get`.
    #[schema(value_type = Object)]
    options: RequestOptions,
}

/// `AuthenticationResponseJSON` of the specification. It grows with each level, so what is unknown in it is passed
/// over.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Answer(pub(crate) Box<PublicKeyCredential>);

/// `RegistrationResponseJSON` of the specification.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Registered(Box<RegisterPublicKeyCredential>);

fn passkey_name(text: &str) -> Result<String, Invalid> {
    one_line(text, 1..=NAME_MAX)
}

fn mfa_ticket(text: &str) -> Result<&str, Invalid> {
    let text = text.trim();
    if text.is_empty() { Err(Invalid::required()) } else { Ok(text) }
}

fn given<T>(credential: Option<T>) -> Result<T, Invalid> {
    credential.ok_or_else(Invalid::required)
}
