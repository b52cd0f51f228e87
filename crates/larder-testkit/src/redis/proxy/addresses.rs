//! Where servers are, for whoever must not find them but through proxies.

use std::borrow::Cow;

use super::frames::elements;

/// How the host precedes its port in a reply. All servers of a test are on this machine.
const HOST: &[u8] = b"$9\r\n127.0.0.1\r\n";
const REDIRECTIONS: [&[u8]; 2] = [b"-MOVED ", b"-ASK "];

/// The ports of servers, each with that of the proxy which stands in its place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Addresses(Vec<(u16, u16)>);

impl Addresses {
    pub(crate) fn new(pairs: impl IntoIterator<Item = (u16, u16)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// A reply in which proxies are named where it named servers: as a host that is followed by a port, or as the place to
    /// which an error redirects.
    pub(crate) fn translate<'a>(&self, reply: &'a [u8]) -> Cow<'a, [u8]> {
        if self.0.is_empty() {
            return Cow::Borrowed(reply);
        }
        let mut translated = Vec::with_capacity(reply.len());
        let mut last: &[u8] = b"";
        for element in elements(reply) {
            let other = if last == HOST { self.port(element) } else { self.redirection(element) };
            translated.extend_from_slice(other.as_deref().unwrap_or(element));
            last = element;
        }
        Cow::Owned(translated)
    }

    /// The port of a proxy as the server would write its own: as a number, or as a string.
    fn port(&self, element: &[u8]) -> Option<Vec<u8>> {
        let text = str::from_utf8(element).ok()?.strip_suffix("\r\n")?;
        let written = if let Some(number) = text.strip_prefix(':') {
            format!(":{}\r\n", self.proxy(number)?)
        } else {
            let (_, string) = text.strip_prefix('$')?.split_once("\r\n")?;
            let proxy = self.proxy(string)?.to_string();
            format!("${}\r\n{proxy}\r\n", proxy.len())
        };
        Some(written.into_bytes())
    }

    fn redirection(&self, element: &[u8]) -> Option<Vec<u8>> {
        if !REDIRECTIONS.iter().any(|start| element.starts_with(start)) {
            return None;
        }
        let (before, port) = str::from_utf8(element).ok()?.strip_suffix("\r\n")?.rsplit_once(':')?;
        Some(format!("{before}:{}\r\n", self.proxy(port)?).into_bytes())
    }

    fn proxy(&self, server: &str) -> Option<u16> {
        let server: u16 = server.parse().ok()?;
        self.0.iter().find(|(known, _)| *known == server).map(|(_, proxy)| *proxy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reply: &str, expected: &str) {
        let addresses = Addresses::new([(6_379, 30_001), (30_002, 80)]);
        let translated = addresses.translate(reply.as_bytes());
        assert_eq!(str::from_utf8(&translated).unwrap(), expected);
    }

    #[test]
    fn the_master_that_a_sentinel_names_is_a_proxy() {
        let named = |length, port| format!("*2\r\n$9\r\n127.0.0.1\r\n${length}\r\n{port}\r\n");
        check(&named(4, 6_379), &named(5, 30_001));
        check(&named(5, 30_002), &named(2, 80));
        check(&named(4, 6_380), &named(4, 6_380));
    }

    #[test]
    fn the_masters_of_slots_are_proxies() {
        let range = |port, replica| {
            let node = |port| format!("*4\r\n$9\r\n127.0.0.1\r\n:{port}\r\n$2\r\nid\r\n*0\r\n");
            format!("*1\r\n*4\r\n:0\r\n:6379\r\n{}{}", node(port), node(replica))
        };
        check(&range(6_379, 30_002), &range(30_001, 80));
    }

    #[test]
    fn who_is_sent_elsewhere_is_sent_to_a_proxy() {
        check("-MOVED 3999 127.0.0.1:6379\r\n", "-MOVED 3999 127.0.0.1:30001\r\n");
        check("*1\r\n-ASK 3999 127.0.0.1:30002\r\n", "*1\r\n-ASK 3999 127.0.0.1:80\r\n");
        check("-MOVED 6379 127.0.0.1:7\r\n", "-MOVED 6379 127.0.0.1:7\r\n");
    }

    #[test]
    fn what_is_no_address_stays_as_it_is() {
        for reply in [
            "$4\r\n6379\r\n",
            ":6379\r\n",
            "*2\r\n$4\r\nport\r\n$4\r\n6379\r\n",
            "-ERR at 127.0.0.1:6379\r\n",
        ] {
            check(reply, reply);
        }
        for after_host in ["$6\r\nx:6379\r\n", "-ERR x:6379\r\n", "+6379\r\n"] {
            let reply = format!("*2\r\n$9\r\n127.0.0.1\r\n{after_host}");
            check(&reply, &reply);
        }
        // A value that looks like one is no place to which anybody is sent.
        check("$28\r\n-MOVED 3999 127.0.0.1:6379\r\n\r\n", "$28\r\n-MOVED 3999 127.0.0.1:6379\r\n\r\n");
    }
}
