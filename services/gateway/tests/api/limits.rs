//! Budgets, counted in a real Redis.

use colink_test::{Answer, Client, SOON, Settings, eventually};
use futures_util::future::join_all;
use serde_json::json;

use crate::harness::{Edge, behind};

fn number(answer: &Answer, name: &str) -> u64 {
    let value = answer.header(name).unwrap_or_else(|| panic!("{name} is missing: {:?}", answer.headers));
    value.parse().unwrap()
}

async fn login(client: &Client, address: &str) -> u16 {
    let client = client.with_header("x-forwarded-for", address);
    client.post("/api/auth/login", &json!({"email": "a@b.test"})).await.status.as_u16()
}

/// G-4: over the budget the answer is 429 and says when to come back; the service is not asked.
#[tokio::test]
async fn a_user_over_the_budget_gets_429() {
    let change = |settings: Settings| settings.set("limits.read_burst", 3).set("limits.read_per_minute", 6);
    let edge = Edge::start_with(change).await;
    let client = edge.client();
    for left in [2, 1, 0] {
        let answer = client.get("/api/unreads").await.expect(200);
        assert_eq!(number(&answer, "ratelimit-limit"), 3);
        assert_eq!(number(&answer, "ratelimit-remaining"), left);
        assert!((1..=30).contains(&number(&answer, "ratelimit-reset")));
    }
    let refused = client.get("/api/unreads").await.expect(429);
    assert_eq!(refused.error_code(), "RATE_LIMITED");
    assert!((1..=10).contains(&number(&refused, "retry-after")));
    assert_eq!(number(&refused, "ratelimit-limit"), 3);
    assert_eq!(number(&refused, "ratelimit-remaining"), 0);
    assert!((20..=30).contains(&number(&refused, "ratelimit-reset")));
    assert_eq!(edge.stub.seen().len(), 3);
    assert!(edge.metric("rate_limited_total", "read").await > 0.5);
}

/// G-4: users do not share a budget, and reading does not use up sending.
#[tokio::test]
async fn every_user_has_a_budget_for_each_class() {
    let small = |settings: Settings, class: &&str| {
        settings.set(&format!("limits.{class}_burst"), 1).set(&format!("limits.{class}_per_minute"), 1)
    };
    let edge = Edge::start_with(|settings| ["read", "send", "write"].iter().fold(settings, small)).await;
    for name in ["ann", "ben"] {
        let client = edge.service.client(&edge.user(name));
        for expected in [200, 429] {
            client.get("/api/unreads").await.expect(expected);
            client.post("/api/channels/1/messages", &json!({})).await.expect(expected);
            client.post("/api/channels", &json!({})).await.expect(expected);
        }
    }
}

/// G-4: calls without a token are counted by address, and a token does not buy more attempts to sign in.
#[tokio::test]
async fn anonymous_calls_are_counted_by_address() {
    let change = |settings: Settings| {
        settings
            .set("server.trust_forwarded", true)
            .set("limits.credentials_burst", 2)
            .set("limits.credentials_per_minute", 1)
    };
    let edge = Edge::start_with(change).await;
    let anonymous = edge.service.anonymous();
    assert_eq!(login(&anonymous, "192.0.2.1").await, 200);
    assert_eq!(login(&edge.client(), "192.0.2.1").await, 200);
    assert_eq!(login(&edge.client(), "192.0.2.1").await, 429);
    assert_eq!(login(&anonymous, "192.0.2.1").await, 429);
    assert_eq!(login(&anonymous, "192.0.2.2").await, 200, "another address");
}

/// G-4: people behind one address go on with their sessions also while somebody there tries passwords, and see the
/// pictures of a full page of colleagues.
#[tokio::test]
async fn attempts_to_sign_in_use_up_nothing_else() {
    let change = |settings: Settings| {
        settings.set("limits.credentials_burst", 1).set("limits.credentials_per_minute", 1)
    };
    let edge = Edge::start_with(change).await;
    let anonymous = edge.service.anonymous();
    anonymous.post("/api/auth/login", &json!({})).await.expect(200);
    anonymous.post("/api/auth/login", &json!({})).await.expect(429);
    for user in 0..100 {
        anonymous.post("/api/auth/refresh", &json!({})).await.expect(200);
        anonymous.get(&format!("/api/users/{user}/avatar")).await.expect(200);
    }
}

/// G-4: calls without a valid token are counted by address; when they are used up, no signature is looked at there, and
/// who was known before goes on.
#[tokio::test]
async fn calls_without_a_valid_token_are_counted_by_address() {
    let change = |settings: Settings| {
        settings
            .set("server.trust_forwarded", true)
            .set("limits.unproven_burst", 5)
            .set("limits.unproven_per_minute", 1)
    };
    let edge = Edge::start_with(change).await;
    let (identity, ann) = (edge.stage.identity(), edge.user("ann"));
    let (known, unseen) = (identity.token(&ann), identity.token(&edge.user("ben")));
    let call = async |address: &str, token: &str| {
        let client = edge.service.anonymous().with_header("x-forwarded-for", address);
        let client = if token.is_empty() { client } else { client.bearer(token) };
        client.get("/api/unreads").await
    };
    call("192.0.2.1", &known).await.expect(200);
    let bad = [
        String::new(),
        "nonsense".to_owned(),
        "clk_nonsense".to_owned(),
        identity.mint(&ann).expired().sign(),
        identity.mint(&ann).other_key().sign(),
    ];
    for token in &bad {
        call("192.0.2.1", token).await.expect(401);
    }
    for token in bad.iter().chain([&unseen]) {
        let refused = call("192.0.2.1", token).await.expect(429);
        assert_eq!(refused.error_code(), "RATE_LIMITED", "{token}");
        assert!((1..=60).contains(&number(&refused, "retry-after")), "{token}");
    }
    assert!(edge.metric("rate_limited_total", "unproven").await > 5.5);
    call("192.0.2.1", &known).await.expect(200);
    call("192.0.2.2", &bad[4]).await.expect(401);
    call("192.0.2.2", &unseen).await.expect(200);
    call("192.0.2.1", &unseen).await.expect(200);
    assert_eq!(edge.stub.seen().len(), 4);
}

/// G-4: the budget comes back with time.
#[tokio::test]
async fn a_budget_comes_back() {
    let change = |settings: Settings| settings.set("limits.read_burst", 1).set("limits.read_per_minute", 120);
    let edge = Edge::start_with(change).await;
    let client = edge.client();
    client.get("/api/unreads").await.expect(200);
    eventually("the budget is back", SOON, async || {
        (client.get("/api/unreads").await.status == 200).then_some(())
    })
    .await;
}

/// G-4: gateways count together.
#[tokio::test]
async fn two_gateways_share_the_count() {
    let change = |settings: Settings| settings.set("limits.read_burst", 2).set("limits.read_per_minute", 1);
    let edge = Edge::start_with(change).await;
    let second = change(behind(&edge.stub.authority()));
    let second = edge.stage.start::<gateway::Gateway>(second).await;
    let user = edge.user("ann");
    edge.service.client(&user).get("/api/unreads").await.expect(200);
    second.client(&user).get("/api/unreads").await.expect(200);
    edge.service.client(&user).get("/api/unreads").await.expect(429);
    second.client(&user).get("/api/unreads").await.expect(429);
}

/// G-4: who has much left is not counted call by call, and yet gets as many as he may: one after the other, all at once, and
/// through two gateways in turn.
#[tokio::test]
async fn calls_that_are_counted_together_are_all_counted() {
    let change = |settings: Settings| {
        // A busy machine must not have calls pass uncounted.
        settings.set("limits.read_burst", 100).set("limits.read_per_minute", 1).set("redis.timeout_ms", 5000)
    };
    let edge = Edge::start_with(change).await;
    let second = edge.stage.start::<gateway::Gateway>(change(behind(&edge.stub.authority()))).await;
    let ann = edge.service.client(&edge.user("ann"));
    for left in (0..100).rev() {
        assert_eq!(number(&ann.get("/api/unreads").await.expect(200), "ratelimit-remaining"), left);
    }
    ann.get("/api/unreads").await.expect(429);

    let ben = edge.service.client(&edge.user("ben"));
    let answers = join_all((0..150).map(|_| ben.get("/api/unreads"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 100);

    let eve = edge.user("eve");
    let mut passed = 0;
    for client in [edge.service.client(&eve), second.client(&eve)].iter().cycle().take(120) {
        passed += usize::from(client.get("/api/unreads").await.status == 200);
    }
    assert_eq!(passed, 100);
}
