//! Access modes and sets of them.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// An access mode of Web Access Control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Mode {
    Read = 1,
    Write = 2,
    Append = 4,
    Control = 8,
}

impl Mode {
    /// In the order in which `WAC-Allow` lists them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::Append, Self::Control];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Append => "append",
            Self::Control => "control",
        }
    }
}

/// A set of modes, as granted.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Modes(u8);

impl Modes {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(15);

    /// Whether `mode` is satisfied. Append is satisfied by Write; nothing else implies anything.
    ///
    /// Spec: W-21
    pub const fn allow(self, mode: Mode) -> bool {
        let sufficient = match mode {
            Mode::Append => Mode::Append as u8 | Mode::Write as u8,
            other => other as u8,
        };
        self.0 & sufficient != 0
    }

    /// Whether `mode` itself was granted.
    pub const fn contains(self, mode: Mode) -> bool {
        self.0 & mode as u8 != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Mode> {
        Mode::ALL.into_iter().filter(move |mode| self.contains(*mode))
    }
}

impl From<Mode> for Modes {
    fn from(mode: Mode) -> Self {
        Self(mode as u8)
    }
}

impl BitOr for Modes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Modes {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl FromIterator<Mode> for Modes {
    fn from_iter<T: IntoIterator<Item = Mode>>(modes: T) -> Self {
        modes.into_iter().fold(Self::NONE, |all, mode| all | mode.into())
    }
}

/// Space-separated, as in `WAC-Allow`.
impl fmt::Display for Modes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Mode::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

impl fmt::Debug for Modes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Modes({self})")
    }
}
