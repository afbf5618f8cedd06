//! Nobody keeps a connection open for nothing, and nobody sends without end.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::*;

/// Short enough to wait for, where the waiting is for what must happen anyway.
const SOON: Duration = Duration::from_millis(50);

async fn impatient<H, F>(handler: H) -> Served
where
    H: Fn(Request<Incoming>, Peer) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let limits = Limits { idle: SOON, ..Limits::default() };
    started_with(handler, limits, Metrics::default(), None).await
}

/// Shows: P-14
#[tokio::test]
async fn a_head_has_a_largest_size() {
    let served = started(echo).await;
    let ask = async |target: &str, fields: &str| {
        let answer =
            served.tell(format!("GET {target} HTTP/1.1\r\nHost: a\r\n{fields}Connection: close\r\n\r\n")).await;
        status(&answer).to_owned()
    };
    let field = |size| format!("X: {}\r\n", "x".repeat(size));
    assert_eq!(ask("/", &field(50_000)).await, "200");
    assert_eq!(ask("/", &field(70_000)).await, "431");
    assert_eq!(ask("/", &"X: y\r\n".repeat(90)).await, "200");
    assert_eq!(ask("/", &"X: y\r\n".repeat(200)).await, "431");
    assert_eq!(ask(&format!("/{}", "x".repeat(16_000)), "").await, "200");
    assert_eq!(ask(&format!("/{}", "x".repeat(17_000)), "").await, "414");
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let limits = Limits { head: SOON, ..Limits::default() };
    let served = started_with(echo, limits, Metrics::default(), None).await;
    assert_eq!(served.tell("GET / HTTP/1.1\r\nHost: a\r\nX: ").await, "");
    // Between two requests the same patience holds.
    let answer = served.tell("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(status(&answer), "200");
}

#[tokio::test]
async fn a_connection_on_which_nothing_moves_is_closed() {
    let served = impatient(echo).await;
    assert_eq!(served.tell("").await, "");
    assert_eq!(served.tell("PRI * HTTP").await, "");
    let stuck = impatient(async |_, _| std::future::pending().await).await;
    let mut socket = stuck.connect().await;
    socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // It may be reset, too.
    let _ = socket.read_to_end(&mut answer).await;
    assert_eq!(answer, b"");
}

#[tokio::test]
async fn a_body_that_stops_coming_is_refused() {
    let served = started(async |request: Request<Incoming>, _| {
        let error = Upload::new(request.into_body(), 10, SOON).collect().await.unwrap_err();
        Problem::from(error).respond(&Wanted::default())
    })
    .await;
    for (request, expected) in [
        ("Content-Length: 5\r\n\r\nabc", "408"),
        ("Content-Length: 11\r\n\r\n", "413"),
        ("Transfer-Encoding: chunked\r\n\r\nB\r\nabcdefghijk\r\n0\r\n\r\n", "413"),
    ] {
        let answer = served.tell(format!("PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{request}")).await;
        assert_eq!(status(&answer), expected, "{request}");
    }
}

#[tokio::test]
async fn one_connection_too_many_waits_for_its_turn() {
    let asked = Arc::new(Semaphore::new(0));
    let handler = {
        let asked = Arc::clone(&asked);
        move |_, _| {
            asked.add_permits(1);
            std::future::ready(Response::new(Body::from("done")))
        }
    };
    let limits = Limits { connections: 1, ..Limits::default() };
    let served = started_with(handler, limits, Metrics::default(), None).await;
    let request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut first = served.connect().await;
    first.write_all(request).await.unwrap();
    until(&mut first, "done").await;
    let mut second = served.connect().await;
    second.write_all(request).await.unwrap();
    for _ in 0..10 {
        first.write_all(request).await.unwrap();
        until(&mut first, "done").await;
    }
    assert_eq!(asked.available_permits(), 11);
    drop(first);
    until(&mut second, "done").await;
}
