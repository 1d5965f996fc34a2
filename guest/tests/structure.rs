//! What the guest's modules may know of each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Edges = BTreeMap<String, BTreeSet<String>>;

#[test]
fn modules_know_each_other_in_one_direction_only() {
    let edges = edges(&sources());
    assert_eq!(circle(&edges), None);
    assert_eq!(circle(&of_top_level(&edges)), None, "between whole folders");
    assert!(edges["probe"].contains("container::lifecycle") && edges["container::root"].contains("inroot"), "{edges:?}");
}

#[test]
fn a_circle_is_found() {
    let two = |one: &str, other: &str| [(one.to_owned(), "pub fn a() {}".to_owned()), ("b".to_owned(), other.to_owned())];
    let circle_of = |sources: &[(String, String)]| circle(&edges(&sources.iter().cloned().collect()));
    let way = Some(vec!["a".to_owned(), "b".to_owned(), "a".to_owned()]);
    let mut sources = two("a", "use crate::a::{a, c};");
    assert_eq!(circle_of(&sources), None);
    for back in ["use crate::{b, c};", "use crate::b::{self, x};", "fn f() { crate::b::g() }", "use super::b;"] {
        sources[0].1 = back.to_owned();
        assert_eq!(circle_of(&sources), way, "{back}");
    }
    sources[0].1 = "#[cfg(test)]\nmod tests { use crate::b; }".to_owned();
    assert_eq!(circle_of(&sources), None, "tests may");
}

#[test]
fn only_the_service_knows_the_statuses_of_grpc() {
    for (module, text) in sources() {
        let words = text.split(|character: char| !character.is_alphanumeric() && character != '_');
        assert!(module == "service" || !words.into_iter().any(|word| word == "Status"), "{module} uses tonic::Status");
    }
}

/// Module path to what it says, without its tests.
fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("folder") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_stem().is_none_or(|name| name != "tests" && name != "lib") {
                all.insert(module(path.strip_prefix(&root).expect("below")), fs::read_to_string(&path).expect("text"));
            }
        }
    }
    all
}

fn module(path: &Path) -> String {
    let plain = path.with_extension("");
    let plain = if plain.ends_with("mod") { plain.parent().map(PathBuf::from).expect("folder") } else { plain };
    plain.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("::")
}

/// From each module to those that it names, by `use` or in the middle of the text.
fn edges(sources: &BTreeMap<String, String>) -> Edges {
    let known = |path: &str| {
        let parts: Vec<&str> = path.split("::").collect();
        (1..=parts.len()).rev().map(|end| parts[..end].join("::")).find(|module| sources.contains_key(module))
    };
    let mut edges = Edges::new();
    for (module, text) in sources {
        let own = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
        let code: Vec<&str> = own.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
        let code: String = code.concat().chars().filter(|character| !character.is_whitespace()).collect();
        let mut named = BTreeSet::new();
        for (prefix, base) in [("crate::", ""), ("super::", parent), ("self::", module.as_str())] {
            for (at, _) in code.match_indices(prefix) {
                let base = if base.is_empty() { String::new() } else { format!("{base}::") };
                named.extend(paths(&code[at + prefix.len()..]).into_iter().filter_map(|path| known(&(base.clone() + &path))));
            }
        }
        named.remove(module);
        edges.insert(module.clone(), named);
    }
    edges
}

/// The paths at the text's beginning: `a::{b,c::d}` is `a::b` and `a::c::d`.
fn paths(text: &str) -> Vec<String> {
    let end = text.find(|character: char| !character.is_alphanumeric() && !"_:".contains(character)).unwrap_or(text.len());
    let (plain, rest) = text.split_at(end);
    let Some(group) = rest.strip_prefix('{').filter(|_| plain.is_empty() || plain.ends_with("::")) else {
        return vec![plain.to_owned()];
    };
    let mut depth = 0;
    let mut starts = vec![0];
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => starts.push(at + 1),
            _ => {}
        }
    }
    starts.iter().flat_map(|at| paths(&group[*at..])).map(|path| format!("{plain}{path}")).collect()
}

fn of_top_level(edges: &Edges) -> Edges {
    let top = |module: &str| module.split("::").next().unwrap_or_default().to_owned();
    let mut all = Edges::new();
    for (module, named) in edges {
        let others = named.iter().map(|other| top(other)).filter(|other| *other != top(module));
        all.entry(top(module)).or_default().extend(others);
    }
    all
}

/// A way from a module back to itself.
fn circle(edges: &Edges) -> Option<Vec<String>> {
    fn walk(edges: &Edges, way: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        let last = way.last().expect("start").clone();
        for next in edges.get(&last).into_iter().flatten() {
            if let Some(start) = way.iter().position(|module| module == next) {
                way.drain(..start);
                way.push(next.clone());
                return true;
            }
            if !done.contains(next) {
                way.push(next.clone());
                if walk(edges, way, done) {
                    return true;
                }
                way.pop();
            }
        }
        done.insert(last);
        false
    }
    let mut done = BTreeSet::new();
    edges.keys().find_map(|start| {
        let mut way = vec![start.clone()];
        walk(edges, &mut way, &mut done).then_some(way)
    })
}
