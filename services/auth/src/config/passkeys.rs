//! `[passkeys]`: as whom browsers and authenticators know this installation.

use colink_runtime::Problem;
use serde::Deserialize;
use url::{Host, Url};

/// `[passkeys]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeysConfig {
    /// The domain that passkeys are bound to: another one makes every registered passkey useless.
    pub rp_id: String,
    /// What the dialogs of browsers call this installation.
    pub rp_name: String,
    /// Where the web client is, as browsers write it: scheme, host and port.
    pub origins: Vec<String>,
}

impl PasskeysConfig {
    /// What cannot be used.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let domain = matches!(Host::parse(&self.rp_id), Ok(Host::Domain(domain)) if domain == self.rp_id);
        if !domain {
            problems
                .push(Problem::new("passkeys.rp_id", "is no domain in lower case, without scheme and port"));
        }
        if self.rp_name.trim().is_empty() {
            problems.push(Problem::new("passkeys.rp_name", "is empty"));
        }
        if self.origins.is_empty() || self.origins.iter().any(|origin| !self.may_be_origin(origin)) {
            let rule = "needs at least one origin, each `https://host[:port]` with the host `rp_id` or below it; \
                        `http` is for localhost";
            problems.push(Problem::new("passkeys.origins", rule));
        }
        problems
    }

    /// Browsers take a passkey of `rp_id` on its own pages and on those of its subdomains, and only over TLS.
    fn may_be_origin(&self, origin: &str) -> bool {
        let Ok(url) = Url::parse(origin) else { return false };
        let host = url.host_str().unwrap_or_default();
        let below = host.strip_suffix(&self.rp_id).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        let local = host == "localhost" || host.ends_with(".localhost");
        let secure = url.scheme() == "https" || url.scheme() == "http" && local;
        below && secure && url.origin().ascii_serialization() == origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(rp_id: &str, origins: &[&str]) -> Vec<String> {
        let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
        let config = PasskeysConfig { rp_id: rp_id.to_owned(), rp_name: "CoLink".to_owned(), origins };
        config.problems().iter().map(|problem| problem.key.to_string()).collect()
    }

    /// a deployment that browsers would refuse does not start.
    #[test]
    fn only_what_browsers_take_is_taken() {
        let good = ["https://example.com", "https://chat.example.com", "https://chat.example.com:8443"];
        for origin in good {
            assert!(keys("example.com", &[origin]).is_empty(), "{origin}");
        }
        assert!(keys("localhost", &["http://localhost:8000"]).is_empty());
        let bad = [
            "",
            "chat.example.com",
            "http://chat.example.com",
            "https://chat.example.com/",
            "https://chat.example.com/app",
            "https://chat.example.com:443",
            "https://CHAT.example.com",
            "https://badexample.com",
            "https://example.com.evil.test",
            "https://ada@example.com",
            "https://127.0.0.1",
        ];
        for origin in bad {
            assert_eq!(keys("example.com", &[origin]), ["passkeys.origins"], "{origin}");
            assert_eq!(keys("example.com", &["https://example.com", origin]), ["passkeys.origins"]);
        }
        assert_eq!(keys("example.com", &[]), ["passkeys.origins"]);
        for rp_id in ["https://example.com", "example.com:443", "Example.com", "127.0.0.1", ""] {
            assert!(keys(rp_id, &["https://example.com"]).contains(&"passkeys.rp_id".to_owned()), "{rp_id}");
        }
    }
}
