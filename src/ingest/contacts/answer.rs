//! The answer of a school platform (ENT): people, schools and their groups, read with patience.
//!
//! One bad entry never spoils the rest: it is left out, and the reason is counted. Nothing of a value is repeated in a
//! reason.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use url::{Host, Url};

/// Characters of the longest name of somebody (shape A3).
const LONGEST_NAME: usize = 100;
/// Characters of the longest name of a school or group (shape A2), and of identifiers.
const LONGEST_TEXT: usize = 200;
/// Characters of the longest e-mail address (RFC 5321 §4.5.3.1.3).
const LONGEST_MAIL: usize = 254;
/// The most people and groups of one person. More of them is no answer for anybody.
const MOST_PEOPLE: usize = 20_000;
const MOST_GROUPS: usize = 2_000;

/// Why nothing of an answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the answer is no JSON object")]
    NotAnObject,
    #[error("`{0}` is no list")]
    NotAList(&'static str),
    #[error("`{0}` has more members than anybody has contacts")]
    TooMany(&'static str),
}

/// What the platform says of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Said<T> {
    /// Nothing: what was known stays.
    #[default]
    Nothing,
    /// That there is none.
    None,
    Some(T),
}

/// What the platform says, as far as it can be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Each remote identity once. `None`: the answer does not speak of people.
    pub people: Option<Vec<Person>>,
    /// `None`: the answer does not speak of schools and groups.
    pub schools: Option<Vec<School>>,
    /// Why entries or fields were left out, once for each.
    pub rejected: Vec<&'static str>,
    /// Whether an entry was left out that may have been about anybody: then nobody can be said to be missing.
    pub is_incomplete: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Person {
    /// The remote identity, which says nothing to anybody else.
    pub id: String,
    pub given: Option<String>,
    pub family: Option<String>,
    /// What they are at school, as the platform spells it: `ELE`.
    pub title: Option<String>,
    /// The host of their personal cloud, with a port if it has one.
    pub host: Said<String>,
    pub mail: Said<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct School {
    /// Its code, a UAI as a rule.
    pub code: String,
    pub name: Option<String>,
    pub groups: Vec<Group>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// Its code inside the school, which comes back every year.
    pub code: String,
    pub name: String,
    /// Remote identities of people in the answer.
    pub members: BTreeSet<String>,
}

impl Group {
    /// The school year that its name begins with: `2026-2027` of `2026-2027 2GT3`.
    pub fn school_year(&self) -> Option<&str> {
        let (year, _) = self.name.split_once(' ')?;
        is_school_year(year).then_some(year)
    }

    /// Its name without the school year.
    pub fn short_name(&self) -> &str {
        self.school_year().map_or(&*self.name, |year| self.name[year.len()..].trim_start())
    }
}

/// Whether a text names a school year: two years, one after the other.
///
/// Spec: shape A10
pub fn is_school_year(text: &str) -> bool {
    let year = |digits: &str| -> Option<u16> {
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    text.len() == 9
        && text.split_once('-').is_some_and(|(first, second)| {
            first.len() == 4 && year(first).zip(year(second)).is_some_and(|(first, second)| first + 1 == second)
        })
}

/// Reads an answer.
///
/// Spec: CP-52, shape A2, shape A3, shape A4, shape A5
pub fn read(bytes: &[u8]) -> Result<Answer, Unreadable> {
    let Ok(Value::Object(mut whole)) = serde_json::from_slice(bytes) else { return Err(Unreadable::NotAnObject) };
    let mut reader = Reader::default();
    let people = list(&mut whole, "contacts", MOST_PEOPLE)?;
    let people = people.map(|entries| reader.people(entries));
    let schools = list(&mut whole, "structures", MOST_GROUPS)?;
    let known = people.iter().flatten().map(|person| person.id.as_str()).collect();
    let schools = schools.map(|entries| reader.schools(entries, &known));
    if schools.iter().flatten().map(|school| school.groups.len()).sum::<usize>() > MOST_GROUPS {
        return Err(Unreadable::TooMany("groups"));
    }
    Ok(Answer { people, schools, rejected: reader.rejected, is_incomplete: reader.is_incomplete })
}

fn list(whole: &mut Map<String, Value>, name: &'static str, most: usize) -> Result<Option<Vec<Value>>, Unreadable> {
    match whole.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(entries)) if entries.len() <= most => Ok(Some(entries)),
        Some(Value::Array(_)) => Err(Unreadable::TooMany(name)),
        Some(_) => Err(Unreadable::NotAList(name)),
    }
}

/// Notes what it leaves out.
#[derive(Default)]
struct Reader {
    rejected: Vec<&'static str>,
    is_incomplete: bool,
}

impl Reader {
    fn reject<T>(&mut self, reason: &'static str) -> Option<T> {
        self.rejected.push(reason);
        None
    }

    /// Leaves out an entry of which nobody knows whom it was about.
    fn lose<T>(&mut self, reason: &'static str) -> Option<T> {
        self.is_incomplete = true;
        self.reject(reason)
    }

    /// The first of two entries with one identity counts.
    fn people(&mut self, entries: Vec<Value>) -> Vec<Person> {
        let mut seen = BTreeSet::new();
        let people = entries.into_iter().filter_map(|entry| {
            let person = self.person(entry)?;
            if seen.insert(person.id.clone()) { Some(person) } else { self.reject("contact listed twice") }
        });
        people.collect()
    }

    fn person(&mut self, entry: Value) -> Option<Person> {
        let Value::Object(entry) = entry else { return self.lose("contact is no object") };
        let Some(id) = identifier(&entry, "uuid") else { return self.lose("contact without uuid") };
        Some(Person {
            id,
            given: self.text(&entry, "firstname", LONGEST_NAME, "firstname"),
            family: self.text(&entry, "lastname", LONGEST_NAME, "lastname"),
            title: self.text(&entry, "title", LONGEST_NAME, "title"),
            host: self.said(&entry, "cloud_url", "cloud_url", host),
            mail: self.said(&entry, "mail", "mail", mail),
        })
    }

    fn schools(&mut self, entries: Vec<Value>, people: &BTreeSet<&str>) -> Vec<School> {
        let mut schools: Vec<School> = Vec::new();
        for school in entries.into_iter().filter_map(|entry| self.school(entry, people)) {
            match schools.iter_mut().find(|known| known.code == school.code) {
                Some(known) => known.groups.extend(school.groups),
                None => schools.push(school),
            }
        }
        for school in &mut schools {
            school.groups = merged(std::mem::take(&mut school.groups));
        }
        schools
    }

    fn school(&mut self, entry: Value, people: &BTreeSet<&str>) -> Option<School> {
        let Value::Object(mut entry) = entry else { return self.lose("structure is no object") };
        let Some(code) = identifier(&entry, "structure") else { return self.lose("structure without code") };
        let name = self.text(&entry, "name", LONGEST_TEXT, "name of a structure");
        let groups = match entry.remove("groups") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(groups)) => groups,
            Some(_) => self.lose("groups are no list").unwrap_or_default(),
        };
        let groups = groups.into_iter().filter_map(|entry| self.group(entry, people)).collect();
        Some(School { code, name, groups })
    }

    fn group(&mut self, entry: Value, people: &BTreeSet<&str>) -> Option<Group> {
        let Value::Object(mut entry) = entry else { return self.lose("group is no object") };
        let Some(code) = identifier(&entry, "gid") else { return self.lose("group without gid") };
        let name = self.text(&entry, "name", LONGEST_TEXT, "name of a group");
        let Some(name) = name else { return self.lose("group without name") };
        let members = match entry.remove("group_contacts") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(members)) => members,
            Some(_) => self.lose("members are no list").unwrap_or_default(),
        };
        let members = members.into_iter().filter_map(|entry| self.member(&entry, people)).collect();
        Some(Group { code, name, members })
    }

    /// Of members who are not among the people nothing can be said.
    fn member(&mut self, entry: &Value, people: &BTreeSet<&str>) -> Option<String> {
        let Some(id) = entry.as_object().and_then(|entry| identifier(entry, "uuid")) else {
            return self.lose("member without uuid");
        };
        people.contains(id.as_str()).then_some(id)
    }

    fn text(&mut self, entry: &Map<String, Value>, name: &str, most: usize, reason: &'static str) -> Option<String> {
        match entry.get(name)? {
            Value::Null => None,
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => line(text, most).or_else(|| self.reject(reason)),
            _ => self.reject(reason),
        }
    }

    /// A field that the platform may say to be empty. What cannot be used counts as not said.
    fn said(
        &mut self,
        entry: &Map<String, Value>,
        name: &str,
        reason: &'static str,
        read: fn(&str) -> Option<String>,
    ) -> Said<String> {
        let read = match entry.get(name) {
            None => return Said::Nothing,
            Some(Value::Null) => return Said::None,
            Some(Value::String(text)) if text.trim().is_empty() => return Said::None,
            Some(Value::String(text)) => read(text.trim()),
            Some(_) => None,
        };
        read.or_else(|| self.reject(reason)).map_or(Said::Nothing, Said::Some)
    }
}

/// Groups that are one group by their school year and code are one group, under its first name.
fn merged(groups: Vec<Group>) -> Vec<Group> {
    let mut merged: Vec<Group> = Vec::new();
    for group in groups {
        let same = |known: &&mut Group| known.code == group.code && known.school_year() == group.school_year();
        match merged.iter_mut().find(same) {
            Some(known) => known.members.extend(group.members),
            None => merged.push(group),
        }
    }
    merged
}

/// An identity of the other side's, as it is: it is compared and hashed, never put into an address.
///
/// Spec: shape A12
fn identifier(entry: &Map<String, Value>, name: &str) -> Option<String> {
    let text = entry.get(name)?.as_str()?;
    let fits = !text.is_empty() && text.len() <= LONGEST_TEXT && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// A text of one line: white space is one space. `None` if it is too long, or holds a character that hides or reorders
/// what people read.
///
/// Spec: shape A2
pub fn line(text: &str, most: usize) -> Option<String> {
    // A text of megabytes is not worth the copy.
    if text.len() > 8 * most {
        return None;
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = !line.is_empty() && line.chars().count() <= most && !line.chars().any(is_treacherous);
    fits.then_some(line)
}

/// Control characters, and those that turn the direction of a text.
fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An e-mail address that can follow `mailto:` as it is.
///
/// Spec: shape A4
fn mail(text: &str) -> Option<String> {
    let plain = |c: char| c.is_alphanumeric() || "!$'*+-._~=@".contains(c);
    let (local, domain) = text.rsplit_once('@')?;
    let is_domain = domain.split('.').count() > 1 && domain.split('.').all(|label| !label.is_empty());
    let fits = text.len() <= LONGEST_MAIL && text.chars().all(plain) && !local.is_empty() && !local.contains('@');
    (fits && is_domain).then(|| text.to_owned())
}

/// A host name with a dot, and a port if it has one. No address of a machine.
///
/// Spec: shape A5
fn host(text: &str) -> Option<String> {
    let plain = |c: char| c.is_alphanumeric() || "-.:".contains(c);
    if text.len() > LONGEST_TEXT || !text.chars().all(plain) {
        return None;
    }
    let url = Url::parse(&format!("https://{text}/")).ok()?;
    let Some(Host::Domain(name)) = url.host() else { return None };
    let is_name = name.split('.').count() > 1 && name.split('.').all(|label| !label.is_empty());
    is_name.then(|| url[url::Position::BeforeHost..url::Position::AfterPort].to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ent/");
        std::fs::read(format!("{folder}{name}")).unwrap()
    }

    fn answer(name: &str) -> Answer {
        read(&fixture(name)).unwrap()
    }

    fn of(contact: &Value) -> Answer {
        read(json!({"contacts": [contact]}).to_string().as_bytes()).unwrap()
    }

    fn first(contact: &Value) -> Person {
        of(contact).people.unwrap().remove(0)
    }

    fn some(text: &str) -> Said<String> {
        Said::Some(text.into())
    }

    #[test]
    fn a_pupil_s_answer_is_read_whole() {
        let answer = answer("contacts-pupil-initial.json");
        let people = answer.people.unwrap();
        assert_eq!((people.len(), answer.rejected.len(), answer.is_incomplete), (8, 0, false));
        let malo = &people[0];
        assert_eq!((malo.given.as_deref(), malo.family.as_deref()), (Some("Malo"), Some("Fictif")));
        assert_eq!((&malo.host, &malo.mail), (&some("mfictif2.pods.armorique.example"), &Said::Nothing));
        let school = &answer.schools.unwrap()[0];
        assert_eq!((school.code.as_str(), school.groups.len()), ("0999001W", 3));
        assert_eq!((school.groups[0].school_year(), school.groups[0].short_name()), (Some("2026-2027"), "2GT3"));
        assert_eq!((school.groups[1].school_year(), school.groups[1].short_name()), (None, "Enseignants"));
        assert_eq!(school.groups[0].members.len(), 4);
    }

    /// What is missing is not what is empty.
    #[test]
    fn poor_answers_are_answers() {
        let empty = answer("contacts-empty-lists.json");
        assert_eq!((empty.people, empty.schools), (Some(Vec::new()), Some(Vec::new())));
        assert_eq!(answer("contacts-no-structures-key.json").schools, None);
        let nulls = answer("contacts-null-fields.json");
        let people = nulls.people.unwrap();
        assert_eq!((&people[0].family, &people[0].host, &people[0].mail), (&None, &Said::None, &Said::None));
        assert_eq!((&people[1].given, &people[1].host, &people[1].mail), (&None, &Said::Nothing, &Said::Nothing));
        let schools = nulls.schools.unwrap();
        assert_eq!((schools[0].name.as_deref(), schools[0].groups[0].members.len()), (None, 0));
        assert_eq!((schools.len(), nulls.rejected.len()), (2, 0));
    }

    #[test]
    fn entries_without_identity_are_left_out() {
        let answer = answer("malformed-missing-ids.json");
        assert_eq!(answer.people.unwrap().len(), 1);
        let schools = answer.schools.unwrap();
        assert_eq!((schools.len(), schools[0].groups.len()), (1, 1));
        assert!(answer.is_incomplete);
        let count = |reason| answer.rejected.iter().filter(|rejected| **rejected == reason).count();
        assert_eq!(count("contact without uuid"), 3);
        assert_eq!(
            (count("group without gid"), count("group without name"), count("structure without code")),
            (2, 1, 2)
        );
    }

    #[test]
    fn the_first_of_two_counts_and_groups_of_one_key_are_one() {
        let answer = answer("malformed-duplicates.json");
        let people = answer.people.unwrap();
        assert_eq!((people.len(), people[0].given.as_deref()), (2, Some("Malo")));
        let groups = &answer.schools.unwrap()[0].groups;
        assert_eq!(groups.iter().map(|group| group.members.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!((answer.rejected.len(), answer.is_incomplete), (2, false));
    }

    #[test]
    fn unknown_members_are_nobody() {
        let answer = answer("malformed-dangling-member.json");
        assert_eq!(answer.schools.unwrap()[0].groups[0].members.len(), 1);
        assert_eq!((answer.rejected, answer.is_incomplete), (vec!["member without uuid"; 2], true));
    }

    #[test]
    fn an_answer_of_another_shape_is_none() {
        for (bytes, why) in [
            (fixture("malformed-truncated.json"), Unreadable::NotAnObject),
            (fixture("malformed-wrong-types.json"), Unreadable::NotAList("contacts")),
            (fixture("error-html-503.html"), Unreadable::NotAnObject),
            (b"".to_vec(), Unreadable::NotAnObject),
            (b"[]".to_vec(), Unreadable::NotAnObject),
            (br#"{"structures": "2GT3"}"#.to_vec(), Unreadable::NotAList("structures")),
            ("[".repeat(100_000).into_bytes(), Unreadable::NotAnObject),
            (json!({"contacts": vec![1; MOST_PEOPLE + 1]}).to_string().into(), Unreadable::TooMany("contacts")),
        ] {
            assert_eq!(read(&bytes), Err(why));
        }
        let school = json!({"structure": "a", "groups": vec![json!({"gid": "b", "name": "c"}); 3]});
        assert_eq!(
            read(json!({"structures": [school]}).to_string().as_bytes()).unwrap().schools.unwrap()[0].groups.len(),
            1
        );
    }

    /// Shows: shape A2, shape A4, shape A5, shape A12
    #[test]
    fn hostile_values_are_left_out_and_their_people_stay() {
        let answer = answer("hostile-values.json");
        let people = answer.people.unwrap();
        assert_eq!((people.len(), answer.is_incomplete), (6, false));
        assert_eq!((people[0].id.as_str(), &people[0].host), ("../../../profile/card", &Said::Nothing));
        assert_eq!(people[1].given.as_deref(), Some("\"; <#x> a <#y> . \""), "it is a text, and stays one");
        assert_eq!((&people[2].host, &people[2].mail), (&Said::Nothing, &Said::Nothing));
        assert_eq!((&people[3].given, people[3].family.as_deref()), (&None, Some("Trop Long")));
        assert_eq!((&people[4].given, &people[4].family, &people[4].mail), (&None, &None, &Said::Nothing));
        assert_eq!(answer.rejected.len(), 9);
    }

    #[test]
    fn fields_of_ten_megabytes_are_left_out() {
        let long = "é".repeat(5 << 20);
        let answer =
            of(&json!({"uuid": "a", "firstname": long, "mail": format!("{long}@a.example"), "cloud_url": long}));
        assert_eq!(answer.rejected, ["firstname", "cloud_url", "mail"]);
        assert!(of(&json!({"uuid": long})).is_incomplete);
    }

    #[test]
    fn names_are_one_line() {
        let given = |text: &str| first(&json!({"uuid": "a", "firstname": text})).given;
        assert_eq!(given("  Anne \t Marie\n").as_deref(), Some("Anne Marie"));
        assert_eq!(given("Zoé\u{a0}K").as_deref(), Some("Zoé K"));
        for wrong in ["a\u{202e}b", "a\0b", "a\u{2066}b", "a\u{7f}", " ", "\u{200f}a"] {
            assert_eq!(given(wrong), None, "{wrong:?}");
        }
        assert_eq!(first(&json!({"uuid": "a", "firstname": 7})).given, None);
    }

    /// Shows: shape A4
    #[test]
    fn mail_addresses() {
        for good in ["a@b.example", "yann-ber.o'k+x@ac-armorique.example", "é@b.example"] {
            assert_eq!(mail(good).as_deref(), Some(good));
        }
        for wrong in [
            "a",
            "a@b",
            "@b.example",
            "a@b..example",
            "a b@c.example",
            "a@b.example\nBcc:x",
            "a?cc=x@b.example",
            "a@b@c.example",
            "<a@b.example>",
            "a%0a@b.example",
            "mailto:a@b.example",
            "a@b.example/x",
        ] {
            assert_eq!(mail(wrong), None, "{wrong}");
        }
    }

    /// Shows: shape A5
    #[test]
    fn hosts_of_clouds() {
        for (text, read) in [
            ("A.Pods.Example", "a.pods.example"),
            ("a.example:8443", "a.example:8443"),
            ("é.example", "xn--9ca.example"),
        ] {
            assert_eq!(host(text).as_deref(), Some(read));
        }
        for wrong in [
            "../evil",
            "javascript:alert(1)",
            "https://a.example/",
            "a.example/x",
            "a b.example",
            "u@a.example",
            "localhost",
            "127.0.0.1",
            "[::1]",
            "2130706433",
            "a.example:x",
            "a..example",
            "a.example.",
            "",
        ] {
            assert_eq!(host(wrong), None, "{wrong}");
        }
    }

    /// Shows: shape A10
    #[test]
    fn school_years() {
        assert!(is_school_year("2026-2027"));
        for wrong in ["2026-2028", "2026", "2026-202", "202a-2027", "+026-+027", "9999-0000", "2026_2027"] {
            assert!(!is_school_year(wrong), "{wrong}");
        }
    }
}
