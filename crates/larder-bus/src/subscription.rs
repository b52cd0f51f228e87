//! One open ear.

use std::sync::Arc;

use async_trait::async_trait;
use larder_core::{BusEvent, Subscription};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::listener::Listener;

/// What one listener hears. With it the listener ends.
#[derive(Debug)]
pub(crate) struct RedisSubscription {
    listener: Arc<Listener>,
    task: AbortHandle,
}

impl RedisSubscription {
    /// Must be called within a tokio runtime.
    pub(crate) fn new(listener: Arc<Listener>) -> Self {
        let task = Handle::current().spawn(listener.clone().listen()).abort_handle();
        Self { listener, task }
    }

    pub(crate) fn listener(&self) -> &Arc<Listener> {
        &self.listener
    }
}

#[async_trait]
impl Subscription for RedisSubscription {
    async fn next(&mut self) -> Option<BusEvent> {
        Some(self.listener.inbox.next().await)
    }
}

impl Drop for RedisSubscription {
    fn drop(&mut self) {
        self.task.abort();
    }
}
