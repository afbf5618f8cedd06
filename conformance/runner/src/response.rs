//! What came back, and what a case expects of it.

use bytes::Bytes;
use oxrdf::Graph;

use crate::http::Reply;
use crate::rdf;
use crate::stop::{Stop, Verdict, ensure, failed};

/// A response, and the request that it answers.
#[derive(Debug, Clone)]
pub struct Response {
    /// What was asked and by whom, for the report.
    asked: String,
    /// The address that was asked.
    pub url: String,
    reply: Reply,
}

/// One target of the `Link` fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Absolute.
    pub target: String,
    pub rel: String,
}

impl Response {
    pub fn new(asked: String, url: String, reply: Reply) -> Self {
        Self { asked, url, reply }
    }

    pub fn status(&self) -> u16 {
        self.reply.status().as_u16()
    }

    pub fn body(&self) -> &Bytes {
        self.reply.body()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body()).into_owned()
    }

    /// Goes on if the status is this one.
    pub fn is(self, status: u16) -> Verdict<Self> {
        self.one_of(&[status])
    }

    /// Goes on if the status is one of these.
    pub fn one_of(self, statuses: &[u16]) -> Verdict<Self> {
        if statuses.contains(&self.status()) {
            return Ok(self);
        }
        let wanted: Vec<_> = statuses.iter().map(u16::to_string).collect();
        failed(format!("{}: {} instead of {}{}", self.asked, self.status(), wanted.join(" or "), self.excerpt()))
    }

    /// Goes on if the request was done.
    pub fn succeeded(self) -> Verdict<Self> {
        if (200..300).contains(&self.status()) {
            return Ok(self);
        }
        failed(format!("{}: {} instead of a success{}", self.asked, self.status(), self.excerpt()))
    }

    /// Goes on if the request was refused in any way.
    pub fn refused(self) -> Verdict<Self> {
        if (400..500).contains(&self.status()) {
            return Ok(self);
        }
        failed(format!("{}: {} instead of a refusal", self.asked, self.status()))
    }

    /// Goes on if `holds`; else fails, saying `what` was expected of this response.
    pub fn and(self, holds: impl FnOnce(&Self) -> bool, what: &str) -> Verdict<Self> {
        let holds = holds(&self);
        self.expect(holds, what)
    }

    /// Goes on if the header field is there.
    pub fn has(self, name: &str) -> Verdict<Self> {
        let there = self.reply.headers().contains_key(name);
        self.expect(there, &format!("with `{name}`"))
    }

    /// Goes on if the header field is not there.
    pub fn lacks(self, name: &str) -> Verdict<Self> {
        let there = self.reply.headers().contains_key(name);
        self.expect(!there, &format!("without `{name}`"))
    }

    /// Goes on if the comma-separated field lists this member, case aside.
    pub fn lists(self, name: &str, member: &str) -> Verdict<Self> {
        let listed = self.list(name).iter().any(|item| item.eq_ignore_ascii_case(member));
        let had = self.header(name).unwrap_or_default();
        self.expect(listed, &format!("with `{member}` in `{name}` (it has `{had}`)"))
    }

    /// Goes on if there is no content.
    pub fn empty(self) -> Verdict<Self> {
        let empty = self.body().is_empty();
        self.expect(empty, "without content")
    }

    fn expect(self, holds: bool, what: &str) -> Verdict<Self> {
        ensure(holds, format!("{}: expected a response {what} (status {})", self.asked, self.status()))?;
        Ok(self)
    }

    /// A header field; several lines joined by commas.
    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.lines(name);
        (!lines.is_empty()).then(|| lines.join(", "))
    }

    /// The lines of a header field.
    pub fn lines(&self, name: &str) -> Vec<String> {
        let lines = self.reply.headers().get_all(name).iter();
        lines.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    }

    /// The members of a comma-separated field without quoted strings.
    pub fn list(&self, name: &str) -> Vec<String> {
        let value = self.header(name).unwrap_or_default();
        value.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
    }

    /// A header field, or the end of the case.
    pub fn need(&self, name: &str) -> Verdict<String> {
        self.header(name).ok_or_else(|| Stop::Failed(format!("{}: no `{name}`", self.asked)))
    }

    /// The media type without parameters.
    pub fn media_type(&self) -> String {
        let field = self.header("Content-Type").unwrap_or_default();
        field.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The absolute `Location`.
    pub fn location(&self) -> Verdict<String> {
        self.resolve(&self.need("Location")?)
    }

    /// All links, one for each relation.
    pub fn links(&self) -> Vec<Link> {
        let mut links = Vec::new();
        for value in self.lines("Link") {
            for part in split_links(&value) {
                let Some((target, parameters)) = part.trim_start().strip_prefix('<').and_then(|l| l.split_once('>'))
                else {
                    continue;
                };
                let rel = parameters.split(';').find_map(|p| p.trim().strip_prefix("rel="));
                let rels = rel.unwrap_or_default().trim().trim_matches('"').to_owned();
                let target = self.resolve(target).unwrap_or_else(|_| target.to_owned());
                links.extend(rels.split(' ').map(|rel| Link { target: target.clone(), rel: rel.to_owned() }));
            }
        }
        links
    }

    /// The targets with this relation.
    pub fn linked(&self, rel: &str) -> Vec<String> {
        self.links().into_iter().filter(|link| link.rel == rel).map(|link| link.target).collect()
    }

    /// The one target with this relation, or the end of the case.
    pub fn link(&self, rel: &str) -> Verdict<String> {
        match self.linked(rel).as_slice() {
            [one] => Ok(one.clone()),
            others => failed(format!("{}: {} links with rel `{rel}` instead of one", self.asked, others.len())),
        }
    }

    /// The graph of a Turtle or JSON-LD body.
    pub fn graph(&self) -> Verdict<Graph> {
        let named = self.header("Content-Type").unwrap_or_default();
        let graph = rdf::parse(&named, self.body(), &self.url);
        graph.map_err(|stop| Stop::Failed(format!("{}: {stop}", self.asked)))
    }

    /// The JSON of the body.
    pub fn json(&self) -> Verdict<serde_json::Value> {
        serde_json::from_slice(self.body()).or_else(|error| failed(format!("{}: no JSON: {error}", self.asked)))
    }

    /// Says that this response is wrong.
    pub fn wrong<T>(&self, reason: &str) -> Verdict<T> {
        failed(format!("{}: {reason}", self.asked))
    }

    fn resolve(&self, reference: &str) -> Verdict<String> {
        let base = url::Url::parse(&self.url);
        let url = base.and_then(|base| base.join(reference));
        url.map(String::from).or_else(|error| failed(format!("{}: `{reference}`: {error}", self.asked)))
    }

    /// The start of an error's body, for the report.
    fn excerpt(&self) -> String {
        if self.status() < 400 || self.body().is_empty() {
            return String::new();
        }
        let start: String = self.text().chars().take(160).collect();
        format!(" ({})", start.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// Splits at commas outside of angle brackets and quotes.
fn split_links(value: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut target, mut quoted) = (false, false);
    for c in value.chars() {
        match c {
            '<' if !quoted => target = true,
            '>' if !quoted => target = false,
            '"' => quoted = !quoted,
            ',' if !target && !quoted => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(link: &str) -> Response {
        let reply = ::http::Response::builder().header("Link", link).body(Bytes::new()).expect("a response");
        Response::new("GET".into(), "https://pod.example/c/x".into(), reply)
    }

    #[test]
    fn links_are_split_and_resolved() {
        let found = response("<a,b>; rel=\"acl\", </c/>; title=\"x, y\"; rel=\"up describes\", <z>; rel=type").links();
        let found: Vec<_> = found.iter().map(|link| (link.target.as_str(), link.rel.as_str())).collect();
        let expected = [
            ("https://pod.example/c/a,b", "acl"),
            ("https://pod.example/c/", "up"),
            ("https://pod.example/c/", "describes"),
            ("https://pod.example/c/z", "type"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn another_status_ends_the_case_with_the_reason() {
        assert_eq!(response("").is(201).err(), Some(Stop::Failed("GET: 200 instead of 201".into())));
    }
}
