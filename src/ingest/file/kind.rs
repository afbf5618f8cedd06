//! Which kind of file it is, by what is in it: names of files and media types are often wrong.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::text;

/// A kind of file that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Vcard,
    Csv,
    Ics,
    Xapi,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Vcard, Self::Csv, Self::Ics, Self::Xapi];

    /// As it is written on the command line and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vcard => "vcard",
            Self::Csv => "csv",
            Self::Ics => "ics",
            Self::Xapi => "xapi",
        }
    }

    /// How the original file is kept.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Vcard => "text/vcard",
            Self::Csv => "text/csv",
            Self::Ics => "text/calendar",
            Self::Xapi => "application/json",
        }
    }

    /// The kind of a file; `None` if it is none of ours.
    ///
    /// ```
    /// use cartable::ingest::file::Kind;
    /// assert_eq!(Kind::of(b"BEGIN:VCARD\r\n"), Some(Kind::Vcard));
    /// assert_eq!(Kind::of("\u{feff}NOM;PRENOM\r\n".as_bytes()), Some(Kind::Csv));
    /// assert_eq!(Kind::of(b"%PDF-1.7"), None);
    /// ```
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..4096).unwrap_or(bytes);
        let head = text::decode(head);
        let first = head.trim_start();
        let begins = |word: &str| first.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if begins("BEGIN:VCARD") {
            Some(Self::Vcard)
        } else if begins("BEGIN:VCALENDAR") || begins("BEGIN:VEVENT") {
            Some(Self::Ics)
        } else if first.starts_with(['{', '[']) {
            Some(Self::Xapi)
        } else {
            is_table(first).then_some(Self::Csv)
        }
    }
}

impl FromStr for Kind {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or("must be vcard, csv, ics or xapi")
    }
}

/// Whether this looks like a table: a first line of several columns, without what no text holds.
fn is_table(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let columns = first.contains([';', ',', '\t']);
    let marked = ["<", "%PDF", "PK"].iter().any(|mark| text.starts_with(mark));
    columns && !marked && !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_what_they_hold() {
        for (bytes, kind) in [
            (&include_bytes!("../../../tests/fixtures/import/carnet-v4.vcf")[..], Some(Kind::Vcard)),
            (include_bytes!("../../../tests/fixtures/import/eleves-classes.csv"), Some(Kind::Csv)),
            (include_bytes!("../../../tests/fixtures/import/eleves-classes-cp1252.csv"), Some(Kind::Csv)),
            (include_bytes!("../../../tests/fixtures/import/agenda-classe.ics"), Some(Kind::Ics)),
            (b"\n begin:vcard\n", Some(Kind::Vcard)),
            (b"[{\"id\":\"x\"}]", Some(Kind::Xapi)),
            (b"a\tb\n1\t2\n", Some(Kind::Csv)),
            (b"hello", None),
            (b"<html>a,b</html>", None),
            (b"PK\x03\x04a,b", None),
            (b"", None),
        ] {
            assert_eq!(Kind::of(bytes), kind);
        }
    }

    #[test]
    fn names_are_read_back() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert!("pdf".parse::<Kind>().is_err());
    }
}
