//! A workspace with a channel, two people in it, and the service around them.

use bson::{Document, doc};
use colink_core::clock::SystemClock;
use colink_core::id::WorkspaceId;
use colink_store::s3::{ObjectStore, S3Config};
use colink_test::{BUCKET, Client, Environment, Settings, Stage, TestService, TestUser};
use files::Files;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::channels_stub::{Channel, ChannelsStub};

pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
pub(crate) const TEXT: &[u8] = b"dear diary\n";

pub(crate) struct World {
    pub(crate) stage: Stage,
    pub(crate) channels: ChannelsStub,
    pub(crate) files: TestService<Files>,
    /// A private channel.
    pub(crate) channel: Channel,
    /// In the channel.
    pub(crate) alice: TestUser,
    /// In the channel.
    pub(crate) bob: TestUser,
    /// In the workspace, not in the channel.
    pub(crate) carol: TestUser,
    /// In another workspace.
    pub(crate) eve: TestUser,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(Settings::new()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        Self::on(Stage::new(), settings).await
    }

    pub(crate) async fn on(stage: Stage, settings: Settings) -> Self {
        let channels = ChannelsStub::start();
        let files = stage.start::<Files>(settings.set("internal.channels_url", channels.url())).await;
        let [alice, bob, carol, eve] =
            ["alice", "bob", "carol", "eve"].map(|name| stage.identity().user(name));
        let channel = channels.channel(WorkspaceId::generate(&SystemClock), "private");
        channels.join(channel, alice.id, "member");
        channels.join(channel, bob.id, "member");
        channels.join_workspace(channel.workspace_id, carol.id, "member");
        channels.join_workspace(WorkspaceId::generate(&SystemClock), eve.id, "owner");
        Self { stage, channels, files, channel, alice, bob, carol, eve }
    }

    pub(crate) fn client(&self, user: &TestUser) -> Client {
        self.files.client(user)
    }

    /// Asks for an upload URL; the ticket.
    pub(crate) async fn ticket(
        &self,
        user: &TestUser,
        filename: &str,
        content_type: &str,
        size: usize,
    ) -> Value {
        self.ticket_in(self.channel, user, filename, content_type, size).await
    }

    pub(crate) async fn ticket_in(
        &self,
        channel: Channel,
        user: &TestUser,
        filename: &str,
        content_type: &str,
        size: usize,
    ) -> Value {
        let body = json!({ "filename": filename, "content_type": content_type, "size": size, "channel_id": channel.id });
        self.client(user).post("/files/upload-url", &body).await.expect(201).data()
    }

    /// A pending file whose bytes are in the storage; its id.
    pub(crate) async fn pending(
        &self,
        user: &TestUser,
        filename: &str,
        content_type: &str,
        bytes: &[u8],
    ) -> String {
        let ticket = self.ticket(user, filename, content_type, bytes.len()).await;
        assert_eq!(put(&ticket, bytes).await, StatusCode::OK);
        id_of(&ticket)
    }

    /// A confirmed file; its id.
    pub(crate) async fn uploaded(
        &self,
        user: &TestUser,
        filename: &str,
        content_type: &str,
        bytes: &[u8],
    ) -> String {
        let id = self.pending(user, filename, content_type, bytes).await;
        let _ = self.confirm(user, &id).await.expect(200);
        id
    }

    pub(crate) async fn uploaded_in(
        &self,
        channel: Channel,
        user: &TestUser,
        filename: &str,
        bytes: &[u8],
    ) -> String {
        let ticket = self.ticket_in(channel, user, filename, "text/plain", bytes.len()).await;
        assert_eq!(put(&ticket, bytes).await, StatusCode::OK);
        let _ = self.confirm(user, &id_of(&ticket)).await.expect(200);
        id_of(&ticket)
    }

    pub(crate) async fn confirm(&self, user: &TestUser, id: &str) -> colink_test::Answer {
        self.client(user).post(&format!("/files/{id}/confirm"), &json!({})).await
    }

    /// The document as it is stored.
    pub(crate) async fn document(&self, id: &str) -> Option<Document> {
        self.documents().await.find_one(doc! { "_id": id }).await.unwrap()
    }

    /// Changes fields of the document behind the service's back.
    pub(crate) async fn set(&self, id: &str, fields: Document) {
        let set = self.documents().await.update_one(doc! { "_id": id }, doc! { "$set": fields }).await;
        assert_eq!(set.unwrap().matched_count, 1);
    }

    async fn documents(&self) -> mongodb::Collection<Document> {
        let client = mongodb::Client::with_uri_str(Environment::get().mongo()).await.unwrap();
        client.database(&self.stage.mongo_database("files")).collection("files")
    }

    /// Where the confirmed bytes are.
    pub(crate) async fn object_key(&self, id: &str) -> String {
        self.document(id).await.unwrap().get_str("object_key").unwrap().to_owned()
    }

    /// Where the upload URL writes.
    pub(crate) async fn upload_key(&self, id: &str) -> String {
        self.document(id).await.unwrap().get_str("upload_key").unwrap().to_owned()
    }
}

pub(crate) fn id_of(ticket: &Value) -> String {
    ticket["file_id"].as_str().unwrap().to_owned()
}

/// A client that knows nothing of S3, as a browser does.
pub(crate) fn browser() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Sends bytes to the URL of a ticket with the headers of the ticket.
pub(crate) async fn put(ticket: &Value, bytes: &[u8]) -> StatusCode {
    assert_eq!(ticket["method"], "PUT");
    let mut request = browser().put(ticket["upload_url"].as_str().unwrap()).body(bytes.to_vec());
    for (name, value) in ticket["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    request.send().await.unwrap().status()
}

/// The bucket itself, to do what no client may.
pub(crate) async fn bucket() -> ObjectStore {
    let environment = Environment::get();
    ObjectStore::connect(&S3Config {
        endpoint: Some(environment.value("COLINK_S3_ENDPOINT").to_owned()),
        public_endpoint: None,
        region: "us-east-1".to_owned(),
        bucket: BUCKET.to_owned(),
        access_key: Some(environment.value("COLINK_S3_ACCESS_KEY").into()),
        secret_key: Some(environment.value("COLINK_S3_SECRET_KEY").into()),
        path_style: true,
    })
    .await
    .unwrap()
}
