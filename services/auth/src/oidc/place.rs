//! Where a provider may be. The URL of an issuer may come from an administrator of a workspace, and its discovery
//! document names further ones: none of them may lead this service to machines that only it can reach.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Longest URL that is taken, in bytes.
const URL_MAX: usize = 2048;

/// Without TLS to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// To nobody.
    Tls,
    /// To this machine, for development.
    TlsOrLoopback,
    /// To anybody, for networks that are trusted.
    Any,
}

/// Why a URL is not used, as the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// It cannot be read.
    #[error("is no URL of a host, or holds a name, a password or a fragment")]
    Malformed,
    /// It is not https.
    #[error("does not begin with https://")]
    Insecure,
    /// Its address is not on the public network.
    #[error("is not at a public address")]
    Private,
}

impl Scheme {
    /// Reads a URL that this service or a browser may be sent to.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) fn check(self, text: &str) -> Result<Url, Refused> {
        let url = Url::parse(text).ok().filter(|_| text.len() <= URL_MAX).ok_or(Refused::Malformed)?;
        let host = url.host().ok_or(Refused::Malformed)?;
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let allowed = match (url.scheme(), self) {
            ("https", _) | ("http", Self::Any) => true,
            ("http", Self::TlsOrLoopback) => is_loopback(&host),
            _ => false,
        };
        match (allowed, plain) {
            (false, _) => Err(Refused::Insecure),
            (true, false) => Err(Refused::Malformed),
            (true, true) => Ok(url),
        }
    }
}

/// Refuses a URL whose host is written as an address that is not public. Names are judged by what they resolve to, at
/// the moment of connecting: see [`PublicOnly`].
///
/// # Errors
/// [`Refused::Private`].
pub(crate) fn check_public(url: &Url) -> Result<(), Refused> {
    let private = match url.host() {
        Some(Host::Ipv4(ip)) => !is_public(ip.into()),
        Some(Host::Ipv6(ip)) => !is_public(ip.into()),
        Some(Host::Domain(_)) => false,
        None => true,
    };
    if private { Err(Refused::Private) } else { Ok(()) }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

/// Resolves names and leaves out every address that is not public. The addresses go straight to the connector, so there is
/// no second look-up that could answer otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(resolve_public(name))
    }
}

async fn resolve_public(name: Name) -> Result<Addrs, Box<dyn Error + Send + Sync>> {
    let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
    let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
    if public.is_empty() {
        return Err(Refused::Private.into());
    }
    Ok(Box::new(public.into_iter()))
}

/// Whether an address is on the public network: none of the special purposes of RFC 6890 and its registries.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let special = match ip.octets() {
        [0 | 10 | 127, ..] | [192, 168, ..] | [169, 254, ..] => true,
        [100, second, ..] => (64..128).contains(&second),
        [172, second, ..] => (16..32).contains(&second),
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] => true,
        [198, 51, 100, _] | [203, 0, 113, _] => true,
        [first, ..] => first >= 224,
    };
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let embedded = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(w, x, y, z))
    };
    match [a, b, c, d, e, f] {
        // An IPv4 address in other clothes: mapped, translated (RFC 6052), 6to4.
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => embedded(g, h),
        [0x2002, high, low, ..] => embedded(high, low),
        // Protocol assignments with Teredo, documentation.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        // Global unicast is 2000::/3 and nothing else.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    ///
    #[test]
    fn special_addresses_are_not_public() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in
            ["1.1.1.1", "100.63.0.1", "172.32.0.1", "2606:4700::1111", "2001:4860::8888", "64:ff9b::101:101"]
        {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    ///
    #[test]
    fn only_plain_urls_of_a_host_are_taken() {
        let outcome = |scheme: Scheme, text: &str| scheme.check(text).map(|_| ()).err();
        for text in ["https://sso.example.com", "https://sso.example.com:8443/realms/colink"] {
            assert_eq!(outcome(Scheme::Tls, text), None, "{text}");
        }
        for text in
            ["", "sso.example.com", "https://", "https://u:p@a.test", "https://a.test/#x", "https://u@a.test"]
        {
            assert_eq!(outcome(Scheme::Tls, text), Some(Refused::Malformed), "{text}");
        }
        for text in ["http://a.test", "file:///etc/passwd", "javascript:alert(1)", "ftp://a.test"] {
            let refused = outcome(Scheme::TlsOrLoopback, text);
            assert!(matches!(refused, Some(Refused::Insecure | Refused::Malformed)), "{text}");
        }
        for text in ["http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1"] {
            assert_eq!(outcome(Scheme::TlsOrLoopback, text), None, "{text}");
            assert_eq!(outcome(Scheme::Tls, text), Some(Refused::Insecure), "{text}");
        }
        assert_eq!(outcome(Scheme::TlsOrLoopback, "http://localhost.evil.test"), Some(Refused::Insecure));
    }

    /// also when the address is written in one of the ways that browsers understand.
    #[test]
    fn an_address_in_a_url_must_be_public() {
        for text in ["https://127.0.0.1", "https://2130706433", "https://0x7f.1", "https://[::ffff:7f00:1]"] {
            let url = Scheme::Tls.check(text).unwrap();
            assert_eq!(check_public(&url), Err(Refused::Private), "{text}");
        }
        assert!(check_public(&Scheme::Tls.check("https://1.1.1.1").unwrap()).is_ok());
    }
}
