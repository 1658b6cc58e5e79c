//! The socket client against an echo.

use colink_test::{SOON, Settings, Socket, Stage};
use serde_json::json;

use crate::notes::Notes;

#[tokio::test]
async fn frames_come_back_in_order_and_the_close_code_is_told() {
    let stage = Stage::new();
    let notes = stage.start::<Notes>(Settings::new()).await;
    let mut socket = Socket::connect(&format!("{}/ws", notes.base_url())).await;
    for number in 1..=3 {
        socket.send(&json!({ "type": "count", "number": number })).await;
    }
    assert_eq!(socket.next_frame(SOON).await["number"], 1);
    let third = socket.await_frame("number 3", |frame| frame["number"] == 3).await;
    assert_eq!(third["type"], "count");
    assert_eq!(socket.seen().len(), 3, "what was passed over is kept");
    socket.send_text("bye").await;
    assert_eq!(socket.await_close().await, (4010, "too slow".to_owned()));
    assert_eq!(Socket::try_connect(&format!("{}/nowhere", notes.base_url()), &[]).await.unwrap_err(), 404);
    notes.finish().await;
}
