//! `[registration]`: what a registration is believed.

use std::time::Duration;

use serde::Deserialize;

/// `[registration]`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrationConfig {
    /// Whether the only registration of an address is believed without its password or secret, when its link is used
    /// from where it was made. Of the bootstrap admin's address none is.
    pub trust_same_network: bool,
    /// After how many days a registration that nobody proved is forgotten, and the name free that it asked for.
    pub expire_after_days: u32,
}

impl RegistrationConfig {
    /// How long a registration waits to be proven.
    pub(crate) fn lifetime(self) -> Duration {
        Duration::from_secs(u64::from(self.expire_after_days) * 86_400)
    }
}

#[cfg(test)]
mod tests {
    use colink_runtime::Sections;

    use crate::Config;

    /// The keys that are refused, with the defaults and these sections.
    fn refused(sections: &str) -> Vec<String> {
        let mut table: toml::Table = toml::from_str(include_str!("../../config.toml")).unwrap();
        let secrets = "internal = { secret = \"0123456789abcdef0123456789abcdef\" }
            secrets = { keys = \"a:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\" }";
        for text in [secrets, sections] {
            for (section, keys) in toml::from_str::<toml::Table>(text).unwrap() {
                let known = table.get_mut(&section).unwrap().as_table_mut().unwrap();
                known.extend(keys.as_table().unwrap().clone());
            }
        }
        let config: Config = table.try_into().unwrap();
        config.problems().iter().map(|problem| problem.key.to_string()).collect()
    }

    /// the network is believed only where clients can be told apart, and not by default.
    #[test]
    fn a_network_that_all_clients_share_is_not_believed() {
        let pair = |network: bool, forwarded: bool| {
            refused(&format!(
                "registration = {{ trust_same_network = {network} }}\nserver = {{ trust_forwarded = {forwarded} }}"
            ))
        };
        assert_eq!(pair(true, false), ["registration.trust_same_network"]);
        for sections in ["", "server = { trust_forwarded = true }"] {
            assert!(refused(sections).is_empty(), "{sections}");
        }
        assert!(pair(true, true).is_empty() && pair(false, false).is_empty());
        let defaults: toml::Table = toml::from_str(include_str!("../../config.toml")).unwrap();
        assert_eq!(defaults["registration"]["trust_same_network"].as_bool(), Some(false));
    }
}
