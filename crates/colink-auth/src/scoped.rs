//! [`Scoped`]: a caller who may also be an API key, with the scope that the endpoint asks of one.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use colink_core::permission::Scope;
use colink_http::{ApiError, ApiResult};
use futures_util::future::LocalBoxFuture;

use crate::caller::{Caller, identify};

/// A scope as a type; see [`needs`].
pub trait NeededScope: 'static {
    /// The scope.
    const SCOPE: Scope;
}

/// The scopes as types, for the signature of a handler: `caller: Scoped<needs::MessagesRead>`.
pub mod needs {
    use colink_core::permission::Scope;

    use super::NeededScope;

    macro_rules! needed {
        ($($name:ident),+) => {
            $(
                #[doc = concat!("[`Scope::", stringify!($name), "`].")]
                #[derive(Debug)]
                pub enum $name {}

                impl NeededScope for $name {
                    const SCOPE: Scope = Scope::$name;
                }
            )+
        };
    }

    needed!(
        MessagesRead,
        MessagesWrite,
        ChannelsRead,
        ChannelsWrite,
        FilesRead,
        FilesWrite,
        SearchRead,
        UsersRead,
        UsersWrite,
        PresenceWrite,
        WorkspacesRead,
        WorkspacesAdmin,
        Admin
    );
}

/// Extractor: a [`Caller`] who signed in, or an API key that has the scope. 401 without a good token, 403 for a key
/// without the scope; the message names it.
pub struct Scoped<S>(Caller, PhantomData<S>);

impl<S> Deref for Scoped<S> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.0
    }
}

impl<S> fmt::Debug for Scoped<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scoped").field(&self.0).finish()
    }
}

impl<S: NeededScope> FromRequest for Scoped<S> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = identify(request, payload);
        Box::pin(async move {
            let caller = caller.await?;
            caller.require(S::SCOPE)?;
            Ok(Self(caller, PhantomData))
        })
    }
}
