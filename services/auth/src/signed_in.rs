//! What a sign-in answers.

use actix_web::http::header;
use colink_core::id::SessionId;
use colink_http::Reply;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::opaque_token::OpaqueToken;
use crate::routes::users::Profile;
use crate::second_factor::Method;
use crate::sign_in::{Admission, TokenPair};
use crate::state::State;
use crate::store::users::User;

/// A session with its tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// The JWT for `Authorization: Bearer`.
    #[schema(example = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFZERTQSJ9.e30.c2ln")]
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Life of the access token, in seconds.
    #[schema(example = 900)]
    expires_in: u32,
    /// Good for one `POST /auth/refresh`; left out when it comes as a cookie (`X-Refresh-In: cookie`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE")]
    refresh_token: Option<String>,
    /// What pages repeat in `X-CSRF-Token` when they refresh with the cookie. Given once, with the sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf_token: Option<String>,
    /// The session.
    session_id: SessionId,
    /// True when the user must have a second factor and has none: the session can do nothing but enrol one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    mfa_enrolment: bool,
    /// Who is signed in.
    user: Profile,
}

impl SignedIn {
    /// The answer with these tokens.
    pub(crate) fn reply(state: &State, tokens: TokenPair, user: &User) -> Reply<Self> {
        Self::within(state, tokens, user, Reply::ok)
    }

    /// An answer that has these tokens beside other things.
    pub(crate) fn within<T: Serialize>(
        state: &State,
        tokens: TokenPair,
        user: &User,
        answer: impl FnOnce(Self) -> Reply<T>,
    ) -> Reply<T> {
        let cookie = tokens.refresh_in.cookie(state, &tokens.refresh);
        private(answer(Self::of(state, tokens, user)), cookie)
    }

    fn of(state: &State, tokens: TokenPair, user: &User) -> Self {
        Self {
            access_token: tokens.access,
            token_type: "Bearer",
            expires_in: state.tokens.access_s,
            refresh_token: tokens.refresh_in.body(&tokens.refresh),
            csrf_token: tokens.refresh_in.csrf_token().map(OpaqueToken::reveal),
            session_id: tokens.session_id,
            mfa_enrolment: tokens.restricted,
            user: Profile::of(user, state.clock.now()),
        }
    }
}

/// The password was right, and a second factor is asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecondFactorAsked {
    /// Always true.
    #[schema(example = true)]
    mfa_required: bool,
    /// Names this sign-in in the call that brings the second factor.
    #[schema(example = "mD1xRk0mU8cV5o1b8y5m0f3nF6Zt2mQJ0a9sYw4gKxE")]
    mfa_ticket: String,
    /// What is taken.
    methods: Vec<Method>,
    /// Time for it, in seconds.
    #[schema(example = 300)]
    expires_in: u64,
}

/// Tokens, or what is still asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum LoginAnswer {
    /// Signed in.
    SignedIn(Box<SignedIn>),
    /// Not yet.
    SecondFactor(SecondFactorAsked),
}

impl Admission {
    /// The answer to whoever proved who he is.
    pub(crate) fn reply(self, state: &State, user: &User) -> Reply<LoginAnswer> {
        let (answer, cookie) = match self {
            Self::SignedIn(tokens) => {
                let cookie = tokens.refresh_in.cookie(state, &tokens.refresh);
                (LoginAnswer::SignedIn(Box::new(SignedIn::of(state, tokens, user))), cookie)
            }
            Self::SecondFactor(challenge) => (
                LoginAnswer::SecondFactor(SecondFactorAsked {
                    mfa_required: true,
                    mfa_ticket: challenge.ticket.reveal(),
                    methods: challenge.methods,
                    expires_in: state.mfa.ticket().as_secs(),
                }),
                None,
            ),
        };
        private(Reply::ok(answer), cookie)
    }
}

/// Tokens are for one reader: nothing in between may keep them.
fn private<T: Serialize>(reply: Reply<T>, cookie: Option<String>) -> Reply<T> {
    let reply = reply.header(header::CACHE_CONTROL, "no-store");
    match cookie {
        Some(cookie) => reply.header(header::SET_COOKIE, cookie),
        None => reply,
    }
}
