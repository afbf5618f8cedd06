//! Where a request ends: whoever disagrees with a proxy about that can smuggle requests past it.

use super::*;

/// Sends a request, and behind it another that must not be answered, for the first one is refused or
/// ends the connection.
async fn alone(head: &str, content: &str) -> String {
    let served = started(echo).await;
    let answer = served.tell(format!("{head}\r\n\r\n{content}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{head}: {answer}");
    status(&answer).to_owned()
}

#[tokio::test]
async fn an_unclear_length_is_refused() {
    for (fields, expected) in [
        ("Content-Length: 3\r\nContent-Length: 4", "400"),
        ("Content-Length: 3, 3", "400"),
        ("Content-Length: +3", "400"),
        ("Content-Length: -3", "400"),
        ("Content-Length: 0x3", "400"),
        ("Content-Length: 99999999999999999999", "400"),
        ("Content-Length:", "400"),
        ("Transfer-Encoding: gzip", "400"),
        ("Transfer-Encoding: identity", "400"),
        ("Transfer-Encoding: chunked, gzip", "400"),
        ("Transfer-Encoding: gzip, chunked", "501"),
        ("Transfer-Encoding: chunked, chunked", "501"),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "501"),
        ("Transfer-Encoding: xchunked", "400"),
        ("Transfer-Encoding : chunked", "400"),
        ("Content-Length : 3", "400"),
        ("Content-Length: 3\r\n X: folded", "400"),
        ("X: a\r\n b", "400"),
        ("X: a\rb", "400"),
        ("X: a\0b", "400"),
        ("X", "400"),
        (": x", "400"),
    ] {
        let answered = alone(&format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}"), "").await;
        assert_eq!(answered, expected, "{fields}");
    }
    let answered = alone("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n").await;
    assert_eq!(answered, "400");
}

/// The coding wins over the length, as the standard has it, and the connection ends.
///
/// Shows: rfc9112 §6.1
#[tokio::test]
async fn a_request_with_both_lengths_is_the_last() {
    for fields in [
        "Content-Length: 44\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 44",
        "Content-Length: 3\r\ntransfer-encoding: CHUNKED",
    ] {
        let answered = alone(&format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}"), "3\r\nabc\r\n0\r\n\r\n").await;
        assert_eq!(answered, "200", "{fields}");
    }
}

/// Shows: rfc9112 §6.3
#[tokio::test]
async fn broken_chunks_end_the_connection() {
    for content in [
        "x\r\nabc\r\n0\r\n\r\n",
        "3;a\nb\r\nabc\r\n0\r\n\r\n",
        "3\nabc\r\n0\r\n\r\n",
        "3\r\nabcd\r\n0\r\n\r\n",
        "-3\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
    ] {
        let answered = alone("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked", content).await;
        assert_eq!(answered, "400", "{content:?}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused() {
    for head in [
        "GET",
        "GET /",
        "GET / HTTP/3.0",
        "GET / x HTTP/1.1",
        "G@T / HTTP/1.1",
        "GET /a b HTTP/1.1",
        "\u{16}\u{3}\u{1}",
    ] {
        let served = started(echo).await;
        let answer = served.tell(format!("{head}\r\nHost: a\r\n\r\n")).await;
        assert_eq!(status(&answer), "400", "{head:?}: {answer}");
    }
}

/// Lines may end with a line feed alone, as the standard allows; both of two such requests are answered, so
/// nothing is hidden in one of them.
///
/// Shows: rfc9112 §2.2
#[tokio::test]
async fn a_bare_line_feed_ends_a_line() {
    let served = started(echo).await;
    let request = "GET / HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\nHost: a\nConnection: close\n\n";
    assert_eq!(served.tell(request).await.matches("HTTP/1.1 200 OK").count(), 2);
}
