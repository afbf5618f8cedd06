//! vCards, version 3 and 4: the address books of telephones and mail programs.
//!
//! What a card says beyond what is read here stays in the original file, which is kept.

use std::collections::{BTreeSet, HashSet};

use calcard::common::PartialDateTime;
use calcard::vcard::{VCard, VCardEntry, VCardKind, VCardParameterName, VCardProperty, VCardValue};
use jiff::civil::Date;

use super::MOST_ENTRIES;
use super::card::{
    self, Address, Birthday, Card, Group, Key, LONGEST_LINE, LONGEST_NAME, LONGEST_PART, MOST, People, Reader, Way,
};
use super::problem::{Problem, Reason, Unreadable};
use super::text::{self, Component};

/// Reads the cards of a file.
///
/// Spec: rfc6350 §6
pub fn read(bytes: &[u8]) -> Result<People, Unreadable> {
    let components = text::components(&text::unfold(bytes), "VCARD");
    if components.len() > MOST_ENTRIES {
        return Err(Unreadable::TooMany);
    }
    if components.is_empty() {
        return Err(Unreadable::Empty);
    }
    let mut people = People::default();
    let mut known = HashSet::new();
    for component in &components {
        if let Err(reason) = take(component, &mut people, &mut known) {
            people.problems.push(Problem { line: component.line, reason });
        }
    }
    Ok(people)
}

fn take(component: &Component, people: &mut People, known: &mut HashSet<Key>) -> Result<(), Reason> {
    let parsed = VCard::parse(component.text()).ok().filter(|_| component.closed).ok_or(Reason::Broken)?;
    let entries = Entries { parsed: &parsed, component };
    let mut reader = Reader { line: component.line, problems: &mut people.problems };
    if entries.is_group() {
        let group = entries.group(&mut reader)?;
        let key = Key::given(&group.key).ok_or(Reason::NoKey)?;
        if !known.insert(key) {
            return Err(Reason::Twice);
        }
        people.groups.push(group);
        return Ok(());
    }
    let card = entries.card(&mut reader)?;
    if !known.insert(card.key.clone()) {
        return Err(Reason::Twice);
    }
    for category in entries.categories(&mut reader) {
        let key = format!("category|{}", category.to_lowercase());
        card::join(&mut people.groups, &key, &category, component.line, &card.key);
    }
    people.cards.push(card);
    Ok(())
}

/// The lines of one card.
struct Entries<'a> {
    parsed: &'a VCard,
    component: &'a Component,
}

impl<'a> Entries<'a> {
    fn all(&self, property: &'a VCardProperty) -> impl Iterator<Item = &'a VCardEntry> {
        self.parsed.properties(property).take(MOST)
    }

    /// The lines that only one maker of programs writes.
    fn named<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'a VCardEntry> + 'b {
        let is_it = move |entry: &&VCardEntry| matches!(&entry.name, VCardProperty::Other(other) if other.eq_ignore_ascii_case(name));
        self.parsed.entries.iter().filter(is_it)
    }

    fn first(&self, property: &'a VCardProperty) -> String {
        self.all(property).next().map(|entry| part(entry, 0)).unwrap_or_default()
    }

    fn is_group(&self) -> bool {
        let said = |entry: &VCardEntry| entry.values.first() == Some(&VCardValue::Kind(VCardKind::Group));
        let by_apple = |entry: &VCardEntry| part(entry, 0).eq_ignore_ascii_case("group");
        self.all(&VCardProperty::Kind).any(said) || self.named("X-ADDRESSBOOKSERVER-KIND").any(by_apple)
    }

    fn is_organisation(&self) -> bool {
        let said = |entry: &VCardEntry| matches!(entry.values.first(), Some(VCardValue::Kind(kind)) if *kind != VCardKind::Individual);
        let by_apple = |entry: &VCardEntry| part(entry, 0).eq_ignore_ascii_case("company");
        self.all(&VCardProperty::Kind).any(said) || self.named("X-ABSHOWAS").any(by_apple)
    }

    fn group(&self, reader: &mut Reader<'_>) -> Result<Group, Reason> {
        let name = reader.text(&self.first(&VCardProperty::Fn), LONGEST_NAME).ok_or(Reason::NoName)?;
        let uid = self.first(&VCardProperty::Uid);
        let key = if uid.trim().is_empty() { format!("group|{}", name.to_lowercase()) } else { uid };
        let listed = self.parsed.properties(&VCardProperty::Member).take(MOST_ENTRIES);
        let members = listed.chain(self.named("X-ADDRESSBOOKSERVER-MEMBER").take(MOST_ENTRIES));
        let members = members.filter_map(|entry| Key::given(&part(entry, 0))).collect();
        Ok(Group { line: reader.line, key, name, members })
    }

    fn card(&self, reader: &mut Reader<'_>) -> Result<Card, Reason> {
        let n = self.all(&VCardProperty::N).next();
        let mut piece = |at: usize| n.and_then(|n| reader.text(&part(n, at), LONGEST_PART));
        let [family, given, additional, prefix, suffix] = [0, 1, 2, 3, 4].map(&mut piece);
        let org = self.all(&VCardProperty::Org).next();
        let mut unit = |at: usize| org.and_then(|org| reader.text(&part(org, at), LONGEST_NAME));
        let [organisation, unit] = [0, 1].map(&mut unit);
        let emails = self.ways(&VCardProperty::Email, reader, card::mailto, Reason::BadEmail);
        let said = [given.as_deref(), family.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = match text::line(&self.first(&VCardProperty::Fn), LONGEST_NAME) {
            Err(text::TooLong) => return Err(Reason::NameTooLong),
            Ok(Some(name)) => name,
            Ok(None) if !said.is_empty() => said,
            Ok(None) => organisation.clone().ok_or(Reason::NoName)?,
        };
        let email = emails.first().map(|way| way.iri.as_str());
        let key = Key::given(&self.first(&VCardProperty::Uid)).unwrap_or_else(|| Key::derived(&name, email));
        let mut word = |property| reader.text(&self.first(property), LONGEST_NAME);
        let (title, role) = (word(&VCardProperty::Title), word(&VCardProperty::Role));
        let nickname = word(&VCardProperty::Nickname);
        Ok(Card {
            line: reader.line,
            key,
            is_organisation: self.is_organisation(),
            name,
            given,
            additional,
            family,
            prefix,
            suffix,
            nickname,
            organisation,
            unit,
            title,
            role,
            birthday: self.birthday(reader),
            note: reader.note(&self.first(&VCardProperty::Note)),
            phones: self.ways(&VCardProperty::Tel, reader, card::tel, Reason::BadPhone),
            urls: self.ways(&VCardProperty::Url, reader, card::https, Reason::BadUrl),
            addresses: self.addresses(reader),
            emails,
        })
    }

    fn ways(
        &self,
        property: &'a VCardProperty,
        reader: &mut Reader<'_>,
        read: impl Fn(&str) -> Option<String>,
        wrong: Reason,
    ) -> BTreeSet<Way> {
        let way = |entry: &VCardEntry| {
            let iri = reader.value(&part(entry, 0), &read, wrong)?;
            Some(Way { iri, types: types(entry) })
        };
        self.all(property).filter_map(way).collect()
    }

    fn addresses(&self, reader: &mut Reader<'_>) -> BTreeSet<Address> {
        let address = |entry: &VCardEntry| {
            let mut piece = |at: usize| reader.text(&part(entry, at), LONGEST_LINE);
            let [box_number, more, street] = [0, 1, 2].map(&mut piece);
            let street: Vec<_> = [street, more, box_number].into_iter().flatten().collect();
            Address {
                street: (!street.is_empty()).then(|| street.join(", ")),
                locality: piece(3),
                region: piece(4),
                postal_code: piece(5),
                country: piece(6),
                types: types(entry),
            }
        };
        self.all(&VCardProperty::Adr).map(address).filter(|address| !address.is_empty()).collect()
    }

    /// A whole date is a day; part of one stays the text it is, and so does what is said to be text.
    fn birthday(&self, reader: &mut Reader<'_>) -> Option<Birthday> {
        let entry = self.all(&VCardProperty::Bday).next()?;
        let told = self.component.raw("BDAY").map_or_else(|| part(entry, 0), str::to_owned);
        let is_text = entry.parameters(&VCardParameterName::Value).any(|value| value.as_text() == Some("TEXT"));
        match entry.values.first() {
            Some(VCardValue::PartialDateTime(date)) => {
                let read = |told: &str| match whole(date) {
                    Some(day) => day.map(Birthday::Day),
                    None => text::line(told, 20).ok().flatten().map(Birthday::Partial),
                };
                reader.value(&told, read, Reason::BadDate)
            }
            Some(VCardValue::Text(text)) if is_text => reader.text(text, LONGEST_PART).map(Birthday::Partial),
            _ => reader.value(&told, |told| card::day(told).map(Birthday::Day), Reason::BadDate),
        }
    }

    fn categories(&self, reader: &mut Reader<'_>) -> BTreeSet<String> {
        let named = self.all(&VCardProperty::Categories).flat_map(|entry| &entry.values).take(MOST);
        named.filter_map(|value| reader.text(value.as_text()?, LONGEST_NAME)).collect()
    }
}

/// A component of a structured value, several of its values with spaces between.
fn part(entry: &VCardEntry, at: usize) -> String {
    match entry.values.get(at) {
        Some(VCardValue::Component(parts)) => parts.join(" "),
        Some(value) => value.as_text().unwrap_or_default().to_owned(),
        None => String::new(),
    }
}

fn types(entry: &VCardEntry) -> BTreeSet<&'static str> {
    let said = entry.parameters(&VCardParameterName::Type).filter_map(|value| value.as_text());
    said.flat_map(|value| value.split(',')).filter_map(card::way_type).collect()
}

/// The day that a date is, if it says year, month and day; within, `None` if there is no such day.
#[expect(clippy::option_option, reason = "a date that is not whole differs from one that does not exist")]
fn whole(date: &PartialDateTime) -> Option<Option<Date>> {
    let (year, month, day) = (date.year?, date.month?, date.day?);
    let number = |small: u8| i8::try_from(small).ok();
    let known = || Date::new(i16::try_from(year).ok()?, number(month)?, number(day)?).ok();
    Some(known())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rdf::vocab::vcard;

    const FIXTURE: &[u8] = include_bytes!("../../../tests/fixtures/import/carnet-v4.vcf");

    fn one(lines: &str) -> (Option<Card>, Vec<Reason>) {
        let people = read(format!("BEGIN:VCARD\r\nVERSION:4.0\r\n{lines}\r\nEND:VCARD\r\n").as_bytes()).unwrap();
        (people.cards.into_iter().next(), people.problems.into_iter().map(|problem| problem.reason).collect())
    }

    #[test]
    fn the_fixture_is_read_whole() {
        let people = read(FIXTURE).unwrap();
        assert_eq!(people.problems, []);
        let names: Vec<_> = people.cards.iter().map(|card| card.name.as_str()).collect();
        let expected = [
            "Malo Fictif",
            "Soizic Brouillon",
            "Tante Imaginaire",
            "Collège fictif des Trois Menhirs",
            "Sans Identifiant",
        ];
        assert_eq!(names, expected);
        let [malo, soizic, aunt, school, nobody] = people.cards.as_slice() else { panic!("five cards") };
        assert_eq!(malo.emails.first().map(|way| way.iri.as_str()), Some("mailto:malo@famille-fictive.example"));
        assert!(malo.phones.first().is_some_and(|way| way.iri == "tel:+33-6-39-98-00-01"));
        assert!(malo.phones.first().is_some_and(|way| way.types == [vcard::CELL, vcard::VOICE].into()));
        assert_eq!(malo.note.as_deref(), Some("Numéro dans la plage réservée à la fiction, à ne pas appeler"));
        assert_eq!(soizic.birthday, Some(Birthday::Partial("--0412".to_owned())));
        assert_eq!(soizic.organisation.as_deref(), Some("Lycée fictif Ar Mor Glas"));
        assert_eq!((soizic.unit.as_deref(), soizic.title.as_deref()), (Some("Mathématiques"), Some("Professeure")));
        assert_eq!((soizic.additional.as_deref(), soizic.prefix.as_deref()), (Some("Marie Anne"), Some("Mme")));
        assert_eq!(aunt.addresses.first().and_then(|address| address.street.as_deref()), Some("3 rue des Exemples"));
        assert!(school.is_organisation && school.note.as_ref().is_some_and(|note| note.contains("éàèùçôîïœ")));
        assert!(matches!(&nobody.key, Key::Derived(seed) if seed.contains("sans.identifiant@armorique.example")));
        let groups: Vec<_> = people.groups.iter().map(|group| (group.name.as_str(), group.members.len())).collect();
        assert_eq!(groups, [("Amis", 1), ("Surf", 1), ("Club surf", 2)]);
    }

    #[test]
    fn details_that_are_wrong_are_reported_and_left_out() {
        for (lines, reasons) in [
            ("FN:A\r\nEMAIL:nobody", &[Reason::BadEmail][..]),
            ("FN:A\r\nURL:http://a.example/", &[Reason::BadUrl]),
            ("FN:A\r\nTEL:call me", &[Reason::BadPhone]),
            ("FN:A\r\nBDAY:20130231", &[Reason::BadDate]),
            ("FN:A\r\nBDAY:yesterday", &[Reason::BadDate]),
            ("FN:A\r\nEMAIL:", &[]),
            ("FN:A\r\nX-UNKNOWN;P=1:anything", &[]),
        ] {
            let (card, found) = one(lines);
            assert_eq!(found, reasons, "{lines}");
            let card = card.unwrap();
            assert!(
                card.emails.is_empty() && card.urls.is_empty() && card.phones.is_empty() && card.birthday.is_none()
            );
        }
    }

    #[test]
    fn cards_that_cannot_be_kept_are_reported() {
        for (lines, reason) in [
            ("NOTE:nobody", Reason::NoName),
            ("FN:\u{202E}", Reason::NoName),
            (&*format!("FN:{}", "x".repeat(201)), Reason::NameTooLong),
        ] {
            assert_eq!(one(lines), (None, vec![reason]));
        }
        let people =
            read(b"BEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nUID:1\nEND:VCARD\nBEGIN:VCARD\nUID:1\nFN:C\nEND:VCARD")
                .unwrap();
        assert_eq!(people.cards.len(), 1);
        let told: Vec<_> = people.problems.iter().map(|problem| (problem.line, problem.reason)).collect();
        assert_eq!(told, [(1, Reason::Broken), (7, Reason::Twice)]);
    }

    #[test]
    fn version_3_is_read_as_telephones_write_it() {
        let people = read(
            b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Fictif;Malo;;;\r\nFN:Malo Fictif\r\nitem1.EMAIL;type=INTERNET;type=HOME;type=pref:m@a.example\r\n\
              item1.X-ABLabel:perso\r\nBDAY:2011-03-12\r\nTEL;TYPE=CELL:06 39 98 00 01\r\nADR;TYPE=HOME:;;1 rue A\\, B;Ville;;99000;France\r\n\
              CATEGORIES:Amis\\, proches,Surf\r\nEND:VCARD\r\n\
              BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Club\r\nUID:g\r\nX-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:x\r\nEND:VCARD\r\n",
        )
        .unwrap();
        assert_eq!(people.problems, []);
        let card = &people.cards[0];
        assert!(card.emails.first().is_some_and(|way| way.types == [vcard::HOME].into()));
        assert_eq!(card.birthday, Some(Birthday::Day(Date::constant(2011, 3, 12))));
        assert!(card.phones.first().is_some_and(|way| way.iri == "tel:0639980001"));
        assert_eq!(card.addresses.first().and_then(|address| address.street.as_deref()), Some("1 rue A, B"));
        let names: Vec<_> = people.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["Amis, proches", "Surf", "Club"]);
    }

    /// Shows: shape A2
    #[test]
    fn hostile_names_are_texts() {
        let (card, reasons) = one("FN:<script>alert(1)</script>../../etc\\n=cmd|x\u{7}\u{202E}\r\nUID:../../../x");
        assert_eq!(card.unwrap().name, "<script>alert(1)</script>../../etc =cmd|x");
        assert_eq!(reasons, []);
        let (card, reasons) = one(&format!("FN:A\r\nNOTE:{}", "x".repeat(1_000_000)));
        assert_eq!((card.unwrap().note, reasons), (None, vec![Reason::TooLong]));
    }

    #[test]
    fn there_are_limits() {
        let many = "BEGIN:VCARD\nFN:A\nEND:VCARD\n".repeat(MOST_ENTRIES + 1);
        assert_eq!(read(many.as_bytes()), Err(Unreadable::TooMany));
        assert_eq!(read(b"FN:A"), Err(Unreadable::Empty));
        let (card, _) = one(&format!("FN:A{}", "\r\nEMAIL:a@b.c".repeat(1000)));
        assert_eq!(card.unwrap().emails.len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut file = b"BEGIN:VCARD\n".to_vec();
            file.extend(bytes);
            file.extend(b"\nEND:VCARD\n");
            let _ = read(&file);
        }

        #[test]
        fn whatever_is_said_of_a_name_it_comes_back(name in "[a-zA-Zéèà][a-zA-Zéèà \\-']{0,50}") {
            let (card, _) = one(&format!("FN:{name}"));
            prop_assert_eq!(card.map(|card| card.name), text::line(&name, 200).unwrap());
        }
    }
}
