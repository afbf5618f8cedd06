//! Dates as people say them, in the zone of the schools that the server is made for.

use std::sync::LazyLock;

use jiff::Zoned;
use jiff::tz::TimeZone;

use crate::clock::Timestamp;
use crate::language::Language;

/// France, by its rule, so that no machine needs a table of zones.
static ZONE: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC));

const FRENCH: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day: "1er septembre 2026", "1 September 2026".
pub fn day(time: Timestamp, language: Language) -> String {
    civil(local(time).date(), language)
}

/// The same of a day that is known as such.
pub fn civil(date: jiff::civil::Date, language: Language) -> String {
    let (day, year) = (date.day(), date.year());
    let months = language.choose(&FRENCH, &ENGLISH);
    let month = usize::try_from(date.month() - 1).ok().and_then(|month| months.get(month)).unwrap_or(&"");
    let first = if day == 1 { language.choose("er", "") } else { "" };
    format!("{day}{first} {month} {year}")
}

/// A moment: "28 novembre 2026 à 18 h", "28 November 2026 at 6 pm".
pub fn moment(time: Timestamp, language: Language) -> String {
    let local = local(time);
    let (hour, minute) = (local.hour(), local.minute());
    let day = day(time, language);
    let french = if minute == 0 { format!("{hour} h") } else { format!("{hour} h {minute:02}") };
    let (twelfth, half) = ((hour + 11) % 12 + 1, if hour < 12 { "am" } else { "pm" });
    let english = if minute == 0 { format!("{twelfth} {half}") } else { format!("{twelfth}:{minute:02} {half}") };
    language.choose(format!("{day} à {french}"), format!("{day} at {english}"))
}

/// A day as seen from another: "aujourd’hui", "hier", else the day.
pub fn lately(time: Timestamp, now: Timestamp, language: Language) -> String {
    let (then, today) = (local(time).date(), local(now).date());
    if then == today {
        return language.choose("aujourd’hui", "today").to_owned();
    }
    if then.tomorrow().is_ok_and(|next| next == today) {
        return language.choose("hier", "yesterday").to_owned();
    }
    language.choose(format!("le {}", day(time, language)), format!("on {}", day(time, language)))
}

fn local(time: Timestamp) -> Zoned {
    in_france(jiff::Timestamp::from_second(time.seconds()).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
}

/// When a day begins in Paris; `None` at the ends of the calendar.
pub fn begins_in_france(day: jiff::civil::Date) -> Option<Zoned> {
    day.to_zoned(ZONE.clone()).ok()
}

/// An instant as clocks in Paris show it.
pub fn in_france(instant: jiff::Timestamp) -> Zoned {
    instant.to_zoned(ZONE.clone())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn days_are_spelled_out_in_local_time() {
        // 31 August 2026, 23:30 UTC: the first of September in summer time.
        let time = Timestamp::from_seconds(1_788_219_000);
        assert_eq!(day(time, Language::French), "1er septembre 2026");
        assert_eq!(moment(time, Language::French), "1er septembre 2026 à 1 h 30");
        assert_eq!(moment(time, Language::English), "1 September 2026 at 1:30 am");
        assert_eq!(lately(time, time.plus(Duration::from_hours(22)), Language::French), "aujourd’hui");
        assert_eq!(lately(time, time.plus(Duration::from_hours(23)), Language::French), "hier");
        assert_eq!(lately(time, time.plus(Duration::from_hours(50)), Language::English), "on 1 September 2026");
        assert_eq!(day(Timestamp::from_millis(i64::MAX), Language::English), "1 January 1970");
    }
}
