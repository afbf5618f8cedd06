//! How far a run is, told while it runs: server-sent events for a small script. Who has no scripts loads the page again.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use tokio::time::timeout;

use super::{find, refused, said};
use crate::http::Body;
use crate::ingest::Progress;
use crate::language::Language;
use crate::web::{Answer, Asked, Pages, Visitor, pages};

/// A line is sent at least so often, so that nobody on the way takes the connection for dead, and who has gone is noticed.
const SILENCE: Duration = Duration::from_secs(15);
/// So many silences in a row end it: the script asks again.
const MOST_SILENT: u32 = 20;

/// Answers with events until the run has ended.
///
/// Spec: CP-23
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked, id: &str) -> Answer {
    let by = pages::signed_in(visitor)?;
    let (own, connection) = find(pages, by, asked, id).await?;
    let told = pages.ingest.watch(&own.pod, &connection.id).await.map_err(|error| refused(&error))?;
    let language = visitor.language;
    let events = stream::unfold(Some((told, true, 0)), move |state| async move {
        let (mut told, is_first, silent) = state?;
        if !is_first {
            match timeout(SILENCE, told.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) if silent >= MOST_SILENT => return None,
                Err(_) => return Some((Ok(Bytes::from_static(b":\n\n")), Some((told, false, silent + 1)))),
            }
        }
        let progress = *told.borrow_and_update();
        let next = (!matches!(progress, Progress::Ended(_))).then_some((told, false, 0));
        Some((Ok(event(progress, language)), next))
    });
    let mut response = Response::new(Body::stream(Box::pin(events), None));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

/// One event: what the script shows, as JSON.
fn event(progress: Progress, language: Language) -> Bytes {
    let (name, data) = match progress {
        Progress::Waiting => ("waiting", serde_json::json!({})),
        Progress::Running { done, total } => {
            let text = if total == 0 {
                String::new()
            } else {
                language.choose(format!("{done} sur {total}"), format!("{done} of {total}"))
            };
            ("running", serde_json::json!({ "done": done, "total": total, "text": text }))
        }
        Progress::Ended(status) => ("ended", serde_json::json!({ "text": said::ended(status, language) })),
    };
    format!("event: {name}\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::outcome::Status;

    /// Shows: CP-23
    #[test]
    fn events_are_of_one_line_each() {
        let said = |progress| String::from_utf8(event(progress, Language::French).into()).unwrap();
        assert_eq!(said(Progress::Waiting), "event: waiting\ndata: {}\n\n");
        let running = said(Progress::Running { done: 12, total: 130 });
        assert!(running.contains("\"text\":\"12 sur 130\"") && running.ends_with("\n\n"), "{running}");
        let ended = said(Progress::Ended(Status::OkUnchanged));
        assert!(ended.starts_with("event: ended\ndata: ") && ended.contains("Rien de nouveau."), "{ended}");
    }
}
