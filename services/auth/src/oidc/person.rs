//! Who signed in, in the words of the provider.

use colink_core::text::Email;
use serde::{Deserialize, Deserializer};

use super::provider::Provider;
use super::refusal::Refusal;
use crate::config::Kind;

/// Factors of authentication (RFC 8176) by what they prove.
const KNOWN: [&str; 3] = ["pwd", "pin", "kba"];
const OWNED: [&str; 6] = ["otp", "hwk", "swk", "sms", "tel", "sc"];
const BODILY: [&str; 5] = ["fpt", "face", "iris", "retina", "vbm"];

/// Somebody whom a provider vouches for.
#[derive(Debug, Default)]
pub(crate) struct Person {
    /// His name at the provider, for ever.
    pub(crate) subject: String,
    pub(crate) email: Option<String>,
    /// Whether the provider says that the address is his.
    pub(crate) email_verified: bool,
    pub(crate) name: Option<String>,
    pub(crate) username: Option<String>,
    /// The Workspace customer of a Google account.
    pub(crate) hosted_domain: Option<String>,
    pub(crate) amr: Vec<String>,
    pub(crate) acr: Option<String>,
}

impl Person {
    /// His address, if the provider says that it is his and may say so.
    ///
    /// # Errors
    /// [`Refusal::EmailUnverified`].
    pub(crate) fn verified_email(&self, provider: &Provider) -> Result<Email, Refusal> {
        let stated = self.email.as_deref().filter(|_| self.email_verified);
        let email = stated.and_then(|text| Email::parse(text).ok()).ok_or(Refusal::EmailUnverified)?;
        // Google keeps its own mailboxes and those of its customers; of other addresses it only knows what was once.
        let authority =
            provider.kind != Kind::Google || email.domain() == "gmail.com" || self.hosted_domain.is_some();
        if authority { Ok(email) } else { Err(Refusal::EmailUnverified) }
    }

    /// Refuses people from outside the domains that are allowed.
    ///
    /// # Errors
    /// [`Refusal::DomainNotAllowed`].
    pub(crate) fn check_domain(&self, provider: &Provider) -> Result<(), Refusal> {
        if provider.allowed_domains.is_empty() {
            return Ok(());
        }
        let domain = match provider.kind {
            Kind::Google => self.hosted_domain.as_ref().map(|domain| domain.to_lowercase()),
            Kind::Keycloak | Kind::Github | Kind::Oidc => {
                self.verified_email(provider).ok().map(|email| email.domain().to_owned())
            }
        };
        let allowed = domain.is_some_and(|domain| provider.allowed_domains.contains(&domain));
        if allowed { Ok(()) } else { Err(Refusal::DomainNotAllowed) }
    }

    /// Whether he proved two factors there, and the provider is believed in that.
    pub(crate) fn proved_two_factors(&self, provider: &Provider) -> bool {
        let has = |words: &[&str]| self.amr.iter().any(|word| words.contains(&word.as_str()));
        let kinds = [has(&KNOWN), has(&OWNED), has(&BODILY)].into_iter().filter(|held| *held).count();
        let level = self.acr.as_ref().is_some_and(|acr| provider.mfa_acr.contains(acr));
        provider.trust_mfa && (has(&["mfa"]) || kinds > 1 || level)
    }
}

/// A truth value; some providers write it as text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(Self(value.as_bool() == Some(true) || value.as_str() == Some("true")))
    }
}

/// One text or several.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OneOrMany(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            One(String),
            Many(Vec<String>),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::One(one) => vec![one],
            Either::Many(many) => many,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProviderConfig;

    fn provider(text: &str) -> Provider {
        let config: ProviderConfig = toml::from_str(&format!("client_id = \"c\"\n{text}")).unwrap();
        Provider::of_config("p", &config)
    }

    fn person(email: &str, hosted_domain: Option<&str>) -> Person {
        Person {
            email: Some(email.to_owned()),
            email_verified: true,
            hosted_domain: hosted_domain.map(str::to_owned),
            ..Person::default()
        }
    }

    /// Google's word counts for gmail.com and for its customers' domains.
    #[test]
    fn google_vouches_for_the_mailboxes_it_keeps() {
        let google = provider("kind = \"google\"");
        assert!(person("a@gmail.com", None).verified_email(&google).is_ok());
        assert!(person("a@acme.test", Some("acme.test")).verified_email(&google).is_ok());
        assert_eq!(
            person("a@acme.test", None).verified_email(&google).unwrap_err(),
            Refusal::EmailUnverified
        );
        let oidc = provider("kind = \"oidc\"\nissuer = \"https://sso.test\"");
        assert!(person("a@acme.test", None).verified_email(&oidc).is_ok());
        assert!(
            Person { email_verified: false, ..person("a@acme.test", None) }.verified_email(&oidc).is_err()
        );
        assert!(person("no address", None).verified_email(&oidc).is_err());
    }

    ///
    #[test]
    fn domains_are_those_of_the_address_and_for_google_of_the_customer() {
        let google = provider("kind = \"google\"\nallowed_domains = [\"Acme.test\"]");
        assert!(person("a@acme.test", Some("acme.test")).check_domain(&google).is_ok());
        assert!(person("a@acme.test", None).check_domain(&google).is_err());
        assert!(person("a@acme.test", Some("other.test")).check_domain(&google).is_err());
        let oidc =
            provider("kind = \"oidc\"\nissuer = \"https://sso.test\"\nallowed_domains = [\"acme.test\"]");
        assert!(person("a@ACME.test", None).check_domain(&oidc).is_ok());
        for email in ["a@sub.acme.test", "a@acme.test.evil.test", "a@evilacme.test"] {
            assert!(person(email, None).check_domain(&oidc).is_err(), "{email}");
        }
        let unverified = Person { email_verified: false, ..person("a@acme.test", None) };
        assert!(unverified.check_domain(&oidc).is_err());
    }

    /// two factors are two kinds of factors, and count only when that is configured.
    #[test]
    fn two_factors_count_where_they_are_believed() {
        let oidc = "kind = \"oidc\"\nissuer = \"https://sso.test\"";
        let strict = provider(oidc);
        let trusting = provider(&format!("{oidc}\ntrust_mfa = true\nmfa_acr = [\"gold\"]"));
        for (amr, acr, two) in [
            (vec!["mfa"], None, true),
            (vec!["pwd", "otp"], None, true),
            (vec!["pwd", "pin"], None, false),
            (vec!["otp", "hwk"], None, false),
            (vec!["pwd"], Some("gold"), true),
            (vec![], Some("silver"), false),
        ] {
            let person = Person {
                amr: amr.iter().map(|word| (*word).to_owned()).collect(),
                acr: acr.map(str::to_owned),
                ..Person::default()
            };
            assert_eq!(person.proved_two_factors(&trusting), two, "{amr:?} {acr:?}");
            assert!(!person.proved_two_factors(&strict));
        }
    }
}
