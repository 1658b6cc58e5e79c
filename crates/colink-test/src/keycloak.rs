//! The real Keycloak with the realm that is shipped, and people in front of its pages.
//!
//! Nothing here goes around it: who signs in fills in its forms, with a code of an authenticator app where it asks for one.

use std::collections::BTreeMap;

use colink_core::clock::{Clock, SystemClock};
use hmac::{Hmac, Mac};
use reqwest::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use sha1::Sha1;
use url::form_urlencoded::Serializer;

use crate::environment::Environment;

/// Registered in the realm for the client `colink-api`, behind the address of the gateway.
const CALLBACK: &str = "/api/auth/oidc/keycloak/callback";
/// Registered in the realm for the client `colink-web`. Nobody needs to be there.
const WEB_CLIENT: &str = "http://localhost:8000/signed-in";
/// By the realm's policy.
const PASSWORD: &str = "Colink-dev-1";
const FORM: &str = "application/x-www-form-urlencoded";
/// The pair of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A Keycloak, seen by its administrator.
#[derive(Debug, Clone)]
pub struct Keycloak {
    url: String,
    http: Client,
    token: String,
}

/// Somebody of the realm, with an authenticator app and a browser that follows nothing by itself.
#[derive(Debug)]
pub struct Visitor {
    keycloak: Keycloak,
    username: String,
    /// The seed of the authenticator app, once he has set it up.
    seed: Option<String>,
    /// The step of the newest code that was used: a code is taken once, also that of the set-up.
    used: u64,
    cookies: BTreeMap<String, String>,
}

impl Keycloak {
    /// The one that `COLINK_KEYCLOAK_URL` names; `None` on a machine without one.
    ///
    /// # Panics
    /// When there must be one, or its administrator is not let in.
    pub async fn find() -> Option<Self> {
        let environment = Environment::get();
        let Some(url) = environment.find("COLINK_KEYCLOAK_URL") else {
            environment.pass_over("COLINK_KEYCLOAK_URL is not set", "COLINK_NO_KEYCLOAK");
            return None;
        };
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let mut keycloak = Self { url: url.to_owned(), http, token: String::new() };
        let form = [("client_id", "admin-cli"), ("username", "admin"), ("password", "admin")];
        keycloak.token = keycloak.grant("master", "password", &form).await;
        Some(keycloak)
    }

    /// The issuer of its tokens.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("{}/realms/colink", self.url)
    }

    /// Something of the realm's administration.
    ///
    /// # Panics
    /// When it is not there.
    pub async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}/admin/realms/colink{path}", self.url));
        let answer = request.bearer_auth(&self.token).send().await.expect("an answer of Keycloak");
        answer.json().await.expect("JSON of Keycloak")
    }

    /// Where the gateway is that the realm knows.
    ///
    /// # Panics
    /// When the realm is not the one that is shipped.
    pub async fn public_url(&self) -> String {
        let clients = self.get("/clients?clientId=colink-api").await;
        let uri = clients[0]["redirectUris"][0].as_str().unwrap_or_else(|| panic!("{clients}"));
        uri.strip_suffix(CALLBACK).unwrap_or_else(|| panic!("{uri}")).to_owned()
    }

    /// Somebody new: Ada Lovelace, whose address at `colink.test` is proven.
    ///
    /// # Panics
    /// When Keycloak does not take him.
    pub async fn visitor(&self, username: &str) -> Visitor {
        let user = json!({
            "username": username, "email": format!("{username}@colink.test"), "emailVerified": true, "enabled": true,
            "firstName": "Ada", "lastName": "Lovelace",
            "credentials": [{"type": "password", "value": PASSWORD, "temporary": false}],
        });
        let request = self.http.post(format!("{}/admin/realms/colink/users", self.url));
        let answer =
            request.bearer_auth(&self.token).json(&user).send().await.expect("an answer of Keycloak");
        assert_eq!(answer.status().as_u16(), 201, "{}", answer.text().await.unwrap_or_default());
        let (keycloak, username) = (self.clone(), username.to_owned());
        Visitor { keycloak, username, seed: None, used: 0, cookies: BTreeMap::new() }
    }

    /// The access token for a grant.
    async fn grant(&self, realm: &str, kind: &str, fields: &[(&str, &str)]) -> String {
        let body =
            Serializer::new(String::new()).append_pair("grant_type", kind).extend_pairs(fields).finish();
        let request = self.http.post(format!("{}/realms/{realm}/protocol/openid-connect/token", self.url));
        let answer =
            request.header(CONTENT_TYPE, FORM).body(body).send().await.expect("an answer of Keycloak");
        let answer: Value = answer.json().await.expect("JSON of Keycloak");
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{kind}: {answer}")).to_owned()
    }
}

impl Visitor {
    /// Signs in at the page of `url`: with his password and a code of his app, which he sets up at the first time. The
    /// address that Keycloak sends him back to.
    ///
    /// # Panics
    /// When he is asked for something else, or is not let in.
    pub async fn sign_in(&mut self, url: &str) -> String {
        let request = self.keycloak.http.get(url);
        let answer = self.send(request).await;
        let page = match self.follow(answer).await {
            Ok(page) => page,
            // Whoever is signed in already is asked nothing.
            Err(back) => return back,
        };
        let username = self.username.clone();
        let page = match self.submit(&page, &[("username", &username), ("password", PASSWORD)]).await {
            Ok(page) => page,
            Err(back) => return back,
        };
        let proven = if page.contains("name=\"totpSecret\"") {
            self.set_up(&page).await
        } else {
            let code = self.next_code();
            self.submit(&page, &[("otp", &code)]).await
        };
        proven.expect_err("a way back to the application")
    }

    /// A browser that nobody is signed in with.
    #[must_use]
    pub fn in_another_browser(mut self) -> Self {
        self.cookies.clear();
        self
    }

    /// An access token that a program gets for him as `colink-web`: he signs in through the browser, and the program redeems the
    /// code.
    ///
    /// # Panics
    /// When he is not let in.
    pub async fn access_token(&mut self) -> String {
        let query = Serializer::new(String::new())
            .extend_pairs([
                ("response_type", "code"),
                ("client_id", "colink-web"),
                ("redirect_uri", WEB_CLIENT),
                ("scope", "openid"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ])
            .finish();
        let back =
            self.sign_in(&format!("{}/protocol/openid-connect/auth?{query}", self.keycloak.issuer())).await;
        let back = url::Url::parse(&back).expect("an address");
        let code = back.query_pairs().find(|(name, _)| name == "code");
        let (_, code) = code.unwrap_or_else(|| panic!("no code: {back}"));
        let fields = [
            ("client_id", "colink-web"),
            ("redirect_uri", WEB_CLIENT),
            ("code", &code),
            ("code_verifier", VERIFIER),
        ];
        self.keycloak.grant("colink", "authorization_code", &fields).await
    }

    /// An access token for a script that knows his password and has his app, as `colink-api`.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn access_token_by_password(&mut self) -> String {
        let (username, code) = (self.username.clone(), self.next_code());
        let fields = [
            ("client_id", "colink-api"),
            ("client_secret", "colink-dev-only"),
            ("username", &username),
            ("password", PASSWORD),
            ("totp", &code),
        ];
        self.keycloak.grant("colink", "password", &fields).await
    }

    async fn set_up(&mut self, page: &str) -> Result<String, String> {
        let seed = attribute(page, "name=\"totpSecret\" value=\"");
        self.seed = Some(seed.clone());
        let code = self.next_code();
        self.submit(page, &[("totp", &code), ("totpSecret", &seed), ("userLabel", "test")]).await
    }

    /// A code that was not used yet. One ahead of now is taken, so there are two at any moment.
    fn next_code(&mut self) -> String {
        self.used = present_step().max(self.used + 1);
        one_time_code(self.seed.as_deref().expect("an authenticator app"), self.used)
    }

    async fn send(&mut self, request: RequestBuilder) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(COOKIE, cookies.join("; ")).send().await.expect("an answer of Keycloak");
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().ok().and_then(|text| text.split(';').next()?.split_once('='));
            let (name, value) = pair.expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// The page at the end of Keycloak's own redirects, or the address elsewhere that they lead to.
    async fn follow(&mut self, mut answer: Response) -> Result<String, String> {
        while let Some(location) = answer.headers().get(LOCATION) {
            let location = location.to_str().expect("an address").to_owned();
            if !location.starts_with(&self.keycloak.url) {
                return Err(location);
            }
            let next = self.keycloak.http.get(location);
            answer = self.send(next).await;
        }
        Ok(answer.text().await.expect("a page"))
    }

    async fn submit(&mut self, page: &str, fields: &[(&str, &str)]) -> Result<String, String> {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.keycloak.http.post(attribute(page, "action=\""));
        let answer = self.send(request.header(CONTENT_TYPE, FORM).body(body)).await;
        self.follow(answer).await
    }
}

/// The value behind the first `start` in a page.
fn attribute(page: &str, start: &str) -> String {
    let (_, rest) = page.split_once(start).unwrap_or_else(|| panic!("no {start} in {page}"));
    rest.split('"').next().unwrap_or_default().replace("&amp;", "&")
}

fn present_step() -> u64 {
    u64::try_from(SystemClock.now().timestamp()).expect("a time after 1970") / 30
}

/// RFC 6238 with the realm's policy: SHA-1, six digits, 30 s.
fn one_time_code(seed: &str, step: u64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(seed.as_bytes()).expect("a key of any length");
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[19] & 15);
    let number = hash[offset..offset + 4].iter().fold(0, |number, byte| (number << 8) | u32::from(*byte));
    format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
}
