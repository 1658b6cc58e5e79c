use colink_core::clock::SystemClock;
use colink_core::id::{MessageId, UserId};
use colink_test::Settings;

use crate::harness::{World, by, minutes_ago, text};

/// D-3: every filter lets through what it names, alone and together with others.
#[actix_web::test]
async fn the_log_is_filtered_by_user_action_time_workspace_and_resource() {
    let world = World::new().await;
    let (ann, ben) = (world.user("ann"), world.user("ben"));
    let message = MessageId::generate(&SystemClock);
    let moments = [minutes_ago(30), minutes_ago(20), minutes_ago(10)];
    let first = world.publish_at(&world.removal(ben.id), &by(&ann), moments[0]).await;
    let second = world.publish_at(&world.pin(message, ann.id), &by(&ann), moments[1]).await;
    let third = world.publish_at(&world.removal(ann.id), &by(&ben), moments[2]).await;
    for id in [first, second, third] {
        world.entry(id).await;
    }
    let [first, second, third] = [first, second, third].map(|id| id.to_string());
    let [one, two, three] = [&first, &second, &third].map(String::as_str);
    let workspace = format!("workspace_id={}", world.workspace_id);
    let from_second = format!("from={}", text(moments[1]));
    let to_second = format!("to={}", text(moments[1]));
    let cases: Vec<(String, Vec<&str>)> = vec![
        (workspace.clone(), vec![three, two, one]),
        (format!("{workspace}&sort=-at"), vec![three, two, one]),
        (format!("{workspace}&sort=at"), vec![one, two, three]),
        (format!("user_id={}", ann.id), vec![two, one]),
        (format!("user_id={}", ben.id), vec![three]),
        (format!("user_id={}", UserId::generate(&SystemClock)), vec![]),
        (format!("resource_id={message}"), vec![two]),
        (format!("resource_id={}", ben.id), vec![one]),
        (format!("{workspace}&action=member.removed"), vec![three, one]),
        (format!("{workspace}&action=member.left"), vec![]),
        (format!("{workspace}&{from_second}"), vec![three, two]),
        (format!("{workspace}&{to_second}"), vec![one]),
        (format!("{workspace}&{from_second}&to={}", text(moments[2])), vec![two]),
        (format!("{workspace}&user_id={}&action=pin.added", ann.id), vec![two]),
        (format!("{workspace}&user_id={}&resource_id={}", ben.id, ben.id), vec![]),
        (format!("{workspace}&user_id=&action=&from=&to=&resource_id=&sort="), vec![three, two, one]),
    ];
    for (query, expected) in cases {
        assert_eq!(world.ids(&query).await, expected, "{query}");
    }
    // A filter, not the scope of the call: the log is of the whole installation.
    let scoped = world.root.with_header("x-workspace-id", &world.workspace_id.to_string());
    scoped.get("/admin/audit-log").await.expect(200);
    world.finish().await;
}

/// D-3: pages are cut without gaps and counted, also among entries of one moment.
#[actix_web::test]
async fn the_log_is_paged() {
    let world = World::new().await;
    let ann = world.user("ann");
    let moment = minutes_ago(5);
    let mut ids = Vec::new();
    for _ in 0..5 {
        let event = world.removal(UserId::generate(&SystemClock));
        ids.push(world.publish_at(&event, &by(&ann), moment).await);
    }
    for id in &ids {
        world.entry(*id).await;
    }
    ids.sort();
    let query = format!("workspace_id={}&sort=at&page_size=2", world.workspace_id);
    let mut found = Vec::new();
    for page in 1..=3 {
        found.extend(world.ids(&format!("{query}&page={page}")).await);
    }
    assert_eq!(found, ids.iter().map(ToString::to_string).collect::<Vec<_>>());
    let last = world.root.get(&format!("/admin/audit-log?{query}&page=3")).await.expect(200);
    let numbers = ["/total", "/page", "/page_size", "/pages"].map(|path| last.value(path).as_u64().unwrap());
    assert_eq!(numbers, [5, 3, 2, 3]);
    assert_eq!(world.ids(&format!("{query}&page=4")).await, Vec::<String>::new());
    world.finish().await;
}

/// D-3: what lies behind the window is neither counted nor paged to.
#[actix_web::test]
async fn a_search_that_finds_too_much_is_cut_at_the_window() {
    let world = World::with(Settings::new().set("audit.window", 100)).await;
    let ann = world.user("ann");
    let mut last = None;
    for _ in 0..103 {
        last = Some(world.publish(&world.removal(ann.id), &by(&ann)).await);
    }
    // All are of one key, so the last comes last.
    world.entry(last.unwrap()).await;
    let query = format!("/admin/audit-log?user_id={}", ann.id);
    let page = world.root.get(&format!("{query}&page_size=50&page=2")).await.expect(200);
    assert_eq!((page.value("/total").as_u64(), page.value("/pages").as_u64()), (Some(100), Some(2)));
    assert_eq!(page.value("/items").as_array().unwrap().len(), 50);
    let behind = world.root.get(&format!("{query}&page_size=50&page=3")).await.expect(400);
    assert_eq!(behind.error_fields(), ["page"]);
    world.finish().await;
}

/// T-4: what is wrong with a search is told for every parameter.
#[actix_web::test]
async fn bad_searches_name_every_bad_parameter() {
    let world = World::new().await;
    let long = |count: usize| "x".repeat(count);
    let cases: Vec<(String, &str, Vec<&str>)> = vec![
        ("user_id=x".into(), "VALIDATION_ERROR", vec!["user_id"]),
        ("workspace_id=x".into(), "VALIDATION_ERROR", vec!["workspace_id"]),
        ("action=Member.removed".into(), "VALIDATION_ERROR", vec!["action"]),
        (format!("action={}", long(65)), "VALIDATION_ERROR", vec!["action"]),
        ("action=%7B%22%24ne%22%3A1%7D".into(), "VALIDATION_ERROR", vec!["action"]),
        (format!("resource_id={}", long(129)), "VALIDATION_ERROR", vec!["resource_id"]),
        ("resource_id=%C3%A9".into(), "VALIDATION_ERROR", vec!["resource_id"]),
        ("from=yesterday".into(), "VALIDATION_ERROR", vec!["from"]),
        ("to=2026-02-30T00:00:00Z".into(), "VALIDATION_ERROR", vec!["to"]),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z".into(), "VALIDATION_ERROR", vec!["to"]),
        ("from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z".into(), "VALIDATION_ERROR", vec!["to"]),
        ("sort=-created_at".into(), "VALIDATION_ERROR", vec!["sort"]),
        ("page=0".into(), "VALIDATION_ERROR", vec!["page"]),
        ("page=4294967295".into(), "VALIDATION_ERROR", vec!["page"]),
        ("page_size=0".into(), "VALIDATION_ERROR", vec!["page_size"]),
        ("page_size=101".into(), "VALIDATION_ERROR", vec!["page_size"]),
        ("page=101&page_size=100".into(), "VALIDATION_ERROR", vec!["page"]),
        (
            "user_id=x&action=X&from=x&to=x&workspace_id=x&resource_id=%20&sort=x&page=0&page_size=0".into(),
            "VALIDATION_ERROR",
            vec![
                "user_id",
                "action",
                "from",
                "to",
                "workspace_id",
                "resource_id",
                "sort",
                "page",
                "page_size",
            ],
        ),
        ("page=x".into(), "INVALID_REQUEST", vec!["page"]),
        ("page=-1".into(), "INVALID_REQUEST", vec!["page"]),
        ("page_size=1.5".into(), "INVALID_REQUEST", vec!["page_size"]),
        ("page=4294967296".into(), "INVALID_REQUEST", vec!["page"]),
        ("colour=red".into(), "INVALID_REQUEST", vec!["colour"]),
        ("user_id[$ne]=1".into(), "INVALID_REQUEST", vec!["user_id[$ne]"]),
        ("action=%00".into(), "INVALID_REQUEST", vec!["action"]),
        ("action=a&action=b".into(), "INVALID_REQUEST", vec!["action"]),
        ("action=%ED%A0%80".into(), "INVALID_REQUEST", vec![]),
        ("action=%4".into(), "INVALID_REQUEST", vec![]),
    ];
    for (query, code, fields) in cases {
        let refused = world.root.get(&format!("/admin/audit-log?{query}")).await.expect(400);
        assert_eq!(refused.error_code(), code, "{query}");
        assert_eq!(refused.error_fields(), fields, "{query}");
    }
    let at_the_bounds = [
        "page=100&page_size=100".to_owned(),
        "page=10000&page_size=1".to_owned(),
        format!("action={}", "a".repeat(64)),
        format!("resource_id={}", long(128)),
        "from=2026-01-01T00:00:00%2B02:00&to=2026-01-01T00:00:00Z".to_owned(),
    ];
    for query in at_the_bounds {
        world.root.get(&format!("/admin/audit-log?{query}")).await.expect(200);
    }
    world.finish().await;
}
