use super::{Access, Class, Upstream, find};

fn owner(path: &str) -> Option<&'static str> {
    find(path).map(|route| route.upstream.name())
}

/// G-1
#[test]
fn every_path_goes_to_the_service_that_owns_it() {
    let cases = [
        ("/auth/login", Some("auth")),
        ("/auth/me", Some("auth")),
        ("/auth/mail-templates/x", Some("auth")),
        ("/auth/passkeys/login/start", Some("auth")),
        ("/auth/mfa/passkey/finish", Some("auth")),
        ("/users/me", Some("auth")),
        ("/users/me/workspaces", Some("channels")),
        ("/users/me/status", Some("auth")),
        ("/users/1/avatar", Some("auth")),
        ("/workspaces", Some("channels")),
        ("/workspaces/1/members/2", Some("channels")),
        ("/channels/1", Some("channels")),
        ("/channels/1/messages", Some("messaging")),
        ("/channels/1/messages/2", Some("channels")),
        ("/channels/1/events", Some("messaging")),
        ("/channels/1/pins", Some("messaging")),
        ("/dms/1/messages", Some("messaging")),
        ("/messages/1/reactions/%F0%9F%91%8D", Some("messaging")),
        ("/files/upload-url", Some("files")),
        ("/search", Some("search")),
        ("/admin/audit-log", Some("admin")),
        ("/internal/users/lookup", None),
        ("/nothing", None),
        ("/", None),
        ("", None),
    ];
    for (path, expected) in cases {
        assert_eq!(owner(path), expected, "{path}");
    }
}

/// G-2
#[test]
fn a_path_that_a_service_could_read_otherwise_fits_nothing() {
    for path in [
        "/files/../internal/x",
        "/files/%2e%2e/internal",
        "/files/a%2Fb",
        "/files//x",
        "/files/",
        "//files",
        "/files/a\\b",
        "/auth/%6cogin",
        "/files/%00",
        "/files/%4",
        "/files/%+1",
    ] {
        assert_eq!(owner(path), None, "{path}");
    }
}

/// G-2
#[test]
fn only_the_listed_routes_are_public() {
    for path in [
        "/auth/login",
        "/auth/api-keys/token",
        "/auth/mfa/verify",
        "/auth/register",
        "/auth/refresh",
        "/auth/passkeys/login/start",
        "/auth/mfa/passkey/start",
        "/auth/forgot-password",
        "/auth/reset-password",
        "/.well-known/jwks.json",
        "/users/1/avatar",
    ] {
        assert_eq!(find(path).map(|route| route.access), Some(Access::Public), "{path}");
    }
    for path in ["providers", "token", "google/start", "google/callback"] {
        let route = find(&format!("/auth/oidc/{path}")).unwrap();
        assert_eq!((route.access, route.class("GET")), (Access::Public, Class::Credentials), "{path}");
    }
    for path in ["google", "google/link", "identities", "workspaces/1/providers", "google/start/x"] {
        let route = find(&format!("/auth/oidc/{path}"));
        assert_eq!(route.map(|route| route.access), Some(Access::Token), "{path}");
    }
    for path in [
        "/auth/api-keys",
        "/auth/api-keys/1/rotate",
        "/auth/bots",
        "/auth/me",
        "/auth/mfa/totp/verify",
        "/auth/logout",
        "/auth/passkeys/register/start",
        "/auth/reauthenticate/passkey/start",
        "/users/1",
        "/users/1/status",
        "/channels/1/messages",
        "/admin/audit-log",
    ] {
        assert_eq!(find(path).map(|route| route.access), Some(Access::Token), "{path}");
    }
}

/// G-4
#[test]
fn a_call_draws_on_the_budget_of_what_it_does() {
    let class = |path, method| find(path).map(|route| route.class(method));
    assert_eq!(class("/auth/login", "POST"), Some(Class::Credentials));
    assert_eq!(class("/auth/refresh", "POST"), Some(Class::Refresh));
    for path in ["/auth/mfa/verify", "/auth/mfa/totp/verify", "/auth/mfa/totp/disable"] {
        assert_eq!(class(path, "POST"), Some(Class::Credentials), "{path}");
    }
    assert_eq!(class("/auth/passkeys/login/finish", "POST"), Some(Class::Credentials));
    assert_eq!(class("/auth/reauthenticate/passkey/finish", "POST"), Some(Class::Credentials));
    assert_eq!(class("/channels/1/messages", "POST"), Some(Class::Send));
    assert_eq!(class("/messages/1/threads", "POST"), Some(Class::Send));
    assert_eq!(class("/channels/1/messages", "GET"), Some(Class::Read));
    assert_eq!(class("/messages/1", "DELETE"), Some(Class::Write));
}

#[test]
fn every_upstream_owns_a_row() {
    for upstream in Upstream::ALL {
        assert!(super::TABLE.iter().any(|route| route.upstream == upstream), "{}", upstream.name());
        assert_eq!(Upstream::ALL[upstream.index()], upstream);
    }
}
