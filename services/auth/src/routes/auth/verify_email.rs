//! `POST /auth/verify-email`.
//!
//! A link proves the address for the registration that it was sent for: the account gets that one's names and password,
//! whoever registered first, and every other registration is void.
//!
//! The link alone shows who reads the mail, not who chose the password: an owner who is led to open the link of a
//! registration that he did not make would open the account to whoever made it. So the link is taken together with
//! something only the maker has, see [`Evidence`].

use actix_web::web::Data;
use chrono::{DateTime, Utc};
use colink_core::error::Invalid;
use colink_events::users::{UserUpdated, UserVerified};
use colink_http::validate::{all, field, optional};
use colink_http::{ApiResult, Body, Reply, RequestContext, Success};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::domain::opaque_token::{OpaqueToken, TokenHash};
use crate::domain::password::Password;
use crate::error::AuthError;
use crate::limits::{Limit, Subject};
use crate::passwords::Verdict;
use crate::state::State;
use crate::store::email_tokens::VERIFY;
use crate::store::registrations::{self, Pending, Registration};
use crate::store::users::User;
use crate::store::{usernames, users};

/// The token of the mail, and what shows that its user registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VerifyEmail)]
pub(crate) struct Request {
    /// What stands behind `#token=` in the link.
    #[serde(default)]
    #[schema(min_length = 43, max_length = 43)]
    token: String,
    /// The password that was chosen at the registration.
    #[schema(format = Password, max_length = 128)]
    password: Option<String>,
    /// What the registration was answered.
    #[schema(min_length = 43, max_length = 43)]
    registration_secret: Option<String>,
}

/// The address is proven.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VerifiedEmail)]
pub(crate) struct Verified {
    /// Always `verified`.
    #[schema(example = "verified")]
    status: &'static str,
}

/// What shows that whoever uses the link made the registration.
struct Evidence {
    /// The password of the registration was given.
    password: bool,
    /// What the registration was answered.
    secret: Option<TokenHash>,
    /// Where the link is used, where that is configured to be believed.
    client: Option<Subject>,
}

/// Prove that an address is yours
///
/// The token works once and for 24 hours. It is taken from whoever registered: give the `registration_secret` or the
/// `password` of the registration. Without either `password` is asked for, and the token stays good; an installation may
/// take the token alone where the registration was made, as long as it is the only one of the address.
#[utoipa::path(
    post,
    path = "/auth/verify-email",
    operation_id = "verify_email",
    tag = "auth",
    security(()),
    request_body(content = Request, example = json!({"token": "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE"})),
    responses(
        (status = 200, description = "The address is proven; sign in.", body = Success<Verified>),
        (status = 401, response = inline(super::super::refusals::InvalidCredentials)),
    )
)]
pub(crate) async fn verify_email(
    state: Data<State>,
    context: RequestContext,
    Body(request): Body<Request>,
) -> ApiResult<Reply<Verified>> {
    let present = if request.token.is_empty() { Err(Invalid::required()) } else { Ok(request.token.trim()) };
    let (text, password, secret) = all((
        field("token", present),
        optional("password", request.password, |password| Password::claimed(&password)),
        optional("registration_secret", request.registration_secret, |text| parse_secret(&text)),
    ))?;
    let client = Subject::client(&context);
    state.limits.take(Limit::Verify, &client).await?;
    let token = OpaqueToken::parse(text).ok_or(AuthError::DeadLink)?.hash();

    let found = registrations::find_by_token(&state.pool, token, VERIFY, state.clock.now()).await;
    let pending = found.map_err(AuthError::from)?.ok_or(AuthError::DeadLink)?;
    state.limits.take(Limit::LinkAccount, &Subject::account(pending.user_id())).await?;
    let evidence = Evidence {
        password: check_password(&state, &pending, password.as_ref()).await?,
        secret: secret.map(|secret| secret.hash()),
        client: state.registration.trust_same_network.then_some(client),
    };

    let mut transaction = state.begin().await?;
    prove(&state, &mut transaction, token, &pending, &evidence, &context).await?;
    state.commit(transaction).await?;
    Ok(Reply::ok(Verified { status: "verified" }))
}

fn parse_secret(text: &str) -> Result<OpaqueToken, Invalid> {
    OpaqueToken::parse(text.trim()).ok_or_else(|| Invalid::new("is not what a registration is answered"))
}

/// Whether a password was given, which must be that of the registration then. Guessing it gains nothing: it is known to
/// whoever made the registration, and whoever reads the mail can set another one.
async fn check_password(
    state: &State,
    pending: &Pending,
    password: Option<&Password>,
) -> Result<bool, AuthError> {
    let Some(password) = password else { return Ok(false) };
    match state.passwords.turn().await?.verify(password, Some(&pending.password_hash)).await? {
        Verdict::Wrong => Err(AuthError::WrongCredentials),
        Verdict::Right | Verdict::Outdated => Ok(true),
    }
}

impl Evidence {
    /// `believes_place`: whether the place alone is enough.
    fn suffices(&self, used: &Registration, believes_place: bool) -> bool {
        let kept = used.secret_hash.as_deref();
        let secret = self.secret.is_some_and(|secret| kept.is_some_and(|kept| secret.is(kept)));
        let client = self.client.as_ref().map(Subject::as_str);
        self.password || secret || (believes_place && client.is_some() && client == used.client.as_deref())
    }
}

async fn prove(
    state: &State,
    transaction: &mut PgConnection,
    token: TokenHash,
    pending: &Pending,
    evidence: &Evidence,
    context: &RequestContext,
) -> Result<(), AuthError> {
    let now = state.clock.now();
    // Links of one account are used one after the other: the first takes the rest away.
    let user = users::lock(transaction, pending.user_id()).await?.ok_or(AuthError::DeadLink)?;
    let used = registrations::lock_by_token(transaction, token, VERIFY, now).await?;
    let mut used = used.filter(|used| used.id == pending.id()).ok_or(AuthError::DeadLink)?;
    let admin = state.admin_email.as_ref();
    // Whoever proves this one administers the installation, and guests may share a network with its owner.
    let is_admins = admin.is_some_and(|admin| user.email_normalised.as_deref() == Some(admin.as_str()));
    let believes_place = !is_admins && registrations::count(transaction, user.id()).await? == 1;
    if !evidence.suffices(&used, believes_place) {
        return Err(AuthError::ProofNeeded);
    }
    let old_name_until = now + state.registration.lifetime();
    used.username = settle_name(transaction, &user, &used, old_name_until).await?;
    registrations::delete_all(transaction, user.id()).await?;
    let proven = users::update_verified(transaction, user.id(), &used, admin, now).await?;
    let user = proven.ok_or(AuthError::DeadLink)?;
    let cause = context.cause(Some(user.id()), None);
    let verified = UserVerified { user_id: user.id(), at: now.into() };
    state.emit(transaction, &verified, &cause).await?;
    state.emit(transaction, &UserUpdated(user.payload(now.into())), &cause).await
}

/// The name that the registration asked for, from now on for good; the old one is held for as long as it was to be, as those
/// of the void registrations are. When somebody else got the name after its time, the account keeps the one it has.
async fn settle_name(
    transaction: &mut PgConnection,
    user: &User,
    used: &Registration,
    old_name_until: DateTime<Utc>,
) -> Result<String, AuthError> {
    if used.username == user.username
        || !usernames::update_claimed(transaction, &used.username, used.id).await?
    {
        usernames::update_kept(transaction, &user.username).await?;
        return Ok(user.username.clone());
    }
    usernames::update_held(transaction, &user.username, old_name_until).await?;
    Ok(used.username.clone())
}
