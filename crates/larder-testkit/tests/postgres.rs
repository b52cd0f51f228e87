//! A database goes with its test, and what was committed outlives a crash.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use larder_testkit::postgres::PostgresServer;

fn socket(server: &PostgresServer) -> PathBuf {
    server.folder().join(".s.PGSQL.5432")
}

#[test]
fn a_database_serves_until_it_is_dropped_and_leaves_nothing() {
    let server = PostgresServer::start().unwrap();
    assert!(server.url().ends_with(&*server.folder().to_string_lossy()));
    let socket = socket(&server);
    assert!(UnixStream::connect(&socket).is_ok());
    let folder = server.folder().to_owned();
    drop(server);
    assert!(UnixStream::connect(&socket).is_err());
    assert!(!folder.exists());
}

#[test]
fn a_database_comes_back_after_a_crash() {
    let server = PostgresServer::start().unwrap();
    server.crash().unwrap();
    assert!(UnixStream::connect(socket(&server)).is_err());
    server.restart().unwrap();
    assert!(UnixStream::connect(socket(&server)).is_ok());
    assert!(server.log().contains("not properly shut down"), "{}", server.log());
}

#[test]
fn a_setting_overrules_what_it_would_be_told_otherwise() {
    let server = PostgresServer::with(["unix_socket_permissions=0700", "log_min_messages=debug1"]).unwrap();
    let mode = std::fs::metadata(socket(&server)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    server.restart().unwrap();
    assert!(server.log().contains("DEBUG:"), "{}", server.log());
}
