//! What one file or one request holds: many statements or events, each with its bytes as they came.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::event;
use super::person::Person;
use super::statement::{self, Statement};
use super::trace::Rejected;
use crate::identity::json;

/// Bytes of the largest file or request.
pub const LARGEST: usize = 5 << 20;
/// The most statements of one.
pub const MOST: usize = 10_000;
/// Where the ids of statements that come without one are.
const NAMELESS: Uuid = Uuid::from_u128(0x6d1f_0f5c_2e5b_5a57_9d0e_60c8_4d9b_7a11);

/// Why nothing of a file or request is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("it is neither xAPI statements nor Caliper events in JSON")]
    NotStatements,
    #[error("it is larger than {LARGEST} bytes")]
    TooLarge,
    #[error("it holds more than {MOST} statements")]
    TooMany,
}

/// One of them, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub statement: Statement,
    /// Its bytes in one line, its id in front if it came without.
    pub line: String,
    /// What it has in common with the same statement sent again.
    pub digest: u64,
}

/// Cuts a body into its statements: one, an array of them, what a store answers to a query, an envelope of events, or
/// one a line.
pub fn cut(bytes: &[u8]) -> Result<Vec<&str>, Unreadable> {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow, alias = "data")]
        statements: Vec<&'a RawValue>,
    }
    if bytes.len() > LARGEST {
        return Err(Unreadable::TooLarge);
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::NotStatements)?;
    let raw: Vec<&RawValue> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|_| Unreadable::NotStatements)?
    } else if let Ok(wrapped) = serde_json::from_str::<Wrapped<'_>>(text) {
        wrapped.statements
    } else {
        let mut lines = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        let some: Vec<_> =
            lines.by_ref().take(MOST + 1).collect::<Result<_, _>>().map_err(|_| Unreadable::NotStatements)?;
        if some.is_empty() {
            return Err(Unreadable::NotStatements);
        }
        some
    };
    if raw.len() > MOST { Err(Unreadable::TooMany) } else { Ok(raw.into_iter().map(RawValue::get).collect()) }
}

/// Cuts a request into its statements: one, or an array of them.
pub fn cut_request(bytes: &[u8]) -> Result<Vec<&str>, Unreadable> {
    match serde_json::from_slice::<&RawValue>(bytes) {
        Ok(one) if !one.get().starts_with('[') => Ok(vec![one.get()]),
        _ => cut(bytes),
    }
}

/// Reads one of them.
pub fn item(text: &str, owner: &Person, now: Timestamp) -> Result<Item, Rejected> {
    named_item(text, owner, nameless(&one_line(text), now), now)
}

/// Reads one of them, whose id is this one if it comes without.
pub fn named_item(text: &str, owner: &Person, id: Uuid, now: Timestamp) -> Result<Item, Rejected> {
    let line = one_line(text);
    if event::is_event(text) {
        let trace = event::read(text, owner)?;
        let digest = digest(&line);
        return Ok(Item { statement: Statement::Trace(Box::new(trace)), line: line.into_owned(), digest });
    }
    let essence = statement::essence(text).ok_or(Rejected::NotAnObject)?;
    let read = statement::read(text, owner, id, now)?;
    let is_named = json::object(text.as_bytes()).is_some_and(|statement| statement.contains_key("id"));
    let line = if is_named { line.into_owned() } else { line.replacen('{', &format!("{{\"id\":\"{id}\","), 1) };
    Ok(Item { statement: read, line, digest: digest(&essence) })
}

/// The id of a statement that came without: the same for the same text, so that sending it again changes nothing. A
/// statement that does not say when it happened is another one each time.
fn nameless(line: &str, now: Timestamp) -> Uuid {
    let timed = line.contains("\"timestamp\"");
    let seed = if timed { line.to_owned() } else { format!("{now}\n{line}") };
    Uuid::new_v5(&NAMELESS, seed.as_bytes())
}

/// Line breaks stand between the tokens of JSON only, where a space says the same.
fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(['\n', '\r']) { Cow::Owned(text.replace(['\n', '\r'], " ")) } else { Cow::Borrowed(text) }
}

fn digest(text: &str) -> u64 {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-10-26T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn bodies_are_cut_into_their_statements() {
        for (body, pieces) in [
            ("{\"id\":1}", Ok(vec!["{\"id\":1}"])),
            ("[{\"a\":1}, {\"b\":[2]}]", Ok(vec!["{\"a\":1}", "{\"b\":[2]}"])),
            ("\u{feff}{\"statements\":[{\"a\": 1}],\"more\":\"\"}", Ok(vec!["{\"a\": 1}"])),
            ("{\"sensor\":\"s\",\"data\":[{\"a\":1}]}", Ok(vec!["{\"a\":1}"])),
            ("{\"a\":1}\n{\"b\":2}\n", Ok(vec!["{\"a\":1}", "{\"b\":2}"])),
            ("[]", Ok(vec![])),
            ("", Err(Unreadable::NotStatements)),
            ("[{]", Err(Unreadable::NotStatements)),
            ("{\"a\":1} x", Err(Unreadable::NotStatements)),
        ] {
            assert_eq!(cut(body.as_bytes()), pieces, "{body}");
        }
        assert_eq!(cut(&[0xFF, 0xFE]), Err(Unreadable::NotStatements));
        assert_eq!(cut(&vec![b' '; LARGEST + 1]), Err(Unreadable::TooLarge));
        assert_eq!(cut("{}\n".repeat(MOST + 1).as_bytes()), Err(Unreadable::TooMany));
        assert_eq!(cut(format!("[{}1]", "1,".repeat(MOST)).as_bytes()), Err(Unreadable::TooMany));
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let cut = cut(deep.as_bytes()).unwrap_or_default();
        assert!(cut.iter().all(|text| item(text, &Person::default(), now()) == Err(Rejected::NotAnObject)));
    }

    #[test]
    fn the_line_is_what_came_and_has_an_id() {
        let webid = "https://pods.example/ada/profile/card#me";
        let owner = Person { iris: vec![webid.to_owned()], ..Person::default() };
        let rest = format!(
            "\"actor\": {{\"openid\":\"{webid}\"}},\n\"verb\":{{\"id\":\"tag:a,2026:did\"}},\r\n\t\"object\":{{\"id\":\"tag:a,2026:it\"}}"
        );
        let timed = format!("{{\n{rest}, \"timestamp\":\"2026-09-01T08:00:00Z\"}}");
        let one = item(&timed, &owner, now()).unwrap();
        let id = one.statement.id();
        assert_eq!(one.line, format!("{{\"id\":\"{id}\",{}", &timed.replace(['\n', '\r'], " ")[1..]));
        assert_eq!(item(&one.line, &owner, now()).unwrap(), one, "what was kept reads as what came");
        assert_eq!(item(&timed, &owner, now()).unwrap().statement.id(), id, "sent again it is the same");
        let untimed = format!("{{{rest}}}");
        let later = now() + jiff::SignedDuration::from_secs(1);
        let ids = [now(), later].map(|now| item(&untimed, &owner, now).unwrap().statement.id());
        assert_ne!(ids[0], ids[1]);
    }

    #[test]
    fn the_digest_leaves_out_what_stores_set() {
        let owner = Person { iris: vec!["tag:a,2026:ada".to_owned()], ..Person::default() };
        let digest = |more: &str| {
            let text = format!(
                "{{\"id\":\"5a000000-0000-4000-8000-000000000001\",\"actor\":{{\"openid\":\"tag:a,2026:ada\"}},\
                 \"verb\":{{\"id\":\"tag:a,2026:did\"}},\"object\":{{\"id\":\"tag:a,2026:it\"}}{more}}}"
            );
            item(&text, &owner, now()).unwrap().digest
        };
        let plain = digest("");
        assert_eq!(plain, digest(",\"stored\":\"2026-09-01T08:00:00Z\",\"version\":\"1.0.3\",\"authority\":{}"));
        assert_ne!(plain, digest(",\"result\":{\"success\":true}"));
        let at = |time: &str| digest(&format!(",\"timestamp\":\"{time}\""));
        assert_eq!(at("2026-09-01T08:00:00Z"), at("2026-09-01T10:00:00.000+02:00"));
        assert_ne!(at("2026-09-01T08:00:00Z"), at("2026-09-01T08:00:01Z"));
    }
}
