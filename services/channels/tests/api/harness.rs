//! One service with stores of its own, and the few steps that most tests begin with.

use channels::Channels;
use colink_test::{Answer, Client, Settings, Stage, TestService, TestUser};
use serde_json::{Value, json};

/// A running service.
pub(crate) struct World {
    pub(crate) service: TestService<Channels>,
}

impl World {
    /// A service on topics that all tests of this binary share.
    pub(crate) async fn start() -> Self {
        Self::on(&Stage::new()).await
    }

    /// A service on this stage.
    pub(crate) async fn on(stage: &Stage) -> Self {
        Self::with(stage, Settings::new()).await
    }

    /// A service on this stage, set up otherwise.
    pub(crate) async fn with(stage: &Stage, settings: Settings) -> Self {
        Self { service: stage.start::<Channels>(settings).await }
    }

    /// A new user.
    pub(crate) fn user(&self, name: &str) -> TestUser {
        self.service.stage().identity().user(name)
    }

    /// A new realm admin.
    pub(crate) fn admin(&self, name: &str) -> TestUser {
        self.service.stage().identity().admin(name)
    }

    /// The client of a user.
    pub(crate) fn client(&self, user: &TestUser) -> Client {
        self.service.client(user)
    }

    /// A new workspace of `owner`: its id.
    pub(crate) async fn workspace(&self, owner: &TestUser) -> String {
        let name = format!("Works {}", colink_test::unique());
        self.client(owner).post("/workspaces", &json!({ "name": name })).await.expect(201).text("/id")
    }

    /// A new user who joined the workspace by an invitation of `owner`.
    pub(crate) async fn member(&self, owner: &TestUser, workspace: &str, name: &str, role: &str) -> TestUser {
        let user = self.user(name);
        self.join(owner, workspace, &user, role).await;
        user
    }

    /// Brings a user into the workspace by an invitation of `owner`.
    pub(crate) async fn join(&self, owner: &TestUser, workspace: &str, user: &TestUser, role: &str) {
        let path = format!("/workspaces/{workspace}/invites");
        let invite = self.client(owner).post(&path, &json!({ "role": role })).await.expect(201);
        self.accept(&invite.text("/token"), user).await.expect(200);
    }

    /// Accepts an invitation.
    pub(crate) async fn accept(&self, token: &str, user: &TestUser) -> Answer {
        self.client(user).post(&format!("/invites/{token}/accept"), &json!({})).await
    }

    /// A new channel of `owner`: its id.
    pub(crate) async fn channel(&self, owner: &TestUser, workspace: &str, name: &str, kind: &str) -> String {
        let body = json!({ "workspace_id": workspace, "name": name, "kind": kind });
        self.client(owner).post("/channels", &body).await.expect(201).text("/id")
    }

    /// The id of the workspace's `general`.
    pub(crate) async fn general(&self, owner: &TestUser, workspace: &str) -> String {
        let path = format!("/channels?workspace_id={workspace}&q=general");
        self.client(owner).get(&path).await.expect(200).text("/items/0/id")
    }

    /// One number of the service's database.
    pub(crate) async fn count(&self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(self.service.database()).await.expect("a number")
    }
}

/// Sends each body, well-formed or not, and compares status, code and the refused fields. No case may be a 5xx.
pub(crate) async fn refuses(client: &Client, method: &str, path: &str, cases: &[(&str, &str, &[&str])]) {
    for (body, code, fields) in cases {
        let method = method.parse().expect("a method");
        let answer = client.request(method, path).raw("application/json", (*body).to_owned()).send().await;
        assert_eq!(answer.status.as_u16(), 400, "{body} to {answer}");
        assert_eq!(&answer.error_code(), code, "{body} to {answer}");
        assert_eq!(&answer.error_fields(), fields, "{body} to {answer}");
    }
}

/// The items of a page as the texts at `pointer` in each.
pub(crate) fn texts(answer: &Answer, pointer: &str) -> Vec<String> {
    let items = answer.value("/items");
    let texts = items.as_array().into_iter().flatten().filter_map(|item| item.pointer(pointer));
    texts.filter_map(Value::as_str).map(str::to_owned).collect()
}
