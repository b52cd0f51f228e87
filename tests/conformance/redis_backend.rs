//! A real Redis for each test.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use larder_core::{
    Announced, AppName, Assurance, Bus, Clock, Error, ErrorKind, Frame, Notice, Result, Subscription,
};
use larder_link::Link;
use larder_redis::RedisRemote;
use larder_testkit::redis::{RedisServer, Reply};

use super::backend::{Backend, Node};

/// Standalone.
pub(super) struct Standalone {
    server: RedisServer,
}

impl Backend for Standalone {
    async fn new() -> Self {
        Self { server: RedisServer::start().expect("redis-server is installed") }
    }

    async fn connect(&self, app: &AppName) -> Node {
        let address = self.server.url().parse().expect("it is an address");
        let link = Link::connect(address).await.expect("the server answers");
        Node { remote: Arc::new(RedisRemote::new(link, app.clone())), bus: Arc::new(Mute) }
    }

    async fn pass(&self, time: Duration) {
        // Its milliseconds begin when they like.
        tokio::time::sleep(time + Duration::from_millis(2)).await;
    }

    fn clock(&self) -> Clock {
        Clock::precise()
    }

    async fn micros(&self) -> u64 {
        let Ok(Reply::Array(time)) = self.server.command(&["TIME"]) else { panic!("it tells the time") };
        let number = |reply: &Reply| match reply {
            Reply::Bulk(digits) => String::from_utf8_lossy(digits).parse::<u64>().expect("it is a number"),
            other => panic!("{other:?}"),
        };
        number(&time[0]) * 1_000_000 + number(&time[1])
    }

    fn strange_frame(&self) -> Frame {
        Frame::Plain(Notice::Everything)
    }
}

/// Frames as they are sent by a server, and nobody who hears them.
#[derive(Debug)]
struct Mute;

#[async_trait]
impl Bus for Mute {
    fn assurance(&self) -> Assurance {
        Assurance::None
    }

    fn frame(&self, _notice: &Notice) -> Frame {
        let [channel, head, body] = ["channel", "head", "body"].map(Bytes::from);
        Frame::Bytes { channel, head, body }
    }

    async fn publish(&self, _notice: &Notice, _announced: Announced) -> Result<()> {
        Ok(())
    }

    async fn subscribe(&self) -> Result<Box<dyn Subscription>> {
        Err(Error::new(ErrorKind::Unavailable, "nobody hears"))
    }
}
