//! The account's spaces: how much they hold, the name shown to others, and making another one.

use askama::Template;
use http::StatusCode;

use super::identities;
use crate::http::Problem;
use crate::identity::account::{Account, Error, Refusal, SignedIn};
use crate::language::Language;
use crate::path::{PodName, ResourcePath};
use crate::provision::Owner;
use crate::storage::Pod;
use crate::web::parts::list::{Action, Breadcrumb, Row};
use crate::web::parts::{Banner, Choice, Choices, CodeBox, Field, Summary, Tone, icon};
use crate::web::{Answer, Asked, Pages, Shell, Visitor, assets, date, page, pages, path, see_other, size};

/// Characters of the longest name shown to others.
const LONGEST_NAME: usize = 100;

/// What the pages say.
struct Words {
    title: &'static str,
    lead: &'static str,
    way: (&'static str, &'static str),
    spaces: &'static str,
    none: &'static str,
    used: fn(&str) -> String,
    used_of: fn(&str, &str) -> String,
    show: &'static str,
    add: &'static str,
    full: fn(usize) -> String,
    identities: &'static str,
    identities_help: &'static str,
    link: &'static str,
    made: &'static str,
    unlinked: &'static str,
    new: &'static str,
    new_lead: &'static str,
    name: &'static str,
    name_help: &'static str,
    name_wrong: &'static str,
    name_taken: &'static str,
    name_reserved: &'static str,
    free: &'static str,
    owner: &'static str,
    owner_profile: (&'static str, &'static str),
    owner_apart: (&'static str, &'static str),
    owner_linked: fn(&str) -> String,
    owner_missing: &'static str,
    make: &'static str,
    wrong: &'static str,
    one: &'static str,
    address: &'static str,
    size: &'static str,
    since: &'static str,
    whose: &'static str,
    copy: &'static str,
    copied: &'static str,
    shown: &'static str,
    shown_lead: &'static str,
    shown_label: &'static str,
    shown_help: &'static str,
    shown_long: &'static str,
    shown_save: &'static str,
    shown_done: &'static str,
    back: &'static str,
}

const FRENCH: Words = Words {
    title: "Espaces et identités",
    lead: "Vos espaces, et les identités sous lesquelles les applications vous reconnaissent.",
    way: ("Vous êtes ici", "Compte"),
    spaces: "Mes espaces",
    none: "Ce compte n’a pas encore d’espace.",
    used: |used| format!("{used} utilisés"),
    used_of: |used, quota| format!("{used} utilisés sur {quota}"),
    show: "Voir",
    add: "Créer un autre espace",
    full: |most| format!("Un compte a au plus {most} espaces."),
    identities: "Mes identités",
    identities_help: "Une identité dit aux applications qui vous êtes. Chaque espace en a une ; vous pouvez en relier une que \
                      vous avez ailleurs.",
    link: "Relier une identité que j’ai ailleurs",
    made: "Votre nouvel espace est ouvert.",
    unlinked: "L’identité est déliée. Les applications qui s’en servaient n’entrent plus.",
    new: "Créer un autre espace",
    new_lead: "Un espace de plus, avec sa propre adresse, par exemple pour une association ou un projet.",
    name: "Nom de l’espace",
    name_help: "De 3 à 40 lettres sans accent, chiffres et traits d’union. Tout le monde peut voir ce nom, et il ne change \
                plus.",
    name_wrong: "Un nom a de 3 à 40 lettres minuscules sans accent, chiffres et traits d’union, sans trait d’union au bord.",
    name_taken: "Ce nom est déjà pris, ou ressemble trop à un autre. Essayez-en un autre.",
    name_reserved: "Ce nom est réservé au service. Essayez-en un autre.",
    free: "Libres en ce moment :",
    owner: "À quelle identité appartient-il ?",
    owner_profile: (
        "Une nouvelle identité",
        "Elle vit dans le nouvel espace, et rien ne la relie à vos autres espaces.",
    ),
    owner_apart: ("Une nouvelle identité, à part de l’espace", "Son adresse reste la même, même si l’espace déménage."),
    owner_linked: |name| format!("Mon identité {name}"),
    owner_missing: "Choisissez à quelle identité l’espace appartient.",
    make: "Créer cet espace",
    wrong: "L’espace n’est pas créé",
    one: "Mon espace",
    address: "Adresse de l’espace",
    size: "Place",
    since: "Ouvert le",
    whose: "Identité à qui il appartient (WebID)",
    copy: "Copier",
    copied: "Copié",
    shown: "Nom montré aux autres",
    shown_lead: "Aucun nom n’est montré tant que vous n’en écrivez pas un ici. Avec un nom, tout le monde peut le lire, et \
                 les applications l’affichent à côté de ce que vous partagez.",
    shown_label: "Nom",
    shown_help: "Votre nom, un prénom ou un surnom. Laissez vide pour ne plus rien montrer.",
    shown_long: "Le nom a au plus 100 caractères.",
    shown_save: "Montrer ce nom",
    shown_done: "C’est enregistré.",
    back: "Revenir aux espaces",
};

const ENGLISH: Words = Words {
    title: "Spaces and identities",
    lead: "Your spaces, and the identities by which applications know you.",
    way: ("You are here", "Account"),
    spaces: "My spaces",
    none: "This account has no space yet.",
    used: |used| format!("{used} used"),
    used_of: |used, quota| format!("{used} used of {quota}"),
    show: "Show",
    add: "Make another space",
    full: |most| format!("An account has at most {most} spaces."),
    identities: "My identities",
    identities_help: "An identity tells applications who you are. Each space has one; you can link one that you have elsewhere.",
    link: "Link an identity that I have elsewhere",
    made: "Your new space is open.",
    unlinked: "The identity is unlinked. Applications that used it enter no more.",
    new: "Make another space",
    new_lead: "One more space with an address of its own, for instance for a club or a project.",
    name: "Name of the space",
    name_help: "3 to 40 letters without accents, digits and hyphens. Everybody can see this name, and it never changes.",
    name_wrong: "A name has 3 to 40 small letters without accents, digits and hyphens, and no hyphen at its ends.",
    name_taken: "This name is taken, or too much like another. Try a different one.",
    name_reserved: "This name belongs to the service. Try a different one.",
    free: "Free at this moment:",
    owner: "To which identity does it belong?",
    owner_profile: ("A new identity", "It lives in the new space, and nothing leads from it to your other spaces."),
    owner_apart: ("A new identity, apart from the space", "Its address stays the same even when the space moves."),
    owner_linked: |name| format!("My identity {name}"),
    owner_missing: "Choose to which identity the space belongs.",
    make: "Make this space",
    wrong: "The space was not made",
    one: "My space",
    address: "Address of the space",
    size: "Room",
    since: "Open since",
    whose: "Identity to which it belongs (WebID)",
    copy: "Copy",
    copied: "Copied",
    shown: "Name shown to others",
    shown_lead: "No name is shown until you write one here. With a name, everybody can read it, and applications show it \
                 beside what you share.",
    shown_label: "Name",
    shown_help: "Your name, a first name or a nickname. Leave it empty to show nothing any more.",
    shown_long: "The name has at most 100 characters.",
    shown_save: "Show this name",
    shown_done: "Saved.",
    back: "Back to the spaces",
};

#[derive(Template)]
#[template(path = "settings/spaces.html")]
struct Page {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    done: Option<Banner>,
    spaces: Vec<Row>,
    /// What is said where no more spaces can be made.
    full: Option<String>,
    identities: Vec<Row>,
}

#[derive(Template)]
#[template(path = "settings/new_space.html")]
struct NewPage<'a> {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    banner: Option<Banner>,
    summary: Option<Summary<'a>>,
    name: &'a Field,
    owners: Option<&'a Choices>,
    free: Vec<PodName>,
}

#[derive(Template)]
#[template(path = "settings/space.html")]
struct OnePage<'a> {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    done: Option<Banner>,
    summary: Option<Summary<'a>>,
    here: String,
    name: &'a str,
    url: String,
    used: String,
    since: String,
    webids: Vec<CodeBox>,
    /// The field for the name that is shown, if its owner is of this account.
    shown: Option<&'a Field>,
    copy_script: &'static str,
}

/// Answers a request for the list of spaces and identities.
pub(in crate::web) async fn answer(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = words(visitor);
    let mut spaces = Vec::new();
    for name in &by.account.pods {
        let pod = pages.accounts.storage().pod(name).await?;
        spaces.extend(pod.map(|pod| row(&pod, words, visitor.language)));
    }
    let done = match asked.query.get("done") {
        "made" => Some(words.made),
        "unlinked" => Some(words.unlinked),
        _ => None,
    };
    let most = pages.accounts.most_pods();
    let shown = Page {
        shell: Shell::new(visitor, words.title),
        words,
        way: way(words, &[]),
        done: done.map(ok),
        spaces,
        full: (by.account.pods.len() >= most).then(|| (words.full)(most)),
        identities: by.account.webids.iter().map(|webid| identities::row(visitor, webid, words.show)).collect(),
    };
    page(StatusCode::OK, &shown, visitor)
}

fn row(pod: &Pod, words: &Words, language: Language) -> Row {
    Row {
        icon: icon("folder"),
        name: pod.name.to_string(),
        second: used(pod, words, language),
        action: Some(Action::Open { path: format!("{}{}/", path::SPACES, pod.name), label: words.show }),
    }
}

fn used(pod: &Pod, words: &Words, language: Language) -> String {
    let used = size::size(pod.used, language);
    match pod.quota {
        Some(quota) => (words.used_of)(&used, &size::size(quota, language)),
        None => (words.used)(&used),
    }
}

/// Answers a request for the page of one space, or shows others the name that its form carries.
///
/// Spec: O-211
pub(in crate::web) async fn one(pages: &Pages, visitor: &Visitor, asked: &Asked, name: &str) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = words(visitor);
    let name = by.account.pods.iter().find(|own| own.as_str() == name).ok_or_else(not_found)?;
    let pod = pages.accounts.storage().pod(name).await?.ok_or_else(not_found)?;
    let owner = pod.owners.iter().find(|owner| by.account.webids.contains(owner));
    let kept = match owner {
        Some(owner) => pages.profiles.name(name, owner).await?,
        None => None,
    };
    let mut field = Field {
        name: "name",
        label: words.shown_label,
        kind: "text",
        value: kept.unwrap_or_default(),
        autocomplete: "name",
        help: Some(words.shown_help),
        optional: true,
        ..Field::default()
    };
    let here = format!("{}{name}/", path::SPACES);
    let mut status = StatusCode::OK;
    if let (Some(form), Some(owner)) = (&asked.form, owner) {
        let typed = form.get("name").trim();
        let plain: String = typed.chars().filter(|c| !c.is_control()).collect();
        if plain.chars().count() <= LONGEST_NAME {
            pages.profiles.set_name(name, owner, Some(&*plain).filter(|name| !name.is_empty())).await?;
            return Ok(see_other(&format!("{here}?done=name"), Vec::new()));
        }
        (field.value, field.error, status) = (plain, Some(words.shown_long), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let shown = OnePage {
        shell: Shell::new(visitor, words.one),
        words,
        way: way(words, &[(path::SPACES, words.title)]),
        done: (asked.query.get("done") == "name").then(|| ok(words.shown_done)),
        summary: Summary::of(words.wrong, owner.map(|_| &field)),
        here,
        name: name.as_str(),
        url: pages.addresses.iri(&ResourcePath::root(name.clone())),
        used: used(&pod, words, visitor.language),
        since: date::day(pod.created, visitor.language),
        webids: pod.owners.iter().map(|owner| code_box(words, owner)).collect(),
        shown: owner.map(|_| &field),
        copy_script: assets::copy_script(),
    };
    page(status, &shown, visitor)
}

fn code_box(words: &Words, webid: &str) -> CodeBox {
    CodeBox { name: "webid", label: words.whose, text: webid.to_owned(), copy: words.copy, copied: words.copied }
}

/// Answers a request for the page that makes another space, or makes it.
///
/// Spec: O-327, CP-03, M-51
pub(in crate::web) async fn make(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::signed_in(visitor)?;
    let mut making = Making::new(pages, visitor, by);
    let Some(form) = &asked.form else {
        let proposed = pages.accounts.propose(None).await?;
        making.name.value = proposed.map(|name| name.to_string()).unwrap_or_default();
        return making.page(StatusCode::OK);
    };
    form.get("name").trim().to_lowercase().clone_into(&mut making.name.value);
    making.owners.chosen = form.find("owner").map(str::to_owned);
    making.take().await
}

/// Another space in the making.
struct Making<'a> {
    pages: &'a Pages,
    visitor: &'a Visitor,
    by: &'a SignedIn,
    words: &'static Words,
    name: Field,
    owners: Choices,
    free: Vec<PodName>,
    banner: Option<Banner>,
}

impl<'a> Making<'a> {
    fn new(pages: &'a Pages, visitor: &'a Visitor, by: &'a SignedIn) -> Self {
        let words = words(visitor);
        let name = Field {
            name: "name",
            label: words.name,
            kind: "text",
            autocomplete: "off",
            help: Some(words.name_help),
            ..Field::default()
        };
        let owners = owners(pages, visitor, &by.account, words);
        Self { pages, visitor, by, words, name, owners, free: Vec::new(), banner: None }
    }

    /// Makes the space, or shows what is wrong.
    async fn take(mut self) -> Answer {
        let owner = match self.owners.chosen.as_deref() {
            Some("profile") => Owner::Profile,
            Some("apart") if self.pages.addresses.has_webids() => Owner::Apart,
            Some(webid) if self.by.account.webids.iter().any(|linked| linked == webid) => Owner::Linked(webid),
            None if self.by.account.webids.is_empty() => Owner::Profile,
            _ => {
                self.owners.error = Some(self.words.owner_missing);
                return self.page(StatusCode::UNPROCESSABLE_ENTITY);
            }
        };
        let Some(name) = PodName::parse(&self.name.value) else {
            self.name.error = Some(self.words.name_wrong);
            return self.page(StatusCode::UNPROCESSABLE_ENTITY);
        };
        match self.pages.provision.pod(&self.by.account.id, &name, owner).await {
            Ok(_) => Ok(see_other(&format!("{}?done=made", path::SPACES), Vec::new())),
            Err(Error::Refused(Refusal::NameTaken)) => {
                self.name.error = Some(self.words.name_taken);
                self.free = self.pages.accounts.alternatives(&name).await?;
                self.page(StatusCode::CONFLICT)
            }
            Err(Error::Refused(Refusal::NameReserved)) => {
                self.name.error = Some(self.words.name_reserved);
                self.page(StatusCode::UNPROCESSABLE_ENTITY)
            }
            Err(Error::Refused(Refusal::TooManyPods(most))) => {
                self.banner = Some(Banner { tone: Tone::Stop, text: (self.words.full)(most) });
                self.page(StatusCode::CONFLICT)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn page(self, status: StatusCode) -> Answer {
        let shown = NewPage {
            shell: Shell::new(self.visitor, self.words.new),
            words: self.words,
            way: way(self.words, &[(path::SPACES, self.words.title)]),
            banner: self.banner,
            summary: Summary::of(self.words.wrong, [&self.name]),
            name: &self.name,
            owners: (!self.by.account.webids.is_empty()).then_some(&self.owners),
            free: self.free,
        };
        page(status, &shown, self.visitor)
    }
}

/// To whom a new space may belong.
fn owners(pages: &Pages, visitor: &Visitor, account: &Account, words: &Words) -> Choices {
    let choice = |value: &str, (label, help): (&'static str, &'static str)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        help: Some(help),
    };
    let apart = pages.addresses.has_webids().then(|| choice("apart", words.owner_apart));
    let linked = account.webids.iter().map(|webid| Choice {
        value: webid.clone(),
        label: (words.owner_linked)(&identities::name(visitor, webid)),
        help: None,
    });
    Choices {
        name: "owner",
        legend: words.owner,
        choices: [choice("profile", words.owner_profile)].into_iter().chain(apart).chain(linked).collect(),
        chosen: None,
        error: None,
    }
}

fn words(visitor: &Visitor) -> &'static Words {
    visitor.language.choose(&FRENCH, &ENGLISH)
}

fn way(words: &Words, further: &[(&'static str, &'static str)]) -> Breadcrumb {
    let (label, settings) = words.way;
    Breadcrumb { label, above: [&[(path::SETTINGS, settings)], further].concat() }
}

fn ok(text: &'static str) -> Banner {
    Banner { tone: Tone::Ok, text: text.to_owned() }
}

fn not_found() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found")
}
