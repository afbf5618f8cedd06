//! The questions of a sign-up, in their order.

/// A question of the sign-up.
///
/// Spec: O-321, CP-01, CP-02, CP-03, CP-04, CP-05, CP-06, CP-07, CP-08
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Welcome,
    Email,
    Address,
    Terms,
    /// The letter with the link.
    Check,
    Password,
    /// Whether the school's contacts may come in.
    Contacts,
    /// Everything is answered: opening the pod.
    Open,
}

impl Step {
    pub const ALL: [Self; 8] = [
        Self::Welcome,
        Self::Email,
        Self::Address,
        Self::Terms,
        Self::Check,
        Self::Password,
        Self::Contacts,
        Self::Open,
    ];

    /// Counted from 1.
    pub const fn number(self) -> usize {
        self as usize + 1
    }

    /// The step after this one.
    pub fn next(self) -> Self {
        Self::ALL.into_iter().find(|step| *step > self).unwrap_or(self)
    }

    /// The step before this one.
    pub fn previous(self) -> Option<Self> {
        Self::ALL.into_iter().rev().find(|step| *step < self)
    }
}
