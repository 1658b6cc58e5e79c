//! Looks for words in everything that the services of a fleet keep.

use bson::{Document, doc};
use colink_test::{Environment, Fleet};
use futures_util::TryStreamExt;

const POSTGRES: [&str; 4] = ["auth", "channels", "messaging", "search"];
const MONGO: [&str; 2] = ["files", "admin"];

/// Every row and document in which `words` stand, whatever their capitals. Events that wait for their relay do not count:
/// they are on their way out.
pub async fn find(fleet: &Fleet, words: &str) -> Vec<String> {
    let mut found = Vec::new();
    for service in POSTGRES {
        let pool = sqlx::PgPool::connect(&fleet.database(service).url()).await.unwrap();
        let tables: Vec<String> = sqlx::query_scalar(
            "select table_name::text from information_schema.tables
              where table_schema = 'public' and table_type = 'BASE TABLE' and table_name <> 'outbox'",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        for table in tables {
            let query =
                format!("select t::text from \"{table}\" t where position(lower($1) in lower(t::text)) > 0");
            let rows = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(query)).bind(words);
            let rows = rows.fetch_all(&pool).await.unwrap();
            found.extend(rows.into_iter().map(|row| format!("{service}.{table}: {row}")));
        }
        pool.close().await;
    }
    let client = mongodb::Client::with_uri_str(Environment::get().mongo()).await.unwrap();
    for service in MONGO {
        let database = client.database(&fleet.stage().mongo_database(service));
        for name in database.list_collection_names().await.unwrap() {
            let all = database.collection::<Document>(&name).find(doc! {}).await.unwrap();
            let documents: Vec<Document> = all.try_collect().await.unwrap();
            let texts = documents.into_iter().map(|document| document.to_string());
            let named = texts.filter(|text| text.to_lowercase().contains(&words.to_lowercase()));
            found.extend(named.map(|text| format!("{service}.{name}: {text}")));
        }
    }
    found
}
