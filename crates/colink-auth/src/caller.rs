//! [`Caller`]: THE extractor of who is asking. A handler that takes it is for people who signed in; one that API keys
//! may call too takes [`crate::Scoped`] and names the scope.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use colink_core::id::{SessionId, UserId};
use colink_core::permission::{Scope, Scopes};
use colink_events::Cause;
use colink_http::{ApiError, ApiResult, RequestContext};
use futures_util::future::LocalBoxFuture;

use crate::bearer;
use crate::claims::Claims;
use crate::revocation::RevocationList;
use crate::token::TokenError;
use crate::verifier::Verifier;

/// Decides whether a token is good here and now. Cheap to clone. Register it as `Data<Authenticator>`.
#[derive(Debug, Clone)]
pub struct Authenticator {
    verifier: Verifier,
    revocations: Option<RevocationList>,
}

impl Authenticator {
    /// Believes `verifier`, unless the session is on the list.
    #[must_use]
    pub fn new(verifier: Verifier, revocations: Option<RevocationList>) -> Self {
        Self { verifier, revocations }
    }

    /// The claims of a token that is valid and whose session goes on: for a token that does not come in the
    /// header, such as a socket's.
    ///
    /// # Errors
    /// [`TokenError`]; [`TokenError::EnrolmentOnly`] for a session that has to enrol a second factor first.
    pub async fn authenticate(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        let claims = self.authenticate_enrolling(token).await?;
        if claims.mfa_enrolment { Err(TokenError::EnrolmentOnly) } else { Ok(claims) }
    }

    /// The same, and also for a session that has to enrol a second factor first.
    async fn authenticate_enrolling(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        let claims = self.verifier.verify(token).await?;
        if self.is_revoked(&claims).await { Err(TokenError::Revoked) } else { Ok(claims) }
    }

    /// Whether the session of these claims was ended: to be asked again while a socket is open, which also keeps it
    /// among the sessions seen lately.
    pub async fn is_revoked(&self, claims: &Claims) -> bool {
        match &self.revocations {
            Some(list) => list.observe(claims, self.verifier.now()).await,
            None => false,
        }
    }

    /// Who sent the request.
    ///
    /// # Errors
    /// [`TokenError`].
    pub async fn identify(&self, request: &HttpRequest) -> Result<Arc<Claims>, TokenError> {
        self.authenticate(bearer::token(request.headers())?).await
    }

    /// The verifier.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The revocation list, if there is one.
    #[must_use]
    pub fn revocations(&self) -> Option<&RevocationList> {
        self.revocations.as_ref()
    }
}

/// Extractor: the signed-in user who is asking. 401 without a good token, and for a session that has to enrol a second
/// factor first; 403 for an API key: what is new is closed to keys until it names a scope.
#[derive(Debug, Clone)]
pub struct Caller {
    claims: Arc<Claims>,
    context: RequestContext,
}

impl Caller {
    /// The caller of these claims in this context.
    #[must_use]
    pub fn new(claims: Arc<Claims>, context: RequestContext) -> Self {
        Self { claims, context }
    }

    /// The user.
    #[must_use]
    pub fn user_id(&self) -> UserId {
        self.claims.sub
    }

    /// The session.
    #[must_use]
    pub fn session_id(&self) -> SessionId {
        self.claims.sid
    }

    /// The user's name in mentions, as it was when the token was issued.
    #[must_use]
    pub fn username(&self) -> &str {
        &self.claims.preferred_username
    }

    /// The user's address; none for a bot.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.claims.email.as_deref()
    }

    /// Whether the user administers the whole installation and his token carries that.
    #[must_use]
    pub fn realm_admin(&self) -> bool {
        self.claims.is_realm_admin()
    }

    /// What the token may be used for; everything when the user signed in. Goes into every `Standing`.
    #[must_use]
    pub fn scopes(&self) -> Scopes {
        self.claims.scopes()
    }

    /// Refuses a token without this scope.
    ///
    /// # Errors
    /// 403 with a message that names the scope.
    pub fn require(&self, scope: Scope) -> ApiResult<()> {
        if self.scopes().contains(scope) { Ok(()) } else { Err(ApiError::forbidden(scope.refusal())) }
    }

    /// Whether the session was proven by more than one factor.
    #[must_use]
    pub fn has_second_factor(&self) -> bool {
        self.claims.has_second_factor()
    }

    /// Everything the token says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The request.
    #[must_use]
    pub fn context(&self) -> &RequestContext {
        &self.context
    }

    /// The cause to put on the events of this request.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.context.cause(Some(self.user_id()), Some(self.session_id()))
    }
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = identify(request, payload);
        Box::pin(async move { interactive(caller.await?) })
    }
}

fn interactive(caller: Caller) -> ApiResult<Caller> {
    if caller.claims.is_interactive() {
        Ok(caller)
    } else {
        Err(ApiError::forbidden("This cannot be done with an API key: sign in."))
    }
}

/// Who is asking, whatever his token may be used for.
pub(crate) fn identify(
    request: &HttpRequest,
    payload: &mut Payload,
) -> LocalBoxFuture<'static, ApiResult<Caller>> {
    let request = request.clone();
    let context = RequestContext::from_request(&request, payload);
    Box::pin(
        async move { Ok(Caller::new(authenticator(&request)?.identify(&request).await?, context.await?)) },
    )
}

/// Extractor: the caller, also when his session has to enrol a second factor first. Only for what he needs for that.
#[derive(Debug, Clone)]
pub struct EnrollingCaller(pub Caller);

impl FromRequest for EnrollingCaller {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let context = RequestContext::from_request(&request, payload);
        Box::pin(async move {
            let token = bearer::token(request.headers())?;
            let claims = authenticator(&request)?.authenticate_enrolling(token).await?;
            interactive(Caller::new(claims, context.await?)).map(Self)
        })
    }
}

/// Extractor: the caller, if there is a token. A bad token is 401 all the same.
#[derive(Debug, Clone)]
pub struct MaybeCaller(pub Option<Caller>);

impl FromRequest for MaybeCaller {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if bearer::token(request.headers()) == Err(TokenError::Missing) {
            return Box::pin(std::future::ready(Ok(Self(None))));
        }
        let caller = Caller::from_request(request, payload);
        Box::pin(async move { Ok(Self(Some(caller.await?))) })
    }
}

/// Extractor: a caller with the realm role `admin`, signed in. 403 for anybody else, and for his API keys.
#[derive(Debug, Clone)]
pub struct RealmAdmin(pub Caller);

impl FromRequest for RealmAdmin {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = Caller::from_request(request, payload);
        Box::pin(async move { administers(caller.await?).map(Self) })
    }
}

/// Extractor: a caller with the realm role `admin`, or an API key of his with the scope [`Scope::Admin`]. 403 for anybody
/// else.
#[derive(Debug, Clone)]
pub struct RealmAdminOrKey(pub Caller);

impl FromRequest for RealmAdminOrKey {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = identify(request, payload);
        Box::pin(async move {
            let caller = caller.await?;
            caller.require(Scope::Admin)?;
            administers(caller).map(Self)
        })
    }
}

fn administers(caller: Caller) -> ApiResult<Caller> {
    if caller.realm_admin() {
        Ok(caller)
    } else {
        Err(ApiError::forbidden("Only administrators of the installation may do this."))
    }
}

fn authenticator(request: &HttpRequest) -> ApiResult<&Authenticator> {
    let registered = request.app_data::<Data<Authenticator>>().map(|registered| registered.get_ref());
    registered.ok_or_else(|| ApiError::internal("no Data<Authenticator> is registered"))
}
