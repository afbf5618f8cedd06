//! The start page: what an espace is, and what to do next.

use http::Response;
use http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};

use super::{Language, assets};
use crate::address::Addresses;
use crate::http::Body;

/// A satchel, drawn in one line. It is closed: nothing is shared here.
const MARK: &str = "M22 18v-4a4 4 0 0 1 4-4h12a4 4 0 0 1 4 4v4h8a6 6 0 0 1 6 6v4c0 5-4 9-9 9H36v5h-8V32h8v5H17c-5 \
                    0-9-4-9-9v20a6 6 0 0 0 6 6h36a6 6 0 0 0 6-6V24a6 6 0 0 0-6-6H14a6 6 0 0 0-6 6v4";

/// What the page says.
struct Words {
    title: &'static str,
    sentences: [&'static str; 3],
    next: &'static str,
    why: &'static str,
    first: &'static str,
    second: &'static str,
    address: &'static str,
    pod: &'static str,
    other: (&'static str, &'static str),
}

const FRENCH: Words = Words {
    title: "Votre espace vous suit",
    sentences: [
        "Un espace, c’est votre cartable en ligne : vos documents, vos contacts et vos résultats y sont rangés, et ils \
         sont à vous.",
        "C’est vous qui décidez qui peut y lire ou y écrire, et jusqu’à quand.",
        "Quand vous changez d’école ou d’application, il vient avec vous.",
    ],
    next: "Créer un espace",
    why: "Ce serveur est prêt. On ne peut pas encore s’inscrire depuis cette page : la personne qui s’occupe du \
          serveur crée un espace en deux commandes.",
    first: "Créer le compte et l’espace ; la commande demande un mot de passe.",
    second: "Si un programme doit y accéder : créer ses identifiants. Le secret n’est montré qu’une fois.",
    address: "vous@example.org",
    pod: "mon-espace",
    other: ("en", "This page in English"),
};

const ENGLISH: Words = Words {
    title: "Your space goes with you",
    sentences: [
        "A space is your school bag online: your documents, your contacts and your results are kept in it, and they \
         are yours.",
        "You alone decide who may read or write there, and until when.",
        "When you change schools or applications, it comes with you.",
    ],
    next: "Create a space",
    why: "This server is ready. You cannot sign up on this page yet: whoever looks after the server creates a space \
          with two commands.",
    first: "Create the account and the space; the command asks for a password.",
    second: "If a program needs access: create its credentials. The secret is shown only once.",
    address: "you@example.org",
    pod: "my-space",
    other: ("fr", "Cette page en français"),
};

/// Answers a request for the start page. `?lang=fr` or `?lang=en` wins over `Accept-Language`.
///
/// Spec: O-106
pub fn answer(addresses: &Addresses, headers: &HeaderMap, query: Option<&str>) -> Response<Body> {
    let language = match query {
        Some("lang=fr") => Language::French,
        Some("lang=en") => Language::English,
        _ => Language::of(headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok())),
    };
    let mut response = Response::new(Body::from(page(language)));
    let fields = [
        (CONTENT_TYPE, "text/html;charset=utf-8"),
        (CONTENT_LANGUAGE, language.tag()),
        (VARY, "Accept-Language"),
        (CACHE_CONTROL, "public, max-age=300"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    response.headers_mut().extend(fields.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, assets::policy(addresses, &[]));
    response
}

fn page(language: Language) -> String {
    let words = match language {
        Language::French => &FRENCH,
        Language::English => &ENGLISH,
    };
    let Words { title, sentences: [first, second, third], next, why, address, pod, .. } = words;
    let (other, other_name) = words.other;
    format!(
        r#"<!DOCTYPE html>
<html lang="{tag}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title} · Cartable</title>
<link rel="stylesheet" href="{stylesheet}">
</head>
<body class="start">
<div class="shell">
<header>
<p class="name">Cartable</p>
<p><a href="/?lang={other}" hreflang="{other}" lang="{other}">{other_name}</a></p>
</header>
<main class="stack">
<svg class="mark large" viewBox="0 0 64 64" aria-hidden="true"><path d="{MARK}"/></svg>
<h1>{title}</h1>
<p class="lead">{first}</p>
<p class="lead">{second}</p>
<p class="lead">{third}</p>
<h2>{next}</h2>
<p>{why}</p>
<ol class="steps">
<li><p>{do_first}</p><pre class="code" tabindex="0"><code>cartable account create {address} --pod {pod}</code></pre></li>
<li><p>{do_second}</p><pre class="code" tabindex="0"><code>cartable credentials create {address}</code></pre></li>
</ol>
</main>
</div>
</body>
</html>
"#,
        tag = language.tag(),
        stylesheet = assets::stylesheet(),
        do_first = words.first,
        do_second = words.second,
    )
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn shown(accept_language: &'static str, query: Option<&str>) -> (HeaderMap, String) {
        let addresses = Addresses::with_paths("https://pods.example/").unwrap();
        let asked = HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static(accept_language))]);
        let (head, body) = answer(&addresses, &asked, query).into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        (head.headers, text)
    }

    #[tokio::test]
    async fn the_page_speaks_the_language_that_is_asked_for() {
        for (accepted, query, language, title) in [
            ("fr", None, "fr", FRENCH.title),
            ("en", None, "en", ENGLISH.title),
            ("en", Some("lang=fr"), "fr", FRENCH.title),
            ("fr", Some("lang=en"), "en", ENGLISH.title),
            ("fr", Some("lang=xx"), "fr", FRENCH.title),
        ] {
            let (headers, text) = shown(accepted, query).await;
            assert_eq!(headers[CONTENT_LANGUAGE], language);
            assert!(text.contains(title) && text.contains(&format!("<html lang=\"{language}\">")), "{text}");
        }
    }

    #[tokio::test]
    async fn the_page_loads_its_own_assets_only_and_runs_nothing() {
        let (headers, text) = shown("fr", None).await;
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(policy.contains("style-src https://pods.example/.account/assets/;"), "{policy}");
        assert!(!text.contains("<script") && !text.contains("style=") && !text.contains("://"), "{text}");
        assert!(text.contains(assets::stylesheet()));
    }
}
