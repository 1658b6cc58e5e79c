//! The change of the key that seals secrets: `auth rotate-keys` and its job. Begins with the old key, ends with the old key
//! gone.

use std::sync::Arc;
use std::time::Duration;

use colink_core::clock::{Clock, ManualClock, SystemClock};
use colink_core::id::{SessionId, UserId};
use colink_secrets::{Sealer, SecretsConfig};
use colink_test::{SOON, eventually};
use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use uuid::Uuid;

use crate::harness::{World, settings};
use crate::mfa_harness::App;
use crate::oidc::browser::{Browser, code_of};
use crate::oidc::provider::Someone;
use crate::oidc::workspaces::company::Company;
use crate::secrets::{ended, key, rotate_keys, said};

/// As many as need more than two batches.
const SEEDS: usize = 250;
/// In the middle of the second batch.
const MIDDLE: usize = 150;
const BATCH: i64 = 100;
/// Longer than a run of the job may take with its lease.
const PAST_LEASE: Duration = Duration::from_secs(60);
const KIND: &str = "reencrypt_secrets";

fn old() -> String {
    key("old", "0a")
}

fn new() -> String {
    key("new", "0b")
}

fn both() -> String {
    format!("{},{}", new(), old())
}

/// Users with authenticators whose seeds are sealed with the first of these keys.
async fn add_seeds(pool: &PgPool, keys: String, seeds: usize) -> Vec<Uuid> {
    let sealer = Sealer::new(&SecretsConfig::new(keys)).unwrap();
    let users: Vec<Uuid> = (0..seeds).map(|_| UserId::generate(&SystemClock).as_uuid()).collect();
    let seal = |user: &Uuid| sealer.seal(&format!("totp_secrets.sealed_secret/{user}"), &[7; 20]).unwrap();
    let sealed: Vec<Vec<u8>> = users.iter().map(seal).collect();
    sqlx::query(
        "insert into users (id, email, email_normalised, username, display_name, email_verified_at, realm_roles, version,
                            created_at, updated_at)
         select id, id || '@example.test', id || '@example.test', 'user.' || id, 'Ada', now(), '{user}', 1, now(), now()
           from unnest($1::uuid[]) as new (id)",
    )
    .bind(&users)
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "insert into totp_secrets (user_id, sealed_secret, session_id, created_at, enabled_at)
         select id, sealed, $3, now(), now() from unnest($1::uuid[], $2::bytea[]) as new (id, sealed)",
    )
    .bind(&users)
    .bind(&sealed)
    .bind(SessionId::generate(&SystemClock).as_uuid())
    .execute(pool)
    .await
    .unwrap();
    users
}

/// What stands at the beginning of what the key has sealed.
fn head(key: &str) -> Vec<u8> {
    [&[1, u8::try_from(key.len()).unwrap()], key.as_bytes()].concat()
}

/// Users whose seeds the key has sealed, and the envelopes.
async fn seeds_of(pool: &PgPool, key: &str) -> Vec<(Uuid, Vec<u8>)> {
    sqlx::query_as("select user_id, sealed_secret from totp_secrets where position($1 in sealed_secret) = 1")
        .bind(head(key))
        .fetch_all(pool)
        .await
        .unwrap()
}

/// Has the middle change of a seed do something else first: whatever the statement says.
async fn disturb(pool: &PgPool, what: &str) {
    for statement in [
        "create sequence changes".to_owned(),
        format!(
            "create function disturb() returns trigger language plpgsql as $$
             begin
                 if nextval('changes') = {MIDDLE} then {what}; end if;
                 return new;
             end $$"
        ),
        "create trigger disturb before update on totp_secrets for each row execute function disturb()"
            .to_owned(),
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(pool).await.unwrap();
    }
}

type Row = (String, i32, Option<String>, Option<String>);

/// State, attempts and last failure of the only job.
async fn job(world: &World) -> Option<Row> {
    let query = "select state, attempts, error_class, error from jobs where kind = $1";
    let mut rows: Vec<Row> = sqlx::query_as(query).bind(KIND).fetch_all(world.database()).await.unwrap();
    assert!(rows.len() <= 1, "{rows:?}");
    rows.pop()
}

async fn await_job(world: &World, what: &str, fits: impl Fn(&Row) -> bool) -> Row {
    eventually(what, SOON, async || job(world).await.filter(|row| fits(row))).await
}

async fn restart_with(world: &mut World, keys: String) {
    world.service.stop().await;
    world.service.change("secrets.keys", keys);
    world.service.restart().await;
}

/// Every column of envelopes in the database, found by its name, so that one that the job forgets fails the test.
async fn assert_all_sealed_with(pool: &PgPool, key: &str) {
    let columns: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, column_name::text from information_schema.columns
          where table_schema = 'public' and column_name like 'sealed%' order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let tables: Vec<&str> = columns.iter().map(|(table, _)| table.as_str()).collect();
    assert_eq!(tables, ["oidc_providers", "signing_keys", "totp_secrets"]);
    for (table, column) in &columns {
        let query = format!("select {column} from {table}");
        let sealed: Vec<Vec<u8>> = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(pool).await.unwrap();
        assert!(!sealed.is_empty() && sealed.iter().all(|s| s.starts_with(&head(key))), "{table}");
    }
}

/// with the old key gone, tokens, authenticators and a workspace's provider work as before. One attempt failed half-way
/// and lost nothing.
#[tokio::test]
async fn a_key_is_changed_without_losing_what_it_sealed() {
    let mut company = Company::with(settings().set("secrets.keys", old()), true).await;
    let operator = company.operator().await;
    let mut body = company.body();
    body["trusts_email"] = json!(true);
    let provider = company.create(&operator.client, &body).await.expect(201).text("/id");
    let (ada, session) = company.world.signed_in("ada").await;
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let setup = session.client.post("/auth/mfa/totp/setup", &json!({})).await.expect(200);
    let app = App::new(&setup.text("/secret"), &clock);
    let code = json!({"code": app.code()});
    let enrolled = session.client.post("/auth/mfa/totp/verify", &code).await.expect(200);
    let token = company.world.renewed(&enrolled).access;
    let pool = company.world.database().clone();
    add_seeds(&pool, old(), SEEDS).await;
    disturb(&pool, "raise exception 'the line is cut'").await;

    restart_with(&mut company.world, both()).await;
    let world = &company.world;
    let command = rotate_keys(world, &both());
    let failed = await_job(world, "the attempt has failed", |row| row.2.is_some()).await;
    assert_eq!((failed.0.as_str(), failed.1), ("waiting", 1));
    let before = seeds_of(&pool, "new").await;
    assert_eq!(i64::try_from(before.len()).unwrap(), BATCH, "the first batch stays done");
    let done = ended(command).await;
    let told = said(&done);
    assert!(done.status.success() && told.contains("secrets were sealed anew with `new`"), "{told}");
    assert!(told.contains("the line is cut") && told.contains("in use: `new`, by 253 secrets"), "{told}");
    assert!(told.contains("take `old` out of secrets.keys") && !told.contains("in use: `old`"), "{told}");
    await_job(world, "the job is done", |row| row.0 == "done" && row.1 == 2).await;
    let after = seeds_of(&pool, "new").await;
    assert!(before.iter().all(|seed| after.contains(seed)), "what was done is not done again");
    assert_all_sealed_with(&pool, "new").await;
    let shown = world.anonymous().bearer(&operator.access).get("/auth/jobs?kind=reencrypt_secrets").await;
    assert_eq!(shown.expect(200).text("/items/0/state"), "done");

    restart_with(&mut company.world, new()).await;
    let world = &company.world;
    world.anonymous().bearer(&token).get("/auth/me").await.expect(200);
    clock.set(SystemClock.now() + Duration::from_secs(30));
    let ticket = world.try_login(&ada.email, &ada.password).await.expect(200).text("/mfa_ticket");
    let second = json!({"mfa_ticket": ticket, "code": app.code()});
    let session = world.session(&world.anonymous().post("/auth/mfa/verify", &second).await.expect(200));
    session.client.get("/auth/me").await.expect(200);
    let mut browser = Browser::new(world);
    let url = browser.begin_at(&format!("/auth/oidc/{provider}/start?return_to=/channels")).await;
    let location =
        browser.come_back_to(&provider, &company.provider.sign_in(&url, &Someone::named("eve"))).await;
    world.session(&browser.exchange(code_of(&location)).await.expect(200));
}

/// A-13, G-9: a process that dies in the middle takes nothing with it; another one goes on where it was.
#[tokio::test]
async fn a_change_of_the_key_survives_a_crash() {
    let clock = Arc::new(ManualClock::new(SystemClock.now() + Duration::from_secs(120)));
    let mut world = World::with(settings().set("secrets.keys", old()).clock(clock.clone())).await;
    let (_, session) = world.signed_in("ada").await;
    let pool = world.database().clone();
    add_seeds(&pool, old(), SEEDS).await;
    disturb(&pool, "perform pg_advisory_xact_lock(13)").await;
    restart_with(&mut world, both()).await;
    let mut gate = pool.acquire().await.unwrap();
    sqlx::query("select pg_advisory_lock(13)").execute(&mut *gate).await.unwrap();
    let command = rotate_keys(&world, &both());
    eventually("the job is in the middle", SOON, async || {
        let waiting = "select count(*) from pg_locks where locktype = $1 and objid = 13 and not granted
                          and database = (select oid from pg_database where datname = current_database())";
        (world.count(waiting, "advisory").await == 1).then_some(())
    })
    .await;
    let before = seeds_of(&pool, "new").await;
    assert_eq!(i64::try_from(before.len()).unwrap(), BATCH);
    world.service.kill().await;
    sqlx::query("select pg_advisory_unlock(13)").execute(&mut *gate).await.unwrap();
    sqlx::query("drop trigger disturb on totp_secrets").execute(&mut *gate).await.unwrap();
    assert_eq!(seeds_of(&pool, "new").await.len(), before.len(), "half a batch is none");
    assert_eq!(job(&world).await.unwrap().0, "running");

    clock.advance(PAST_LEASE);
    world.service.restart().await;
    let done = ended(command).await;
    assert!(done.status.success(), "{}", said(&done));
    await_job(&world, "the job is done", |row| row.0 == "done" && row.1 == 2).await;
    let after = seeds_of(&pool, "new").await;
    assert_eq!(after.len(), SEEDS);
    assert!(before.iter().all(|seed| after.contains(seed)), "what was done is not done again");
    restart_with(&mut world, new()).await;
    world.anonymous().bearer(&session.access).get("/auth/me").await.expect(200);
}

/// a service that does not know the new key touches nothing; the operator hears what to do, and however often he asks, one
/// job waits.
#[tokio::test]
async fn a_service_with_the_old_key_leaves_the_job_to_another() {
    let mut world = World::with(settings().set("secrets.keys", old())).await;
    let (_, session) = world.signed_in("ada").await;
    let commands = [rotate_keys(&world, &both()), rotate_keys(&world, &both())];
    for command in commands {
        let idle = ended(command).await;
        assert_eq!(idle.status.code(), Some(1));
        assert!(said(&idle).contains("start or restart auth with these secrets.keys"), "{}", said(&idle));
    }
    let waiting = job(&world).await.unwrap();
    assert_eq!((waiting.0.as_str(), waiting.2), ("waiting", None));
    session.client.get("/auth/me").await.expect(200);
    let sealed = "select count(*) from signing_keys where position($1::text::bytea in sealed_seed) = 3";
    assert_eq!(world.count(sealed, "old").await, 1);

    restart_with(&mut world, both()).await;
    await_job(&world, "the job is done", |row| row.0 == "done").await;
    assert_eq!(world.count(sealed, "new").await, 1);
    let again = ended(rotate_keys(&world, &both())).await;
    assert!(said(&again).contains("0 secrets were sealed anew with `new`"), "{}", said(&again));
    assert!(said(&again).contains("take `old` out"), "{}", said(&again));
}

/// what does not open is named and holds nothing else up; mended, the dead job gets a second chance.
#[tokio::test]
async fn a_secret_that_does_not_open_is_named() {
    let mut world = World::with(settings().set("secrets.keys", old())).await;
    let pool = world.database().clone();
    let users = add_seeds(&pool, old(), 3).await;
    let flip =
        "update totp_secrets set sealed_secret = set_byte(sealed_secret, 40, get_byte(sealed_secret, 40) # 1)
                 where user_id = $1";
    sqlx::query(flip).bind(users[1]).execute(&pool).await.unwrap();
    restart_with(&mut world, both()).await;
    let failed = ended(rotate_keys(&world, &both())).await;
    assert_eq!(failed.status.code(), Some(1));
    let place = format!("1 secrets do not open, the first at totp_secrets.sealed_secret/{}", users[1]);
    assert!(said(&failed).contains(&place), "{}", said(&failed));
    let dead = job(&world).await.unwrap();
    assert_eq!((dead.0.as_str(), dead.2.as_deref()), ("dead", Some("unopened")));
    assert_eq!((seeds_of(&pool, "new").await.len(), seeds_of(&pool, "old").await.len()), (2, 1));

    sqlx::query(flip).bind(users[1]).execute(&pool).await.unwrap();
    let again = "update jobs set state = 'waiting', attempts = 0, due_at = now() where kind = $1";
    sqlx::query(again).bind(KIND).execute(&pool).await.unwrap();
    await_job(&world, "the job is done", |row| row.0 == "done").await;
    assert_eq!(seeds_of(&pool, "old").await.len(), 0);
}
