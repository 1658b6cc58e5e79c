// tidy: long because the URL space is one table, and its tests are another
//! Which service owns which URL, who may call it without a token, and which budget it draws on.
//!
//! The table is read from the top: the first row that fits a path decides. Paths are those behind
//! `/api`. `{}` stands for one segment, a final `*` for any rest, also none. What no row fits is 404
//! and reaches no service: `/internal` is in no row.

use serde::{Deserialize, Serialize};

/// A service that the gateway forwards to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upstream {
    /// Users, credentials, sessions.
    Auth,
    /// Workspaces, channels, members.
    Channels,
    /// Messages, threads, reactions, reads.
    Messaging,
    /// Sockets and presence.
    Presence,
    /// File metadata and upload links.
    Files,
    /// The search index.
    Search,
    /// The audit log.
    Admin,
}

impl Upstream {
    /// Every service behind the gateway.
    pub const ALL: [Self; 7] =
        [Self::Auth, Self::Channels, Self::Messaging, Self::Presence, Self::Files, Self::Search, Self::Admin];

    /// Its place in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The service's name in URLs, metrics and documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Channels => "channels",
            Self::Messaging => "messaging",
            Self::Presence => "presence",
            Self::Files => "files",
            Self::Search => "search",
            Self::Admin => "admin",
        }
    }
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody; a token that is sent all the same is left to the service.
    Public,
    /// A valid access token; without one the answer is 401 and no service is asked.
    Token,
}

/// The budget that a call draws on; each has a rate of its own in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Guessable secrets: login, verification. Refused while the limiter cannot count.
    Credentials,
    /// Going on with a session. What is sent for it cannot be guessed, and a whole office may share the address that it is
    /// counted for.
    Refresh,
    /// Reads.
    Read,
    /// Posting messages.
    Send,
    /// Every other change.
    Write,
    /// Opening a socket; counted for the address, since the token may come later.
    Socket,
    /// A call that had to prove who makes it and did not; counted for the address.
    Unproven,
}

impl Class {
    /// The name in limiter keys and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Refresh => "refresh",
            Self::Read => "read",
            Self::Send => "send",
            Self::Write => "write",
            Self::Socket => "socket",
            Self::Unproven => "unproven",
        }
    }
}

/// Where a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The path as the table has it: a closed set, so it may label metrics.
    pub pattern: &'static str,
    /// The owner.
    pub upstream: Upstream,
    /// Who may call.
    pub access: Access,
    /// The budget of every method; none where the method decides.
    fixed: Option<Class>,
}

impl Route {
    /// The budget of a call with this method.
    pub fn class(&self, method: &str) -> Class {
        match (self.fixed, method) {
            (Some(class), _) => class,
            (_, "GET" | "HEAD" | "OPTIONS") => Class::Read,
            (_, "POST") if self.pattern.ends_with("/messages") || self.pattern.ends_with("/threads") => {
                Class::Send
            }
            _ => Class::Write,
        }
    }
}

const fn token(pattern: &'static str, upstream: Upstream) -> Route {
    Route { pattern, upstream, access: Access::Token, fixed: None }
}

const fn public(pattern: &'static str, upstream: Upstream) -> Route {
    Route { pattern, upstream, access: Access::Public, fixed: None }
}

const fn credentials(pattern: &'static str) -> Route {
    Route { fixed: Some(Class::Credentials), ..public(pattern, Upstream::Auth) }
}

/// For signed-in users, with a secret in the body that could be guessed.
const fn proof(pattern: &'static str) -> Route {
    Route { fixed: Some(Class::Credentials), ..token(pattern, Upstream::Auth) }
}

const fn refresh(pattern: &'static str) -> Route {
    Route { fixed: Some(Class::Refresh), ..public(pattern, Upstream::Auth) }
}

/// The URL space, as `docs/API.md` lists it.
const TABLE: &[Route] = &[
    credentials("/auth/register"),
    credentials("/auth/verify-email"),
    credentials("/auth/resend-verification"),
    credentials("/auth/forgot-password"),
    credentials("/auth/reset-password"),
    credentials("/auth/login"),
    refresh("/auth/refresh"),
    credentials("/auth/token-exchange"),
    credentials("/auth/oidc/providers"),
    credentials("/auth/oidc/token"),
    credentials("/auth/oidc/{}/start"),
    credentials("/auth/oidc/{}/callback"),
    credentials("/auth/api-keys/token"),
    credentials("/auth/mfa/verify"),
    proof("/auth/mfa/totp/verify"),
    proof("/auth/mfa/totp/disable"),
    credentials("/auth/passkeys/login/{}"),
    credentials("/auth/mfa/passkey/{}"),
    proof("/auth/reauthenticate"),
    proof("/auth/reauthenticate/passkey/{}"),
    proof("/auth/change-password"),
    token("/auth/*", Upstream::Auth),
    public("/.well-known/jwks.json", Upstream::Auth),
    token("/users/me/workspaces", Upstream::Channels),
    public("/users/{}/avatar", Upstream::Auth),
    token("/users/*", Upstream::Auth),
    token("/workspaces/*", Upstream::Channels),
    token("/invites/*", Upstream::Channels),
    token("/channels/{}/messages", Upstream::Messaging),
    token("/channels/{}/events", Upstream::Messaging),
    token("/channels/{}/read", Upstream::Messaging),
    token("/channels/{}/pins", Upstream::Messaging),
    token("/channels/*", Upstream::Channels),
    token("/dms/{}/messages", Upstream::Messaging),
    token("/dms/*", Upstream::Channels),
    token("/messages/{}/threads", Upstream::Messaging),
    token("/messages/*", Upstream::Messaging),
    token("/reactions/*", Upstream::Messaging),
    token("/unreads", Upstream::Messaging),
    token("/presence", Upstream::Presence),
    token("/files/*", Upstream::Files),
    token("/search", Upstream::Search),
    token("/admin/*", Upstream::Admin),
];

/// The row that a path (without `/api`) falls under.
pub fn find(path: &str) -> Option<&'static Route> {
    TABLE.iter().find(|route| fits(route.pattern, path))
}

/// A path that the service could read as another one than is read here fits nothing: one with a dot segment,
/// with an encoded slash, or with something encoded that needs no encoding.
fn fits(pattern: &str, path: &str) -> bool {
    let mut segments = path.strip_prefix('/').into_iter().flat_map(|rest| rest.split('/'));
    let mut expected = pattern.split('/').skip(1);
    loop {
        match (expected.next(), segments.next()) {
            (Some("*"), rest) => return rest.into_iter().chain(segments).all(is_plain),
            (Some("{}"), Some(segment)) if is_plain(segment) => {}
            (Some(literal), Some(segment)) if literal == segment => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

fn is_plain(segment: &str) -> bool {
    let mut encoded = segment
        .split('%')
        .skip(1)
        .map(|rest| rest.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()));
    !matches!(segment, "" | "." | "..")
        && !segment.contains('\\')
        && encoded.all(|byte| byte.is_some_and(needs_encoding))
}

/// Neither unreserved (RFC 3986, section 2.3) nor a separator nor a control character.
fn needs_encoding(byte: u8) -> bool {
    !byte.is_ascii_alphanumeric() && !byte.is_ascii_control() && !b"-._~/\\".contains(&byte)
}

#[cfg(test)]
mod tests;
