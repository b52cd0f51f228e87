//! Sources into which weaknesses are woven, each behind a switch.
//!
//! To break one guarantee after the other in a copy of the sources takes a build each. Here all of them lie in one copy, and
//! the environment says at run time which one is on. The sources themselves have no switch, so none can be on in a
//! release.

mod lingers;
mod scripts;
mod switches;

use std::collections::BTreeMap;
use std::path::Path;

use crate::copy::Copy;
use crate::workspace::Workspace;
use lingers::{LINGERS, Linger};

pub(crate) use lingers::{LOADER, WRITER};

/// The variable that names the weakness.
pub(crate) const WEAKNESS: &str = "LARDER_WEAK";

/// The one that names the place at which a process lingers.
pub(crate) const LINGERING: &str = "LARDER_LINGERS";

/// What stands in a changed text for "if it is on".
const IS_ON: &str = "WEAK";

/// Where the function lies that knows which one is on: below all that asks it.
const ROOT: &str = "crates/larder-core/src/lib.rs";

const ASKING: &str = r#"
/// Whether this weakness is on.
#[doc(hidden)]
pub fn is_weak(name: &str) -> bool {
    static WEAKNESS: std::sync::LazyLock<Option<String>> =
        std::sync::LazyLock::new(|| std::env::var("LARDER_WEAK").ok());
    WEAKNESS.as_deref() == Some(name)
}

/// Whether the process is to linger there.
#[doc(hidden)]
pub fn lingers(name: &str) -> bool {
    static LINGERING: std::sync::LazyLock<Option<String>> =
        std::sync::LazyLock::new(|| std::env::var("LARDER_LINGERS").ok());
    LINGERING.as_deref() == Some(name)
}
"#;

/// A weakness.
pub(crate) struct Switch {
    /// What is weaker.
    pub(crate) name: &'static str,
    edits: &'static [Edit],
    /// Why nobody notices, if nobody should.
    pub(crate) harmless: Option<&'static str>,
}

/// One place that is changed.
struct Edit {
    /// Relative to the root.
    file: &'static str,
    /// Exactly once in the file.
    from: &'static str,
    to: &'static str,
}

/// Those of the engine and of the shared tier in memory, and those that a service has itself.
pub(crate) fn simulated() -> impl Iterator<Item = &'static Switch> {
    switches::SWITCHES.iter()
}

/// Those of the engine, of the scripts, and of a service. The others are weaknesses that scripts cannot have.
pub(crate) fn scripted() -> impl Iterator<Item = &'static Switch> {
    let is_scripted =
        |switch: &&Switch| switch.edits.is_empty() || switch.is_of_engine() || scripts::has(switch.name);
    switches::SWITCHES.iter().filter(is_scripted)
}

/// The sources as they are now, with all weaknesses in them, and all switches off.
pub(crate) fn weave(workspace: &Workspace) -> Result<Copy, String> {
    let seams = seams();
    for (file, seams) in &seams {
        let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
        sewn(seams, text).map_err(|why| format!("{file}: {why}"))?;
    }
    Copy::make_changed(&workspace.target("woven"), |file, bytes| woven(&seams, file, bytes))
}

/// One edit, and what it asks when it is there.
struct Seam {
    /// Of the weakness, or of the place to linger.
    name: &'static str,
    edit: &'static Edit,
    /// What stands for the question.
    word: &'static str,
    /// Whom it is put to.
    function: &'static str,
}

type Seams = BTreeMap<&'static str, Vec<Seam>>;

fn seams() -> Seams {
    let mut seams = Seams::new();
    let mut add = |seam: Seam| seams.entry(seam.edit.file).or_default().push(seam);
    for Switch { name, edits, .. } in switches::SWITCHES {
        edits.iter().for_each(|edit| add(Seam { name, edit, word: IS_ON, function: "is_weak" }));
    }
    for Linger { name, edit } in LINGERS {
        add(Seam { name, edit, word: lingers::IS_ON, function: "lingers" });
    }
    seams
}

/// A text with all of its edits, each of which must find its place when the ones before it have been made.
fn sewn(seams: &[Seam], mut text: String) -> Result<String, String> {
    for Seam { name, edit, word, function } in seams {
        match text.matches(edit.from).count() {
            1 => {}
            count => return Err(format!("{name}: found this {count} times:\n{}", edit.from)),
        }
        let core = if edit.file.starts_with("crates/larder-core/") { "crate" } else { "larder_core" };
        text = text.replace(edit.from, &edit.to.replace(word, &format!("{core}::{function}({name:?})")));
    }
    Ok(text)
}

fn woven(seams: &Seams, file: &Path, bytes: Vec<u8>) -> Vec<u8> {
    let Ok(text) = String::from_utf8(bytes.clone()) else {
        return bytes;
    };
    let name = file.to_string_lossy();
    let seams = seams.get(&*name).map(Vec::as_slice).unwrap_or_default();
    let mut text = sewn(seams, text).expect("all of them have been tried before");
    if *name == *ROOT {
        text += ASKING;
    }
    if *name == *scripts::FILE {
        text = scripts::woven(&text);
    }
    text.into_bytes()
}

impl Switch {
    fn is_of_engine(&self) -> bool {
        !self.edits.is_empty() && self.edits.iter().all(|edit| !edit.file.contains("larder-memory"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    fn source(file: &str) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        fs::read_to_string(root.join(file)).unwrap_or_default()
    }

    #[test]
    fn each_edit_finds_its_place_and_asks() {
        for (file, seams) in seams() {
            sewn(&seams, source(file)).unwrap();
            for Seam { name, edit, word, .. } in seams {
                assert!(edit.to.contains(word) || edit.file.contains("larder-memory"), "{name}");
            }
        }
    }

    /// A switch that has no edits is one of the services that are played with.
    #[test]
    fn what_services_ask_for_is_there() {
        for file in ["tests/simulation/src/weak.rs", "tests/hostile/src/worker/weak.rs"] {
            for switch in switches::SWITCHES.iter().filter(|switch| switch.edits.is_empty()) {
                let is_asked = source(file).contains(&format!("{:?}", switch.name));
                assert!(is_asked || scripts::has(switch.name), "{}: {file}", switch.name);
            }
        }
    }

    #[test]
    fn what_real_servers_cannot_have_is_known() {
        let scripted: BTreeSet<_> = scripted().map(|switch| switch.name).collect();
        let others: Vec<_> =
            simulated().map(|switch| switch.name).filter(|name| !scripted.contains(name)).collect();
        let expected = [
            // A script is one step: nobody hears what it publishes before it is done.
            "the server announces an invalidation before it removes the value",
            // Harmless anywhere.
            "the next sequence is the last one and one more",
        ];
        assert_eq!(others, expected);
    }

    #[test]
    fn each_weakness_has_a_name_of_its_own() {
        let names: BTreeSet<_> = switches::SWITCHES.iter().map(|switch| switch.name).collect();
        assert_eq!(names.len(), switches::SWITCHES.len());
        assert!(scripts::names().all(|name| names.contains(name)));
    }

    #[test]
    fn the_text_of_each_script_s_edit_is_there_once() {
        for edit in scripts::EDITS {
            let file = format!("crates/larder-redis/src/scripts/{}.lua", edit.script);
            assert_eq!(source(&file).matches(edit.from).count(), 1, "{}: {file}", edit.weakness);
        }
        assert_eq!(source(scripts::FILE).matches(scripts::PLACE).count(), 1);
    }
}
