//! What a node of a cluster knows of the others.

/// The reply to `CLUSTER NODES`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct View {
    pub(crate) members: Vec<Member>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) port: u16,
    /// Whom it replicates, unless it is a master.
    pub(crate) master: Option<String>,
    /// Whether it is said to be there for certain: neither failing nor just met.
    pub(crate) is_sound: bool,
    /// Whether it serves any slots.
    pub(crate) has_slots: bool,
}

impl View {
    /// Lines that cannot be read are left out.
    pub(crate) fn parse(text: &str) -> Self {
        Self { members: text.lines().filter_map(Member::parse).collect() }
    }

    pub(crate) fn member(&self, port: u16) -> Option<&Member> {
        self.members.iter().find(|member| member.port == port)
    }

    /// The members that serve slots.
    pub(crate) fn masters(&self) -> impl Iterator<Item = &Member> {
        self.members.iter().filter(|member| member.has_slots)
    }

    /// A replica that could take over from the master on this port.
    pub(crate) fn replica_of(&self, port: u16) -> Option<&Member> {
        let master = self.member(port)?;
        self.members.iter().find(|member| member.is_sound && member.master.as_ref() == Some(&master.id))
    }
}

impl Member {
    /// A line: id, address, flags, master, last ping, last pong, epoch, link, and the slots.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let (id, address, flags, master) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let (_, port) = address.split_once('@')?.0.rsplit_once(':')?;
        let is_unsound = |flag| matches!(flag, "fail" | "fail?" | "handshake" | "noaddr");
        Some(Self {
            id: id.to_owned(),
            port: port.parse().ok()?,
            master: (master != "-").then(|| master.to_owned()),
            is_sound: !flags.split(',').any(is_unsound),
            has_slots: words.nth(4).is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: &str = "\
        a1 127.0.0.1:30001@40001,host myself,master - 0 0 1 connected 0-5460\n\
        b2 127.0.0.1:30002@40002 slave a1 0 1426238317239 4 connected\n\
        c3 :30003@40003 master,fail? - 0 0 1 disconnected\n\
        garbled\n";

    #[test]
    fn a_view_is_read() {
        let view = View::parse(VIEW);
        assert_eq!(view.members.len(), 3);
        assert_eq!(view.masters().map(|master| master.port).collect::<Vec<_>>(), [30001]);
        assert_eq!(view.replica_of(30001).map(|replica| replica.port), Some(30002));
        assert_eq!(view.replica_of(30002), None);
        assert_eq!(view.member(30003).map(|member| member.is_sound), Some(false));
    }
}
