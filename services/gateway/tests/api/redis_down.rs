//! The gateway while Redis is away.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Edge, closed_address};

/// G-4: reads, sends and sessions go on uncounted, signing in does not, and both are seen in a metric.
#[tokio::test]
async fn without_redis_reads_and_sends_pass_and_credentials_do_not() {
    let edge =
        Edge::start_with(|settings| settings.set("redis.url", format!("redis://{}", closed_address()))).await;
    let client = edge.client();
    let started = Instant::now();
    for _ in 0..3 {
        let answer = client.get("/api/unreads").await.expect(200);
        assert_eq!(answer.header("ratelimit-limit"), None, "nothing is known of the budget");
        client.post("/api/channels/1/messages", &json!({})).await.expect(200);
        edge.service.anonymous().post("/api/auth/refresh", &json!({})).await.expect(200);
    }
    assert!(started.elapsed() < Duration::from_secs(3), "nobody waits for it: {:?}", started.elapsed());
    for path in ["login", "register", "reset-password"] {
        let answer =
            edge.service.anonymous().post(&format!("/api/auth/{path}"), &json!({})).await.expect(503);
        assert_eq!(answer.error_code(), "SERVICE_UNAVAILABLE");
        assert!(answer.header("retry-after").is_some());
    }
    assert_eq!(edge.stub.seen().len(), 9, "no attempt to sign in came through");
    for class in ["read", "send", "refresh", "credentials"] {
        let counted = edge.metric("rate_limit_uncounted_total", &format!("class=\"{class}\"")).await;
        assert!((counted - 3.0).abs() < 0.1, "{class}: {counted}");
    }
    let ready = edge.service.anonymous().get("/ready").await.expect(200);
    assert_eq!(ready.json()["status"], "degraded");
}
