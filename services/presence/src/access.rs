//! Whether a page may open a socket (RFC 6455, section 10.2).

use actix_web::HttpRequest;
use actix_web::http::header::ORIGIN;

/// True for a client that is no browser, and for a browser whose page is on the list. A browser cannot lie
/// about its page, and a token alone does not say that the user's own client sends it.
pub fn origin_is_allowed(request: &HttpRequest, allowed: &[String]) -> bool {
    request
        .headers()
        .get(ORIGIN)
        .is_none_or(|origin| allowed.iter().any(|one| one.as_bytes() == origin.as_bytes()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::origin_is_allowed;

    ///
    #[test]
    fn a_page_that_is_not_on_the_list_opens_no_socket() {
        let allowed = ["https://chat.example".to_owned()];
        let from = |origin: &str| TestRequest::default().insert_header(("origin", origin)).to_http_request();
        assert!(origin_is_allowed(&from("https://chat.example"), &allowed));
        for origin in ["https://evil.example", "https://chat.example.evil", "http://chat.example", "null", ""]
        {
            assert!(!origin_is_allowed(&from(origin), &allowed), "{origin}");
        }
        assert!(origin_is_allowed(&TestRequest::default().to_http_request(), &allowed));
    }
}
