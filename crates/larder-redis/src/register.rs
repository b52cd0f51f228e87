//! What builds note of themselves: a sorted set of lines by the millisecond in which they were noted last.

use std::time::Duration;

use larder_core::{Chain, Register, Registered, Result};
use redis::Value;

use crate::call::Call;
use crate::keys;
use crate::remote::RedisRemote;
use crate::reply;

pub(crate) async fn register(
    remote: &RedisRemote,
    register: Register,
    lines: &[String],
) -> Result<Vec<Registered>> {
    let call = Call::of(&remote.scripts.register, Chain::Tags)
        .key(keys::register(register, &remote.app))
        .arg(Register::MOST)
        .arg(Register::KEPT.as_millis());
    let call = lines.iter().fold(call, Call::arg);
    read(call.run(&remote.link).await?)
}

/// The lines of an answer. Those that are no text, or were noted at no time, are left out.
pub(crate) fn read(answer: Value) -> Result<Vec<Registered>> {
    let mut answers = reply::list(answer)?.into_iter();
    let now =
        answers.next().and_then(milliseconds).ok_or_else(|| reply::out_of_place("a time and a list"))?;
    let mut items = reply::list(answers.next().unwrap_or(Value::Nil))?.into_iter();
    let mut found = Vec::new();
    while let (Some(line), Some(noted)) = (items.next(), items.next()) {
        found.extend(reply::text(line).zip(milliseconds(noted)).map(|(line, noted)| {
            // What was noted before the server's clock was set back is as good as just now.
            Registered::new(line, Duration::from_millis(now.saturating_sub(noted)))
        }));
    }
    Ok(found)
}

fn milliseconds(value: Value) -> Option<u64> {
    let time: f64 = reply::text(value)?.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it saturates, and is no NaN"
    )]
    (!time.is_nan()).then_some(time as u64)
}
