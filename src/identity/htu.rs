//! Comparing the URL that a proof was made for (`htu`) with the one that was asked for.
//!
//! Nothing of routing applies here: double slashes, encoded slashes and trailing slashes stay significant.

/// Whether two absolute URLs are equal, leaving out query and fragment on both sides.
///
/// Spec: O-18, O-20, rfc9449 §4.3
pub fn same(left: &str, right: &str) -> bool {
    let (left, right) = (without_query(left), without_query(right));
    match normal(left) {
        Some(normal_left) => left == right || normal(right).is_some_and(|right| normal_left == right),
        None => false,
    }
}

fn without_query(url: &str) -> &str {
    url.find(['?', '#']).map_or(url, |end| &url[..end])
}

/// Syntax- and scheme-based normalisation of an absolute URL without query; `None` if it is not one.
///
/// Spec: rfc3986 §6.2.2, rfc3986 §6.2.3
fn normal(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.contains('@') || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let authority = authority.to_ascii_lowercase();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority.as_str(), ""),
    };
    let port = match (scheme.as_str(), port) {
        (_, "") | ("https", "443") | ("http", "80") => String::new(),
        (_, port) if port.bytes().all(|byte| byte.is_ascii_digit()) => format!(":{port}"),
        _ => return None,
    };
    let path = if path.is_empty() { "/".to_owned() } else { without_dots(&one_encoding(path)?) };
    (!host.is_empty()).then(|| format!("{scheme}://{host}{port}{path}"))
}

/// Decodes what needs no encoding and writes the other triplets in upper case.
fn one_encoding(path: &str) -> Option<String> {
    let mut parts = path.split('%');
    let mut whole = parts.next()?.to_owned();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        let byte = u8::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))?;
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            whole.push('%');
            whole.push_str(&digits.to_ascii_uppercase());
        }
        whole.push_str(rest);
    }
    Some(whole)
}

/// Resolves `.` and `..` in an absolute path.
///
/// Spec: rfc3986 §5.2.4
fn without_dots(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    let mut open = false;
    for segment in path.split('/').skip(1) {
        open = matches!(segment, "." | "..");
        match segment {
            "." => {}
            ".." => drop(segments.pop()),
            name => segments.push(name),
        }
    }
    let slash = if open && !segments.is_empty() { "/" } else { "" };
    format!("/{}{slash}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn urls_compare_after_normalisation() {
        let table = [
            ("https://Pods.Example/a", "HTTPS://pods.example:443/a", true),
            ("https://pods.example", "https://pods.example/", true),
            ("https://pods.example/a?x=1", "https://pods.example/a#f", true),
            ("https://pods.example/%7Ea/%c3%a9", "https://pods.example/~a/%C3%A9", true),
            ("https://pods.example/a/./b/../c", "https://pods.example/a/c", true),
            ("https://pods.example/a/%2E%2e/c", "https://pods.example/c", true),
            ("https://pods.example/a/..", "https://pods.example/", true),
            ("https://pods.example/a/.", "https://pods.example/a/", true),
            ("http://[::1]:3000/a", "http://[::1]:3000/a", true),
            ("http://[::1]/a", "http://[::1]:80/a", true),
            ("https://pods.example/a", "https://pods.example/a/", false),
            ("https://pods.example/a//b", "https://pods.example/a/b", false),
            ("https://pods.example/a%2Fb", "https://pods.example/a/b", false),
            ("https://pods.example/A", "https://pods.example/a", false),
            ("https://pods.example/a", "http://pods.example/a", false),
            ("https://pods.example/a", "https://pods.example:8443/a", false),
            ("http://pods.example:443/a", "https://pods.example/a", false),
            ("https://a@pods.example/", "https://a@pods.example/", false),
            ("/a", "/a", false),
            ("https:///a", "https:///a", false),
            ("https://pods.example/%zz", "https://pods.example/%zz", false),
            ("https://pods.example/%+1", "https://pods.example/%+1", false),
            ("https://pods.example/%e", "https://pods.example/%e", false),
        ];
        for (left, right, equal) in table {
            assert_eq!(same(left, right), equal, "{left} {right}");
            assert_eq!(same(right, left), equal, "{right} {left}");
        }
    }

    proptest! {
        #[test]
        fn normalising_twice_is_normalising_once(path in "(/|[.%a-zA-Z0-9]|%2[eEfF]|é){0,24}") {
            if let Some(once) = normal(&format!("https://pods.example/{path}")) {
                prop_assert_eq!(normal(&once), Some(once));
            }
        }
    }
}
