//! The real Keycloak with the realm that is shipped. Runs where `COLINK_KEYCLOAK_URL` says there is one: `cargo xtask test`
//! starts it.

use colink_test::{Answer, Client, Keycloak, Settings, Visitor};
use serde_json::json;

use super::browser::Browser;
use crate::harness::{World, settings};
use crate::mfa_harness::claims;

/// Sign-in through the realm, as the client `colink-api`.
fn through(keycloak: &Keycloak, public_url: &str) -> Settings {
    let at = |name: &str| format!("oidc.providers.keycloak.{name}");
    settings()
        .set("mail.public_url", public_url)
        .set(&at("kind"), "keycloak")
        .set(&at("issuer"), keycloak.issuer())
        .set(&at("client_id"), "colink-api")
        .set(&at("client_secret"), "colink-dev-only")
        .set(&at("allowed_domains"), vec!["colink.test"])
        .set(&at("jit"), true)
        .set(&at("trusts_email"), true)
        .set(&at("exchange_audience"), "colink-api")
}

/// Signs in here through Keycloak's pages: the answer with the tokens.
async fn sign_in(world: &World, public_url: &str, visitor: &mut Visitor) -> Answer {
    let mut browser = Browser::new(world);
    let url = browser.begin_at("/auth/oidc/keycloak/start?return_to=/channels").await;
    let back = visitor.sign_in(&url).await;
    let query = back.split_once('?').unwrap().1;
    assert!(query.contains("iss="), "Keycloak names itself (RFC 9207): {query}");
    let location = browser.come_back_to("keycloak", query).await;
    let code = location
        .strip_prefix(&format!("{public_url}/channels#oidc_code="))
        .unwrap_or_else(|| panic!("{location}"));
    browser.exchange(code).await.expect(200)
}

/// somebody new to the realm signs in with his password, sets up the second factor that the realm asks for, and has an
/// account here; the next time he is asked for a code, and it is the same account.
#[tokio::test]
async fn somebody_signs_in_with_keycloak() {
    let Some(keycloak) = Keycloak::find().await else { return };
    let username = format!("ada.{}", colink_test::unique());
    let mut visitor = keycloak.visitor(&username).await;
    let public_url = keycloak.public_url().await;
    let world = World::with(through(&keycloak, &public_url)).await;

    let answer = sign_in(&world, &public_url, &mut visitor).await;
    assert_eq!(
        (answer.text("/user/username"), answer.text("/user/display_name")),
        (username.clone(), "Ada Lovelace".to_owned())
    );
    let again = sign_in(&world, &public_url, &mut visitor.in_another_browser()).await;
    assert_eq!(again.text("/user/id"), answer.text("/user/id"));
}

/// an access token that Keycloak made for `colink-api` is taken for one of ours, by whichever of its grants and clients
/// a program got it; its identity must have signed in here once.
#[tokio::test]
async fn programs_call_with_keycloaks_access_token() {
    let Some(keycloak) = Keycloak::find().await else { return };
    let mut visitor = keycloak.visitor(&format!("ada.{}", colink_test::unique())).await;
    let public_url = keycloak.public_url().await;
    let world = World::with(through(&keycloak, &public_url)).await;
    let user_id = sign_in(&world, &public_url, &mut visitor).await.text("/user/id");
    let me = async |client: Client| client.get("/auth/me").await.expect(200).text("/id");

    // In his browser he is signed in at Keycloak, and asked nothing.
    for theirs in [visitor.access_token().await, visitor.access_token_by_password().await] {
        let said = claims(&theirs);
        assert_eq!((&said["iss"], &said["typ"]), (&json!(keycloak.issuer()), &json!("Bearer")));
        assert!(said["aud"] == "colink-api" || said["aud"].to_string().contains("\"colink-api\""), "{said}");
        // The gateway asks for ours in its place.
        let body = json!({ "issuer": keycloak.issuer(), "token": theirs });
        let internal = world.service.internal("gateway");
        let ours = internal.post("/internal/provider-tokens/exchange", &body).await.expect(200);
        assert_eq!(me(world.anonymous().bearer(&ours.text("/access_token"))).await, user_id);
        // Whoever can be taught to exchanges it himself.
        let body = json!({ "provider": "keycloak", "subject_token": theirs, "device_name": "Script" });
        let ours = world.anonymous().post("/auth/token-exchange", &body).await.expect(200);
        assert_eq!(me(world.session(&ours).client).await, user_id);
        // As it is, it is nobody's here.
        world.anonymous().bearer(&theirs).get("/auth/me").await.expect(401);
    }

    let mut stranger = keycloak.visitor(&format!("eve.{}", colink_test::unique())).await;
    let body = json!({ "provider": "keycloak", "subject_token": stranger.access_token().await });
    let refused = world.anonymous().post("/auth/token-exchange", &body).await.expect(403);
    assert!(refused.error_message().starts_with("You have no account here"), "{refused}");
}

/// the realm is what the requirement says: its clients, its roles, its second factor. A code counts from 30 s before
/// its time until 30 s after: clocks differ, and people type.
#[tokio::test]
async fn the_realm_is_as_required() {
    let Some(keycloak) = Keycloak::find().await else { return };
    for (client, public) in [("colink-web", true), ("colink-api", false)] {
        let found = keycloak.get(&format!("/clients?clientId={client}")).await;
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
    let roles = keycloak.get("/roles").await;
    for role in ["user", "admin"] {
        assert!(roles.as_array().unwrap().iter().any(|found| found["name"] == role), "{role}");
    }
    let actions = keycloak.get("/authentication/required-actions").await;
    let totp = actions.as_array().unwrap().iter().find(|action| action["alias"] == "CONFIGURE_TOTP").unwrap();
    assert_eq!((&totp["enabled"], &totp["defaultAction"]), (&json!(true), &json!(true)));
    let realm = keycloak.get("").await;
    assert_eq!(
        (&realm["otpPolicyLookAheadWindow"], &realm["otpPolicyCodeReusable"]),
        (&json!(1), &json!(false))
    );
}
