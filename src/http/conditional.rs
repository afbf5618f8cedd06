//! The fields of conditional requests. What they mean is in [`crate::resource::condition`].

use http::header::{HeaderMap, HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE};

use super::headers::{date, members};
use crate::clock::Timestamp;
use crate::resource::condition::{Conditions, EntityTag, IfRange, Tags};

/// Reads the conditions of a request. A member that is no entity tag matches nothing; a date that
/// makes no sense, or stands twice, is ignored.
///
/// Spec: P-115, P-118, P-120, P-121
pub fn conditions(headers: &HeaderMap) -> Conditions {
    Conditions {
        if_match: tags(headers, &IF_MATCH),
        if_unmodified_since: single_date(headers, &IF_UNMODIFIED_SINCE),
        if_none_match: tags(headers, &IF_NONE_MATCH),
        if_modified_since: single_date(headers, &IF_MODIFIED_SINCE),
        if_range: if_range(headers),
    }
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Option<Tags> {
    if !headers.contains_key(name) {
        return None;
    }
    let fields = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut listed = Vec::new();
    for member in fields.flat_map(|field| members(field, ',')) {
        if member == "*" {
            return Some(Tags::Any);
        }
        listed.extend(EntityTag::parse(member));
    }
    Some(Tags::Listed(listed))
}

fn single_date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    super::headers::single(headers, name, "").ok().flatten().and_then(date)
}

/// What is neither a tag nor a date allows no range: it is read as a tag that matches nothing.
fn if_range(headers: &HeaderMap) -> Option<IfRange> {
    let value = headers.get(IF_RANGE)?.to_str().unwrap_or_default();
    let tag = EntityTag::parse(value).map(IfRange::Tag);
    tag.or_else(|| date(value).map(IfRange::Date)).or_else(|| EntityTag::parse("W/\"\"").map(IfRange::Tag))
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;

    fn with(fields: &[(&HeaderName, &'static str)]) -> Conditions {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        conditions(&headers)
    }

    fn listed(tags: &[&str]) -> Tags {
        Tags::Listed(tags.iter().filter_map(|tag| EntityTag::parse(tag)).collect())
    }

    /// Shows: P-118, P-120
    #[test]
    fn tags_come_in_lists_and_fields() {
        for (fields, expected) in [
            (&["*"][..], Some(Tags::Any)),
            (&["\"a\""], Some(listed(&["\"a\""]))),
            (&["\"a\", W/\"b\" ,,\"c,d\""], Some(listed(&["\"a\"", "W/\"b\"", "\"c,d\""]))),
            (&["\"a\"", "\"b\""], Some(listed(&["\"a\"", "\"b\""]))),
            (&["a, \"b\", w/\"c\""], Some(listed(&["\"b\""]))),
            (&[""], Some(listed(&[]))),
            (&[], None),
        ] {
            let of = |name| with(&fields.iter().map(|value| (name, *value)).collect::<Vec<_>>());
            assert_eq!(of(&IF_MATCH).if_match, expected, "{fields:?}");
            assert_eq!(of(&IF_NONE_MATCH).if_none_match, expected, "{fields:?}");
        }
    }

    /// Shows: P-121
    #[test]
    fn senseless_dates_are_ignored() {
        let noon = "Sun, 06 Nov 1994 08:49:37 GMT";
        let read = |values: &[&'static str]| {
            let fields: Vec<_> = values.iter().map(|value| (&IF_MODIFIED_SINCE, *value)).collect();
            with(&fields).if_modified_since
        };
        assert_eq!(read(&[noon]), Some(Timestamp::from_seconds(784_111_777)));
        assert_eq!(read(&["soon"]), None);
        assert_eq!(read(&[noon, noon]), None);
    }

    /// Shows: P-115
    #[test]
    fn if_range_is_a_tag_or_a_date_or_a_no() {
        let shown = EntityTag::parse("\"1a-ttl\"").unwrap();
        let noon = Timestamp::from_seconds(784_111_777);
        for (value, allowed) in [
            ("\"1a-ttl\"", true),
            ("W/\"1a-ttl\"", false),
            ("Sun, 06 Nov 1994 08:49:37 GMT", true),
            ("Sun, 06 Nov 1994 08:49:38 GMT", false),
            ("nonsense", false),
        ] {
            assert_eq!(with(&[(&IF_RANGE, value)]).allow_range(&shown, noon), allowed, "{value}");
        }
    }
}
