//! As much of a client as it takes to command a server.

use std::fmt::Write as _;
use std::io::{self, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use super::reply::Reply;
use crate::server::error::{Error, Result};

/// How long a reply may take. A paused server replies never.
const PATIENCE: Duration = Duration::from_secs(5);

/// Who speaks to a server that asks.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) user: &'static str,
    pub(crate) password: String,
}

/// Sends one command over a connection of its own, and awaits the reply.
///
/// It goes through the unix socket, which lies in the server's own folder: another server, which took the port meanwhile,
/// is never spoken to by mistake.
pub(crate) fn command(socket: &Path, login: Option<&Login>, words: &[&str]) -> Result<Reply> {
    let name = words.first().copied().unwrap_or_default();
    let mut stream = connect(socket).map_err(Error::system(format!("connect in order to send {name}")))?;
    if let Some(Login { user, password }) = login {
        exchange(&mut stream, &["AUTH", user, password])?;
    }
    exchange(&mut stream, words)
}

fn connect(socket: &Path) -> io::Result<BufReader<UnixStream>> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

fn exchange(stream: &mut BufReader<UnixStream>, words: &[&str]) -> Result<Reply> {
    let name = words.first().copied().unwrap_or_default();
    stream.get_mut().write_all(encode(words).as_bytes()).map_err(Error::system(format!("send {name}")))?;
    match Reply::read(stream).map_err(Error::system(format!("read the reply to {name}")))? {
        Reply::Refusal(reason) => Err(Error::Refused { command: name.to_owned(), reason }),
        reply => Ok(reply),
    }
}

fn encode(words: &[&str]) -> String {
    let mut request = format!("*{}\r\n", words.len());
    for word in words {
        write!(request, "${}\r\n{word}\r\n", word.len()).expect("a string takes all that is written");
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_an_array_of_strings() {
        assert_eq!(encode(&["GET", "ä"]), "*2\r\n$3\r\nGET\r\n$2\r\nä\r\n");
    }
}
