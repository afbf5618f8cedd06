//! The forms that clients send.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, HeaderMap};

use super::failure::Failure;
use crate::http::body::Upload;

/// The longest form, in bytes.
pub const LONGEST: u64 = 64 * 1024;
/// How long a client may be silent while it sends the form.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A form as it came.
pub struct Sent {
    pub headers: HeaderMap,
    pub form: Form,
    /// The address that sent it.
    pub from: IpAddr,
}

impl Sent {
    pub async fn receive<B>(request: Request<B>, from: IpAddr) -> Result<Self, Failure>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        let (head, body) = request.into_parts();
        let form = Form::read(&head.headers, body).await?;
        Ok(Self { headers: head.headers, form, from })
    }
}

/// The parameters of a form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a form. A parameter that is there twice is an error, save `resource`, which is ignored; one without a value
    /// counts as absent.
    ///
    /// Spec: O-141, rfc6749 §3.2
    async fn read<B>(headers: &HeaderMap, body: B) -> Result<Self, Failure>
    where
        B: http_body::Body<Data = Bytes> + Unpin,
    {
        if !is(headers, "application/x-www-form-urlencoded") {
            return Err(Failure::new("invalid_request", "send a form: application/x-www-form-urlencoded"));
        }
        let bytes = Upload::new(body, LONGEST, PATIENCE).collect().await;
        let bytes = bytes.map_err(|reason| Failure::new("invalid_request", reason.to_string()))?;
        let mut form = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(&bytes).filter(|(_, value)| !value.is_empty()) {
            let repeatable = name == "resource";
            if form.insert(name.into_owned(), value.into_owned()).is_some() && !repeatable {
                return Err(Failure::new("invalid_request", "a parameter is repeated"));
            }
        }
        Ok(Self(form))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that must be there.
    pub fn need(&self, name: &str) -> Result<&str, Failure> {
        self.get(name).ok_or_else(|| Failure::new("invalid_request", format!("{name} is missing")))
    }
}

/// Whether the content is of a media type.
pub fn is(headers: &HeaderMap, wanted: &str) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(wanted)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http_body_util::Full;

    use super::*;

    #[tokio::test]
    async fn a_form_is_a_form_and_says_each_thing_once() {
        let form = |media_type: &'static str, body: &'static str| async move {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media_type))]);
            Form::read(&headers, Full::new(Bytes::from(body))).await.map_err(|failure| failure.error)
        };
        let urlencoded = "application/x-www-form-urlencoded;charset=UTF-8";
        let read = form(urlencoded, "a=b%20c&d=&e=+").await.unwrap();
        assert_eq!((read.get("a"), read.get("d"), read.get("e")), (Some("b c"), None, Some(" ")));
        assert_eq!(form(urlencoded, "a=b&a=c").await, Err("invalid_request"));
        assert!(form(urlencoded, "resource=b&resource=c").await.is_ok());
        assert_eq!(form("application/json", "{}").await, Err("invalid_request"));
        assert!(read.need("a").is_ok() && read.need("d").is_err());
    }
}
