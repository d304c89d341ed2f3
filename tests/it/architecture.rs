//! The arrows between the rooms, read from the source.

use std::path::{Path, PathBuf};

/// A room and the rooms it may use; what is not listed is forbidden. `server` puts all together, so it may use all.
const ARROWS: &[(&str, &[&str])] = &[
    ("main.rs", &["cli"]),
    // `wechat` for `doctor`, which tries the credentials, and for the form of a key that is typed in.
    ("cli", &["server", "config", "telemetry", "usecases", "store", "domain", "wechat"]),
    (
        "server",
        &["config", "telemetry", "http", "usecases", "actors", "wechat", "sms", "bus", "store", "domain"],
    ),
    ("http", &["usecases", "domain", "store", "actors", "wechat"]),
    ("usecases", &["domain", "store", "bus", "wechat", "sms"]),
    ("actors", &["domain", "store", "bus", "wechat"]),
    ("store", &["domain"]),
    ("bus", &["domain"]),
    ("telemetry", &["config"]),
    ("wechat", &["domain", "bus"]),
    ("sms", &["domain"]),
    ("config", &[]),
    ("domain", &[]),
];

/// Outside crates with one door each: the places that may name them.
const DOORS: &[(&str, &[&str])] = &[
    ("sea_orm", &["store/"]),
    ("entities", &["store/"]),
    ("migration", &["store/"]),
    ("actix_web", &["http/", "server/", "cli/mod.rs"]),
    ("actix_web_actors", &["http/live/websocket.rs"]),
    ("actix_http", &["server/upgrade.rs", "http/live/waiting_socket.rs"]),
    ("actix_codec", &["server/upgrade.rs", "http/live/waiting_socket.rs"]),
    ("actix_service", &["server/upgrade.rs"]),
    ("redis", &["bus/"]),
    ("reqwest", &["wechat/", "sms/", "server/world.rs", "cli/"]),
    ("wechat_sandbox", &["cli/"]),
    ("std::env", &["config/"]),
];

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Lines of code; tests may use more than their room (they play the rest of the world).
fn code(name: &str, text: &str) -> Vec<String> {
    let stem = name.trim_end_matches(".rs");
    if stem.split('/').any(|part| part == "tests") || stem.ends_with("_tests") {
        return Vec::new();
    }
    let before_tests = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = before_tests.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    lines.map(ToOwned::to_owned).collect()
}

fn room(name: &str) -> &str {
    name.split('/').next().unwrap()
}

/// The rooms a line names by `crate::`; a group `crate::{a::…, b::…}` names one for each of its members.
fn rooms_named(line: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    line.match_indices("crate::").map(|(at, found)| word(&line[at + found.len()..])).collect()
}

#[test]
fn every_arrow_between_rooms_is_allowed() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let own = room(&name);
        if name == "lib.rs" {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == own) else {
            wrong.push(format!("{name}: the room {own} is not in the table"));
            continue;
        };
        for line in code(&name, &text) {
            for to in rooms_named(&line) {
                // `crate::{` would hide its rooms from this check.
                if to != own && !allowed.contains(&to.as_str()) {
                    wrong.push(format!("{name}: {own} may not use {to:?}: {line}"));
                }
                if own == "http"
                    && to == "actors"
                    && !(name.starts_with("http/live/") || name == "http/site.rs")
                {
                    wrong.push(format!("{name}: only http/live and http/site may use actors: {line}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_outside_crate_has_its_door() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        for line in code(&name, &text) {
            for (outside, places) in DOORS {
                let named = line.match_indices(&format!("{outside}::")).any(|(at, _)| {
                    let before = line[..at].chars().next_back();
                    !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
                });
                if named && !places.iter().any(|place| name.starts_with(place)) {
                    wrong.push(format!("{name}: {outside} has its door in {places:?}: {line}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn http_only_reads() {
    let begins = sources().into_iter().filter(|(name, _)| name.starts_with("http/"));
    for (name, text) in begins {
        let writes = code(&name, &text).into_iter().find(|line| line.contains(".begin()"));
        assert_eq!(writes, None, "{name} writes to the store");
    }
}

#[test]
fn the_domain_waits_for_nothing() {
    for (name, text) in sources().into_iter().filter(|(name, _)| name.starts_with("domain/")) {
        let waits = |line: &String| {
            ["async ", ".await", "tokio::", "std::fs", "std::net::Tcp"].iter().any(|w| line.contains(w))
        };
        assert_eq!(code(&name, &text).into_iter().find(waits), None, "{name}");
    }
}
