//! Somebody as an upstream provider describes them: the few claims that are of use here, checked and cut to size.

use jiff::Span;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::Mapping;
use crate::clock::Timestamp;
use crate::identity::json::Object;

/// The longest subject (OpenID Connect Core, section 2).
const LONGEST_SUBJECT: usize = 255;
/// Characters of the longest name or tenant that is taken over.
const LONGEST_TEXT: usize = 120;

/// Somebody who has just signed in at an upstream provider. Nothing else that the provider says is kept.
///
/// Spec: O-309
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The provider's id in the settings.
    pub upstream: String,
    /// With `subject`, who it is. Nothing else identifies anybody.
    ///
    /// Spec: O-304
    pub issuer: String,
    pub subject: String,
    /// The session there, for the day it ends.
    pub sid: Option<String>,
    /// When they signed in there, if the provider says so.
    pub authenticated: Option<Timestamp>,
    pub name: Option<String>,
    pub email: Option<String>,
    /// The address is professional: it cannot be changed at sign-up.
    pub is_staff: bool,
    /// The school.
    pub tenant: Option<String>,
    /// Below the age of digital consent, as far as we know: whoever is known neither to be an adult nor to be old enough is
    /// taken for a minor.
    ///
    /// Spec: O-312
    pub is_minor: bool,
}

impl Person {
    /// Somebody of whom the provider says nothing but who it is: for all we know, a minor.
    pub fn known_as(upstream: &str, issuer: &str, subject: &str) -> Self {
        Self {
            upstream: upstream.to_owned(),
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            sid: None,
            authenticated: None,
            name: None,
            email: None,
            is_staff: false,
            tenant: None,
            is_minor: true,
        }
    }
}

/// What the claims of a token or of userinfo say of somebody.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub name: Option<String>,
    pub email: Option<String>,
    pub tenant: Option<String>,
    pub is_staff: bool,
    pub is_minor: bool,
}

/// Reads claims by the names that a provider gives them.
///
/// Spec: O-301, O-309, O-312
pub(super) fn read(claims: &Object, mapping: &Mapping, now: Timestamp) -> Said {
    let named = |name: &Option<String>| name.as_ref().and_then(|name| text(claims, name));
    let role = named(&mapping.role);
    let is_one_of = |roles: &std::collections::BTreeSet<String>| {
        role.as_ref().is_some_and(|role| roles.iter().any(|known| known.eq_ignore_ascii_case(role)))
    };
    let is_staff = is_one_of(&mapping.staff);
    let flagged = mapping.adult.as_ref().is_some_and(|name| claims.get(name) == Some(&Value::Bool(true)));
    Said {
        name: text(claims, &mapping.name),
        email: text(claims, &mapping.email),
        tenant: named(&mapping.tenant),
        is_staff,
        is_minor: !(is_staff || flagged || is_one_of(&mapping.adults) || is_old_enough(claims, mapping, now)),
    }
}

/// Whether somebody's day of birth, if it is told, is long enough ago.
///
/// Spec: O-312
fn is_old_enough(claims: &Object, mapping: &Mapping, now: Timestamp) -> bool {
    let told = mapping.birthdate.as_ref().and_then(|name| text(claims, name));
    let born = told.and_then(|told| told.parse::<jiff::civil::Date>().ok());
    let today = jiff::Timestamp::from_second(now.seconds()).map(|now| now.to_zoned(TimeZone::UTC).date());
    let (Some(born), Ok(today)) = (born, today) else { return false };
    let years = Span::new().years(i32::from(mapping.consent_age));
    born.checked_add(years).is_ok_and(|birthday| birthday <= today)
}

/// A subject that can be kept; `None` if it is none.
pub(super) fn subject(text: &str) -> Option<String> {
    let plain = !text.is_empty() && text.len() <= LONGEST_SUBJECT && !text.chars().any(char::is_control);
    plain.then(|| text.to_owned())
}

/// A text that can be shown: one line, not too long. One that is not is left out.
fn text(claims: &Object, name: &str) -> Option<String> {
    let text = claims.get(name)?.as_str()?.trim();
    let fits = !text.is_empty() && text.chars().count() <= LONGEST_TEXT && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping() -> Mapping {
        Mapping {
            tenant: Some("structure".into()),
            role: Some("title".into()),
            staff: ["ENS".to_owned()].into(),
            adults: ["PARENT".to_owned()].into(),
            adult: Some("majeur".into()),
            birthdate: Some("naissance".into()),
            ..Mapping::default()
        }
    }

    fn said(claims: &Value) -> Said {
        // 26 October 2026.
        read(claims.as_object().unwrap(), &mapping(), Timestamp::from_seconds(1_793_000_000))
    }

    /// Shows: O-301, O-309
    #[test]
    fn claims_are_read_by_the_names_that_the_provider_gives_them() {
        let all = said(
            &json!({"name": " Malo Fictif ", "email": "malo@ent.example", "structure": "0999001W", "class": "2GT3"}),
        );
        assert_eq!(all.name.as_deref(), Some("Malo Fictif"));
        assert_eq!((all.email.as_deref(), all.tenant.as_deref()), (Some("malo@ent.example"), Some("0999001W")));
        let odd = said(&json!({"name": 7, "email": "", "structure": "a\nb"}));
        assert_eq!((odd.name, odd.email, odd.tenant), (None, None, None));
        assert_eq!(said(&json!({"name": "x".repeat(121)})).name, None);
    }

    /// Shows: O-312
    #[test]
    fn only_who_is_known_to_be_an_adult_is_one() {
        for (claims, staff, minor) in [
            (json!({}), false, true),
            (json!({"title": "ELE"}), false, true),
            (json!({"title": "ELE", "majeur": false}), false, true),
            (json!({"title": "ELE", "majeur": "true"}), false, true),
            (json!({"title": "ELE", "majeur": true}), false, false),
            (json!({"title": "ens"}), true, false),
            (json!({"title": "Parent"}), false, false),
            (json!({"title": "X"}), false, true),
            (json!({"title": "ELE", "naissance": "2011-10-26"}), false, false),
            (json!({"title": "ELE", "naissance": "2011-10-27"}), false, true),
            (json!({"title": "ELE", "naissance": "26/10/1990"}), false, true),
            (json!({"title": "ELE", "naissance": "2030-01-01"}), false, true),
        ] {
            let said = said(&claims);
            assert_eq!((said.is_staff, said.is_minor), (staff, minor), "{claims}");
        }
    }

    #[test]
    fn a_subject_is_short_and_plain() {
        assert_eq!(subject("a/b c").as_deref(), Some("a/b c"));
        for wrong in ["", "a\0b", &"x".repeat(256)] {
            assert_eq!(subject(wrong), None);
        }
    }
}
