//! Moments that are made long. Some are so short that next to nothing falls into them, if nobody is kept from going on.

use super::Edit;

/// A place at which a process can be told to linger. It does no harm there: nothing that is promised depends on how long
/// anything takes.
pub(crate) struct Linger {
    pub(crate) name: &'static str,
    pub(super) edit: Edit,
}

/// What stands in a changed text for "if it is to linger".
pub(super) const IS_ON: &str = "LINGERS";

pub(crate) const WRITER: &str = "who writes, before the server is asked";
pub(crate) const LOADER: &str = "who loads, before the server is told";

pub(super) const LINGERS: &[Linger] = &[
    Linger {
        name: WRITER,
        edit: Edit {
            file: "crates/larder/src/write.rs",
            from: "        self.in_task(async move { node.take_all(steps, Attempt::First).await }).await\n",
            to: concat!(
                "        if LINGERS {\n",
                "            tokio::time::sleep(core::time::Duration::from_millis(5)).await;\n",
                "        }\n",
                "        self.in_task(async move { node.take_all(steps, Attempt::First).await }).await\n",
            ),
        },
    },
    Linger {
        name: LOADER,
        edit: Edit {
            file: "crates/larder/src/load.rs",
            from: "        match self.budget.spend(remote.fill(&self.key, lease, content)).await {\n",
            to: concat!(
                "        if LINGERS {\n",
                "            tokio::time::sleep(core::time::Duration::from_millis(20)).await;\n",
                "        }\n",
                "        match self.budget.spend(remote.fill(&self.key, lease, content)).await {\n",
            ),
        },
    },
];
