//! The JSON-LD contexts that come with the server: names and their IRIs, as their publishers define them. No other is
//! known, and none is ever fetched.
//!
//! Spec: P-105, O-65, N-6

const ACTIVITY_STREAMS: &str = include_str!("activitystreams.json");
const NOTIFICATION: &str = include_str!("notification.json");
const OIDC: &str = include_str!("oidc.json");

/// The context at a URL.
pub(super) fn at(url: &str) -> Option<&'static str> {
    match url {
        "https://www.w3.org/ns/activitystreams" | "http://www.w3.org/ns/activitystreams" => Some(ACTIVITY_STREAMS),
        "https://www.w3.org/ns/solid/notification/v1" | "https://www.w3.org/ns/solid/notifications-context/v1" => {
            Some(NOTIFICATION)
        }
        "https://www.w3.org/ns/solid/oidc-context.jsonld" => Some(OIDC),
        _ => None,
    }
}
