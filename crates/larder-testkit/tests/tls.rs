//! A server that encrypts.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use larder_testkit::redis::TlsRedisServer;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::rig::Client;

/// Asks for a PONG, as a client that trusts this authority and wants this host.
fn ping(server: &TlsRedisServer, ca_pem: &str, host: &'static str) -> io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let host = ServerName::try_from(host).unwrap();
    let connection = ClientConnection::new(Arc::new(config), host).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", server.server().port()))?;
    let mut stream = StreamOwned::new(connection, stream);
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[test]
fn whoever_trusts_the_authority_is_served() {
    let server = TlsRedisServer::start().unwrap();
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(ping(&server, server.ca_pem(), host).unwrap(), "+PONG\r\n");
    }
}

#[test]
fn another_authority_is_not_trusted() {
    let (server, other) = (TlsRedisServer::start().unwrap(), TlsRedisServer::start().unwrap());
    let error = ping(&server, other.ca_pem(), "localhost").unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[test]
fn the_certificate_is_for_no_other_host() {
    let server = TlsRedisServer::start().unwrap();
    let error = ping(&server, server.ca_pem(), "example.com").unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[test]
fn who_does_not_encrypt_is_not_served() {
    let server = TlsRedisServer::start().unwrap();
    let mut client = Client::connect(server.server());
    client.send("PING");
    assert_ne!(client.hear(), Some("+PONG".into()));
}

#[test]
fn its_certificate_outlives_a_restart() {
    let server = TlsRedisServer::start().unwrap();
    let url = server.url();
    assert!(url.starts_with("rediss://localhost:"), "{url}");
    server.server().restart().unwrap();
    assert_eq!(server.url(), url);
    assert_eq!(ping(&server, server.ca_pem(), "localhost").unwrap(), "+PONG\r\n");
}

#[test]
fn its_authority_is_a_file_too() {
    let server = TlsRedisServer::start().unwrap();
    assert_eq!(fs::read_to_string(server.ca_file()).unwrap(), server.ca_pem());
    server.command(&["SET", "name", "Ada"]).unwrap();
}
