//! What builds note of themselves.

use std::time::Duration;

use larder_core::{AppName, Register};

use crate::conformance::backend::{Backend, Node, Rig, entry, key};

async fn note(node: &Node, register: Register, lines: &[&str]) -> Vec<String> {
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let noted = node.remote.register(register, &lines).await.unwrap();
    let mut lines: Vec<String> = noted.into_iter().map(|registered| registered.line).collect();
    lines.sort_unstable();
    lines
}

pub(super) async fn what_one_node_notes_all_are_told<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let other = rig.another().await;
    for register in [Register::Layouts, Register::Processes, Register::Caches] {
        assert!(note(&rig.node, register, &[]).await.is_empty());
        assert_eq!(note(&rig.node, register, &["a", "b"]).await, ["a", "b"]);
        assert_eq!(note(&other, register, &["b", "c"]).await, ["a", "b", "c"]);
        assert_eq!(note(&rig.node, register, &[]).await, ["a", "b", "c"]);
    }
}

pub(super) async fn a_line_is_as_old_as_its_last_note<B: Backend>() {
    let rig = Rig::<B>::new().await;
    note(&rig.node, Register::Layouts, &["once", "again"]).await;
    rig.backend.pass(Duration::from_millis(300)).await;
    note(&rig.node, Register::Layouts, &["again"]).await;
    let noted = rig.node.remote.register(Register::Layouts, &[]).await.unwrap();
    let age = |line| noted.iter().find(|registered| registered.line == line).unwrap().age;
    // The time between, about: a server counts in milliseconds.
    assert!(age("once") >= age("again") + Duration::from_millis(295), "{noted:?}");
    assert!(age("again") < Duration::from_secs(10), "{noted:?}");
}

pub(super) async fn apps_share_the_register_of_caches_alone<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let stock = rig.backend.connect(&AppName::new("test.stock").unwrap()).await;
    note(&rig.node, Register::Layouts, &["shop's"]).await;
    note(&rig.node, Register::Caches, &["shop's cache"]).await;
    assert!(note(&stock, Register::Layouts, &[]).await.is_empty());
    assert_eq!(note(&stock, Register::Caches, &["stock's"]).await, ["shop's cache", "stock's"]);
}

pub(super) async fn the_lines_that_were_noted_last_are_kept<B: Backend>() {
    let rig = Rig::<B>::new().await;
    note(&rig.node, Register::Layouts, &["first"]).await;
    rig.backend.pass(Duration::from_millis(20)).await;
    let many: Vec<String> = (0..Register::MOST).map(|number| format!("{number:04}")).collect();
    let (last, others) = many.split_last().unwrap();
    assert_eq!(rig.node.remote.register(Register::Layouts, others).await.unwrap().len(), many.len());
    rig.backend.pass(Duration::from_millis(20)).await;
    let noted = note(&rig.node, Register::Layouts, &[last]).await;
    assert_eq!(noted, many);
}

pub(super) async fn lines_of_any_text_come_back_as_they_are<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let long = "x".repeat(4_096);
    let mut lines = ["7", "-1", "+inf", "a:b", r"a\:b", "{p00}", "ä\n\0", "nan", "", &long];
    let noted = note(&rig.node, Register::Layouts, &lines).await;
    lines.sort_unstable();
    assert_eq!(noted, lines);
}

pub(super) async fn a_register_is_no_part_of_what_is_cached<B: Backend>() {
    let rig = Rig::<B>::new().await;
    let ada = key("ada");
    rig.node.store(&ada, &entry("Ada")).await;
    note(&rig.node, Register::Layouts, &["user:ada"]).await;
    note(&rig.node, Register::Caches, &["user:ada"]).await;
    assert_eq!(rig.node.get(&ada).await, Some(entry("Ada")));
}
