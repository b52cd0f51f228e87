//! Probes over HTTP.

use std::time::Duration;

use larder::{Larder, WarmStart};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::rig::{Rig, users};

/// A process that answers, and where.
async fn answering(larder: &Larder) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    larder.answer_probes(listener).unwrap();
    port
}

/// What is answered to these bytes, until the connection ends.
async fn ask(port: u16, question: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(question).await.unwrap();
    let mut answer = String::new();
    timeout(Duration::from_secs(30), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer
}

async fn get(port: u16, path: &str) -> String {
    ask(port, format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await
}

#[tokio::test]
async fn an_instance_is_ready_when_its_caches_are() {
    let rig = Rig::unreliable();
    let link = rig.server.connect(&larder::AppName::new("test.shop").unwrap());
    let builder = Larder::builder("test.shop").upstream(link.remote(), link.bus());
    // That of its server: by another one it would depend on how long the machine has run whether the server was heard of lately.
    let larder = builder.clock(rig.clock.clone()).build().await.unwrap();
    let port = answering(&larder).await;
    assert!(get(port, "/ready").await.starts_with("HTTP/1.1 200 OK\r\n"));
    link.faults().unwrap().freeze();
    let warm = WarmStart::default().deadline(Duration::from_secs(3_600));
    let _users = users(&larder).warm_start(warm).build().unwrap();
    let answer = get(port, "/ready").await;
    assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
    assert!(answer.contains("\r\n\r\nnot ready\nuser: 0 of 0 keys, after "), "{answer}");
    link.faults().unwrap().thaw();
    larder.ready().await;
    let answer = get(port, "/ready?verbose").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\r\n\r\nready\nuser: 0 of 0 keys, took "), "{answer}");
    let health = get(port, "/health").await;
    assert!(health.contains("in sync") && health.starts_with("HTTP/1.1 200 OK\r\n"), "{health}");
}

#[tokio::test]
async fn whatever_is_asked_is_answered_shortly() {
    let larder = Larder::builder("test.shop").embedded().build().await.unwrap();
    let port = answering(&larder).await;
    for (question, status) in [
        ("HEAD /ready HTTP/1.0\r\n\r\n", "200 OK"),
        ("GET / HTTP/1.1\r\n\r\n", "404 Not Found"),
        ("GET /ready/ HTTP/1.1\r\n\r\n", "404 Not Found"),
        ("POST /ready HTTP/1.1\r\n\r\n", "405 Method Not Allowed"),
        ("GET /ready\r\n\r\n", "400 Bad Request"),
        ("GET /ready HTTP/2\r\n\r\n", "400 Bad Request"),
        ("GET ready HTTP/1.1\r\n\r\n", "400 Bad Request"),
        ("GET /ready HTTP/1.1 or so\r\n\r\n", "400 Bad Request"),
        ("\r\n\r\n", "400 Bad Request"),
    ] {
        let answer = ask(port, question.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{question}: {answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert_eq!(body.is_empty(), question.starts_with("HEAD"), "{answer}");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        assert!(body.is_empty() || length == body.len().to_string(), "{answer}");
    }
    let answer = ask(port, b"GET \xFF\xFE HTTP/1.1\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

/// Who asks without end, slowly or not at all keeps nobody else from an answer.
#[tokio::test]
async fn who_does_not_come_to_the_point_is_sent_away() {
    let larder = Larder::builder("test.shop").embedded().build().await.unwrap();
    let port = answering(&larder).await;
    let mut endless = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    endless.write_all(&[b'x'; 4_096]).await.unwrap();
    let mut answer = Vec::new();
    timeout(Duration::from_secs(30), endless.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    }
    // Those that were let in first are given up after a while, and then it is its turn.
    assert!(get(port, "/ready").await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn after_a_shutdown_nobody_answers() {
    let larder = Larder::builder("test.shop").embedded().build().await.unwrap();
    let port = answering(&larder).await;
    assert!(get(port, "/ready").await.starts_with("HTTP/1.1 200"));
    assert!(larder.shut_down().await);
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    assert!(larder.answer_probes(listener).is_err());
}
