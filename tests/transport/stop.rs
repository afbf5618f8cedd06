//! Stopping: what is going on is finished, within a time.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::*;

#[tokio::test]
async fn what_is_going_on_is_finished() {
    let (begun, go_on) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let handler = {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        move |_, _| {
            let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
            async move {
                begun.add_permits(1);
                drop(go_on.acquire_owned().await);
                Response::new(Body::from("done"))
            }
        }
    };
    let served = started(handler).await;
    let mut idle = served.connect().await;
    let mut busy = served.connect().await;
    busy.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let _begun = begun.acquire().await.unwrap();
    served.stop.stop();
    assert_eq!(rest(&mut idle).await, "");
    go_on.add_permits(1);
    let answer = rest(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("done"), "{answer}");
    drop((idle, busy));
    served.task.await.unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
}

#[tokio::test]
async fn what_takes_too_long_is_cut_off() {
    let begun = Arc::new(Semaphore::new(0));
    let handler = {
        let begun = Arc::clone(&begun);
        move |_, _| {
            begun.add_permits(1);
            std::future::pending::<Response<Body>>()
        }
    };
    let limits = Limits { drain: Duration::from_millis(50), ..Limits::default() };
    let served = started_with(handler, limits, Metrics::default(), None).await;
    let mut socket = served.connect().await;
    socket.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let _begun = begun.acquire().await.unwrap();
    served.stop.stop();
    served.task.await.unwrap();
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer).await;
    assert_eq!(answer, b"");
}
