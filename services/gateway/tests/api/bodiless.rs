//! Answers without a body, and what comes after them on the same connection.

use crate::harness::Edge;
use crate::wire::Wire;

/// G-1: HEAD, 204 and 304 pass through, and the connection can be used on.
#[tokio::test]
async fn answers_without_a_body_leave_the_connection_whole() {
    let edge = Edge::start().await;
    let token = edge.stage.identity().token(&edge.user("ann"));
    let mut wire = Wire::connect(edge.service.addr()).await;
    for _ in 0..2 {
        wire.request("HEAD /api/users/me", &token, "").await;
        let head = wire.head().await;
        assert_eq!(head.status, 200);
        wire.request("GET /api/users/me", &token, "").await;
        let whole = wire.answer().await;
        assert_eq!(head.header("content-length"), whole.header("content-length"), "as long as GET says");

        wire.request("HEAD /api/files/missing", &token, "").await;
        assert_eq!(wire.head().await.status, 404);

        wire.request("DELETE /api/files/no-content", &token, "").await;
        let gone = wire.head().await;
        assert_eq!(gone.status, 204);
        assert!(
            gone.header("content-length").is_none() && gone.header("transfer-encoding").is_none(),
            "{gone:?}"
        );

        wire.request("GET /api/files/not-modified", &token, "if-none-match: \"7\"\r\n").await;
        let known = wire.head().await;
        assert_eq!((known.status, known.header("etag")), (304, Some("\"7\"")));
        assert!(known.header("transfer-encoding").is_none(), "{known:?}");
        assert!(wire.is_quiet().await, "nothing follows");
    }
}

/// G-1: HEAD of a large answer says its length and sends nothing.
#[tokio::test]
async fn the_head_of_a_large_answer_has_its_length() {
    let edge = Edge::start().await;
    let token = edge.stage.identity().token(&edge.user("ann"));
    let mut wire = Wire::connect(edge.service.addr()).await;
    for path in ["large", "chunked"] {
        // The service runs through its answer's body all the same.
        edge.stub.open_gate();
        wire.request(&format!("HEAD /api/files/{path}"), &token, "").await;
        let head = wire.head().await;
        assert_eq!(head.status, 200);
        let length = (path == "large").then(|| crate::stub::LARGE.to_string());
        assert_eq!(head.header("content-length").map(str::to_owned), length);
        assert!(wire.is_quiet().await, "nothing follows");
    }
}
