//! The account's identities: the WebIDs that it may sign in as, linking one from elsewhere, and unlinking.

use askama::Template;
use http::StatusCode;

use crate::http::Problem;
use crate::identity::account::{Error, Refusal, link_name};
use crate::rdf::vocab::solid;
use crate::web::parts::list::{Action, Breadcrumb, Row};
use crate::web::parts::{Banner, CodeBox, Field, Summary, Tone, icon};
use crate::web::{Answer, Asked, Pages, Shell, Visitor, assets, authorize, page, pages, path, see_other};

/// What the pages say.
struct Words {
    way: (&'static str, &'static str, &'static str),
    one: &'static str,
    webid: &'static str,
    copy: &'static str,
    copied: &'static str,
    linked: &'static str,
    unlisted: &'static str,
    unlisted_here: &'static str,
    missing: &'static str,
    repair: &'static str,
    repaired: &'static str,
    effect: &'static str,
    unlink: &'static str,
    last: &'static str,
    owner: fn(&str) -> String,
    back: &'static str,
    new: &'static str,
    new_lead: &'static str,
    field: &'static str,
    field_help: &'static str,
    go_on: &'static str,
    wrong: &'static str,
    no_webid: &'static str,
    unreadable: &'static str,
    taken: &'static str,
    not_yours: &'static str,
    prove: &'static str,
    prove_lead: &'static str,
    triple: &'static str,
    prove_then: &'static str,
    check: &'static str,
    absent: &'static str,
}

const FRENCH: Words = Words {
    way: ("Vous êtes ici", "Compte", "Espaces et identités"),
    one: "Mon identité",
    webid: "Adresse de l’identité (WebID)",
    copy: "Copier",
    copied: "Copié",
    linked: "L’identité est reliée à votre compte.",
    unlisted: "Le document de cette identité ne nomme pas encore ce serveur : les autres serveurs ne vous croiront pas. \
               Ajoutez-y cette ligne.",
    unlisted_here: "Le profil de cette identité ne nomme plus ce serveur : les applications ne vous laissent pas entrer sous \
                    elle. Vous pouvez le réparer ; le reste du profil ne change pas.",
    missing: "Ligne à ajouter",
    repair: "Réparer l’entrée",
    repaired: "C’est réparé : les applications vous reconnaissent de nouveau.",
    effect: "Si vous la déliez, les applications et les clés qui s’en servent n’entrent plus, tout de suite. Son document et \
             ce qui lui appartient ailleurs ne changent pas.",
    unlink: "Délier cette identité",
    last: "C’est votre seule identité : un espace en a toujours besoin.",
    owner: |pod| format!("L’espace {pod} appartient à cette identité : elle reste reliée tant qu’il existe."),
    back: "Revenir aux espaces et identités",
    new: "Relier une identité que j’ai ailleurs",
    new_lead: "Pour qui a déjà un WebID sur un autre serveur ou sur son propre site. Vous devrez pouvoir y modifier son \
               document.",
    field: "Adresse de l’identité (WebID)",
    field_help: "Par exemple https://alice.example/profile#me",
    go_on: "Continuer",
    wrong: "L’identité n’est pas reliée",
    no_webid: "Ce n’est pas l’adresse d’une identité. Elle commence par https://.",
    unreadable: "Le document à cette adresse ne se laisse pas lire. Vérifiez l’adresse, et que tout le monde peut le lire.",
    taken: "Cette identité est déjà reliée à un compte.",
    not_yours: "Cette identité est sur ce serveur, dans l’espace de quelqu’un d’autre.",
    prove: "Montrez qu’elle est à vous",
    prove_lead: "Ajoutez cette ligne au document de l’identité, là où il se trouve. Elle est valable 30 minutes.",
    triple: "Ligne à ajouter",
    prove_then: "Une fois l’identité reliée, vous pourrez retirer la ligne.",
    check: "C’est fait, vérifier",
    absent: "La ligne n’est pas encore dans le document. Vérifiez qu’elle y est à la lettre, puis recommencez.",
};

const ENGLISH: Words = Words {
    way: ("You are here", "Account", "Spaces and identities"),
    one: "My identity",
    webid: "Address of the identity (WebID)",
    copy: "Copy",
    copied: "Copied",
    linked: "The identity is linked to your account.",
    unlisted: "The document of this identity does not name this server yet: other servers will not believe you. Add this line.",
    unlisted_here: "The profile of this identity does not name this server any more: applications do not let you in under it. \
                    You can repair that; the rest of the profile does not change.",
    missing: "Line to add",
    repair: "Repair signing in",
    repaired: "Repaired: applications know you again.",
    effect: "If you unlink it, applications and keys that use it enter no more, at once. Its document and what belongs to it \
             elsewhere do not change.",
    unlink: "Unlink this identity",
    last: "This is your only identity: a space always needs one.",
    owner: |pod| format!("The space {pod} belongs to this identity: it stays linked as long as the space is there."),
    back: "Back to spaces and identities",
    new: "Link an identity that I have elsewhere",
    new_lead: "For those who have a WebID on another server or on a site of their own already. You must be able to edit its \
               document.",
    field: "Address of the identity (WebID)",
    field_help: "Such as https://alice.example/profile#me",
    go_on: "Continue",
    wrong: "The identity is not linked",
    no_webid: "This is not the address of an identity. It begins with https://.",
    unreadable: "The document at this address cannot be read. Check the address, and that everybody can read it.",
    taken: "This identity is linked to an account already.",
    not_yours: "This identity is on this server, in the space of somebody else.",
    prove: "Show that it is yours",
    prove_lead: "Add this line to the document of the identity, where that lies. It is good for 30 minutes.",
    triple: "Line to add",
    prove_then: "Once the identity is linked, you can take the line out again.",
    check: "Done, check it",
    absent: "The line is not in the document yet. Check that it is there to the letter, then try again.",
};

#[derive(Template)]
#[template(path = "settings/identity.html")]
struct OnePage {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    banner: Option<Banner>,
    here: String,
    webid: CodeBox,
    /// The triple that the document lacks, if it is not ours to add.
    missing: Option<CodeBox>,
    repair: bool,
    copy_script: &'static str,
}

#[derive(Template)]
#[template(path = "settings/new_identity.html")]
struct NewPage<'a> {
    shell: Shell,
    words: &'static Words,
    way: Breadcrumb,
    banner: Option<Banner>,
    summary: Option<Summary<'a>>,
    field: &'a Field,
    /// The triple that proves the WebID, once one was named.
    triple: Option<CodeBox>,
    copy_script: &'static str,
}

/// A short name for a WebID.
pub(super) fn name(visitor: &Visitor, webid: &str) -> String {
    authorize::name(visitor, webid)
}

/// The line of a WebID in the list.
pub(super) fn row(visitor: &Visitor, webid: &str, show: &'static str) -> Row {
    Row {
        icon: icon("user"),
        name: name(visitor, webid),
        second: webid.to_owned(),
        action: Some(Action::Open { path: here(webid), label: show }),
    }
}

fn here(webid: &str) -> String {
    format!("{}{}/", path::IDENTITIES, link_name(webid))
}

/// Whether a WebID of ours has lost its issuer, so that nobody can sign in as it.
///
/// Spec: O-214
pub(super) async fn broken<'a>(pages: &Pages, webids: &'a [String]) -> Result<Option<&'a str>, Problem> {
    for webid in webids {
        if pages.profiles.list_us(webid).await? == Some(false) {
            return Ok(Some(webid));
        }
    }
    Ok(None)
}

/// The page on which a WebID is repaired.
pub(super) fn repair_at(webid: &str) -> String {
    here(webid)
}

/// Answers a request for the page of one WebID; unlinks it, or repairs its profile.
///
/// Spec: O-206, O-214, O-343
pub(in crate::web) async fn one(pages: &Pages, visitor: &Visitor, asked: &Asked, link: &str) -> Answer {
    let by = pages::signed_in(visitor)?;
    let words = words(visitor);
    let linked = by.account.webids.iter().find(|webid| link_name(webid) == link);
    let webid = linked.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "not-found"))?;
    let Some(form) = &asked.form else {
        let banner = match asked.query.get("done") {
            "linked" => Some(Banner { tone: Tone::Ok, text: words.linked.to_owned() }),
            "repaired" => Some(Banner { tone: Tone::Ok, text: words.repaired.to_owned() }),
            _ => None,
        };
        let unlisted = asked.query.get("done") == "unlisted";
        return show(pages, visitor, webid, StatusCode::OK, banner, unlisted).await;
    };
    pages::confirmed(pages, visitor)?;
    if form.find("repair").is_some() {
        pages.profiles.repair(webid).await?;
        return Ok(see_other(&format!("{}?done=repaired", here(webid)), Vec::new()));
    }
    let refused = match pages.accounts.unlink_webid(&by.account.id, webid).await {
        Ok(()) => return Ok(see_other(&format!("{}?done=unlinked", path::SPACES), Vec::new())),
        Err(Error::Refused(Refusal::LastWebId)) => words.last.to_owned(),
        Err(Error::Refused(Refusal::LastOwner(pod))) => (words.owner)(pod.as_str()),
        Err(error) => return Err(error.into()),
    };
    let banner = Banner { tone: Tone::Stop, text: refused };
    show(pages, visitor, webid, StatusCode::CONFLICT, Some(banner), false).await
}

async fn show(
    pages: &Pages,
    visitor: &Visitor,
    webid: &str,
    status: StatusCode,
    banner: Option<Banner>,
    unlisted: bool,
) -> Answer {
    let words = words(visitor);
    let repair = pages.profiles.list_us(webid).await? == Some(false);
    let warning = if repair { Some(words.unlisted_here) } else { unlisted.then_some(words.unlisted) };
    let missing = format!("<{webid}> <{}> <{}>.", solid::OIDC_ISSUER, visitor.base());
    let shown = OnePage {
        shell: Shell::new(visitor, words.one),
        words,
        way: way(words),
        banner: banner.or(warning.map(|text| Banner { tone: Tone::Warn, text: text.to_owned() })),
        here: here(webid),
        webid: code_box(words, "webid", words.webid, webid),
        missing: (unlisted && !repair).then(|| code_box(words, "missing", words.missing, &missing)),
        repair,
        copy_script: assets::copy_script(),
    };
    page(status, &shown, visitor)
}

/// Answers a request for the page that links a WebID from elsewhere: first it is named, then proved.
///
/// Spec: O-205, O-343
pub(in crate::web) async fn link(pages: &Pages, visitor: &Visitor, asked: &Asked) -> Answer {
    let by = pages::confirmed(pages, visitor)?;
    let words = words(visitor);
    let mut field = Field {
        name: "webid",
        label: words.field,
        kind: "url",
        autocomplete: "off",
        help: Some(words.field_help),
        ..Field::default()
    };
    let Some(form) = &asked.form else { return show_new(visitor, StatusCode::OK, &field, None, None) };
    let webid = form.get("webid").trim();
    webid.clone_into(&mut field.value);
    let read = async |webid: &str| pages.identity.read_webid(webid, visitor.client, pages.clock.now()).await;
    let wrong = match pages.accounts.link_webid(&by.account.id, webid, read).await {
        Ok(linked) => {
            let done = if linked.listed { "linked" } else { "unlisted" };
            return Ok(see_other(&format!("{}?done={done}", here(webid)), Vec::new()));
        }
        Err(Error::Refused(Refusal::Unproven(triple))) => {
            let checked = form.find("check").is_some();
            let absent = checked.then(|| Banner { tone: Tone::Stop, text: words.absent.to_owned() });
            let status = if checked { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
            return show_new(visitor, status, &field, absent, Some(&triple));
        }
        Err(Error::Refused(Refusal::NoWebId)) => (words.no_webid, StatusCode::UNPROCESSABLE_ENTITY),
        Err(Error::Refused(Refusal::WebIdUnreadable)) => (words.unreadable, StatusCode::UNPROCESSABLE_ENTITY),
        Err(Error::Refused(Refusal::WebIdTaken)) => (words.taken, StatusCode::CONFLICT),
        Err(Error::Refused(Refusal::NotYours)) => (words.not_yours, StatusCode::FORBIDDEN),
        Err(error) => return Err(error.into()),
    };
    field.error = Some(wrong.0);
    show_new(visitor, wrong.1, &field, None, None)
}

fn show_new(
    visitor: &Visitor,
    status: StatusCode,
    field: &Field,
    banner: Option<Banner>,
    triple: Option<&str>,
) -> Answer {
    let words = words(visitor);
    let shown = NewPage {
        shell: Shell::new(visitor, if triple.is_some() { words.prove } else { words.new }),
        words,
        way: way(words),
        banner,
        summary: Summary::of(words.wrong, [field]),
        field,
        triple: triple.map(|triple| code_box(words, "triple", words.triple, triple)),
        copy_script: assets::copy_script(),
    };
    page(status, &shown, visitor)
}

fn code_box(words: &Words, name: &'static str, label: &'static str, text: &str) -> CodeBox {
    CodeBox { name, label, text: text.to_owned(), copy: words.copy, copied: words.copied }
}

fn words(visitor: &Visitor) -> &'static Words {
    visitor.language.choose(&FRENCH, &ENGLISH)
}

fn way(words: &Words) -> Breadcrumb {
    let (label, settings, spaces) = words.way;
    Breadcrumb { label, above: vec![(path::SETTINGS, settings), (path::SPACES, spaces)] }
}
