//! What tells a browser's request from any other: which page it came from, and what the browser keeps for us.
//!
//! A browser sends cookies along whatever page makes the request, so a request that is believed for its cookie has to
//! show that no foreign page made it. Browsers say where a request comes from by themselves, and pages cannot change
//! what they say (the Fetch Metadata headers of <https://www.w3.org/TR/fetch-metadata/>, and `Origin`).

use std::fmt;

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The header in which a page repeats the CSRF token that it was given.
const CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");
/// The header in which a page asks where its refresh token is to be kept.
const REFRESH_IN: HeaderName = HeaderName::from_static("x-refresh-in");
/// Stands for a header that came twice: neither an origin nor a token nor a word that means anything.
const TWICE: HeaderValue = HeaderValue::from_static("twice");

/// The headers of a request that only matter when a browser sent it. `Debug` shows none of them.
#[derive(Clone, Default)]
pub struct Browser {
    origin: Option<HeaderValue>,
    fetch_site: Option<HeaderValue>,
    cookies: Option<HeaderValue>,
    csrf_token: Option<HeaderValue>,
    refresh_in: Option<HeaderValue>,
}

impl Browser {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        Self {
            origin: one(headers, &header::ORIGIN),
            fetch_site: one(headers, &FETCH_SITE),
            cookies: one(headers, &header::COOKIE),
            csrf_token: one(headers, &CSRF_TOKEN),
            refresh_in: one(headers, &REFRESH_IN),
        }
    }

    /// Whether a page that is not of `trusted` made the request.
    ///
    /// The rule is that of Go's `http.CrossOriginProtection`: a trusted origin is let in; else the browser's own word
    /// (`Sec-Fetch-Site`) decides; else any origin at all is a foreign one. A request without either header comes
    /// from no page: browsers send one of them with every POST.
    #[must_use]
    pub fn is_foreign(&self, trusted: &[String]) -> bool {
        let origin = self.origin.as_ref().map(HeaderValue::as_bytes);
        if origin.is_some_and(|origin| trusted.iter().any(|one| one.as_bytes() == origin)) {
            return false;
        }
        match self.fetch_site.as_ref().map(HeaderValue::as_bytes) {
            Some(site) => !matches!(site, b"same-origin" | b"none"),
            None => origin.is_some(),
        }
    }

    /// The value of a cookie; `None` when there is none, and when there are several of this name: one of them may be
    /// of a neighbour domain, and nothing tells which.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let text = self.cookies.as_ref()?.to_str().ok()?;
        let pairs = text.split(';').filter_map(|pair| pair.trim().split_once('='));
        let mut found = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
        found.next().filter(|_| found.next().is_none())
    }

    /// `X-CSRF-Token`.
    #[must_use]
    pub fn csrf_token(&self) -> Option<&str> {
        self.csrf_token.as_ref()?.to_str().ok()
    }

    /// `X-Refresh-In`; bytes that are no text count as a word that means nothing.
    #[must_use]
    pub fn refresh_in(&self) -> Option<&str> {
        self.refresh_in.as_ref().map(|value| value.to_str().unwrap_or("?"))
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser").finish_non_exhaustive()
    }
}

fn one(headers: &HeaderMap, name: &HeaderName) -> Option<HeaderValue> {
    let mut values = headers.get_all(name);
    let value = values.next()?;
    Some(if values.next().is_some() { TWICE } else { value.clone() })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn browser(headers: &[(&str, &str)]) -> Browser {
        let request =
            headers.iter().fold(TestRequest::post(), |request, header| request.append_header(*header));
        Browser::read(request.to_http_request().headers())
    }

    /// whose page may use what the browser keeps.
    #[test]
    fn a_foreign_page_is_known_by_what_the_browser_says() {
        let trusted = ["https://chat.test".to_owned(), "https://app.test:8443".to_owned()];
        let cases: [(&[(&str, &str)], bool); 14] = [
            (&[], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "anything")], true),
            (&[("origin", "https://chat.test")], false),
            (&[("origin", "https://app.test:8443"), ("sec-fetch-site", "cross-site")], false),
            (&[("origin", "https://chat.test:8443")], true),
            (&[("origin", "http://chat.test")], true),
            (&[("origin", "https://chat.test.evil.test")], true),
            (&[("origin", "null")], true),
            (&[("origin", "https://evil.test"), ("sec-fetch-site", "cross-site")], true),
            (&[("origin", "https://chat.test"), ("origin", "https://evil.test")], true),
        ];
        for (headers, foreign) in cases {
            assert_eq!(browser(headers).is_foreign(&trusted), foreign, "{headers:?}");
        }
    }

    #[test]
    fn a_cookie_is_found_unless_there_are_two() {
        let one = browser(&[("cookie", "a=1; refresh=x=y; refresh2=z")]);
        assert_eq!((one.cookie("refresh"), one.cookie("a"), one.cookie("b")), (Some("x=y"), Some("1"), None));
        assert_eq!(browser(&[("cookie", "refresh=1; refresh=2")]).cookie("refresh"), None);
        assert_eq!(browser(&[("cookie", "refresh=1"), ("cookie", "refresh=2")]).cookie("refresh"), None);
        assert_eq!(browser(&[]).cookie("refresh"), None);
        assert!(!format!("{one:?}").contains('x'), "it ends up in logs");
    }
}
