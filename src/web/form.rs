//! Forms as browsers send them, and queries, which are written alike.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, ORIGIN};

use super::Visitor;
use crate::http::Problem;
use crate::http::body::Upload;
use crate::secret;

/// The media type of a form.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
/// The field that shows that our own page sent a form.
pub const CSRF: &str = "csrf";
/// The longest form, and the most fields.
const LONGEST: u64 = 64 * 1024;
/// The largest file of a form.
pub const LARGEST_FILE: u64 = 10 << 20;
const MOST: usize = 200;
/// How long a browser may be silent while it sends a form.
const PATIENCE: Duration = Duration::from_secs(30);
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Names and values, in their order, and files.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Form {
    fields: Vec<(String, String)>,
    files: Vec<File>,
}

/// A file of a form.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// The field that it was chosen for.
    field: String,
    /// What the browser calls it; empty if it says nothing.
    pub name: String,
    pub bytes: Bytes,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.fields.iter().map(|(name, _)| name)).finish()
    }
}

impl Form {
    /// Reads `name=value&…`.
    pub fn parse(text: &[u8]) -> Self {
        Self { fields: url::form_urlencoded::parse(text).into_owned().take(MOST).collect(), files: Vec::new() }
    }

    /// The first value of a field, as it came; nothing if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    /// The first value of a field.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(named, _)| *named == name).map(|(_, value)| value)
    }

    /// Names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The file that was chosen for a field; one without bytes is none.
    pub fn file(&self, field: &str) -> Option<&File> {
        self.files.iter().find(|file| file.field == field && !file.bytes.is_empty())
    }

    /// All values of a field.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs().filter(move |(named, _)| *named == name).map(|(_, value)| value)
    }
}

/// Whether a request carries a form.
pub fn is_form(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.split(';').next().is_some_and(|bare| bare.trim().eq_ignore_ascii_case(MEDIA_TYPE))
}

/// Reads a form that one of our own pages sent: the browser says so, as far as it says anything, and the form carries
/// the visitor's token.
///
/// Spec: O-102, O-191
pub async fn read<B>(headers: &HeaderMap, body: B, visitor: &Visitor) -> Result<Form, Problem>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    if is_form(headers) && !is_same_origin(headers, visitor.base()) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "cross-site"));
    }
    let form = receive(headers, body).await?;
    if !secret::equal(form.get(CSRF).as_bytes(), visitor.csrf().as_bytes()) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "form-outdated"));
    }
    Ok(form)
}

/// Reads a form with a file, as [`read`] does. Files of more than [`LARGEST_FILE`] are refused.
///
/// Spec: O-102
pub async fn read_with_file<B>(headers: &HeaderMap, body: B, visitor: &Visitor) -> Result<Form, Problem>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    if !is_same_origin(headers, visitor.base()) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "cross-site"));
    }
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(media_type)
        .map_err(|_| Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "form-expected"))?;
    let sent = Upload::new(body, LARGEST_FILE + LONGEST, PATIENCE).collect().await?;
    let form = parts(sent, boundary).await.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "form-malformed"))?;
    if !secret::equal(form.get(CSRF).as_bytes(), visitor.csrf().as_bytes()) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "form-outdated"));
    }
    Ok(form)
}

/// Reads the parts of a form that is here as a whole.
async fn parts(sent: Bytes, boundary: String) -> Result<Form, multer::Error> {
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(sent)]);
    let (mut parts, mut form) = (multer::Multipart::new(stream, boundary), Form::default());
    while let Some(part) = parts.next_field().await? {
        if form.fields.len() + form.files.len() >= MOST {
            break;
        }
        let field = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            Some(name) => form.files.push(File { field, name, bytes: part.bytes().await? }),
            None => form.fields.push((field, part.text().await?)),
        }
    }
    Ok(form)
}

/// Reads a form, whoever sent it.
pub(super) async fn receive<B>(headers: &HeaderMap, body: B) -> Result<Form, Problem>
where
    B: http_body::Body<Data = Bytes> + Unpin,
{
    if !is_form(headers) {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "form-expected"));
    }
    Ok(Form::parse(&Upload::new(body, LONGEST, PATIENCE).collect().await?))
}

/// What the browser says about the page that sent a request. Older ones name its origin only, and from our pages, which
/// send no referrer, that is `null`.
fn is_same_origin(headers: &HeaderMap, base: &str) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match text(&SEC_FETCH_SITE) {
        Some(site) => site == "same-origin",
        None => text(&ORIGIN).is_none_or(|origin| origin == "null" || base.strip_suffix('/') == Some(origin)),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn fields_are_read_as_browsers_write_them() {
        let form = Form::parse(b"email=ada%40example.org&note=a+b%26c&note=d&empty=");
        assert_eq!(form.get("email"), "ada@example.org");
        assert!(form.all("note").eq(["a b&c", "d"]));
        assert_eq!((form.find("empty"), form.find("missing"), form.get("missing")), (Some(""), None, ""));
        assert!(!format!("{form:?}").contains("ada"), "values do not show");
        assert_eq!(Form::parse("a=b&".repeat(1000).as_bytes()).fields.len(), MOST);
    }

    #[tokio::test]
    async fn files_come_with_their_names() {
        let sent = "--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\ntoken\r\n--x\r\nContent-Disposition: \
                    form-data; name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF-\r\n--x--\r\n";
        let form = parts(sent.into(), "x".to_owned()).await.unwrap();
        assert_eq!(form.get("csrf"), "token");
        let file = form.file("file").unwrap();
        assert_eq!((file.name.as_str(), &file.bytes[..]), ("a.pdf", &b"%PDF-"[..]));
        assert!(form.file("csrf").is_none() && !format!("{form:?}").contains("token"));
        for broken in ["", "--x", "--y\r\n\r\n", &sent[..sent.len() - 20]] {
            assert!(parts(broken.to_owned().into(), "x".to_owned()).await.is_err(), "{broken:?}");
        }
    }

    /// Shows: O-102
    #[test]
    fn only_our_own_pages_send_forms() {
        let base = "https://pods.example/";
        for (name, value, ours) in [
            ("sec-fetch-site", "same-origin", true),
            ("sec-fetch-site", "same-site", false),
            ("sec-fetch-site", "cross-site", false),
            ("sec-fetch-site", "none", false),
            ("origin", "https://pods.example", true),
            ("origin", "null", true),
            ("origin", "https://evil.example", false),
            ("origin", "http://pods.example", false),
            ("x-nothing", "", true),
        ] {
            let headers = HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))]);
            assert_eq!(is_same_origin(&headers, base), ours, "{name}: {value}");
        }
    }
}
