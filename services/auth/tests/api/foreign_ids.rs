//! Ids of what belongs to others or is gone, at every endpoint.

mod things;

use colink_core::clock::Clock;
use colink_test::{Foreign, SOON, Stage, Told, assert_foreign_ids, eventually};

use self::things::{People, Things};
use crate::harness::{Session, World, clock, settings};
use crate::mfa_harness::Timed;
use crate::oidc::workspaces::company::path;

/// Only administrators of the installation are let in here, whoever is named.
const OF_ADMINS: &[(&str, u16)] = &[
    ("POST /auth/users/{user_id}/reactivate", 403),
    ("PUT /auth/users/{user_id}/realm-roles", 403),
    ("POST /auth/users/{user_id}/reset-mfa", 403),
];
/// These are open to everybody, and say nothing of those whom the caller does not know.
const OF_PEOPLE: &[(&str, u16)] = &[("GET /users/{user_id}", 404), ("GET /users/{user_id}/avatar", 404)];
/// It sends the browser back to the page, whatever came of the sign-in.
const CALLBACK: &[(&str, u16)] = &[("GET /auth/oidc/{provider}/callback", 302)];
/// Whoever is in a workspace with somebody sees what is left of him.
const REMAINS: &[(&str, u16)] = &[("GET /users/{user_id}", 200)];

/// On a clock that stands still: what recurs comes once, and changes nothing while answers are compared. What other tests
/// tell of their workspaces would be noted here too.
async fn start() -> Timed {
    let clock = clock();
    let world = World::on(Stage::with_own_topics(), settings().clock(clock.clone())).await;
    Timed { world, clock }
}

/// Waits until all is done that was queued.
async fn settle(timed: &Timed) {
    let open = "select count(*) from jobs where state = 'running' or state = 'waiting' and due_at <= $1";
    eventually("no job is due", SOON, async || {
        let query = sqlx::query_scalar(open).bind(timed.clock.now());
        let due: i64 = query.fetch_one(timed.world.database()).await.unwrap();
        (due == 0).then_some(())
    })
    .await;
}

fn scene<'a>(
    what: &'a str,
    session: &Session,
    ids: &'a [(&'a str, &'a str)],
    own: &'a [(&'a str, &'a str)],
    unless: &'a [(&'a str, u16)],
) -> Foreign<'a> {
    Foreign { what, client: session.client.clone(), ids, own, told: Told::Nothing, unless }
}

/// T-4: of what is another's everybody is told what he is told of nothing, with ids of his own beside
/// it too; a member of a workspace is told that he may not, and so is everybody where only administrators of the installation
/// may. Nothing changes.
#[tokio::test]
async fn what_belongs_to_others_is_as_good_as_nothing() {
    let timed = start().await;
    let world = &timed.world;
    let ((_, ada), (_, bob), (_, eve)) =
        (world.signed_in("ada").await, world.signed_in("bob").await, world.signed_in("eve").await);
    let (theirs, ada) = Things::of(world, &ada).await;
    let (own, eve) = Things::of(world, &eve).await;
    world.peers.join(&theirs.workspace, &bob.user_id, "member");
    world.peers.bring_together(&ada.user_id, &bob.user_id);
    let job: String =
        sqlx::query_scalar("select min(id::text) from jobs").fetch_one(world.database()).await.unwrap();
    settle(&timed).await;

    let (person, things) = ([("user_id", theirs.user.as_str())], theirs.things());
    let (place, bot_key) = (theirs.place(), theirs.bot_key());
    let all: Vec<_> = person.iter().chain(&things).chain(&place).copied().collect();
    let own: Vec<_> = own.things().into_iter().chain(own.place()).chain(own.picture()).collect();
    let (own_key, not_a_bot) = ([bot_key[1]], [("bot_id", theirs.user.as_str())]);
    let beside = [("api_key_id", theirs.api_key.as_str())];
    let administered = [person[0], ("job_id", &job)];
    assert_foreign_ids(
        &world.service,
        &[
            scene("an outsider", &eve, &all, &own, OF_ADMINS),
            scene("an outsider, a bot's key", &eve, &bot_key, &own, &[]),
            scene("a colleague", &bob, &things, &[], &[]),
            scene("a colleague, a bot's key", &bob, &bot_key, &[], &[]),
            Foreign { told: Told::Forbidden, ..scene("a member of the workspace", &bob, &place, &[], &[]) },
            scene("its owner, a bot's key among his own", &ada, &own_key, &[], &[]),
            scene("an owner of bots, himself", &ada, &not_a_bot, &beside, &[]),
            Foreign {
                told: Told::Closed,
                ..scene("an outsider, what is for admins", &eve, &administered, &[], OF_PEOPLE)
            },
        ],
    )
    .await;
    timed.world.service.finish().await;
}

/// T-4: what was ended, removed or deleted is as good as nothing, to whom it belonged and to others;
/// and administrators look after no account that was erased, that nobody has proven, or that is a program's.
#[tokio::test]
async fn what_is_gone_is_as_good_as_nothing() {
    let timed = start().await;
    let world = &timed.world;
    let ((_, ada), (_, eve)) = (world.signed_in("ada").await, world.signed_in("eve").await);
    let (gone, ada) = Things::of(world, &ada).await;
    gone.end(world, &ada).await;
    let (left, ada) = Things::of(world, &ada).await;
    let providers = path(&left.workspace);
    let removed = ada.client.post(&providers, &things::provider()).await.expect(201).text("/id");
    ada.client.delete(&format!("{providers}/{removed}")).await.expect(204);
    let people = People::of(&timed).await;
    for bot in [&gone.bot, &left.bot] {
        world.peers.bring_together(&people.root.user_id, bot);
    }
    settle(&timed).await;
    let job = things::deleted_job(world).await;

    let (things, place, bot_key) = (gone.things(), gone.place(), gone.bot_key());
    let provider = [("provider", gone.provider.as_str())];
    let all: Vec<_> = things.iter().chain(&place).chain(&provider).copied().collect();
    let removed = [("provider_id", removed.as_str()), ("provider", &removed)];
    let own: Vec<_> = left.things().into_iter().chain(left.place()).collect();
    let erased = [("user_id", people.erased.as_str()), ("job_id", &job)];
    let [unproven, out_of_use, bot] =
        [&people.unproven, &gone.bot, &left.bot].map(|user| [("user_id", user.as_str())]);
    assert_foreign_ids(
        &world.service,
        &[
            scene("their owner", &ada, &all, &own, CALLBACK),
            scene("its owner, a bot's key", &ada, &bot_key, &own, &[]),
            scene("who removed it, a provider", &ada, &removed, &own, CALLBACK),
            scene("an outsider", &eve, &all, &[], CALLBACK),
            scene("an outsider, a bot's key", &eve, &bot_key, &[], &[]),
            scene("an outsider, who was erased", &eve, &erased[..1], &[], OF_ADMINS),
            scene("an outsider, who is not proven", &eve, &unproven, &[], OF_ADMINS),
            scene("an administrator, who was erased", &people.root, &erased, &[], REMAINS),
            scene("an administrator, who is not proven", &people.root, &unproven, &[], &[]),
            scene("an administrator, a bot out of use", &people.root, &out_of_use, &[], REMAINS),
            scene("an administrator, a bot", &people.root, &bot, &[], REMAINS),
        ],
    )
    .await;
    timed.world.service.finish().await;
}
