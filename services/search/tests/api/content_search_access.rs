//! `GET /search`: nothing that the caller may not read at this moment.

use crate::harness::{World, contents};

/// S-3
#[tokio::test]
async fn only_what_may_be_read_now_is_found() {
    let world = World::new().await;
    world.await_channels().await;
    world.write(world.general, 1, &["open plan"]).await;
    world.write(world.secret, 1, &["hidden plan"]).await;
    let (workspace, secret) = (world.workspace, world.secret);
    let plans = async || contents(&world.ask(&world.bob, &[("q", "plan")]).await.expect(200));

    assert_eq!(plans().await, ["open plan"]);
    for q in ["hidden", "plan in:secret", &format!("plan in:{secret}"), "-open"] {
        let found = contents(&world.ask(&world.bob, &[("q", q)]).await.expect(200));
        assert!(!found.contains(&"hidden plan".to_owned()), "{q}: {found:?}");
    }
    // A private channel that is listed by mistake is not read without a seat.
    world.channels.open_without_seat(workspace, world.bob.id, secret, "private");
    assert_eq!(plans().await, ["open plan"]);
    world.channels.close(workspace, world.bob.id, secret);

    world.channels.open(workspace, world.bob.id, secret, "private");
    assert_eq!(plans().await, ["hidden plan", "open plan"]);
    world.channels.close(workspace, world.bob.id, secret);
    assert_eq!(plans().await, ["open plan"]);
    world.channels.remove(workspace, world.bob.id);
    let answer = world.ask(&world.bob, &[("q", "plan")]).await.expect(404);
    assert_eq!(answer.error_code(), "NOT_FOUND");
    world.search.finish().await;
}

/// S-3, W-3
#[tokio::test]
async fn a_workspace_is_closed_to_strangers_and_empty_to_a_guest() {
    let world = World::new().await;
    world.write(world.general, 1, &["inside"]).await;
    let stranger = world.stage.identity().admin("root");
    let answer = world.ask(&stranger, &[("q", "inside")]).await.expect(404);
    assert_eq!(answer.error_code(), "NOT_FOUND");
    let guest = world.stage.identity().user("guest");
    world.channels.join(world.workspace, guest.id);
    let answer = world.ask(&guest, &[("q", "inside")]).await.expect(200);
    assert_eq!(contents(&answer), [""; 0]);
    // A channel is open without a seat when it is public.
    world.channels.open_without_seat(world.workspace, guest.id, world.general, "public");
    assert_eq!(contents(&world.ask(&guest, &[("q", "inside")]).await.expect(200)), ["inside"]);
    world.search.finish().await;
}

/// A-8, S-3: where a second factor is asked for, a session that was not proven by one finds nothing, and a stranger learns
/// nothing.
#[tokio::test]
async fn a_workspace_that_asks_for_a_second_factor_is_closed() {
    let world = World::new().await;
    world.write(world.general, 1, &["inside"]).await;
    let guest = world.stage.identity().user("guest");
    world.channels.join(world.workspace, guest.id);
    world.channels.require_mfa(world.workspace);
    for user in [&world.bob, &guest] {
        let answer = world.ask(user, &[("q", "inside")]).await.expect(401);
        assert_eq!(answer.error_code(), "MFA_REQUIRED");
    }
    world.ask(&world.stage.identity().user("eve"), &[("q", "inside")]).await.expect(404);
    let mint = world.stage.identity().mint(&world.bob).claim("amr", serde_json::json!(["pwd", "otp", "mfa"]));
    let proven = world.search.anonymous().bearer(&mint.sign());
    let path = format!("/search?q=inside&workspace_id={}", world.workspace);
    assert_eq!(contents(&proven.get(&path).await.expect(200)), ["inside"]);
    world.search.finish().await;
}

/// S-3: without the word of channels nothing is shown.
#[tokio::test]
async fn a_silent_channels_service_closes_the_search() {
    let mut world = World::new().await;
    world.write(world.general, 1, &["inside"]).await;
    world.search.change("internal.channels_url", "http://127.0.0.1:9");
    world.search.restart().await;
    let answer = world.ask(&world.ada, &[("q", "inside")]).await.expect(503);
    assert_eq!(answer.error_code(), "SERVICE_UNAVAILABLE");
    world.search.finish().await;
}
