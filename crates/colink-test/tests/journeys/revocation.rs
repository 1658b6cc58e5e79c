//! the end of a session reaches REST and sockets on every node within two seconds.

use std::time::{Duration, Instant};

use colink_test::{Answer, Client, Fleet, SOON, Socket, Stage, eventually, unique};
use futures_util::future::join_all;
use serde_json::json;

use crate::cast::{PASSWORD, sign_up_as};
use crate::company::{admin_email, open, plan};

const LIMIT: Duration = Duration::from_secs(2);
/// The close code of a session that was ended.
const REVOKED: u16 = 4003;
/// One call to each service behind the gateway that takes a user's token.
const SERVICES: [&str; 5] = [
    "/api/auth/me",
    "/api/users/me/workspaces",
    "/api/unreads",
    "/api/files?channel_id=018f4b1c-7d2a-7c3e-9b1a-2f6d5e4c3b2a",
    "/api/admin/audit-log",
];

/// Somebody with an account, as far as a login needs him.
struct Account {
    gateway: Client,
    second: String,
    email: String,
    password: String,
}

/// A session with a socket on each presence node.
struct Victim {
    id: String,
    refresh: String,
    token: String,
    api: Client,
    sockets: [Socket; 2],
}

impl Account {
    async fn open(fleet: &mut Fleet, name: &str) -> Self {
        let email = format!("{name}-{}@journey.test", unique());
        sign_up_as(fleet, &format!("{name}-{}", unique()), &email).await;
        Self {
            password: PASSWORD.to_owned(),
            gateway: fleet.client("gateway"),
            second: fleet.client("presence-2").base_url().to_owned(),
            email,
        }
    }

    async fn login(&self) -> Answer {
        let login = json!({"email": self.email, "password": self.password});
        self.gateway.post("/api/auth/login", &login).await.expect(200)
    }

    async fn sign_in(&self) -> Victim {
        let answer = self.login().await;
        let token = answer.text("/access_token");
        let sockets =
            [self.socket(self.gateway.base_url(), &token).await, self.socket(&self.second, &token).await];
        Victim {
            id: answer.text("/session_id"),
            refresh: answer.text("/refresh_token"),
            api: self.gateway.bearer(&token),
            token,
            sockets,
        }
    }

    async fn socket(&self, node: &str, token: &str) -> Socket {
        let mut socket = Socket::connect(&format!("{node}/ws?token={token}")).await;
        socket.await_type("hello").await;
        socket
    }

    /// Everything of the session has ended within the limit; the longest time that something took.
    async fn assert_ended(&self, what: &str, mut victim: Victim, since: Instant) {
        let refused = join_all(SERVICES.iter().map(|path| refused(&victim.api, path, since)));
        let [first, second] = &mut victim.sockets;
        let (services, first, second) = tokio::join!(refused, closed(first, since), closed(second, since));
        let mut times: Vec<(&str, Duration)> = SERVICES.into_iter().zip(services).collect();
        times.extend([("the first node's socket", first), ("the second node's socket", second)]);
        for (place, time) in times {
            assert!(time < LIMIT, "{what}: {place} after {time:?}");
        }
        let refresh = json!({"refresh_token": victim.refresh});
        self.gateway.post("/api/auth/refresh", &refresh).await.expect(401);
        for node in [self.gateway.base_url(), &self.second] {
            let mut socket = Socket::connect(&format!("{node}/ws?token={}", victim.token)).await;
            let (code, _) = socket.await_close().await;
            assert_eq!(code, REVOKED, "{what}: {node}");
        }
    }

    /// The session goes on everywhere.
    async fn assert_alive(&self, session: &mut Victim) {
        for path in SERVICES {
            let status = session.api.get(path).await.status.as_u16();
            assert!(status != 401, "{path}: {status}");
        }
        for socket in &mut session.sockets {
            socket.send(&json!({"type": "ping"})).await;
            socket.await_type("pong").await;
        }
    }
}

/// How long after `since` a call was refused.
async fn refused(api: &Client, path: &str, since: Instant) -> Duration {
    eventually(&format!("{path} is refused"), SOON, async || {
        let answer = api.get(path).await;
        (answer.status == 401).then(|| assert_eq!(answer.error_code(), "TOKEN_INVALID"))
    })
    .await;
    since.elapsed()
}

async fn closed(socket: &mut Socket, since: Instant) -> Duration {
    let (code, _) = socket.await_close().await;
    assert_eq!(code, REVOKED);
    since.elapsed()
}

/// by the owner's list, by ending all others, by signing out, by a new password, by a sign-in too many.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_reaches_every_node_within_two_seconds() {
    let mut company = open(plan(&Stage::with_own_topics())).await;
    let mut account = Account::open(&mut company.fleet, "carol").await;
    let mut keeper = account.sign_in().await;

    // Every process has just looked: what it remembers must not keep the session alive for longer than a second.
    let mut one = account.sign_in().await;
    account.assert_alive(&mut one).await;
    let since = Instant::now();
    keeper.api.delete(&format!("/api/auth/sessions/{}", one.id)).await.expect(204);
    account.assert_ended("one of the list", one, since).await;
    account.assert_alive(&mut keeper).await;

    let mut others = [account.sign_in().await, account.sign_in().await];
    for other in &mut others {
        account.assert_alive(other).await;
    }
    let since = Instant::now();
    keeper.api.delete("/api/auth/sessions").await.expect(200);
    let [first, second] = others;
    tokio::join!(
        account.assert_ended("the others", first, since),
        account.assert_ended("the others", second, since)
    );
    account.assert_alive(&mut keeper).await;

    let mut leaver = account.sign_in().await;
    account.assert_alive(&mut leaver).await;
    let since = Instant::now();
    leaver.api.post("/api/auth/logout", &json!({})).await.expect(204);
    account.assert_ended("signing out", leaver, since).await;

    let mut other = account.sign_in().await;
    account.assert_alive(&mut other).await;
    let new = "Another-Horse-9";
    let change = json!({"current_password": account.password, "new_password": new});
    let since = Instant::now();
    let changed = keeper.api.post("/api/auth/change-password", &change).await.expect(200);
    account.assert_ended("a new password", other, since).await;
    new.clone_into(&mut account.password);
    keeper.api = account.gateway.bearer(&changed.text("/access_token"));
    keeper.refresh = changed.text("/refresh_token");

    let mut newer = account.sign_in().await;
    for _ in 0..8 {
        account.login().await;
    }
    account.assert_alive(&mut keeper).await;
    // The tenth ends the oldest. What a login takes, and sockets for it, is not what is measured.
    account.login().await;
    account.assert_ended("ten newer sessions", keeper, Instant::now()).await;
    account.assert_alive(&mut newer).await;
}

/// so do other realm roles, whether they are given or taken: nothing goes on with the old ones.
#[tokio::test(flavor = "multi_thread")]
async fn other_roles_reach_every_node_within_two_seconds() {
    let stage = Stage::with_own_topics();
    let mut company = open(plan(&stage)).await;
    let root = sign_up_as(&mut company.fleet, &format!("root-{}", unique()), &admin_email(&stage)).await;
    let account = Account::open(&mut company.fleet, "dora").await;
    for (roles, allowed) in [(["admin"], 200), (["user"], 403)] {
        let mut session = account.sign_in().await;
        account.assert_alive(&mut session).await;
        let me = session.api.get("/api/auth/me").await.expect(200).text("/id");
        let since = Instant::now();
        let path = format!("/api/auth/users/{me}/realm-roles");
        root.api.put(&path, &json!({"realm_roles": roles})).await.expect(200);
        account.assert_ended(&format!("{roles:?}"), session, since).await;
        account.sign_in().await.api.get("/api/admin/audit-log").await.expect(allowed);
    }
}
