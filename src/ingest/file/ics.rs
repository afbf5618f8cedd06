//! Calendars: the events of an iCalendar file, with their times in the zones that the file names.

use std::collections::HashSet;

use calcard::common::PartialDateTime;
use calcard::common::timezone::Tz;
use calcard::icalendar::dates::TimeOrDelta;
use calcard::icalendar::timezone::TzResolver;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarFrequency, ICalendarProperty,
    ICalendarRecurrenceRule, ICalendarStatus, ICalendarValue,
};
use chrono::DateTime;
use jiff::civil::Date;

use super::MOST_ENTRIES;
use super::card::{LONGEST_LINE, Reader, https};
use super::problem::{Problem, Reason, Unreadable};
use super::text::{self, Component, Line};

/// The most occurrences of one event that are written out, and of all events of a file.
const MOST_OCCURRENCES: usize = 400;
const MOST_IN_ALL: usize = 20_000;
/// The most rules that are expanded: a rule that never comes true costs as much as a long one.
const MOST_RULES: usize = 500;
/// The longest rule.
const LONGEST_RULE: usize = 500;

/// The events of a file, and what could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Agenda {
    pub events: Vec<Event>,
    pub problems: Vec<Problem>,
}

/// An event, or one occurrence of it that differs from the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub line: usize,
    pub uid: String,
    /// Which occurrence it replaces: the moment at which that would have begun.
    pub replaces: Option<When>,
    pub is_cancelled: bool,
    pub name: String,
    pub description: Option<String>,
    pub location: Option<String>,
    pub url: Option<String>,
    pub start: When,
    pub end: Option<When>,
    /// As it is written.
    pub rule: Option<String>,
    /// Beginnings and ends, in their order; empty without a rule.
    pub occurrences: Vec<(When, Option<When>)>,
}

/// A day, or a moment with the offset of its zone; a moment of no zone has none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum When {
    Day(String),
    Moment(String),
}

impl When {
    /// As XML Schema writes it.
    pub fn lexical(&self) -> &str {
        let (Self::Day(text) | Self::Moment(text)) = self;
        text
    }
}

/// Reads the events of a calendar.
///
/// Spec: rfc5545 §3.6.1
pub fn read(bytes: &[u8]) -> Result<Agenda, Unreadable> {
    let lines = text::unfold(bytes);
    let components = text::components(&lines, "VEVENT");
    if components.len() > MOST_ENTRIES {
        return Err(Unreadable::TooMany);
    }
    if components.is_empty() {
        return Err(Unreadable::Empty);
    }
    let mut calendar = Calendar {
        zones: zones(&lines),
        all_cancelled: lines.iter().any(|line| line.text.trim().eq_ignore_ascii_case("METHOD:CANCEL")),
        left: MOST_IN_ALL,
        rules: MOST_RULES,
    };
    let mut agenda = Agenda::default();
    let mut known = HashSet::new();
    for component in &components {
        let mut reader = Reader { line: component.line, problems: &mut agenda.problems };
        match calendar.event(component, &mut reader) {
            Ok(event) if known.insert((event.uid.clone(), event.replaces.clone())) => agenda.events.push(event),
            Ok(_) => reader.report(Reason::Twice),
            Err(reason) => reader.report(reason),
        }
    }
    withhold_replaced(&mut agenda.events);
    Ok(agenda)
}

/// The time zones that the file describes.
fn zones(lines: &[Line]) -> Vec<ICalendarComponent> {
    let parsed = text::components(lines, "VTIMEZONE").into_iter().take(100).filter_map(|zone| parse(&zone));
    parsed
        .flat_map(|zone| zone.components)
        .filter(|part| part.component_type == ICalendarComponentType::VTimezone)
        .collect()
}

fn parse(component: &Component) -> Option<ICalendar> {
    ICalendar::parse(component.text()).ok().filter(|_| component.closed)
}

/// An occurrence that is told of by itself is not one of the rule's any more.
fn withhold_replaced(events: &mut [Event]) {
    let replaced: HashSet<(String, When)> =
        events.iter().filter_map(|event| Some((event.uid.clone(), event.replaces.clone()?))).collect();
    for event in events.iter_mut().filter(|event| event.replaces.is_none()) {
        event.occurrences.retain(|(start, _)| !replaced.contains(&(event.uid.clone(), start.clone())));
    }
}

struct Calendar {
    zones: Vec<ICalendarComponent>,
    all_cancelled: bool,
    /// Occurrences that may still be written out.
    left: usize,
    /// Rules that may still be expanded.
    rules: usize,
}

impl Calendar {
    fn event(&mut self, component: &Component, reader: &mut Reader<'_>) -> Result<Event, Reason> {
        let parsed = parse(component).ok_or(Reason::Broken)?;
        let parsed = parsed.components.into_iter().next().ok_or(Reason::Broken)?;
        let said = |property: &ICalendarProperty| {
            let value = parsed.property(property).and_then(|entry| entry.values.first());
            value.and_then(|value| value.as_text()).unwrap_or_default()
        };
        let uid = text::line(said(&ICalendarProperty::Uid), LONGEST_LINE).ok().flatten().ok_or(Reason::NoKey)?;
        let name = reader.text(said(&ICalendarProperty::Summary), LONGEST_LINE).unwrap_or_default();
        let description = reader.note(said(&ICalendarProperty::Description));
        let location = reader.text(said(&ICalendarProperty::Location), LONGEST_LINE);
        let url = reader.value(said(&ICalendarProperty::Url), https, Reason::BadUrl);
        let is_cancelled = self.all_cancelled || parsed.status() == Some(&ICalendarStatus::Cancelled);
        let rule = component.raw("RRULE").and_then(|rule| reader.text(rule, LONGEST_RULE));
        let zones = ICalendar { components: self.zones.clone() };
        let zones = zones.build_tz_resolver();
        let replaces = parsed.property(&ICalendarProperty::RecurrenceId).map(|entry| when(entry, &zones));
        let replaces = replaces.transpose().map_err(|_| Reason::NoStart)?;
        let start = parsed.property(&ICalendarProperty::Dtstart).ok_or(Reason::NoStart);
        let start = match start.and_then(|entry| when(entry, &zones)) {
            Ok(start) => start,
            // What is cancelled need not say when it would have been.
            Err(_) if is_cancelled => replaces.clone().unwrap_or_else(|| When::Day(String::new())),
            Err(reason) => return Err(reason),
        };
        if has_unknown_zone(&parsed, &zones) {
            reader.report(Reason::UnknownZone);
        }
        let mut event = Event {
            line: reader.line,
            uid,
            replaces,
            is_cancelled,
            name,
            description,
            location,
            url,
            start,
            end: None,
            rule,
            occurrences: Vec::new(),
        };
        if !is_cancelled {
            self.lay_out(parsed, &mut event, reader);
        }
        Ok(event)
    }

    /// Works out when the event ends, and when it comes again.
    fn lay_out(&mut self, mut parsed: ICalendarComponent, event: &mut Event, reader: &mut Reader<'_>) {
        let zones = ICalendar { components: self.zones.clone() };
        let zone = zone_of(&parsed, &zones.build_tz_resolver());
        let recurs = parsed.is_recurrent();
        let ends = parsed.has_property(&ICalendarProperty::Dtend) || parsed.has_property(&ICalendarProperty::Duration);
        if !self.prepare_rules(&mut parsed, zone) {
            reader.report(Reason::RuleNotExpanded);
        }
        // A replaced occurrence is an event of its own here.
        parsed.entries.retain(|entry| entry.name != ICalendarProperty::RecurrenceId);
        let is_day = matches!(event.start, When::Day(_));
        let mut components = vec![parsed];
        components.extend(self.zones.iter().cloned());
        let limit = self.left.min(MOST_OCCURRENCES);
        let expanded = ICalendar { components }.expand_dates(zone, limit);
        let mut times: Vec<(When, Option<When>)> = Vec::new();
        for occurrence in expanded.events.into_iter().take(MOST_OCCURRENCES) {
            let start = occurrence.start;
            let end = match occurrence.end {
                TimeOrDelta::Time(end) => Some(end),
                TimeOrDelta::Delta(length) => start.checked_add_signed(length),
            };
            // Days end before the day that the file names; a moment that ends as it begins has no end.
            let end = end.filter(|end| ends && *end > start);
            let end = match end {
                Some(end) if is_day => {
                    let last = end.date_naive().pred_opt().filter(|last| *last > start.date_naive());
                    last.map(|last| When::Day(last.to_string()))
                }
                end => end.map(|end| moment(&end)),
            };
            times.push((if is_day { When::Day(start.date_naive().to_string()) } else { moment(&start) }, end));
        }
        times.sort();
        event.end =
            times.iter().find(|(start, _)| *start == event.start).or(times.first()).and_then(|(_, end)| end.clone());
        if recurs && times.len() > 1 {
            self.left -= times.len().min(self.left);
            event.occurrences = times;
        }
    }

    /// Leaves the rules that can be expanded within reason, their ends brought into the event's own time. `false` if
    /// one was taken out.
    fn prepare_rules(&mut self, parsed: &mut ICalendarComponent, zone: Tz) -> bool {
        let before = parsed.entries.len();
        let (left, rules) = (self.left, &mut self.rules);
        parsed.entries.retain_mut(|entry| {
            if entry.name != ICalendarProperty::Rrule {
                return true;
            }
            let Some(ICalendarValue::RecurrenceRule(rule)) = entry.values.first_mut() else { return false };
            if left == 0 || *rules == 0 || !is_plain(rule) {
                return false;
            }
            *rules -= 1;
            rule.until = rule.until.as_ref().map(|until| local(until, zone));
            true
        });
        parsed.entries.len() == before
    }
}

/// Whether a rule is of the kinds that timetables have; others may take long to expand.
fn is_plain(rule: &ICalendarRecurrenceRule) -> bool {
    use ICalendarFrequency::{Daily, Monthly, Weekly, Yearly};
    matches!(rule.freq, Daily | Weekly | Monthly | Yearly)
        && rule.interval != Some(0)
        && rule.bysecond.is_empty()
        && rule.byminute.is_empty()
        && rule.byhour.is_empty()
        && rule.byweekno.is_empty()
        && rule.byyearday.is_empty()
        && rule.rscale.is_none()
}

/// The end of a rule in the time of the event: rules are expanded by the clock on the wall. An end without a time
/// means the whole day.
fn local(until: &PartialDateTime, zone: Tz) -> PartialDateTime {
    if until.hour.is_none() {
        return PartialDateTime { hour: Some(23), minute: Some(59), second: Some(59), ..until.clone() };
    }
    let moment = until.tz_hour.and(until.to_date_time_with_tz(Tz::UTC)).filter(|_| !zone.is_floating());
    let on_the_wall = moment.map(|moment| moment.with_timezone(&zone).naive_local().and_utc().timestamp());
    on_the_wall.map_or_else(|| until.clone(), PartialDateTime::from_naive_timestamp)
}

/// The value of a property that says when.
fn when(entry: &ICalendarEntry, zones: &TzResolver<&str>) -> Result<When, Reason> {
    let Some(ICalendarValue::PartialDateTime(date)) = entry.values.first() else { return Err(Reason::NoStart) };
    if date.hour.is_none() {
        return day(date).map(|day| When::Day(day.to_string())).ok_or(Reason::NoStart);
    }
    let zone = zones.resolve_or_default(entry.tz_id());
    date.to_date_time_with_tz(zone).map(|time| moment(&time)).ok_or(Reason::NoStart)
}

/// The zone of an event's beginning: the one it names, universal time, or none.
fn zone_of(parsed: &ICalendarComponent, zones: &TzResolver<&str>) -> Tz {
    let Some(start) = parsed.property(&ICalendarProperty::Dtstart) else { return Tz::Floating };
    match start.values.first() {
        Some(ICalendarValue::PartialDateTime(date)) if date.tz_hour.is_some() => Tz::UTC,
        _ => zones.resolve_or_default(start.tz_id()),
    }
}

fn day(date: &PartialDateTime) -> Option<Date> {
    let number = |small: u8| i8::try_from(small).ok();
    Date::new(i16::try_from(date.year?).ok()?, number(date.month?)?, number(date.day?)?).ok()
}

/// A moment as it is on the wall, with the offset of its zone.
fn moment(time: &DateTime<Tz>) -> When {
    let zone = time.timezone();
    let form = match () {
        () if zone.is_floating() => "%Y-%m-%dT%H:%M:%S",
        () if zone.is_utc() => "%Y-%m-%dT%H:%M:%SZ",
        () => "%Y-%m-%dT%H:%M:%S%:z",
    };
    When::Moment(time.format(form).to_string())
}

/// Whether the times of an event are in a zone that nobody knows.
fn has_unknown_zone(parsed: &ICalendarComponent, zones: &TzResolver<&str>) -> bool {
    let unknown = |entry: &ICalendarEntry| entry.tz_id().is_some_and(|name| zones.resolve(name).is_none());
    parsed.property(&ICalendarProperty::Dtstart).is_some_and(unknown)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIXTURE: &[u8] = include_bytes!("../../../tests/fixtures/import/agenda-classe.ics");

    fn agenda(events: &str) -> Agenda {
        read(format!("BEGIN:VCALENDAR\r\n{events}\r\nEND:VCALENDAR\r\n").as_bytes()).unwrap()
    }

    fn one(lines: &str) -> (Option<Event>, Vec<Reason>) {
        let agenda = agenda(&format!("BEGIN:VEVENT\r\nUID:x\r\n{lines}\r\nEND:VEVENT"));
        (agenda.events.into_iter().next(), agenda.problems.into_iter().map(|problem| problem.reason).collect())
    }

    fn starts(event: &Event) -> Vec<&str> {
        event.occurrences.iter().map(|(start, _)| start.lexical()).collect()
    }

    #[test]
    fn the_fixture_is_read_whole() {
        let agenda = read(FIXTURE).unwrap();
        assert_eq!(agenda.problems, []);
        let [lesson, test] = agenda.events.as_slice() else { panic!("two events") };
        assert_eq!(
            (lesson.uid.as_str(), lesson.name.as_str()),
            ("cours-0001@armorique.example", "Physique-chimie 2GT3")
        );
        assert_eq!(lesson.location.as_deref(), Some("Salle fictive B12"));
        assert_eq!(lesson.start.lexical(), "2026-09-07T08:00:00+02:00");
        assert_eq!(lesson.end.as_ref().map(When::lexical), Some("2026-09-07T09:00:00+02:00"));
        assert_eq!(lesson.rule.as_deref(), Some("FREQ=WEEKLY;UNTIL=20261016T215959Z"));
        let days = ["09-07", "09-14", "09-21", "09-28", "10-05", "10-12"];
        assert_eq!(starts(lesson), days.map(|day| format!("2026-{day}T08:00:00+02:00")));
        assert_eq!((test.start.clone(), test.end.clone()), (When::Day("2026-10-06".to_owned()), None));
        assert_eq!(test.description.as_deref(), Some("Réviser le chapitre 1, exercices 3 à 7"));
        assert!(test.occurrences.is_empty() && test.rule.is_none());
    }

    #[test]
    fn times_are_in_the_zone_that_is_named() {
        for (lines, start, end, reasons) in [
            (
                "DTSTART:20260907T060000Z\r\nDURATION:PT1H",
                "2026-09-07T06:00:00Z",
                Some("2026-09-07T07:00:00Z"),
                &[][..],
            ),
            ("DTSTART;TZID=Europe/Paris:20261207T080000", "2026-12-07T08:00:00+01:00", None, &[]),
            ("DTSTART;TZID=Romance Standard Time:20261207T080000", "2026-12-07T08:00:00+01:00", None, &[]),
            ("DTSTART:20260907T080000", "2026-09-07T08:00:00", None, &[]),
            ("DTSTART;TZID=Nowhere:20260907T080000", "2026-09-07T08:00:00", None, &[Reason::UnknownZone]),
            ("DTSTART;VALUE=DATE:20261019\r\nDTEND;VALUE=DATE:20261102", "2026-10-19", Some("2026-11-01"), &[]),
            ("DTSTART;VALUE=DATE:20261019\r\nDTEND;VALUE=DATE:20261020", "2026-10-19", None, &[]),
        ] {
            let (event, found) = one(lines);
            let event = event.unwrap();
            assert_eq!(event.start.lexical(), start, "{lines}");
            assert_eq!(event.end.as_ref().map(When::lexical), end, "{lines}");
            assert_eq!(found, reasons, "{lines}");
        }
    }

    #[test]
    fn rules_are_expanded_by_the_clock_on_the_wall() {
        let start = "DTSTART;TZID=Europe/Paris:20261019T080000\r\nRRULE:";
        for (rule, expected) in [
            // Winter begins on 25 October.
            ("FREQ=WEEKLY;COUNT=2", &["2026-10-19T08:00:00+02:00", "2026-10-26T08:00:00+01:00"][..]),
            // Some programs name the last beginning, in universal time; the lesson of that day counts.
            ("FREQ=WEEKLY;UNTIL=20261026T070000Z", &["2026-10-19T08:00:00+02:00", "2026-10-26T08:00:00+01:00"]),
            ("FREQ=WEEKLY;UNTIL=20261026", &["2026-10-19T08:00:00+02:00", "2026-10-26T08:00:00+01:00"]),
            (
                "FREQ=WEEKLY;COUNT=3\r\nEXDATE;TZID=Europe/Paris:20261026T080000",
                &["2026-10-19T08:00:00+02:00", "2026-11-02T08:00:00+01:00"],
            ),
        ] {
            let (event, reasons) = one(&format!("{start}{rule}"));
            assert_eq!(starts(&event.unwrap()), expected, "{rule}");
            assert_eq!(reasons, []);
        }
    }

    #[test]
    fn endless_and_strange_rules_are_bounded() {
        let (event, _) = one("DTSTART:20260907T080000Z\r\nRRULE:FREQ=DAILY");
        assert_eq!(event.unwrap().occurrences.len(), MOST_OCCURRENCES);
        for rule in ["FREQ=SECONDLY", "FREQ=DAILY;BYHOUR=1", "FREQ=NEVER"] {
            let (event, reasons) = one(&format!("DTSTART:20260907T080000Z\r\nRRULE:{rule}"));
            let event = event.unwrap();
            assert_eq!((event.occurrences.len(), event.rule.as_deref()), (0, Some(rule)));
            assert_eq!(reasons, [Reason::RuleNotExpanded], "{rule}");
        }
        let many = "BEGIN:VEVENT\r\nUID:N\r\nDTSTART:20260907T080000Z\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\n";
        let many: String = (0..100).map(|number| many.replace("UID:N", &format!("UID:{number}"))).collect();
        let written: usize = agenda(&many).events.iter().map(|event| event.occurrences.len()).sum();
        assert_eq!(written, MOST_IN_ALL);
        // A day that never comes.
        let (event, _) = one("DTSTART:20260907T080000Z\r\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30");
        assert!(event.unwrap().occurrences.is_empty());
    }

    #[test]
    fn replaced_occurrences_are_events_of_their_own() {
        let agenda = agenda(
            "BEGIN:VEVENT\r\nUID:x\r\nDTSTART:20260907T080000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\nEND:VEVENT\r\n\
             BEGIN:VEVENT\r\nUID:x\r\nRECURRENCE-ID:20260914T080000Z\r\nDTSTART:20260915T100000Z\r\nSEQUENCE:2\r\nEND:VEVENT\r\n\
             BEGIN:VEVENT\r\nUID:x\r\nRECURRENCE-ID:20260921T080000Z\r\nSTATUS:CANCELLED\r\nEND:VEVENT",
        );
        assert_eq!(agenda.problems, []);
        let [rule, moved, cancelled] = agenda.events.as_slice() else { panic!("three events") };
        assert_eq!(starts(rule), ["2026-09-07T08:00:00Z"]);
        assert_eq!(moved.start.lexical(), "2026-09-15T10:00:00Z");
        assert_eq!(moved.replaces.as_ref().map(When::lexical), Some("2026-09-14T08:00:00Z"));
        assert!(cancelled.is_cancelled && !moved.is_cancelled);
    }

    #[test]
    fn what_cannot_be_kept_is_reported() {
        for (event, reason) in [
            ("BEGIN:VEVENT\r\nDTSTART:20260907T080000Z\r\nEND:VEVENT", Reason::NoKey),
            ("BEGIN:VEVENT\r\nUID:x\r\nSUMMARY:x\r\nEND:VEVENT", Reason::NoStart),
            ("BEGIN:VEVENT\r\nUID:x\r\nDTSTART:20261301T080000Z\r\nEND:VEVENT", Reason::NoStart),
            ("BEGIN:VEVENT\r\nUID:x\r\nDTSTART:tomorrow\r\nEND:VEVENT", Reason::NoStart),
            ("BEGIN:VEVENT\r\nUID:x\r\nDTSTART:20260907T080000Z", Reason::Broken),
        ] {
            let agenda = agenda(event);
            assert_eq!(agenda.problems, [Problem { line: 2, reason }], "{event}");
            assert_eq!(agenda.events, []);
        }
        assert_eq!(read(b"BEGIN:VCALENDAR\nEND:VCALENDAR"), Err(Unreadable::Empty));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut file = b"BEGIN:VEVENT\nUID:x\nDTSTART:20260907T080000Z\n".to_vec();
            file.extend(bytes);
            file.extend(b"\nEND:VEVENT\n");
            let _ = read(&file);
        }

        #[test]
        fn any_rule_is_bounded(
            rule in "FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;INTERVAL=[0-9]{1,4})?(;BYDAY=-?[1-5]?(MO|SU))?(;BYMONTHDAY=-?[0-9]{1,2})?(;BYMONTH=[0-9]{1,2})?(;COUNT=[0-9]{1,9})?",
            year in 1_u16..=9999,
        ) {
            let (event, _) = one(&format!("DTSTART:{year:04}0229T080000Z\r\nRRULE:{rule}"));
            prop_assert!(event.is_none_or(|event| event.occurrences.len() <= MOST_OCCURRENCES));
        }
    }
}
