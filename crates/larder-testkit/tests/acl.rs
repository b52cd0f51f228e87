//! A server that asks who is there.

use larder_testkit::redis::{Error, RedisServer};

use crate::rig::Client;

#[test]
fn nobody_is_let_in_without_a_name() {
    let server = RedisServer::secured(["ada on >engine ~app:* +@all"]).unwrap();
    assert!(Client::connect(&server).ask("GET app:1").starts_with("-NOAUTH"));
}

#[test]
fn whoever_gives_the_password_may_do_what_the_rule_says() {
    let server = RedisServer::secured(["ada on >engine ~app:* +get"]).unwrap();
    let mut client = Client::connect(&server);
    assert!(client.ask("AUTH ada motor").starts_with("-WRONGPASS"));
    assert_eq!(client.ask("AUTH ada engine"), "+OK");
    assert_eq!(client.ask("GET app:1"), "$-1");
    assert!(client.ask("GET other:1").starts_with("-NOPERM"));
    assert!(client.ask("SET app:1 x").starts_with("-NOPERM"));
}

#[test]
fn the_default_user_may_be_one_of_the_rules() {
    let server = RedisServer::secured(["default on nopass ~* +ping"]).unwrap();
    let mut client = Client::connect(&server);
    assert_eq!(client.ask("PING"), "+PONG");
    assert!(client.ask("GET app:1").starts_with("-NOPERM"));
}

#[test]
fn the_test_itself_may_do_anything_also_after_a_restart() {
    let server = RedisServer::secured(["ada on >engine ~app:* +get"]).unwrap();
    server.restart().unwrap();
    assert_eq!(server.command(&["ACL", "WHOAMI"]).unwrap().text(), Some("larder-testkit"));
    server.command(&["SET", "anything", "x"]).unwrap();
    assert!(Client::connect(&server).ask("PING").starts_with("-NOAUTH"));
}

#[test]
fn name_and_password_are_part_of_the_url() {
    let server = RedisServer::secured([]).unwrap();
    let expected = format!("redis://ada:p%40ss@127.0.0.1:{}", server.port());
    assert_eq!(server.url_for("ada", "p@ss"), expected);
}

#[test]
fn a_rule_that_is_none_is_told() {
    let error = RedisServer::secured(["ada on +no-such-command"]).unwrap_err();
    assert!(matches!(&error, Error::Exited { log } if log.contains("users.acl")), "{error}");
}

#[test]
fn a_password_by_argument_keeps_the_test_out() {
    let server = RedisServer::with(["--requirepass", "engine"]).unwrap();
    assert!(matches!(server.command(&["PING"]), Err(Error::Refused { .. })));
    assert_eq!(Client::connect(&server).ask("AUTH engine"), "+OK");
}
