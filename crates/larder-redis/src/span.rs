//! The span of a call, by OpenTelemetry's conventions for clients of Redis.
//!
//! It is at level debug, and has nothing of what is sent or answered: what is sent has keys in it, and what is answered has
//! values.

use std::fmt;
use std::future::Future;

use larder_core::{Error, Result};
use tracing::field::{Empty, debug};
use tracing::{Instrument, Span};

/// The span of one command.
pub(crate) fn command(operation: &str) -> Span {
    span(format_args!("{operation}"), format_args!("{operation}"))
}

/// The span of a call of a script.
pub(crate) fn script(name: &str) -> Span {
    let span = span(format_args!("EVALSHA {name}"), format_args!("EVALSHA"));
    span.record("db.stored_procedure.name", name);
    span
}

/// The span of several commands of one kind that are sent together. A single one is no batch, and many keys of one command
/// are none either. None at all are not sent.
pub(crate) fn batch(operation: &str, commands: usize) -> Span {
    if commands < 2 {
        return if commands == 1 { command(operation) } else { Span::none() };
    }
    let span = span(format_args!("PIPELINE {operation}"), format_args!("PIPELINE {operation}"));
    span.record("db.operation.batch.size", commands);
    span
}

fn span(name: fmt::Arguments<'_>, operation: fmt::Arguments<'_>) -> Span {
    tracing::debug_span!(
        "larder.redis",
        "otel.kind" = "client",
        "otel.name" = %name,
        "otel.status_code" = Empty,
        "db.system.name" = "redis",
        "db.operation.name" = %operation,
        "db.operation.batch.size" = Empty,
        "db.stored_procedure.name" = Empty,
        "db.response.status_code" = Empty,
        "error.type" = Empty
    )
}

/// Makes a call within its span, and notes there how it ended.
pub(crate) async fn within<T>(span: Span, call: impl Future<Output = Result<T>>) -> Result<T> {
    let unanswered = Unanswered(span.clone());
    let answer = call.instrument(span).await;
    unanswered.answered(answer.as_ref().err());
    answer
}

/// The same for calls that each have an answer. One that failed is enough for all to have failed.
pub(crate) async fn within_all<T>(span: Span, calls: impl Future<Output = Vec<Result<T>>>) -> Vec<Result<T>> {
    let unanswered = Unanswered(span.clone());
    let answers = calls.instrument(span).await;
    unanswered.answered(answers.iter().find_map(|answer| answer.as_ref().err()));
    answers
}

/// The span of a call that is under way. If it is dropped before the answer came, its caller has run out of time.
struct Unanswered(Span);

impl Unanswered {
    fn answered(mut self, error: Option<&Error>) {
        let span = std::mem::replace(&mut self.0, Span::none());
        let Some(error) = error else {
            return;
        };
        span.record("otel.status_code", "ERROR");
        match error.context().find(|(name, _)| *name == "code") {
            Some((_, code)) => {
                span.record("db.response.status_code", code);
                span.record("error.type", code);
            }
            None => {
                span.record("error.type", debug(error.kind()));
            }
        }
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.record("otel.status_code", "ERROR");
        self.0.record("error.type", "cancelled");
    }
}
