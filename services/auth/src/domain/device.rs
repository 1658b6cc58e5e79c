//! What a user agent says of the device, and when a device is a new one.
//!
//! User agents claim to be each other (RFC 9110, 10.1.5: "Mozilla/5.0"), so the order of the tables matters: a
//! program stands before those whose names it also carries. What is not in them is shown by its first word.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use colink_core::id::UserId;
use sha2::{Digest, Sha256};

/// Longest name that is taken from an unknown user agent, in characters.
const NAME_MAX: usize = 40;

/// What a user agent carries, and the program that carries it.
const PROGRAMS: [(&str, &str); 21] = [
    ("CoLink-Desktop/", "CoLink for desktop"),
    ("CoLink-Mobile/", "CoLink for mobile"),
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("YaBrowser/", "Yandex Browser"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Electron/", "Electron"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
    ("curl/", "curl"),
    ("okhttp/", "okhttp"),
    ("python-requests/", "Python"),
];

/// The same for operating systems.
const SYSTEMS: [(&str, &str); 9] = [
    ("iPhone", "iOS"),
    ("iPad", "iPadOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("OpenBSD", "OpenBSD"),
    ("Linux", "Linux"),
];

/// A program on a system, as far as the user agent tells. `Display` is its name: `Firefox on Linux`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Device {
    program: Option<String>,
    system: Option<&'static str>,
}

impl Device {
    /// Reads a user agent.
    pub(crate) fn of(user_agent: Option<&str>) -> Self {
        let text = user_agent.unwrap_or_default();
        let program = named(&PROGRAMS, text).map(str::to_owned).or_else(|| first_word(text));
        Self { program, system: named(&SYSTEMS, text) }
    }

    /// What is remembered of this device in this user's hands. A hash, because nobody needs to read it: the same
    /// program on the same system in the same network is the same device. Versions and addresses change too often.
    pub(crate) fn fingerprint(&self, user_id: UserId, ip: Option<IpAddr>) -> [u8; 32] {
        let network = ip.map(network).map_or_else(|| "unknown".to_owned(), |network| network.to_string());
        Sha256::digest(format!("{user_id}\n{self}\n{network}")).into()
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.program, self.system) {
            (Some(program), Some(system)) => write!(f, "{program} on {system}"),
            (Some(program), None) => f.write_str(program),
            (None, Some(system)) => write!(f, "{system} device"),
            (None, None) => f.write_str("Unknown device"),
        }
    }
}

fn named(table: &[(&str, &'static str)], text: &str) -> Option<&'static str> {
    table.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name)
}

/// `name` of `name/1.0 (…)`, when it is a plain word and not what every browser begins with.
fn first_word(text: &str) -> Option<String> {
    let word = text.split([' ', '/']).next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    let is_name = !word.is_empty() && word != "Mozilla" && word.len() <= NAME_MAX && word.chars().all(plain);
    is_name.then(|| word.to_owned())
}

/// The neighbourhood of an address: what a provider gives to one customer or to a few.
fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & 0xffff_ff00).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 80)).into(),
    }
}

#[cfg(test)]
mod tests {
    use colink_core::clock::SystemClock;

    use super::*;

    /// what people call their devices.
    #[test]
    fn a_user_agent_becomes_a_name() {
        let cases = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0 Mobile/15E148 Safari/604.1",
                "Chrome on iOS",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on ChromeOS",
            ),
            ("curl/8.5.0", "curl"),
            ("Tests/1", "Tests"),
            ("Mozilla/5.0 (Linux; U)", "Linux device"),
            ("Mozilla/5.0", "Unknown device"),
            ("", "Unknown device"),
            ("<script>alert(1)</script>", "Unknown device"),
            ("\u{202e}evil/1.0", "Unknown device"),
        ];
        for (user_agent, name) in cases {
            assert_eq!(Device::of(Some(user_agent)).to_string(), name, "{user_agent}");
        }
        assert_eq!(Device::of(None).to_string(), "Unknown device");
    }

    /// an update or the next address of a network make no new device; another network or person does.
    #[test]
    fn a_device_is_known_again() {
        let user = UserId::generate(&SystemClock);
        let firefox = |version: u8, ip: &str| {
            let text = format!("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/{version}.0");
            Device::of(Some(&text)).fingerprint(user, ip.parse().ok())
        };
        let known = firefox(143, "203.0.113.9");
        assert_eq!(firefox(144, "203.0.113.200"), known);
        assert_eq!(firefox(143, "::ffff:203.0.113.9"), known);
        assert_ne!(firefox(143, "203.0.114.9"), known);
        assert_eq!(firefox(143, "2001:db8:1:2::3"), firefox(143, "2001:db8:1:ffff::3"));
        assert_ne!(firefox(143, "2001:db8:1::3"), firefox(143, "2001:db8:2::3"));
        assert_ne!(Device::of(Some("curl/8.5.0")).fingerprint(user, "203.0.113.9".parse().ok()), known);
        let other = UserId::generate(&SystemClock);
        let device = Device::of(None);
        assert_ne!(device.fingerprint(user, None), device.fingerprint(other, None));
    }
}
