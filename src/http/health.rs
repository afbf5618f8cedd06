//! Whether the server lives, and whether it can work.

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Method, Response, StatusCode};

use super::body::Body;
use super::problem::Problem;
use crate::storage::Storage;

/// Both questions at once; `/live` and `/ready` below it ask one.
pub const PATH: &str = "/.well-known/cartable/health";

/// Answers 200 if all is well, else 503.
pub async fn answer(path: &str, method: &Method, storage: &dyn Storage) -> Result<Response<Body>, Problem> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed").allow(["GET", "HEAD"]));
    }
    let ready = match path.strip_prefix(PATH) {
        Some("/live") => true,
        Some("" | "/" | "/ready") => storage.house_version().await.is_ok(),
        _ => return Err(Problem::new(StatusCode::NOT_FOUND, "not-found")),
    };
    let mut response = Response::new(Body::from(format!("{{\"live\":true,\"ready\":{ready}}}\n")));
    *response.status_mut() = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    Ok(response)
}
