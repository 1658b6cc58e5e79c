//! URLs that let somebody without keys read or write one object for a while (SigV4 query signatures). Made without any
//! request; the only I/O is for credentials that do not stand in the configuration.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;

use super::escape::escape;
use super::{ObjectStore, STORE};
use crate::StoreError;

/// An upload that may be made once or several times until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresignedPut {
    /// Send the bytes here with `PUT`.
    pub url: String,
    /// Send these headers with exactly these values. The length is bound too; every HTTP client sends it by itself.
    pub headers: Vec<(String, String)>,
}

impl ObjectStore {
    /// Permission to write exactly `length` bytes of `content_type` to `key`, for `expires`, at most 7 days. Anything else is
    /// refused by the storage with 403.
    ///
    /// # Errors
    /// [`StoreError::Rejected`] for a length or a time out of range, [`StoreError::Unavailable`] when no credentials can be had.
    pub async fn presign_put(
        &self,
        key: &str,
        content_type: &str,
        length: u64,
        expires: Duration,
    ) -> Result<PresignedPut, StoreError> {
        let length = i64::try_from(length).map_err(|error| StoreError::rejected(STORE, error))?;
        let put = self.signer.put_object().bucket(&self.bucket).key(key);
        let request =
            put.content_type(content_type).content_length(length).presigned(lasting(expires)?).await?;
        let headers = request.headers().filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
        Ok(PresignedPut {
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            url: request.uri().to_owned(),
        })
    }

    /// A download: the browser saves it as `filename` and believes `content_type`, whatever was uploaded.
    ///
    /// # Errors
    /// As [`presign_put`](Self::presign_put).
    pub async fn presign_get(
        &self,
        key: &str,
        filename: &str,
        content_type: &str,
        expires: Duration,
    ) -> Result<String, StoreError> {
        self.presign_read(key, &attachment(filename), content_type, expires).await
    }

    /// For showing in a page, e.g. a thumbnail. Only for content that this system made or knows to be harmless.
    ///
    /// # Errors
    /// As [`presign_put`](Self::presign_put).
    pub async fn presign_inline(
        &self,
        key: &str,
        content_type: &str,
        expires: Duration,
    ) -> Result<String, StoreError> {
        self.presign_read(key, "inline", content_type, expires).await
    }

    async fn presign_read(
        &self,
        key: &str,
        disposition: &str,
        content_type: &str,
        expires: Duration,
    ) -> Result<String, StoreError> {
        let get = self.signer.get_object().bucket(&self.bucket).key(key);
        let get = get.response_content_disposition(disposition).response_content_type(content_type);
        Ok(get.presigned(lasting(expires)?).await?.uri().to_owned())
    }
}

fn lasting(expires: Duration) -> Result<PresigningConfig, StoreError> {
    PresigningConfig::expires_in(expires).map_err(|error| StoreError::rejected(STORE, error))
}

/// `Content-Disposition` of RFC 6266: a plain name for old clients, the true one in the encoding of RFC 8187.
fn attachment(filename: &str) -> String {
    let safe = |letter: char| letter == ' ' || (letter.is_ascii_graphic() && !"\"\\%".contains(letter));
    let plain: String = filename.chars().map(|letter| if safe(letter) { letter } else { '_' }).collect();
    let exact = escape(filename, b"!#$&+-.^_`|~");
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

#[cfg(test)]
mod tests {
    use super::attachment;

    #[test]
    fn a_plain_name_is_kept() {
        assert_eq!(attachment("a b.pdf"), "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf");
    }

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        let header = attachment("x\"; a=\"\r\nSet-Cookie: é%41");
        assert!(!header.contains(['\r', '\n']));
        assert_eq!(header.matches('"').count(), 2);
        assert!(header.ends_with("Set-Cookie%3A%20%C3%A9%2541"));
    }
}
