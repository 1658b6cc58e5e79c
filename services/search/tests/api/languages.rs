//! Any language by default.

use serde_json::json;

use crate::harness::World;

/// S-4
#[tokio::test]
async fn texts_of_any_language_are_found() {
    let world = World::new().await;
    let thai = "วันนี้อากาศดีมาก ไปกินข้าวกันไหม";
    let japanese = "明日の東京都の会議は中止です";
    let kana = "ｶﾞｽのメーターを確認";
    let korean = "서버가 다운되었습니다";
    let emoji = "we ship it 🚀❤️ today";
    let german = "Die Größe der Straße";
    let arabic = "مرحبا بالعالم";
    let russian = "Привет, МИР";
    let hindi = "नमस्ते दुनिया";
    let wide = "ＦＵＬＬ width";
    world
        .write(world.general, 1, &[thai, japanese, kana, korean, emoji, german, arabic, russian, hindi, wide])
        .await;
    for (q, text) in [
        ("อากาศ", thai),
        ("กินข้าว", thai),
        ("\"อากาศดี\"", thai),
        ("東京", japanese),
        ("京都", japanese),
        ("会議", japanese),
        ("会", japanese),
        ("す", japanese),
        ("東京都 中止", japanese),
        ("ガス", kana),
        ("メータ", kana),
        ("서버", korean),
        ("다운", korean),
        ("🚀", emoji),
        ("❤", emoji),
        ("ship 🚀 tod", emoji),
        ("größe", german),
        ("STRAß", german),
        ("بالعالم", arabic),
        ("мир", russian),
        ("दुनिया", hindi),
        ("full", wide),
    ] {
        assert_eq!(world.found(q).await, [text], "{q}");
    }
    for q in ["京東", "東京 -会議", "มากวัน", "🎉", "서버다"] {
        assert_eq!(world.found(q).await, [""; 0], "{q}");
    }
    let answer = world.ask(&world.ada, &[("q", "京都")]).await;
    assert_eq!(answer.value("/items/0/highlight"), json!("明日の東<mark>京都</mark>の会議は中止です"));
    world.search.finish().await;
}
