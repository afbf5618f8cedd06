//! Which statements are there: small files in the pod that tell, by the end of an id, when and from whom it came.
//!
//! An id is found in one small file, however many statements there are. A file only grows, a line at a time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

/// A statement that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub id: Uuid,
    pub stored: Timestamp,
    /// The day of its document.
    pub day: Date,
    /// What it has in common with the same statement sent again.
    pub digest: u64,
    /// The statement that it voids.
    pub voids: Option<Uuid>,
    /// The WebID that sent it.
    pub by: String,
}

/// That a statement was voided, perhaps before it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voided {
    pub at: Timestamp,
    /// The WebID that sent the statement which says so.
    pub by: String,
}

/// One of the files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ids {
    text: String,
    known: BTreeMap<Uuid, Known>,
    voided: BTreeMap<Uuid, Vec<Voided>>,
}

/// Which file an id is in: named by its last two digits, which are random in every version of UUIDs.
pub const fn file(id: Uuid) -> u8 {
    id.as_bytes()[15]
}

impl Ids {
    /// Reads a file. Lines that are none of ours are kept and say nothing.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut ids = Self { text: String::from_utf8_lossy(bytes).into_owned(), ..Self::default() };
        for line in String::from_utf8_lossy(bytes).lines() {
            match line.split('\t').collect::<Vec<_>>().as_slice() {
                ["statement", id, stored, day, digest, voids, by] => {
                    ids.known.extend(known([id, stored, day, digest, voids, by]).map(|known| (known.id, known)));
                }
                ["voided", id, at, by] => {
                    if let (Ok(id), Ok(at)) = (id.parse(), at.parse()) {
                        ids.voided.entry(id).or_default().push(Voided { at, by: (*by).to_owned() });
                    }
                }
                _ => {}
            }
        }
        ids
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn get(&self, id: Uuid) -> Option<&Known> {
        self.known.get(&id)
    }

    pub fn all(&self) -> impl Iterator<Item = &Known> {
        self.known.values()
    }

    /// Since when a statement is void: by its own sender's word or that of `owners`.
    ///
    /// Spec: LT-15
    pub fn void_since(&self, id: Uuid, sender: &str, owners: &[String]) -> Option<Timestamp> {
        let said = self.voided.get(&id).into_iter().flatten();
        said.filter(|void| void.by == sender || owners.contains(&void.by)).map(|void| void.at).min()
    }

    pub fn add(&mut self, known: Known) {
        let Known { id, stored, day, digest, voids, by } = &known;
        let voids = voids.map_or_else(|| "-".to_owned(), |voids| voids.to_string());
        self.line(&format!("statement\t{id}\t{stored}\t{day}\t{digest:016x}\t{voids}\t{by}"));
        self.known.insert(known.id, known);
    }

    pub fn void(&mut self, id: Uuid, void: &Voided) {
        let said = self.voided.entry(id).or_default();
        if said.iter().any(|before| before.by == void.by) {
            return;
        }
        said.push(void.clone());
        self.line(&format!("voided\t{id}\t{}\t{}", void.at, void.by));
    }

    fn line(&mut self, line: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.push_str(line);
        self.text.push('\n');
    }
}

fn known([id, stored, day, digest, voids, by]: [&str; 6]) -> Option<Known> {
    Some(Known {
        id: id.parse().ok()?,
        stored: stored.parse().ok()?,
        day: day.parse().ok()?,
        digest: u64::from_str_radix(digest, 16).ok()?,
        voids: voids.parse().ok(),
        by: by.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: &str = "https://moodle.example/#app";

    fn known(last: u8) -> Known {
        Known {
            id: Uuid::from_u128(u128::from(last)),
            stored: "2026-10-26T07:33:20.125Z".parse().unwrap(),
            day: "2026-10-26".parse().unwrap(),
            digest: 7,
            voids: (last == 2).then(|| Uuid::from_u128(1)),
            by: TOOL.to_owned(),
        }
    }

    /// Shows: LT-15, LT-19
    #[test]
    fn what_is_written_is_read_again() {
        let mut ids = Ids::parse(b"a line of somebody else");
        ids.add(known(1));
        ids.add(known(2));
        let at = "2026-10-26T08:00:00Z".parse().unwrap();
        let void = |by: &str| Voided { at, by: by.to_owned() };
        ids.void(known(1).id, &void(TOOL));
        ids.void(known(1).id, &void(TOOL));
        ids.void(known(3).id, &void("https://stranger.example/"));
        let again = Ids::parse(ids.text().as_bytes());
        assert_eq!(again, ids);
        assert!(again.text().starts_with("a line of somebody else\nstatement\t"));
        assert_eq!(again.text().lines().count(), 5);
        assert_eq!(again.all().count(), 2);
        assert_eq!(again.get(known(2).id), Some(&known(2)));
        let owner = "https://pods.example/ada#me".to_owned();
        assert_eq!(again.void_since(known(1).id, TOOL, &[]), Some(at));
        assert_eq!(again.void_since(known(3).id, TOOL, &[owner]), None, "a stranger's word counts for nothing");
        assert_eq!(file("5a000000-0000-4000-8000-0000000000fe".parse().unwrap()), 0xFE);
    }
}
