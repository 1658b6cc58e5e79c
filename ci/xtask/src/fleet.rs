//! The eight services: what each one is told. This file is the only place that knows their configuration keys.
//!
//! A key stands as `SECTION__KEY`; `COLINK__` in front of it means all services that have the section,
//! `COLINK_<SERVICE>__` one of them.

mod databases;
mod lifecycle;
pub(crate) mod openapi;

use crate::env_file;
use crate::failure::Outcome;
use crate::ports::{Port, Ports};
use crate::secrets::Secrets;
use crate::stores::{self, BUCKET, Site};

pub(crate) use lifecycle::{check_ports, prepare, start};

/// What a service keeps its data in, as far as it must be told an address of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Data {
    /// A Postgres database of its own.
    Postgres,
    /// A Mongo database of its own.
    Mongo,
    /// None, or only what all share.
    Shared,
}

/// A service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    /// Its package, binary and name.
    pub(crate) name: &'static str,
    /// Where it listens.
    pub(crate) port: Port,
    /// What it keeps its data in.
    pub(crate) data: Data,
}

/// In the order in which they are started; stopped in the opposite order.
pub(crate) const MEMBERS: &[Member] = &[
    Member { name: "auth", port: Port::Auth, data: Data::Postgres },
    Member { name: "channels", port: Port::Channels, data: Data::Postgres },
    Member { name: "messaging", port: Port::Messaging, data: Data::Postgres },
    Member { name: "files", port: Port::Files, data: Data::Mongo },
    Member { name: "search", port: Port::Search, data: Data::Postgres },
    Member { name: "admin", port: Port::Admin, data: Data::Mongo },
    Member { name: "presence", port: Port::Presence, data: Data::Shared },
    Member { name: "gateway", port: Port::Gateway, data: Data::Shared },
];

/// The first realm admin: `auth` gives the role to this address once it is verified.
pub(crate) const ADMIN_EMAIL: &str = "ada@demo.example";

/// Where the web client is while it is being worked on: the default of its development server.
const WEB_CLIENT: &str = "http://localhost:5173";

const INTERNAL_SECRET: &str = "INTERNAL_SECRET";
/// Seals what auth stores.
const SEALING_KEY: &str = "SEALING_KEY";

/// A sign-in takes 19 MiB for a moment: auth's allocator gives them back at once.
const PURGE: [&str; 2] = ["MIMALLOC_PURGE_DELAY", "0"];

/// The names of all services, in the order in which they are stopped.
pub(crate) fn names() -> Vec<&'static str> {
    MEMBERS.iter().rev().map(|member| member.name).collect()
}

/// The secrets that a fleet needs.
pub(crate) fn secrets(site: &Site) -> Outcome<Secrets> {
    let databases = MEMBERS.iter().filter(|member| member.data == Data::Postgres).map(database_secret);
    let names: Vec<String> = databases.chain([INTERNAL_SECRET, SEALING_KEY].map(str::to_owned)).collect();
    Secrets::load(&site.layout, &names)
}

/// What a measurement sets: the generator is one address, and must not be told to slow down.
pub(crate) fn without_limits() -> Vec<(String, String)> {
    let mut keys = vec![("COLINK__TELEMETRY__LOG_LEVEL".to_owned(), "warn".to_owned())];
    for class in ["ANONYMOUS", "CREDENTIALS", "READ", "REFRESH", "SEND", "SOCKET", "WRITE"] {
        keys.push((format!("COLINK_GATEWAY__LIMITS__{class}_PER_MINUTE"), "60000000".to_owned()));
        keys.push((format!("COLINK_GATEWAY__LIMITS__{class}_BURST"), "1000000".to_owned()));
    }
    // In auth, 0 switches a limit off.
    for limit in [
        "REGISTER_PER_IP_PER_MINUTE",
        "LOGIN_PER_IP_PER_MINUTE",
        "LOGIN_PER_ADDRESS_PER_HOUR",
        "VERIFY_PER_IP_PER_MINUTE",
        "MAIL_PER_IP_PER_MINUTE",
        "MAIL_PER_ADDRESS_PER_HOUR",
    ] {
        keys.push((format!("COLINK_AUTH__LIMITS__{limit}"), "0".to_owned()));
    }
    keys
}

fn database_secret(member: &Member) -> String {
    format!("POSTGRES_{}", member.name.to_ascii_uppercase())
}

/// Everything that `member` is told: what all are told, then its own.
fn environment_of(member: &Member, site: &Site, secrets: &Secrets) -> Outcome<Vec<(String, String)>> {
    let settings = stores::settings(site);
    let prefix = format!("COLINK_{}__", member.name.to_ascii_uppercase());
    let shared = shared(site.ports, &settings, secrets)?
        .into_iter()
        .map(|(key, value)| (format!("COLINK__{key}"), value));
    let own = own(member, site.ports, &settings, secrets)?
        .into_iter()
        .map(|(key, value)| (format!("{prefix}{key}"), value));
    let allocator = (member.name == "auth").then(|| PURGE.map(str::to_owned).into());
    Ok(shared.chain(own).chain(allocator).collect())
}

/// What all services are told.
fn shared(
    ports: Ports,
    settings: &[(String, String)],
    secrets: &Secrets,
) -> Outcome<Vec<(&'static str, String)>> {
    let setting = |key: &str| env_file::lookup(settings, key).unwrap_or_default().to_owned();
    Ok(vec![
        ("TELEMETRY__LOG_FORMAT", "text".to_owned()),
        ("AUTH__ISSUER", format!("http://localhost:{}", ports.of(Port::Gateway))),
        ("AUTH__JWKS_URL", format!("{}/.well-known/jwks.json", ports.http(Port::Auth))),
        ("INTERNAL__SECRET", secrets.get(INTERNAL_SECRET)?.to_owned()),
        ("SECRETS__KEYS", format!("dev:{}", secrets.get(SEALING_KEY)?)),
        ("INTERNAL__AUTH_URL", ports.http(Port::Auth)),
        ("INTERNAL__CHANNELS_URL", ports.http(Port::Channels)),
        ("INTERNAL__MESSAGING_URL", ports.http(Port::Messaging)),
        ("INTERNAL__PRESENCE_URL", ports.http(Port::Presence)),
        ("INTERNAL__FILES_URL", ports.http(Port::Files)),
        ("INTERNAL__SEARCH_URL", ports.http(Port::Search)),
        ("INTERNAL__ADMIN_URL", ports.http(Port::Admin)),
        ("REDIS__URL", setting("COLINK_REDIS_URL")),
        // The same for all: auth writes the revoked sessions that the others read.
        ("REDIS__PREFIX", "colink".to_owned()),
        ("KAFKA__BROKERS", setting("COLINK_KAFKA_BROKERS")),
        ("MONGO__URL", setting("COLINK_MONGO_URL")),
        ("S3__ENDPOINT", setting("COLINK_S3_ENDPOINT")),
        ("S3__PUBLIC_ENDPOINT", setting("COLINK_S3_ENDPOINT")),
        ("S3__REGION", "us-east-1".to_owned()),
        ("S3__BUCKET", BUCKET.to_owned()),
        ("S3__ACCESS_KEY", setting("COLINK_S3_ACCESS_KEY")),
        ("S3__SECRET_KEY", setting("COLINK_S3_SECRET_KEY")),
        ("S3__PATH_STYLE", "true".to_owned()),
    ])
}

/// What one service is told.
fn own(
    member: &Member,
    ports: Ports,
    settings: &[(String, String)],
    secrets: &Secrets,
) -> Outcome<Vec<(&'static str, String)>> {
    let setting = |key: &str| env_file::lookup(settings, key).unwrap_or_default();
    let public = format!("http://localhost:{}", ports.of(Port::Gateway));
    let mut keys = vec![("SERVER__BIND", ports.address(member.port))];
    match member.data {
        Data::Postgres => {
            let password = secrets.get(&database_secret(member))?;
            let name = databases::name(member);
            keys.push(("POSTGRES__URL", databases::url(setting("COLINK_PG_URL"), &name, password, &name)));
        }
        Data::Mongo => keys.push(("MONGO__DATABASE", databases::name(member))),
        Data::Shared => {}
    }
    if member.port != Port::Gateway {
        keys.push(("SERVER__TRUST_FORWARDED", "true".to_owned()));
        // One of each runs here: after a crash the next one takes its partitions at once.
        keys.push(("KAFKA__INSTANCE_ID", member.name.to_owned()));
    }
    match member.name {
        "auth" => {
            keys.extend([
                ("MAIL__SMTP_URL", setting("COLINK_SMTP_URL").to_owned()),
                ("PASSKEYS__ORIGINS", format!("{public},{WEB_CLIENT}")),
                ("MAIL__PUBLIC_URL", public),
                // Plain HTTP: some browsers keep no cookie of TLS there.
                ("BROWSER__SECURE_COOKIE", "false".to_owned()),
                ("BOOTSTRAP__ADMIN_EMAIL", ADMIN_EMAIL.to_owned()),
                // The guides verify an address with the token of the mail alone, from this machine.
                ("REGISTRATION__TRUST_SAME_NETWORK", "true".to_owned()),
            ]);
            keys.extend(sso(setting("COLINK_KEYCLOAK_URL")));
        }
        "channels" => keys.push(("INVITES__PUBLIC_URL", public)),
        "presence" => {
            let loopback = ports.http(Port::Gateway);
            keys.push(("SOCKETS__ALLOWED_ORIGINS", format!("{public},{loopback}")));
        }
        "gateway" => {
            if let Some(issuer) = issuer(setting("COLINK_KEYCLOAK_URL")) {
                keys.push(("PROVIDER_TOKENS__ISSUERS", issuer));
            }
            // The demo data and whoever pastes the guides are one address.
            keys.push(("LIMITS__CREDENTIALS_BURST", "200".to_owned()));
            keys.extend(upstreams(ports));
        }
        _ => {}
    }
    Ok(keys)
}

/// Where the gateway finds the others.
fn upstreams(ports: Ports) -> [(&'static str, String); 7] {
    [
        ("UPSTREAMS__AUTH", ports.address(Port::Auth)),
        ("UPSTREAMS__CHANNELS", ports.address(Port::Channels)),
        ("UPSTREAMS__MESSAGING", ports.address(Port::Messaging)),
        ("UPSTREAMS__PRESENCE", ports.address(Port::Presence)),
        ("UPSTREAMS__FILES", ports.address(Port::Files)),
        ("UPSTREAMS__SEARCH", ports.address(Port::Search)),
        ("UPSTREAMS__ADMIN", ports.address(Port::Admin)),
    ]
}

/// The issuer of Keycloak's tokens, when there is a Keycloak.
fn issuer(keycloak: &str) -> Option<String> {
    (!keycloak.is_empty()).then(|| format!("{keycloak}/realms/colink"))
}

/// Sign-in through Keycloak, when there is one: the realm and the client of `infra/docker/keycloak/colink-realm.json`. Its access
/// tokens are taken as well.
fn sso(keycloak: &str) -> Vec<(&'static str, String)> {
    let Some(issuer) = issuer(keycloak) else { return Vec::new() };
    vec![
        ("OIDC__PROVIDERS__KEYCLOAK__KIND", "keycloak".to_owned()),
        ("OIDC__PROVIDERS__KEYCLOAK__ISSUER", issuer),
        ("OIDC__PROVIDERS__KEYCLOAK__CLIENT_ID", "colink-api".to_owned()),
        ("OIDC__PROVIDERS__KEYCLOAK__CLIENT_SECRET", "colink-dev-only".to_owned()),
        ("OIDC__PROVIDERS__KEYCLOAK__JIT", "true".to_owned()),
        ("OIDC__PROVIDERS__KEYCLOAK__TRUSTS_EMAIL", "true".to_owned()),
        ("OIDC__PROVIDERS__KEYCLOAK__EXCHANGE_AUDIENCE", "colink-api".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_and_ports_are_unique() {
        let names: HashSet<_> = MEMBERS.iter().map(|member| member.name).collect();
        let ports: HashSet<_> = MEMBERS.iter().map(|member| member.port as u16).collect();
        assert_eq!((names.len(), ports.len()), (MEMBERS.len(), MEMBERS.len()));
    }
}
