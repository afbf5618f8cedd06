//! The bytes of a document of one's own pod. They are only ever saved, never shown as a page of ours: whoever wrote them
//! shares no origin with our pages that way.

use http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};

use super::own::{Own, broken};
use super::{Answer, Asked, Pages, Visitor, pages};
use crate::http::{Body, Problem};

/// Answers with the document that the query names, as a file to save.
pub(super) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let not_found = || Problem::new(StatusCode::NOT_FOUND, "not-found");
    let by = pages::signed_in(visitor)?;
    let own = Own::of(pages, by, asked).await?.ok_or_else(not_found)?;
    let path = asked.query.find("at").and_then(|at| own.path(at)).filter(|path| !path.is_container());
    let path = path.ok_or_else(not_found)?;
    let held = own.agent.look(&path).await.map_err(broken)?.ok_or_else(not_found)?;
    let (bytes, size) = own.agent.stream(&held).await.map_err(broken)?;
    let mut response = Response::new(Body::stream(bytes, Some(size)));
    let name = path.local().rsplit('/').next().unwrap_or_default();
    let disposition = HeaderValue::try_from(format!("attachment; filename*=UTF-8''{name}"));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment")));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    Ok(response)
}

/// Where a document of one's pod is saved from.
pub(super) fn at(path: &crate::path::ResourcePath) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("at", path.local()).finish();
    format!("{}?{query}", super::path::RAW)
}
