//! What the proxies in front say about a request: who sent it, by which scheme, to which host.

use std::net::{IpAddr, SocketAddr};

use http::header::{FORWARDED, HeaderMap};
use ipnet::IpNet;

use super::{members, parameter};

/// The proxies that are believed. Nobody else can say anything about a request but its own address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trusted(pub Vec<IpNet>);

/// A request as the outermost trusted proxy saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub client: IpAddr,
    pub https: bool,
    /// The host that the client asked, if a proxy named it; else the `Host` field holds.
    pub host: Option<String>,
}

/// What one proxy says of the request that it received.
#[derive(Default)]
struct Hop {
    client: Option<IpAddr>,
    https: Option<bool>,
    host: Option<String>,
}

impl Trusted {
    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }

    /// Walks from our peer outwards for as long as the proxies are ours.
    ///
    /// Spec: P-16, rfc7239 §4
    pub fn seen(&self, peer: IpAddr, tls: bool, headers: &HeaderMap) -> Seen {
        let mut seen = Seen { client: peer.to_canonical(), https: tls, host: None };
        if !self.contains(seen.client) {
            return seen;
        }
        let hops = if headers.contains_key(FORWARDED) { standard(headers) } else { customary(headers) };
        for hop in hops.into_iter().rev() {
            seen.https = hop.https.unwrap_or(seen.https);
            seen.host = hop.host.or(seen.host);
            let Some(client) = hop.client else { break };
            seen.client = client;
            if !self.contains(client) {
                break;
            }
        }
        seen
    }
}

/// `Forwarded`, outermost hop first.
fn standard(headers: &HeaderMap) -> Vec<Hop> {
    values(headers, "forwarded")
        .map(|element| {
            let mut hop = Hop::default();
            for (name, value) in members(element, ';').map(parameter) {
                match name.as_str() {
                    "for" => hop.client = address(&value),
                    "proto" => hop.https = scheme(&value),
                    "host" => hop.host = Some(value),
                    _ => {}
                }
            }
            hop
        })
        .collect()
}

/// `X-Forwarded-For`, `-Proto` and `-Host`. Of the last two only the value of our own peer counts: it
/// stands last, and what stands before it anyone may have sent.
fn customary(headers: &HeaderMap) -> Vec<Hop> {
    let mut hops: Vec<_> =
        values(headers, "x-forwarded-for").map(|client| Hop { client: address(client), ..Hop::default() }).collect();
    if hops.is_empty() {
        hops.push(Hop::default());
    }
    if let Some(nearest) = hops.last_mut() {
        nearest.https = values(headers, "x-forwarded-proto").last().and_then(scheme);
        nearest.host = values(headers, "x-forwarded-host").last().map(str::to_owned);
    }
    hops
}

fn values<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| members(value, ','))
}

fn scheme(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "https" => Some(true),
        "http" => Some(false),
        _ => None,
    }
}

/// An address with or without a port; `unknown` and hidden names are none.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse().map(|socket: SocketAddr| socket.ip())).ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use http::header::HeaderValue;

    use super::*;

    fn seen(peer: &str, fields: &[(&'static str, &'static str)]) -> (String, bool, Option<String>) {
        let trusted = Trusted(vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        let seen = trusted.seen(peer.parse().unwrap(), false, &headers);
        (seen.client.to_string(), seen.https, seen.host)
    }

    fn answer(client: &str, https: bool, host: Option<&str>) -> (String, bool, Option<String>) {
        (client.to_owned(), https, host.map(str::to_owned))
    }

    /// Shows: P-16
    #[test]
    fn strangers_are_not_believed() {
        let lies = [("forwarded", "for=1.2.3.4;proto=https;host=a.example"), ("x-forwarded-for", "1.2.3.4")];
        assert_eq!(seen("203.0.113.9", &lies), answer("203.0.113.9", false, None));
        assert_eq!(
            Trusted::default().seen("10.0.0.1".parse().unwrap(), true, &HeaderMap::new()),
            Seen { client: "10.0.0.1".parse().unwrap(), https: true, host: None }
        );
    }

    /// Shows: P-16
    #[test]
    fn a_trusted_proxy_is_believed_and_no_further() {
        for (fields, expected) in [
            (&[][..], answer("10.0.0.1", false, None)),
            (
                &[("forwarded", "for=203.0.113.9;proto=https;host=\"a.example:8443\"")],
                answer("203.0.113.9", true, Some("a.example:8443")),
            ),
            // The client sent the first element itself.
            (
                &[("forwarded", "for=1.2.3.4;host=evil.example, for=203.0.113.9;Proto=HTTPS")],
                answer("203.0.113.9", true, None),
            ),
            (
                &[
                    ("forwarded", "for=203.0.113.9;proto=https;host=a.example"),
                    ("forwarded", "for=10.0.0.2;proto=http"),
                ],
                answer("203.0.113.9", true, Some("a.example")),
            ),
            (&[("forwarded", "for=\"[2001:db9::7]:4711\"")], answer("2001:db9::7", false, None)),
            (&[("forwarded", "for=unknown;proto=https")], answer("10.0.0.1", true, None)),
            (
                &[
                    ("x-forwarded-for", "1.2.3.4, 203.0.113.9"),
                    ("x-forwarded-proto", "https"),
                    ("x-forwarded-host", "evil.example, a.example"),
                ],
                answer("203.0.113.9", true, Some("a.example")),
            ),
            (&[("x-forwarded-for", "203.0.113.9, 10.0.0.2")], answer("203.0.113.9", false, None)),
            (&[("x-forwarded-proto", "https")], answer("10.0.0.1", true, None)),
            (&[("x-forwarded-for", "::ffff:203.0.113.9")], answer("203.0.113.9", false, None)),
            (&[("x-forwarded-for", "nonsense")], answer("10.0.0.1", false, None)),
        ] {
            assert_eq!(seen("10.0.0.1", fields), expected, "{fields:?}");
            assert_eq!(seen("::ffff:10.0.0.1", fields), expected, "{fields:?}");
        }
    }
}
