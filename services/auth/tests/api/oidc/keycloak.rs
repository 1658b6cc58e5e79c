//! The real Keycloak with the realm that is shipped. Runs where `COLINK_KEYCLOAK_URL` says there is one: `cargo xtask test`
//! starts it.

use std::collections::BTreeMap;

use colink_core::clock::{Clock, SystemClock};
use colink_test::Environment;
use hmac::{Hmac, Mac};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use sha1::Sha1;

use super::browser::Browser;
use crate::harness::{World, settings};

const PASSWORD: &str = "Colink-dev-1";
/// Registered in the realm for the client `colink-api`.
const CALLBACK: &str = "/api/auth/oidc/keycloak/callback";

/// Somebody in front of Keycloak's pages.
struct Visitor {
    http: Client,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    fn new() -> Self {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { http, cookies: BTreeMap::new() }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header(COOKIE, cookies.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// The page at the end of Keycloak's own redirects, or the address of ours that they lead to.
    async fn follow(&mut self, mut answer: Response) -> Result<String, String> {
        while let Some(location) = answer.headers().get(LOCATION) {
            let location = location.to_str().unwrap().to_owned();
            if location.contains(CALLBACK) {
                return Err(location);
            }
            let next = self.http.get(location);
            answer = self.send(next).await;
        }
        Ok(answer.text().await.unwrap())
    }

    async fn submit(&mut self, page: &str, fields: &[(&str, &str)]) -> Result<String, String> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = self.http.post(attribute(page, "action=\""));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = self.send(request).await;
        self.follow(answer).await
    }
}

/// The value behind the first `start` in a page.
fn attribute(page: &str, start: &str) -> String {
    let (_, rest) = page.split_once(start).unwrap_or_else(|| panic!("no {start} in {page}"));
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

/// RFC 6238 with the realm's policy: SHA-1, six digits, 30 s; of now, or of so many steps ahead.
fn one_time_code(secret: &str, ahead: u64) -> String {
    let step = u64::try_from(SystemClock.now().timestamp()).unwrap() / 30 + ahead;
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[19] & 15);
    let number = u32::from_be_bytes(hash[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// The administration of Keycloak.
struct Admin {
    http: Client,
    url: String,
    token: String,
}

impl Admin {
    async fn of(url: &str) -> Self {
        let http = Client::builder().build().unwrap();
        let form = "grant_type=password&client_id=admin-cli&username=admin&password=admin";
        let request = http.post(format!("{url}/realms/master/protocol/openid-connect/token"));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        let token = answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        Self { http, url: format!("{url}/admin/realms/colink"), token }
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn create_user(&self, username: &str) {
        let user = json!({
            "username": username, "email": format!("{username}@colink.test"), "emailVerified": true, "enabled": true,
            "firstName": "Ada", "lastName": "Lovelace",
            "credentials": [{"type": "password", "value": PASSWORD, "temporary": false}],
        });
        let request = self.http.post(format!("{}/users", self.url)).bearer_auth(&self.token).json(&user);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 201, "{}", answer.text().await.unwrap());
    }

    /// Where the gateway is that the realm knows.
    async fn public_url(&self) -> String {
        let clients = self.get("/clients?clientId=colink-api").await;
        let uri = clients[0]["redirectUris"][0].as_str().unwrap_or_else(|| panic!("{clients}")).to_owned();
        uri.strip_suffix(CALLBACK).unwrap().to_owned()
    }
}

/// Where Keycloak is; `None` on a machine without one.
fn keycloak() -> Option<&'static str> {
    let environment = Environment::get();
    let keycloak = environment.find("COLINK_KEYCLOAK_URL");
    if keycloak.is_none() {
        environment.pass_over("COLINK_KEYCLOAK_URL is not set", "COLINK_NO_KEYCLOAK");
    }
    keycloak
}

/// somebody new to the realm signs in with his password, sets up the second factor that the realm asks for, and has an
/// account here; then a program calls with an access token that Keycloak made for `colink-api`.
#[tokio::test]
async fn somebody_signs_in_with_keycloak() {
    let Some(keycloak) = keycloak() else { return };
    let admin = Admin::of(keycloak).await;
    let username = format!("ada.{}", colink_test::unique());
    admin.create_user(&username).await;
    let public_url = admin.public_url().await;
    let at = |name: &str| format!("oidc.providers.keycloak.{name}");
    let settings = settings()
        .set("mail.public_url", public_url.as_str())
        .set(&at("kind"), "keycloak")
        .set(&at("issuer"), format!("{keycloak}/realms/colink"))
        .set(&at("client_id"), "colink-api")
        .set(&at("client_secret"), "colink-dev-only")
        .set(&at("allowed_domains"), vec!["colink.test"])
        .set(&at("jit"), true)
        .set(&at("trusts_email"), true)
        .set(&at("exchange_audience"), "colink-api");
    let world = World::with(settings).await;

    let mut browser = Browser::new(&world);
    let url = browser.begin_at("/auth/oidc/keycloak/start?return_to=/channels").await;
    let mut visitor = Visitor::new();
    let request = visitor.http.get(url);
    let answer = visitor.send(request).await;
    let page = visitor.follow(answer).await.unwrap();
    let page = visitor.submit(&page, &[("username", &username), ("password", PASSWORD)]).await.unwrap();
    let secret = attribute(&page, "name=\"totpSecret\" value=\"");
    let code = one_time_code(&secret, 0);
    let fields = [("totp", code.as_str()), ("totpSecret", &secret), ("userLabel", "test")];
    let back = visitor.submit(&page, &fields).await.unwrap_err();

    let query = back.split_once('?').unwrap().1;
    assert!(query.contains("iss="), "Keycloak names itself (RFC 9207): {query}");
    let location = browser.come_back_to("keycloak", query).await;
    let code = location
        .strip_prefix(&format!("{public_url}/channels#oidc_code="))
        .unwrap_or_else(|| panic!("{location}"));
    let answer = browser.exchange(code).await.expect(200);
    assert_eq!(
        (answer.text("/user/username"), answer.text("/user/display_name")),
        (username.clone(), "Ada Lovelace".to_owned())
    );
}

/// the realm is what the requirement says: its clients, its roles, its second factor.
#[tokio::test]
async fn the_realm_is_as_required() {
    let Some(keycloak) = keycloak() else { return };
    let admin = Admin::of(keycloak).await;
    for (client, public) in [("colink-web", true), ("colink-api", false)] {
        let found = admin.get(&format!("/clients?clientId={client}")).await;
        let found = &found[0];
        assert_eq!(found["publicClient"], public, "{client}");
        assert_eq!(found["attributes"]["pkce.code.challenge.method"], "S256", "{client}");
        assert_eq!(
            (&found["standardFlowEnabled"], &found["implicitFlowEnabled"]),
            (&json!(true), &json!(false))
        );
        let mappers = found["protocolMappers"].as_array().unwrap();
        assert!(mappers.iter().any(|mapper| mapper["config"]["claim.name"] == "realm_roles"), "{client}");
    }
    let roles = admin.get("/roles").await;
    for role in ["user", "admin"] {
        assert!(roles.as_array().unwrap().iter().any(|found| found["name"] == role), "{role}");
    }
    let actions = admin.get("/authentication/required-actions").await;
    let totp = actions.as_array().unwrap().iter().find(|action| action["alias"] == "CONFIGURE_TOTP").unwrap();
    assert_eq!((&totp["enabled"], &totp["defaultAction"]), (&json!(true), &json!(true)));
}
