//! What belongs to somebody, and what becomes of it.

use serde_json::{Value, json};

use crate::account_end::erase;
use crate::api_keys;
use crate::authenticator::Authenticator;
use crate::bots;
use crate::exports;
use crate::harness::{Session, World};
use crate::mfa_harness::Timed;
use crate::oidc::workspaces::company::path;

/// One thing of each kind that somebody has.
pub(crate) struct Things {
    pub(crate) user: String,
    session: String,
    passkey: String,
    pub(crate) api_key: String,
    pub(crate) bot: String,
    bot_key: String,
    export: String,
    pub(crate) workspace: String,
    pub(crate) provider: String,
    file: String,
    /// Of the address of his picture.
    picture: String,
}

impl Things {
    /// Makes them, and says how the session goes on: a passkey gives it new tokens.
    pub(crate) async fn of(world: &World, session: &Session) -> (Self, Session) {
        let mut authenticator = Authenticator::new();
        let added = world.register_passkey(session, &mut authenticator).await.expect(201);
        let (passkey, session) = (added.text("/id"), world.renewed(&added));
        let client = &session.client;
        let bot = bots::make(world, &session).await;
        let key = json!({ "name": "tests", "scopes": ["users:read"] });
        let bot_key = client.post(&format!("/auth/bots/{bot}/api-keys"), &key).await.expect(201).text("/id");
        let export = exports::request(&session).await.expect(202).text("/export_id");
        exports::ready(&session, &export).await;
        let workspace = world.peers.workspace(&session.user_id);
        let provider = client.post(&path(&workspace), &provider()).await.expect(201).text("/id");
        let file = world.peers.picture(&session.user_id);
        let shown = client.put("/users/me", &json!({ "avatar_file_id": file })).await.expect(200);
        let things = Self {
            user: session.user_id.clone(),
            session: world.login_by_passkey(&mut authenticator).await.id,
            passkey,
            api_key: api_keys::make(client, &["users:read"]).await.text("/id"),
            bot,
            bot_key,
            export,
            workspace,
            provider,
            file,
            picture: shown.text("/avatar_url").split_once("v=").unwrap().1.to_owned(),
        };
        (things, session)
    }

    /// Ends, removes or deletes all of them. Of the workspace auth has not heard yet, so that its provider is still stored.
    pub(crate) async fn end(&self, world: &World, owner: &Session) {
        let Self { session, passkey, api_key, bot, bot_key, .. } = self;
        for path in [
            format!("/auth/sessions/{session}"),
            format!("/auth/api-keys/{api_key}"),
            format!("/auth/bots/{bot}/api-keys/{bot_key}"),
            format!("/auth/bots/{bot}"),
            format!("/auth/passkeys/{passkey}"),
        ] {
            owner.client.delete(&path).await.expect(204);
        }
        sqlx::query("update exports set expires_at = created_at where id = $1::uuid")
            .bind(&self.export)
            .execute(world.database())
            .await
            .unwrap();
        world.peers.delete_workspace(&self.workspace);
        world.peers.lose_picture(&self.file);
    }

    /// What is his alone.
    pub(crate) fn things(&self) -> [(&str, &str); 6] {
        [
            ("session_id", &self.session),
            ("passkey_id", &self.passkey),
            ("api_key_id", &self.api_key),
            ("bot_id", &self.bot),
            ("export_id", &self.export),
            ("avatar_file_id", &self.file),
        ]
    }

    /// What is of his workspace.
    pub(crate) fn place(&self) -> [(&str, &str); 2] {
        [("workspace_id", &self.workspace), ("provider_id", &self.provider)]
    }

    pub(crate) fn bot_key(&self) -> [(&str, &str); 2] {
        [("bot_id", &self.bot), ("api_key_id", &self.bot_key)]
    }

    pub(crate) fn picture(&self) -> [(&str, &str); 1] {
        [("v", &self.picture)]
    }
}

/// A provider of a workspace. Nobody asks it anything.
pub(crate) fn provider() -> Value {
    json!({
        "kind": "oidc", "issuer": "https://sso.acme.example", "name": "Acme", "client_id": "colink",
        "client_secret": "8Q~secret"
    })
}

/// Who is not there any more, or not yet, and who may look after accounts.
pub(crate) struct People {
    /// An administrator of the installation, in a workspace with all of them.
    pub(crate) root: Session,
    pub(crate) erased: String,
    /// Registered, and never proved his address.
    pub(crate) unproven: String,
}

impl People {
    pub(crate) async fn of(timed: &Timed) -> Self {
        let world = &timed.world;
        let (_, root) = timed.admin("root").await;
        let (former, session) = world.signed_in("former").await;
        erase(&session, &former.username).await.expect(204);
        let late = world.stranger("late");
        world.register(&late).await.expect(201);
        world.verification_mail(&late).await;
        let unproven: String = sqlx::query_scalar("select id::text from users where username = $1")
            .bind(&late.username)
            .fetch_one(world.database())
            .await
            .unwrap();
        for user in [&session.user_id, &unproven] {
            world.peers.bring_together(&root.user_id, user);
        }
        Self { root, erased: session.user_id, unproven }
    }
}

/// The id of a background job that was done and deleted.
pub(crate) async fn deleted_job(world: &World) -> String {
    let delete =
        "delete from jobs where id = (select id from jobs where state = 'done' limit 1) returning id::text";
    sqlx::query_scalar(delete).fetch_one(world.database()).await.unwrap()
}
