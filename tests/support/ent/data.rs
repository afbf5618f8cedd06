//! What the platform hands to those whom its people let in: their contacts and their applications.

use std::collections::HashMap;

use cartable::http::Body;
use http::{HeaderMap, Method, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::{Ent, Platform, Somebody};
use crate::stand_in::{Fault, fixture, of};

/// An address that can be made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    Token,
    Userinfo,
    Contacts,
    /// Asks for the list of applications to be made anew.
    Sync,
    Applications,
}

/// The catalogue of applications that there is.
pub const CATALOGUE: &str = "42";

#[derive(Default)]
pub struct Data {
    /// In place of what each person sees otherwise.
    contacts: Option<Vec<u8>>,
    applications: Option<Vec<u8>>,
    faults: HashMap<Place, Fault>,
}

impl Ent {
    /// From now on this file of `tests/fixtures/ent/` is the contacts of everybody.
    pub fn contacts(&self, file: &str) {
        self.platform.state.lock().data.contacts = Some(fixture(format!("ent/{file}")));
    }

    /// From now on this is the contacts of everybody.
    pub fn contacts_are(&self, answer: &Value) {
        self.platform.state.lock().data.contacts = Some(answer.to_string().into_bytes());
    }

    pub fn applications_are(&self, answer: &Value) {
        self.platform.state.lock().data.applications = Some(answer.to_string().into_bytes());
    }

    /// From now on this address fails; `None`: it does not.
    pub fn fault(&self, place: Place, fault: impl Into<Option<Fault>>) {
        let mut state = self.platform.state.lock();
        match fault.into() {
            Some(fault) => _ = state.data.faults.insert(place, fault),
            None => _ = state.data.faults.remove(&place),
        }
    }
}

impl Platform {
    pub(super) fn fault(&self, place: Place) -> Option<Fault> {
        self.state.lock().data.faults.get(&place).copied()
    }

    /// Answers if the path is one of the data's.
    pub(super) fn data(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<Response<Body>> {
        let catalogue = format!("/safran/api/v1/catalogues/{CATALOGUE}/");
        let place = match (method, path.strip_prefix(&catalogue)) {
            (&Method::GET, Some("applications")) => Place::Applications,
            (&Method::POST, Some("sync")) => Place::Sync,
            (&Method::GET, None) if path.starts_with("/contacts/") => Place::Contacts,
            _ => return None,
        };
        let json = "application/json";
        let Some(somebody) = self.bearer(headers, "toutatice") else {
            return Some(of(StatusCode::UNAUTHORIZED, json, fixture("ent/error-401.json")));
        };
        let body = match place {
            Place::Contacts => match path.strip_prefix("/contacts/").filter(|uid| is(uid, &somebody)) {
                Some(_) => self.contacts_of(&somebody),
                None => return Some(of(StatusCode::FORBIDDEN, json, "{}")),
            },
            Place::Applications => {
                self.state.lock().data.applications.clone().unwrap_or_else(|| fixture("ent/apps-catalogue.json"))
            }
            _ => b"{}".to_vec(),
        };
        let good = if place == Place::Sync { StatusCode::ACCEPTED } else { StatusCode::OK };
        Some(match self.fault(place) {
            Some(fault) => fault.on(json, body),
            None => of(good, json, body),
        })
    }

    fn contacts_of(&self, somebody: &Somebody) -> Vec<u8> {
        let set = self.state.lock().data.contacts.clone();
        let usual = if somebody.title == "ENS" { "teacher" } else { "pupil" };
        set.unwrap_or_else(|| fixture(format!("ent/contacts-{usual}-initial.json")))
    }
}

/// Whether a segment of a path is a person's identifier, encoded: a `/` in it is not one of the path.
fn is(segment: &str, somebody: &Somebody) -> bool {
    !segment.contains('/') && percent_decode_str(segment).decode_utf8().is_ok_and(|uid| uid == somebody.uid())
}
