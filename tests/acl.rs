//! The permissions that the guide tells operators to give: enough, and none too many.

use std::time::Duration;

use larder::redis::{Address, Probing, RedisBus, RedisRemote};
use larder::{AppName, Clock, ErrorKind, Result};
use larder_core::{Bus, Remote};
use larder_testkit::redis::RedisServer;

/// As it is in the guide, for the app `prod.shop`.
const LINE: &str = include_str!("../crates/larder/src/guide/acl.txt");

const PAGE: &str = include_str!("../crates/larder/src/guide/operations.md");

/// A single server is asked for these later or not at all. What comes of one that is missing is on the page.
const NOT_AT_THE_START: [&str; 10] = [
    "+asking",
    "+cluster|slots",
    "+getrange",
    "+info",
    "+ping",
    "+role",
    "+scan",
    "+script|load",
    "+xadd",
    "+xrange",
];

const APP: &str = "test.shop";

pub(crate) const PASSWORD: &str = "hunter2";

/// The line for a user that is named after its app, as a server of the testkit is told it.
pub(crate) fn rule(app: &str) -> String {
    let rule = LINE.trim_end().strip_prefix("user larder ").expect("it is about a user of that name");
    format!("{app} {}", rule.replace("PASSWORD", PASSWORD).replace("prod.shop", app))
}

fn permissions() -> impl Iterator<Item = &'static str> {
    LINE.split_whitespace().filter(|word| word.starts_with('+'))
}

/// What a start makes sure of, on a server that knows no script, in a database with a number.
async fn start(server: &RedisServer) -> Result<()> {
    server.command(&["SCRIPT", "FLUSH"]).unwrap();
    let address: Address = format!("{}/1", server.url_for(APP, PASSWORD)).parse()?;
    let app = AppName::new(APP)?;
    let remote = RedisRemote::open(address, app.clone());
    remote.check().await?;
    let bus = RedisBus::new(remote.link().clone(), app, Clock::precise());
    bus.probing(Probing::default().patience(Duration::from_secs(10)))?.check().await
}

#[tokio::test]
async fn a_start_is_refused_without_one_of_them() {
    let server = RedisServer::secured([&*rule(APP)]).unwrap();
    let change = |word: &str| server.command(&["ACL", "SETUSER", APP, word]).unwrap();
    let commands = permissions().map(|permission| (permission.replace('+', "-"), permission.to_owned()));
    let keys = ("resetkeys".to_owned(), "~larder:*".to_owned());
    let channels = ("resetchannels".to_owned(), format!("&larder:{APP}@*"));
    for (taken, given) in commands.chain([keys, channels]) {
        change(&taken);
        let outcome = start(&server).await.map_err(|error| error.kind());
        let is_needed = !NOT_AT_THE_START.contains(&&*given);
        assert_eq!(outcome, if is_needed { Err(ErrorKind::Refused) } else { Ok(()) }, "without {given}");
        change(&given);
    }
    start(&server).await.unwrap();
}

#[tokio::test]
async fn keys_of_one_app_are_enough() {
    let narrow = format!("~larder:{{*}}:{APP}:* ~larder:{{*}}:{APP}~*");
    let server = RedisServer::secured([&*rule(APP).replace("~larder:*", &narrow)]).unwrap();
    start(&server).await.unwrap();
}

#[test]
fn the_page_shows_the_line() {
    assert!(PAGE.lines().any(|line| line == LINE.trim_end()), "{LINE}");
}

#[test]
fn the_page_says_what_each_permission_is_for() {
    let (_, below) = PAGE.split_once(LINE.trim_end()).expect("it shows the line");
    for permission in permissions() {
        let command = format!("`{}`", permission.trim_start_matches('+').replace('|', " ").to_uppercase());
        assert!(below.contains(&command), "{command}");
    }
}
