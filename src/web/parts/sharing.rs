//! Parts that tell who may do what, and until when.

use askama::Template;
use askama::filters::HtmlSafe;

use super::{Icon, icon};
use crate::clock::Timestamp;
use crate::language::Language;
use crate::web::date;

/// A person or an application: its name, the host that vouches for it, and whether anybody has checked it.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/person.html")]
pub struct Person {
    pub name: String,
    pub host: String,
    pub unverified: Option<&'static str>,
}

impl HtmlSafe for Person {}

impl Person {
    pub fn new(language: Language, name: impl Into<String>, host: impl Into<String>, verified: bool) -> Self {
        let unverified = (!verified).then(|| language.choose("non vérifié", "not verified"));
        Self { name: name.into(), host: host.into(), unverified }
    }
}

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum May {
    Read,
    Write,
    Drop,
}

/// A permission, as an icon and a sentence.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/permission.html")]
pub struct Permission {
    icon: Icon,
    text: &'static str,
}

impl HtmlSafe for Permission {}

impl Permission {
    pub fn new(language: Language, may: May) -> Self {
        let (name, french, english) = match may {
            May::Read => ("eye", "peut lire", "may read"),
            May::Write => ("pencil", "peut modifier", "may change"),
            May::Drop => ("inbox", "peut déposer", "may drop files here"),
        };
        Self { icon: icon(name), text: language.choose(french, english) }
    }
}

/// How long something lasts ("encore 6 jours, jusqu’au 28 novembre 2026 à 18 h").
#[derive(Debug, Clone, Template)]
#[template(path = "parts/time_left.html")]
pub struct TimeLeft {
    pub text: String,
}

impl HtmlSafe for TimeLeft {}

impl TimeLeft {
    pub fn new(language: Language, until: Timestamp, now: Timestamp) -> Self {
        let end = date::moment(until, language);
        let left = u64::try_from(until.millis().saturating_sub(now.millis())).unwrap_or(0);
        let (days, hours) = (left / 86_400_000, left.div_ceil(3_600_000));
        let text = match (left, days) {
            (0, _) => language.choose(format!("terminé depuis le {end}"), format!("ended on {end}")),
            (_, 0) => {
                let hours = count(hours, language.choose(["heure", "heures"], ["hour", "hours"]));
                language.choose(format!("encore {hours}, jusqu’au {end}"), format!("{hours} left, until {end}"))
            }
            _ => {
                let days = count(days, language.choose(["jour", "jours"], ["day", "days"]));
                language.choose(format!("encore {days}, jusqu’au {end}"), format!("{days} left, until {end}"))
            }
        };
        Self { text }
    }
}

/// A number and its noun, one or several.
fn count(number: u64, [one, several]: [&str; 2]) -> String {
    format!("{number} {}", if number < 2 { one } else { several })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn time_left_is_said_in_days_then_hours() {
        let now = Timestamp::from_seconds(1_795_366_800); // 22 November 2026, 18:00 in Paris
        for (left, french, english) in [
            (
                DAY * 6,
                "encore 6 jours, jusqu’au 28 novembre 2026 à 18 h",
                "6 days left, until 28 November 2026 at 6 pm",
            ),
            (DAY, "encore 1 jour, jusqu’au 23 novembre 2026 à 18 h", "1 day left, until 23 November 2026 at 6 pm"),
            (
                Duration::from_mins(90),
                "encore 2 heures, jusqu’au 22 novembre 2026 à 19 h 30",
                "2 hours left, until 22 November 2026 at 7:30 pm",
            ),
            (Duration::ZERO, "terminé depuis le 22 novembre 2026 à 18 h", "ended on 22 November 2026 at 6 pm"),
        ] {
            let said = |language| TimeLeft::new(language, now.plus(left), now).text;
            assert_eq!((said(Language::French).as_str(), said(Language::English).as_str()), (french, english));
        }
    }
}
