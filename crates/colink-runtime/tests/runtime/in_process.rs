//! The service inside the test's own process.

use std::net::TcpListener;

use colink_runtime::config::{Sources, load};
use colink_runtime::{RunError, Running, Service, StartError, start};
use colink_test::{Client, SOON, eventually};

use crate::example::{Config, DEFAULTS, Example, await_begun};

pub(crate) fn config(overrides: &str) -> Config {
    let sources = Sources { overrides: Some(overrides.to_owned()), ..Sources::default() };
    load::<Config>(Example::NAME, DEFAULTS, &sources).unwrap().into_config()
}

fn client(running: &Running) -> Client {
    Client::new(format!("http://{}", running.addr()))
}

/// O-1: the standard routes are there without the service naming them.
#[tokio::test]
async fn port_zero_is_replaced_by_a_real_one_and_the_standard_routes_answer() {
    let running = start::<Example>(config("")).await.unwrap();
    assert_ne!(running.addr().port(), 0);
    let client = client(&running);
    for path in ["/health", "/ready", "/metrics", "/openapi.json", "/docs/"] {
        let _ = client.get(path).await.expect(200);
    }
    let hello = client.get("/hello").await.expect(200);
    assert_eq!(hello.body, "hello");
    assert_eq!(client.get("/nowhere").await.expect(404).error_code(), "NOT_FOUND");
    running.stop().await.unwrap();
}

/// G-9: what was begun is finished, and nothing new is taken.
#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_service_stops() {
    let running = start::<Example>(config("")).await.unwrap();
    let client = client(&running);
    let slow = client.get("/slow");
    let stopping = async {
        await_begun(&client).await;
        running.stop().await
    };
    let (answer, stopped) = tokio::join!(slow, stopping);
    assert_eq!(answer.expect(200).body, "done");
    stopped.unwrap();
    assert!(client.request(reqwest::Method::GET, "/hello").try_send().await.is_err(), "still accepting");
}

/// G-9: the budget bounds the wait.
#[tokio::test]
async fn a_stuck_request_is_cut_off_when_the_budget_is_used_up() {
    let running = start::<Example>(config("[server]\nshutdown_timeout_s = 1")).await.unwrap();
    let client = client(&running);
    let stuck = client.request(reqwest::Method::GET, "/stuck").try_send();
    let stopping = async {
        await_begun(&client).await;
        running.stop().await
    };
    let (answer, stopped) = tokio::join!(stuck, tokio::time::timeout(SOON, stopping));
    assert!(answer.is_err(), "an answer to a request that never ends");
    stopped.expect("stopped in time").unwrap();
}

/// O-1: ready means that the service can do its work, and it says when it will stop.
#[tokio::test]
async fn readiness_waits_for_what_the_service_requires() {
    let running = start::<Example>(config("[greeter]\nwarm_up = true")).await.unwrap();
    let client = client(&running);
    let answer = client.get("/ready").await.expect(503);
    assert_eq!(answer.json()["dependencies"]["warmth"]["status"], "unhealthy");
    let _ = client.get("/health").await.expect(200);
    let _ = client.post("/warm", "").await.expect(204);
    eventually("ready after the warm-up", SOON, async || {
        client.get("/ready").await.status.is_success().then_some(())
    })
    .await;
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_panicking_task_ends_the_service_with_a_failure_that_names_it() {
    let running = start::<Example>(config("")).await.unwrap();
    let _ = client(&running).post("/panic", "").await.expect(202);
    let failure = tokio::time::timeout(SOON, running.wait()).await.expect("stopped in time").unwrap_err();
    assert!(matches!(failure, RunError::Task(_)));
    assert_eq!(failure.to_string(), "the task `doomed` panicked: out of luck");
}

#[tokio::test]
async fn a_taken_port_is_said_to_be_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let bind = format!("[server]\nbind = \"{}\"", taken.local_addr().unwrap());
    let refused = start::<Example>(config(&bind)).await.unwrap_err();
    assert!(matches!(refused, StartError::Bind { .. }), "{refused}");
    assert!(refused.to_string().contains("is another process there?"), "{refused}");
}

#[tokio::test]
async fn a_stopped_service_frees_its_port() {
    let running = start::<Example>(config("")).await.unwrap();
    let address = running.addr();
    running.stop().await.unwrap();
    let again = eventually("the port is free", SOON, async || {
        start::<Example>(config(&format!("[server]\nbind = \"{address}\""))).await.ok()
    })
    .await;
    assert_eq!(again.addr(), address);
    again.stop().await.unwrap();
}
