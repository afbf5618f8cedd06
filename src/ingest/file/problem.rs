//! What is wrong with a file, said by line: reported, never guessed around.

use serde::Serialize;

/// Why a whole file is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the file is larger than 5 MB")]
    TooLarge,
    #[error("the file has more than 10,000 entries")]
    TooMany,
    #[error("this is no vCard, CSV, iCalendar or xAPI file")]
    UnknownKind,
    #[error("the file holds nothing of its kind")]
    Empty,
    #[error("the columns that were named are not those of the file, or name nobody")]
    Columns,
}

/// Something in a file that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    pub reason: Reason,
}

/// Why something is not taken. No value of the file is ever part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The entry does not end, or is not what it claims to be.
    Broken,
    /// Neither identifier nor name: the entry could not be found again.
    NoKey,
    NoName,
    NameTooLong,
    /// An earlier entry of the file has the same identifier.
    Twice,
    /// An event without a beginning that can be read.
    NoStart,
    /// A date that the calendar does not have, or in a form that could mean two days.
    BadDate,
    BadEmail,
    BadPhone,
    /// A web address that is not `https`.
    BadUrl,
    TooLong,
    /// A group names somebody who is not in the file.
    UnknownMember,
    /// A time zone that nobody knows: the times are kept without one.
    UnknownZone,
    /// A rule of recurrence that is kept, but not expanded.
    RuleNotExpanded,
}

impl Reason {
    /// Whether the whole entry is left out, and not a detail of it.
    pub fn is_of_entry(self) -> bool {
        matches!(self, Self::Broken | Self::NoKey | Self::NoName | Self::NameTooLong | Self::Twice | Self::NoStart)
    }

    /// For the command line.
    pub fn says(self) -> &'static str {
        match self {
            Self::Broken => "the entry is broken",
            Self::NoKey => "no identifier",
            Self::NoName => "no name",
            Self::NameTooLong => "the name is too long",
            Self::Twice => "the identifier was there before",
            Self::NoStart => "the event has no beginning that can be read",
            Self::BadDate => "there is no such date",
            Self::BadEmail => "this is no e-mail address",
            Self::BadPhone => "this is no telephone number",
            Self::BadUrl => "the web address is not https",
            Self::TooLong => "a text is too long",
            Self::UnknownMember => "a member of the group is not in the file",
            Self::UnknownZone => "the time zone is not known: times are kept without one",
            Self::RuleNotExpanded => "the rule of recurrence is kept, but not expanded",
        }
    }
}
