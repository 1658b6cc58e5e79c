//! What a service keeps, to prove that requests changed nothing.

use std::collections::BTreeMap;

use bson::Document;
use colink_runtime::Service;
use futures_util::TryStreamExt;
use sqlx::{AssertSqlSafe, PgPool};

use crate::environment::Environment;
use crate::eventually::{SOON, eventually};
use crate::service::TestService;

/// Every row of a service by table, and every document by collection, as text. Waits until its outbox is empty, which it
/// empties by itself; what else it still does by itself must be done.
pub(crate) async fn stored<S: Service>(service: &TestService<S>) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    if S::MIGRATOR.is_some() {
        add_tables(&mut all, service.database()).await;
    }
    let sections: toml::Table = toml::from_str(S::DEFAULTS).expect("config.toml");
    if sections.contains_key("mongo") {
        add_collections(&mut all, &service.stage().mongo_database(S::NAME)).await;
    }
    all
}

async fn add_tables(all: &mut BTreeMap<String, Vec<String>>, pool: &PgPool) {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
          WHERE table_type = 'BASE TABLE' AND table_schema IN ('public', 'harness')",
    )
    .fetch_all(pool)
    .await
    .expect("a list of tables");
    if tables.iter().any(|table| table == "public.outbox") {
        eventually("the outbox is empty", SOON, async || {
            colink_bus::outbox::drained(pool).await.expect("the outbox").then_some(())
        })
        .await;
    }
    for table in tables {
        let query = format!("SELECT to_jsonb(t)::text FROM {table} t ORDER BY 1");
        let rows = sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(pool).await;
        all.insert(table, rows.expect("rows"));
    }
}

async fn add_collections(all: &mut BTreeMap<String, Vec<String>>, name: &str) {
    let client = mongodb::Client::with_uri_str(Environment::get().mongo()).await.expect("a Mongo client");
    let database = client.database(name);
    for collection in database.list_collection_names().await.expect("a list of collections") {
        let found = database.collection::<Document>(&collection).find(Document::new()).await;
        let documents: Vec<Document> = found.expect("documents").try_collect().await.expect("documents");
        let mut rows: Vec<String> = documents.iter().map(ToString::to_string).collect();
        rows.sort();
        all.insert(collection, rows);
    }
}
