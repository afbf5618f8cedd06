//! Tables of people: what schools and spreadsheets write. Which column means what is guessed from the names in the
//! first line, shown, and chosen by the owner.

use std::collections::{BTreeSet, HashSet};
use std::str::FromStr;

use icu_normalizer::DecomposingNormalizerBorrowed;
use serde::Serialize;

use super::MOST_ENTRIES;
use super::card::{self, Address, Birthday, Card, Key, LONGEST_LINE, LONGEST_NAME, LONGEST_PART, People, Reader, Way};
use super::problem::{Problem, Reason, Unreadable};
use super::text;
use crate::rdf::vocab::vcard;

/// The most columns.
const MOST_COLUMNS: usize = 200;
/// The most groups that one cell names.
const MOST_GROUPS: usize = 30;
/// Rows that are shown before anything is taken.
const SHOWN: usize = 5;

/// A table, as it was found to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub separator: char,
    pub header: Vec<String>,
    /// With the line at which each row begins.
    pub rows: Vec<(usize, Vec<String>)>,
}

impl Sheet {
    /// Reads a table, whatever its encoding and separator.
    ///
    /// Spec: rfc4180 §2
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        let text = text::decode(bytes);
        let separator = separator(&text);
        let mut rows = records(&text, separator);
        let (_, header) = rows.next().ok_or(Unreadable::Empty)?;
        if header.len() > MOST_COLUMNS {
            return Err(Unreadable::TooMany);
        }
        let filled = |(_, row): &(usize, Vec<String>)| row.iter().any(|cell| !cell.trim().is_empty());
        let rows: Vec<_> = rows.filter(filled).take(MOST_ENTRIES + 1).collect();
        if rows.len() > MOST_ENTRIES {
            return Err(Unreadable::TooMany);
        }
        let header = header.iter().map(|name| text::line(name, LONGEST_PART).ok().flatten().unwrap_or_default());
        Ok(Self { separator: char::from(separator), header: header.collect(), rows })
    }

    /// The first cells of a column, to look at.
    pub fn sample(&self, column: usize) -> Vec<String> {
        let cells = self.rows.iter().filter_map(|(_, row)| row.get(column)).filter(|cell| !cell.trim().is_empty());
        let short = |cell: &String| text::line(cell, LONGEST_PART).ok().flatten().unwrap_or_else(|| "…".to_owned());
        cells.take(SHOWN).map(short).collect()
    }
}

/// The separator that cuts the first line into the most cells, quotes considered.
fn separator(text: &str) -> u8 {
    let cells = |separator: &u8| records(text, *separator).next().map_or(0, |(_, row)| row.len());
    // Of equals the last wins.
    [b'\t', b',', b';'].into_iter().max_by_key(cells).unwrap_or(b';')
}

/// Rows with the lines at which they begin.
fn records(text: &str, separator: u8) -> impl Iterator<Item = (usize, Vec<String>)> {
    let reader =
        csv::ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let (mut counted, mut line) = (0, 1);
    reader.into_records().filter_map(Result::ok).map(move |record| {
        // A record is said to begin where the one before has ended, be it within the end of a line.
        let ended = record.position().map_or(0, csv::Position::byte);
        let rest = text.get(usize::try_from(ended).unwrap_or(usize::MAX)..).unwrap_or_default();
        let begin = text.len() - rest.trim_start_matches(['\r', '\n']).len();
        line += text.get(counted..begin).unwrap_or_default().matches('\n').count();
        counted = begin;
        (line, record.iter().take(MOST_COLUMNS + 1).map(str::to_owned).collect())
    })
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    Ignore,
    /// What a person is found again by. It is never stored.
    Key,
    Name,
    Given,
    Family,
    Email,
    Phone,
    Organisation,
    Title,
    Role,
    Birthday,
    Url,
    Note,
    Street,
    PostalCode,
    Locality,
    Country,
    /// The code of a school: classes of one name in two schools are two.
    School,
    /// A class, which becomes a group.
    Class,
    /// Groups, between `|` or commas.
    Groups,
}

/// Fields, their names on the command line and in forms, and how columns of theirs are called: letters only, in lower
/// case and without accents.
const FIELDS: [(Field, &str, &[&str]); 20] = [
    (Field::Ignore, "ignore", &[]),
    (Field::Key, "key", &["id", "uid", "identifiant", "identifier", "ine", "inefictif", "matricule", "numero"]),
    (
        Field::Name,
        "name",
        &["nomcomplet", "name", "fullname", "displayname", "nomprenom", "prenomnom", "contact", "nomaffiche"],
    ),
    (Field::Given, "given", &["prenom", "prenoms", "firstname", "givenname", "prenomusuel"]),
    (Field::Family, "family", &["nom", "nomdefamille", "lastname", "familyname", "surname", "nomusuel"]),
    (
        Field::Email,
        "email",
        &[
            "email",
            "mail",
            "courriel",
            "adresseemail",
            "emailaddress",
            "adressemail",
            "adresseelectronique",
            "emailvalue",
        ],
    ),
    (
        Field::Phone,
        "phone",
        &["telephone", "tel", "mobile", "portable", "phone", "phonenumber", "mobilephone", "phonevalue"],
    ),
    (
        Field::Organisation,
        "organisation",
        &["organisation", "organization", "societe", "company", "entreprise", "etablissement"],
    ),
    (Field::Title, "title", &["titre", "title", "jobtitle", "fonction", "poste"]),
    (Field::Role, "role", &["role", "profil", "profession"]),
    (Field::Birthday, "birthday", &["datenaissance", "datedenaissance", "naissance", "birthday", "birthdate", "nele"]),
    (Field::Url, "url", &["url", "siteweb", "site", "website", "web"]),
    (Field::Note, "note", &["note", "notes", "remarque", "remarques", "commentaire"]),
    (Field::Street, "street", &["adresse", "rue", "street", "streetaddress", "address"]),
    (Field::PostalCode, "postal-code", &["codepostal", "cp", "postalcode", "zip"]),
    (Field::Locality, "locality", &["ville", "commune", "city", "locality"]),
    (Field::Country, "country", &["pays", "country"]),
    (Field::School, "school", &["uai", "rne", "codeetablissement"]),
    (Field::Class, "class", &["division", "classe", "class"]),
    (Field::Groups, "groups", &["groupes", "groupe", "groups", "group", "categories", "categorie", "category"]),
];

impl Field {
    pub fn all() -> impl Iterator<Item = Self> {
        FIELDS.into_iter().map(|(field, ..)| field)
    }

    pub fn name(self) -> &'static str {
        FIELDS.into_iter().find(|(field, ..)| *field == self).map_or("ignore", |(_, name, _)| name)
    }

    fn guess(header: &str) -> Self {
        let name = plain(header);
        FIELDS
            .into_iter()
            .find(|(_, _, names)| names.contains(&name.as_str()))
            .map_or(Self::Ignore, |(field, ..)| field)
    }
}

impl FromStr for Field {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        FIELDS.into_iter().find(|(_, name, _)| *name == text).map(|(field, ..)| field).ok_or(Unreadable::Columns)
    }
}

/// Letters in lower case, without accents and anything else.
fn plain(text: &str) -> String {
    let letters = DecomposingNormalizerBorrowed::new_nfd().normalize(text);
    letters.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
}

/// What each column of a sheet holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Columns(pub Vec<Field>);

impl Columns {
    /// What the names of the columns say. Of two that say the same, the first is meant, except where several make sense.
    pub fn guess(sheet: &Sheet) -> Self {
        let mut seen = HashSet::new();
        let once = |field: Field| {
            let several = matches!(field, Field::Email | Field::Phone | Field::Url | Field::Groups | Field::Class);
            if seen.insert(field) || several { field } else { Field::Ignore }
        };
        Self(sheet.header.iter().map(|name| Field::guess(name)).map(once).collect())
    }

    /// Changes the guess as somebody says: `NOM=family,3=ignore`, each column by its name or its number from 1.
    pub fn chosen(sheet: &Sheet, text: &str) -> Result<Self, Unreadable> {
        let mut columns = Self::guess(sheet);
        for choice in text.split(',').map(str::trim).filter(|choice| !choice.is_empty()) {
            let (column, field) = choice.rsplit_once('=').ok_or(Unreadable::Columns)?;
            let by_name = sheet.header.iter().position(|name| name == column.trim());
            let by_number = || column.trim().parse::<usize>().ok()?.checked_sub(1);
            let at = by_name.or_else(by_number).ok_or(Unreadable::Columns)?;
            *columns.0.get_mut(at).ok_or(Unreadable::Columns)? = field.trim().parse()?;
        }
        Ok(columns)
    }

    /// The whole choice, as [`Columns::chosen`] reads it.
    pub fn written(&self) -> String {
        let choice = |(index, field): (usize, &Field)| format!("{}={}", index + 1, field.name());
        self.0.iter().enumerate().map(choice).collect::<Vec<_>>().join(",")
    }

    fn has(&self, field: Field) -> bool {
        self.0.contains(&field)
    }

    /// The properties of a card of which no column says anything.
    pub fn silent(&self) -> Vec<&'static str> {
        let told: [(&str, &[Field]); 11] = [
            (vcard::HAS_NAME, &[Field::Given, Field::Family]),
            (vcard::HAS_EMAIL, &[Field::Email]),
            (vcard::HAS_TELEPHONE, &[Field::Phone]),
            (vcard::URL, &[Field::Url]),
            (vcard::HAS_ADDRESS, &[Field::Street, Field::PostalCode, Field::Locality, Field::Country]),
            (vcard::ORGANIZATION_NAME, &[Field::Organisation]),
            (vcard::TITLE, &[Field::Title]),
            (vcard::ROLE, &[Field::Role]),
            (vcard::BDAY, &[Field::Birthday]),
            (vcard::NOTE, &[Field::Note]),
            (vcard::NICKNAME, &[]),
        ];
        let is_silent = |fields: &[Field]| !fields.iter().any(|field| self.has(*field));
        let silent = told.into_iter().filter(|(_, fields)| is_silent(fields)).map(|(property, _)| property);
        silent.chain([vcard::ORGANIZATION_UNIT]).collect()
    }

    /// Whether they say how people are called.
    pub fn name_people(&self) -> bool {
        [Field::Name, Field::Given, Field::Family, Field::Email].into_iter().any(|field| self.has(field))
    }
}

/// Reads the people of a table.
pub fn people(sheet: &Sheet, columns: &Columns) -> Result<People, Unreadable> {
    if !columns.name_people() {
        return Err(Unreadable::Columns);
    }
    let mut people = People::default();
    let mut known = HashSet::new();
    for (line, cells) in &sheet.rows {
        let row = Row { columns, cells };
        let mut reader = Reader { line: *line, problems: &mut people.problems };
        let read = row
            .card(&mut reader)
            .and_then(|card| if known.insert(card.key.clone()) { Ok(card) } else { Err(Reason::Twice) });
        match read {
            Ok(card) => {
                for (key, name) in row.groups(&mut reader) {
                    card::join(&mut people.groups, &key, &name, *line, &card.key);
                }
                people.cards.push(card);
            }
            Err(reason) => people.problems.push(Problem { line: *line, reason }),
        }
    }
    Ok(people)
}

struct Row<'a> {
    columns: &'a Columns,
    cells: &'a [String],
}

impl<'a> Row<'a> {
    /// The cells of a field, without the empty ones.
    fn all(&self, field: Field) -> impl Iterator<Item = &'a str> {
        let is_it = move |(column, cell): (&Field, &'a String)| (*column == field).then_some(cell.trim());
        self.columns.0.iter().zip(self.cells).filter_map(is_it).filter(|cell| !cell.is_empty())
    }

    fn first(&self, field: Field) -> &'a str {
        self.all(field).next().unwrap_or_default()
    }

    fn card(&self, reader: &mut Reader<'_>) -> Result<Card, Reason> {
        // Without the identifier that others have, the line could not be found again.
        if self.columns.has(Field::Key) && self.first(Field::Key).is_empty() {
            return Err(Reason::NoKey);
        }
        let mut part = |field| reader.text(self.first(field), LONGEST_PART);
        let (given, family) = (part(Field::Given), part(Field::Family));
        let emails = self.ways(Field::Email, reader, card::mailto, Reason::BadEmail);
        let email = emails.iter().next().map(|way| way.iri.clone());
        let said = [given.as_deref(), family.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let name = match text::line(self.first(Field::Name), LONGEST_NAME) {
            Err(text::TooLong) => return Err(Reason::NameTooLong),
            Ok(Some(name)) => name,
            Ok(None) if !said.is_empty() => said,
            Ok(None) => {
                self.first(Field::Email).split('@').next().filter(|_| email.is_some()).ok_or(Reason::NoName)?.to_owned()
            }
        };
        let key = Key::given(self.first(Field::Key)).unwrap_or_else(|| Key::derived(&name, email.as_deref()));
        let birthday = reader.value(self.first(Field::Birthday), card::day, Reason::BadDate).map(Birthday::Day);
        let (line, note) = (reader.line, reader.note(self.first(Field::Note)));
        let phones = self.ways(Field::Phone, reader, card::tel, Reason::BadPhone);
        let urls = self.ways(Field::Url, reader, card::https, Reason::BadUrl);
        let mut word = |field| reader.text(self.first(field), LONGEST_NAME);
        let address = Address {
            street: word(Field::Street),
            locality: word(Field::Locality),
            postal_code: word(Field::PostalCode),
            country: word(Field::Country),
            ..Address::default()
        };
        Ok(Card {
            line,
            key,
            name,
            given,
            family,
            organisation: word(Field::Organisation),
            title: word(Field::Title),
            role: word(Field::Role),
            birthday,
            note,
            phones,
            urls,
            addresses: Some(address).into_iter().filter(|address| !address.is_empty()).collect(),
            emails,
            ..Card::default()
        })
    }

    fn ways(
        &self,
        field: Field,
        reader: &mut Reader<'_>,
        read: impl Fn(&str) -> Option<String>,
        wrong: Reason,
    ) -> BTreeSet<Way> {
        let cells = self.all(field).filter_map(|cell| reader.value(cell, &read, wrong));
        cells.map(|iri| Way { iri, types: [].into() }).collect()
    }

    /// Keys and names of the groups that somebody is in.
    fn groups(&self, reader: &mut Reader<'_>) -> Vec<(String, String)> {
        let school = self.first(Field::School);
        let mut groups = Vec::new();
        for class in self.all(Field::Class) {
            groups.extend(reader.text(class, LONGEST_LINE).map(|name| (format!("class|{school}|{name}"), name)));
        }
        for cell in self.all(Field::Groups) {
            for name in cell.split(['|', ',']).take(MOST_GROUPS) {
                let name = reader.text(name, LONGEST_NAME);
                groups.extend(name.map(|name| (format!("group|{school}|{}", name.to_lowercase()), name)));
            }
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const UTF_8: &[u8] = include_bytes!("../../../tests/fixtures/import/eleves-classes.csv");
    const WINDOWS: &[u8] = include_bytes!("../../../tests/fixtures/import/eleves-classes-cp1252.csv");

    fn read(text: &str) -> People {
        let sheet = Sheet::read(text.as_bytes()).unwrap();
        people(&sheet, &Columns::guess(&sheet)).unwrap()
    }

    #[test]
    fn both_encodings_of_the_fixture_are_one() {
        let sheet = Sheet::read(UTF_8).unwrap();
        assert_eq!(Ok(&sheet), Sheet::read(WINDOWS).as_ref());
        assert_eq!(sheet.separator, ';');
        let columns = Columns::guess(&sheet);
        let expected = [
            Field::Key,
            Field::Family,
            Field::Given,
            Field::Birthday,
            Field::School,
            Field::Class,
            Field::Ignore,
            Field::Groups,
            Field::Ignore,
        ];
        assert_eq!(columns.0, expected);
        let people = people(&sheet, &columns).unwrap();
        let told: Vec<_> = people.problems.iter().map(|problem| (problem.line, problem.reason)).collect();
        assert_eq!(told, [(8, Reason::BadDate), (9, Reason::NoKey)]);
        assert_eq!(people.cards.len(), 7);
        assert_eq!(people.cards[4].name, "Aziliz Témoin-Inventé");
        assert_eq!(people.cards[6].birthday, None, "a wrong date is not guessed");
        let groups: Vec<_> = people.groups.iter().map(|group| (group.name.as_str(), group.members.len())).collect();
        assert_eq!(groups, [("2GT3", 5), ("OPT-BRE", 2), ("LV2-ESP", 2), ("LV2-ALL", 1), ("4B", 2)]);
    }

    #[test]
    fn separators_and_quotes_are_found() {
        for (text, separator) in [
            ("nom;prenom\nA;B", ';'),
            ("nom,prenom\nA,B", ','),
            ("nom\tprenom\nA\tB", '\t'),
            ("\"nom;x,y\",prenom\nA,B", ','),
        ] {
            assert_eq!(Sheet::read(text.as_bytes()).unwrap().separator, separator, "{text}");
        }
        let sheet = Sheet::read(b"nom;note\r\nA;\"two\r\nlines; \"\"quoted\"\"\"\r\nB;x\r\n").unwrap();
        assert_eq!(sheet.rows[0].1[1], "two\r\nlines; \"quoted\"");
        assert_eq!(sheet.rows[1].0, 4, "rows are told by the line of the file");
    }

    #[test]
    fn columns_are_chosen_by_name_or_number() {
        let sheet = Sheet::read(b"Qui;Courriel;Nom\nA;a@b.c;B").unwrap();
        let guess = Columns::guess(&sheet);
        assert_eq!(guess.0, [Field::Ignore, Field::Email, Field::Family]);
        let chosen = Columns::chosen(&sheet, "Qui=given, 3=ignore").unwrap();
        assert_eq!(chosen.0, [Field::Given, Field::Email, Field::Ignore]);
        assert_eq!(Columns::chosen(&sheet, &chosen.written()), Ok(chosen));
        for wrong in ["Qui", "Qui=nothing", "9=name", "0=name", "Who=name"] {
            assert_eq!(Columns::chosen(&sheet, wrong), Err(Unreadable::Columns), "{wrong}");
        }
        let nobody = Columns::chosen(&sheet, "2=ignore,3=ignore").unwrap();
        assert_eq!(people(&sheet, &nobody), Err(Unreadable::Columns));
    }

    #[test]
    fn every_name_of_a_column_is_written_plainly_and_means_one_field() {
        let mut seen = HashSet::new();
        for (field, name, names) in FIELDS {
            assert_eq!(name.parse(), Ok(field));
            for name in names {
                assert_eq!(plain(name), *name);
                assert!(seen.insert(*name), "{name}");
            }
        }
        assert_eq!(Field::guess("Prénom :"), Field::Given);
        assert_eq!(Field::guess("E-mail"), Field::Email);
    }

    #[test]
    fn lines_without_key_and_wrong_details_are_reported() {
        let found = read("id;nom;mail\n1;A;x\n;B;b@c.d\n1;C;\n2;;\n3;;d@e.f\n");
        let told: Vec<_> = found.problems.iter().map(|problem| (problem.line, problem.reason)).collect();
        let expected = [(2, Reason::BadEmail), (3, Reason::NoKey), (4, Reason::Twice), (5, Reason::NoName)];
        assert_eq!(told, expected);
        let names: Vec<_> = found.cards.iter().map(|card| card.name.as_str()).collect();
        assert_eq!(names, ["A", "d"]);
    }

    /// Formulas are values like others: nothing here runs them, and what shows them defuses them.
    #[test]
    fn formulas_stay_what_they_are() {
        let found = read("nom;note\n=1+1;@SUM(A1)\n");
        assert_eq!((found.cards[0].name.as_str(), found.cards[0].note.as_deref()), ("=1+1", Some("@SUM(A1)")));
    }

    #[test]
    fn there_are_limits() {
        let many = format!("nom\n{}", "A\n".repeat(MOST_ENTRIES + 1));
        assert_eq!(Sheet::read(many.as_bytes()), Err(Unreadable::TooMany));
        assert_eq!(Sheet::read(";".repeat(MOST_COLUMNS).as_bytes()), Err(Unreadable::TooMany));
        assert_eq!(Sheet::read(b""), Err(Unreadable::Empty));
        let found = read(&format!("nom;note\nA;\"{}", "x".repeat(4_000_000)));
        assert_eq!(found.problems, [Problem { line: 2, reason: Reason::TooLong }]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut file = b"nom;prenom;mail;naissance\n".to_vec();
            file.extend(bytes);
            if let Ok(sheet) = Sheet::read(&file) {
                let _ = people(&sheet, &Columns::guess(&sheet));
            }
        }
    }
}
