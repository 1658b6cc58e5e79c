//! `[browser]`: clients that leave their refresh token to a cookie.

use serde::Deserialize;

/// `[browser]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrowserConfig {
    /// Whether the cookie is for TLS only.
    pub secure_cookie: bool,
    /// Pages that may use the cookie, beside those of `mail.public_url`.
    pub allowed_origins: Vec<String>,
}

impl BrowserConfig {
    /// The origins whose pages may use the cookie.
    pub(crate) fn trusted(&self, public_url: &str) -> Vec<String> {
        let mut trusted = self.allowed_origins.clone();
        trusted.extend(origin_of(public_url));
        trusted
    }

    /// Whether every origin is one: a scheme, a host, perhaps a port, and nothing behind them.
    pub(crate) fn is_sound(&self) -> bool {
        self.allowed_origins.iter().all(|origin| origin_of(origin).as_deref() == Some(origin.as_str()))
    }
}

/// `https://host:port` of a URL; `None` when it is none.
fn origin_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest
        .split('/')
        .next()
        .filter(|host| !host.is_empty() && !host.contains(['@', '?', '#', '*', ' ']))?;
    matches!(scheme, "http" | "https").then(|| format!("{scheme}://{host}").to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_nothing_behind_the_host() {
        let config =
            |origin: &str| BrowserConfig { secure_cookie: true, allowed_origins: vec![origin.to_owned()] };
        for sound in ["https://chat.test", "http://localhost:5173"] {
            assert!(config(sound).is_sound(), "{sound}");
        }
        for bad in
            ["", "*", "https://*", "chat.test", "https://chat.test/", "ftp://chat.test", "HTTPS://chat.test"]
        {
            assert!(!config(bad).is_sound(), "{bad}");
        }
        let trusted = config("https://a.test").trusted("https://Chat.test:8443/team");
        assert_eq!(trusted, ["https://a.test", "https://chat.test:8443"]);
    }
}
