use colink_store::StoreError;
use colink_store::mongo::{MongoConfig, connect, is_duplicate_key, ping};
use mongodb::bson::{Document, doc};
use mongodb::options::IndexOptions;
use mongodb::{Database, IndexModel};

use crate::environment::{secret, unique};

async fn database() -> Database {
    let config = MongoConfig { url: secret("COLINK_MONGO_URL"), database: unique("mongo") };
    connect(&config).await.unwrap()
}

#[tokio::test]
async fn a_database_answers_and_keeps_documents() {
    let database = database().await;
    ping(&database).await.unwrap();
    let files = database.collection::<Document>("files");
    files.insert_one(doc! { "_id": "f1", "size": 3_i64 }).await.unwrap();
    let found = files.find_one(doc! { "_id": "f1" }).await.unwrap().unwrap();
    assert_eq!(found.get_i64("size").unwrap(), 3);
    database.drop().await.unwrap();
}

#[tokio::test]
async fn a_duplicate_key_is_recognised_however_it_was_written() {
    let database = database().await;
    let files = database.collection::<Document>("files");
    let unique = IndexOptions::builder().unique(true).build();
    files.create_index(IndexModel::builder().keys(doc! { "name": 1 }).options(unique).build()).await.unwrap();
    files.insert_many([doc! { "_id": 1, "name": "a" }, doc! { "_id": 2, "name": "b" }]).await.unwrap();

    let one = files.insert_one(doc! { "_id": 3, "name": "a" }).await.unwrap_err();
    assert!(is_duplicate_key(&one), "{one:?}");
    let many = files.insert_many([doc! { "_id": 4, "name": "b" }]).await.unwrap_err();
    assert!(is_duplicate_key(&many), "{many:?}");
    let update = files.update_one(doc! { "_id": 2 }, doc! { "$set": { "name": "a" } }).await.unwrap_err();
    assert!(is_duplicate_key(&update), "{update:?}");
    let change = doc! { "$set": { "name": "a" } };
    let found = files.find_one_and_update(doc! { "_id": 9 }, change).upsert(true).await.unwrap_err();
    assert!(is_duplicate_key(&found), "{found:?}");
    assert!(matches!(StoreError::from(one), StoreError::Rejected { store: "mongo", .. }));

    let other = database.run_command(doc! { "noSuchCommand": 1 }).await.unwrap_err();
    assert!(!is_duplicate_key(&other));
    database.drop().await.unwrap();
}

#[tokio::test]
async fn a_database_name_that_cannot_be_one_is_refused() {
    let config = MongoConfig { url: "mongodb://127.0.0.1:1".into(), database: "files".to_owned() };
    assert!(connect(&config).await.is_ok());
    for database in ["", "a.b", "a b", "$x"] {
        let config = MongoConfig { database: database.to_owned(), ..config.clone() };
        assert!(matches!(connect(&config).await, Err(StoreError::Misconfigured { .. })), "{database}");
    }
}

#[tokio::test]
async fn a_url_that_cannot_be_read_is_named_without_its_password() {
    let config =
        MongoConfig { url: "mongodb://user:hunter2@host:notaport".into(), database: "files".to_owned() };
    let error = connect(&config).await.unwrap_err();
    assert!(matches!(error, StoreError::Misconfigured { .. }));
    assert!(!format!("{error} {error:?} {config:?}").contains("hunter2"), "{error}");
}
