//! JSON objects of strangers: no member may be named twice, at any depth.
//!
//! Two readers that choose differently between two members of one name would disagree on what was signed.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use crate::clock::Timestamp;

pub type Object = serde_json::Map<String, Value>;

/// Reads one object; `None` if the bytes are anything else, or a name comes twice.
///
/// Spec: O-12
pub fn object(bytes: &[u8]) -> Option<Object> {
    match serde_json::from_slice(bytes).ok()? {
        Strict(Value::Object(object)) => Some(object),
        Strict(_) => None,
    }
}

/// A member that must be a string: `Ok(None)` if it is absent.
pub fn text<'a>(object: &'a Object, name: &str) -> Result<Option<&'a str>, NotThat> {
    object.get(name).map(|value| value.as_str().ok_or(NotThat)).transpose()
}

/// A member that must be a number of seconds since 1970, fractions allowed: `Ok(None)` if it is absent.
pub fn time(object: &Object, name: &str) -> Result<Option<Timestamp>, NotThat> {
    object.get(name).map(|value| value.as_number().and_then(instant).ok_or(NotThat)).transpose()
}

/// A member is there, but of another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotThat;

fn instant(number: &Number) -> Option<Timestamp> {
    if let Some(seconds) = number.as_i64() {
        return Some(Timestamp::from_seconds(seconds));
    }
    let millis = number.as_f64()? * 1000.0;
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and no clock shows such a time")]
    Some(Timestamp::from_millis(millis as i64))
}

/// A value whose objects name each member once.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON whose objects name each member once")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = seq.next_element()? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some((name, Strict(value))) = map.next_entry::<String, _>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is named twice"));
            }
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_member_named_twice_is_refused_at_any_depth() {
        for twice in [r#"{"a":1,"a":1}"#, r#"{"b":{"a":1,"a":2}}"#, r#"{"b":[{"a":1,"\u0061":2}]}"#] {
            assert_eq!(object(twice.as_bytes()), None, "{twice}");
        }
        assert!(object(br#"{"a":{"a":1},"b":[{"a":1},{"a":2}]}"#).is_some());
        for no_object in ["", "[]", "1", "null", "{} {}", "{", r#"{"a":1e999}"#, r#"{"a":NaN}"#] {
            assert_eq!(object(no_object.as_bytes()), None, "{no_object}");
        }
    }

    #[test]
    fn times_are_numbers_of_seconds() {
        let object = object(br#"{"whole":1,"part":1.25,"negative":-1,"text":"1","far":1e300,"null":null}"#).unwrap();
        let millis = |name| time(&object, name).map(|time| time.map(Timestamp::millis));
        assert_eq!(millis("whole"), Ok(Some(1000)));
        assert_eq!(millis("part"), Ok(Some(1250)));
        assert_eq!(millis("negative"), Ok(Some(-1000)));
        assert_eq!(millis("absent"), Ok(None));
        assert_eq!(millis("text"), Err(NotThat));
        assert_eq!(millis("null"), Err(NotThat));
        assert_eq!(millis("far"), Ok(Some(i64::MAX)));
    }

    proptest! {
        #[test]
        fn what_serde_prints_is_read_back(names in prop::collection::btree_set(".{0,8}", 0..6), text in ".*", deep in any::<i64>()) {
            let nested: Object = names.iter().map(|name| (name.clone(), serde_json::json!([text, deep, null, true, 0.5]))).collect();
            let whole: Object = names.into_iter().map(|name| (name, Value::Object(nested.clone()))).collect();
            prop_assert_eq!(object(&serde_json::to_vec(&whole).unwrap()), Some(whole));
        }
    }
}
