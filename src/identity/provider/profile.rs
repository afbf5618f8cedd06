//! Name and picture of a person, for applications that the person agreed to show them to.
//!
//! They are what the WebID document says to everybody: an application that is shown them learns nothing that it could not
//! read, and who keeps their name to themselves is not named.

use url::Url;

use super::client::PublicDocument;
use super::{Provider, Result};
use crate::clock::Timestamp;
use crate::rdf::format::{self, Format};
use crate::rdf::{Term, vocab};

/// Characters of the longest name, and of the longest address of a picture.
const LONGEST: usize = 2048;

/// What a WebID document says of its person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Profile {
    pub name: Option<String>,
    pub picture: Option<String>,
    /// When the document was written.
    pub updated: Option<Timestamp>,
}

impl Provider {
    /// What the person of a WebID shows of themselves; nothing if the document is elsewhere, or not for everybody.
    ///
    /// Spec: O-182
    pub(super) async fn profile(&self, webid: &str) -> Result<Profile> {
        let document = self.public.read(webid).await?;
        Ok(document.map(|document| read(webid, &document)).unwrap_or_default())
    }
}

fn read(webid: &str, document: &PublicDocument) -> Profile {
    let base = webid.split('#').next().unwrap_or_default();
    let graph = Format::of(&document.media_type).and_then(|format| format::parse(&document.bytes, format, base).ok());
    let Some(graph) = graph.map(|document| document.dataset.default) else { return Profile::default() };
    let me = Term::iri(webid);
    let said = |properties: [&'static str; 2]| {
        let objects: Vec<_> = properties.into_iter().flat_map(|property| graph.objects(&me, property)).collect();
        objects.into_iter()
    };
    let text = |term: &Term| match term {
        Term::Literal(literal) => Some(literal.lexical.trim().to_owned()),
        _ => None,
    };
    let brief = |text: &String| !text.is_empty() && text.chars().count() <= LONGEST;
    let address = |term: &Term| term.as_iri().map(ToString::to_string);
    let on_the_web = |text: &String| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    Profile {
        name: said([vocab::foaf::NAME, vocab::vcard::FN]).filter_map(text).find(brief),
        picture: said([vocab::foaf::IMG, vocab::vcard::HAS_PHOTO])
            .filter_map(address)
            .find(|text| brief(text) && on_the_web(text)),
        updated: Some(document.modified),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: &str = "https://pods.example/ada/profile/card#me";
    const AT: Timestamp = Timestamp::from_seconds(1_793_000_000);

    fn said(turtle: &str) -> Profile {
        let prefixes = "@prefix foaf: <http://xmlns.com/foaf/0.1/>. @prefix v: <http://www.w3.org/2006/vcard/ns#>.";
        let bytes = format!("{prefixes} {turtle}").into();
        read(ME, &PublicDocument { media_type: "text/turtle".into(), bytes, modified: AT })
    }

    /// Shows: O-182
    #[test]
    fn a_profile_is_what_the_document_says_of_its_person() {
        let told = |name: Option<&str>, picture: Option<&str>| Profile {
            name: name.map(str::to_owned),
            picture: picture.map(str::to_owned),
            updated: Some(AT),
        };
        for (turtle, profile) in [
            ("", told(None, None)),
            (
                "<#me> foaf:name \"Ada\"; foaf:img <me.jpg>.",
                told(Some("Ada"), Some("https://pods.example/ada/profile/me.jpg")),
            ),
            (
                "<#me> v:fn \"Ada\"@fr; v:hasPhoto <https://ada.example/me.png>.",
                told(Some("Ada"), Some("https://ada.example/me.png")),
            ),
            ("<#me> v:fn \"A. L.\"; foaf:name \"Ada\".", told(Some("Ada"), None)),
            ("<#me> foaf:name \" \", <#me>; foaf:img \"me.jpg\", <javascript:alert(1)>.", told(None, None)),
            ("<#you> foaf:name \"Ben\". <> foaf:name \"Card\".", told(None, None)),
        ] {
            assert_eq!(said(turtle), profile, "{turtle}");
        }
        assert_eq!(said("this is no Turtle"), Profile::default());
        let picture = PublicDocument { media_type: "image/png".into(), bytes: "x".into(), modified: AT };
        assert_eq!(read(ME, &picture), Profile::default());
    }
}
