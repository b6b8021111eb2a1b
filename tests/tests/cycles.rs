//! Files of a crate that import each other have to be read together: no such group is larger than three.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use tests::root;

/// Crates whose files are held to it.
const CRATES: [&str; 3] = ["stages/collect/src", "stages/protocol/src", "stages/worker/src"];

type Module = Vec<String>;

/// Every file by the path of its module.
fn modules(folder: &Path, at: &Module, found: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
        let stem = entry.file_stem().unwrap().to_string_lossy().into_owned();
        let mut module = at.clone();
        if !["mod", "main", "lib"].contains(&stem.as_str()) {
            module.push(stem);
        }
        if entry.is_dir() {
            modules(&entry, &module, found);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&entry).unwrap();
            let code =
                text.split("#[cfg(test)]\nmod ").next().unwrap().lines().filter(|l| !l.trim_start().starts_with("//"));
            found.insert(module, code.collect::<Vec<_>>().join("\n"));
        }
    }
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d` and `a::c::e`.
fn expanded(before: &str, tree: &str, paths: &mut Vec<String>) {
    let (mut depth, mut start) = (0, 0);
    for (i, c) in tree.char_indices().chain([(tree.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = tree[start..i].trim();
                match part.split_once('{') {
                    Some((head, rest)) => {
                        expanded(&format!("{before}{head}"), rest.strip_suffix('}').unwrap_or(rest), paths)
                    }
                    None if !part.is_empty() => paths.push(format!("{before}{part}")),
                    None => {}
                }
                start = i + 1;
            }
            _ => {}
        }
    }
}

/// All paths that a file names, those of `use` spelled out.
fn paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for statement in code.split("use ").skip(1) {
        expanded("", statement.split(';').next().unwrap(), &mut paths);
    }
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    paths.extend(
        code.split(|c| !is_path(c)).filter(|word| word.contains("::") && !word.ends_with(':')).map(str::to_string),
    );
    paths
}

/// The file that a path leads to.
fn target(path: &str, from: &Module, files: &BTreeMap<Module, String>) -> Option<Module> {
    let mut words = path.split("::").map(str::trim).peekable();
    let mut module = from.clone();
    match words.next()? {
        "crate" => module.clear(),
        "self" => {}
        "super" => {
            module.pop();
            while words.next_if_eq(&"super").is_some() {
                module.pop();
            }
        }
        child => module.push(child.to_string()),
    }
    if !files.contains_key(&module) {
        return None;
    }
    for word in words {
        let below = [module.as_slice(), &[word.to_string()]].concat();
        if !files.contains_key(&below) {
            break;
        }
        module = below;
    }
    (module != *from).then_some(module)
}

/// Largest group of files of which each leads to every other.
fn largest_cycle(edges: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<Module> {
    let reached = |from: &Module| {
        let (mut seen, mut waiting) = (BTreeSet::new(), vec![from]);
        while let Some(at) = waiting.pop() {
            waiting.extend(edges[at].iter().filter(|next| seen.insert((*next).clone())));
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> = edges.keys().map(|m| (m, reached(m))).collect();
    let group =
        |m: &&Module| edges.keys().filter(|o| reached[m].contains(*o) && reached[*o].contains(*m)).cloned().collect();
    edges.keys().map(|m| group(&m)).max_by_key(Vec::len).unwrap_or_default()
}

fn cycle_of(files: &BTreeMap<Module, String>) -> Vec<String> {
    let edges = files.iter().map(|(module, code)| {
        (module.clone(), paths(code).iter().filter_map(|path| target(path, module, files)).collect())
    });
    largest_cycle(&edges.collect()).iter().map(|module| module.join("/")).collect()
}

#[test]
fn no_more_than_three_files_import_each_other() {
    for folder in CRATES {
        let mut files = BTreeMap::new();
        modules(&root().join(folder), &Vec::new(), &mut files);
        assert!(files.len() > 5, "{folder}");
        let cycle = cycle_of(&files);
        assert!(cycle.len() <= 3, "{folder}: {cycle:?}");
    }
}

#[test]
fn a_cycle_of_four_is_seen_however_it_is_written() {
    let file = |module: &str, code: &str| (module.split('/').map(str::to_string).collect::<Module>(), code.to_string());
    let files = [
        (Vec::new(), "mod a;\nfn main() { a::b::go() }".to_string()),
        file("a", "pub mod b;\npub fn done() {}"),
        file("a/b", "use super::done;\nuse crate::{\n    c::{self, D},\n};"),
        file("c", "use crate::{a, d::{E}};\npub struct D(E, a::B);"),
        file("d", "use crate::e::F;"),
        file("e", "use crate::a::{b::Go};"),
    ];
    assert_eq!(cycle_of(&files.into()), ["a/b", "c", "d", "e"]);
}
