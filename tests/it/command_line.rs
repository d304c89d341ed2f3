//! The program itself: exit codes, what it says, and first set-up from the shell.

use std::path::Path;
use std::process::{Command, Output};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const INDEX: &str = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
const SIGNING: &str = "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=";

/// The program with an environment of its own and a database in `folder`.
fn menfang(folder: &Path, arguments: &[&str], more: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_menfang"));
    command
        .args(arguments)
        .env_clear()
        .env("MENFANG__DATABASE__URL", format!("sqlite://{}", folder.join("m.db").display()))
        .env("MENFANG__SECRETS__ENCRYPTION_KEYS", format!("k1:{KEY}"))
        .env("MENFANG__SECRETS__INDEX_KEY", INDEX)
        .env("MENFANG__SECRETS__SIGNING_KEY", SIGNING);
    for (name, value) in more {
        command.env(name, value);
    }
    command.output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_wrong_setting_ends_with_2_and_the_keys_name() {
    let folder = tempfile::tempdir().unwrap();
    for (variable, value, key) in [
        ("MENFANG__HTTP__LISEN", "127.0.0.1:1", "http.lisen"),
        ("MENFANG__HTTP__PUBLIC_URL", "ftp://x", "http.public_url"),
        ("MENFANG__SECRETS__INDEX_KEY", "", "secrets.index_key"),
        ("MENFANG__DATABASE__URL", "postgres://x/y", "database.url"),
        ("MENFANG__REDIS__URL", "redis://x", "redis.url"),
    ] {
        let output = menfang(folder.path(), &["serve"], &[(variable, value)]);
        assert_eq!(output.status.code(), Some(2), "{key}");
        assert!(stderr(&output).contains(key), "{key} is not named: {}", stderr(&output));
    }
    assert_eq!(menfang(folder.path(), &["serve", "--no-such-flag"], &[]).status.code(), Some(2));
    assert_eq!(menfang(folder.path(), &["--help"], &[]).status.code(), Some(0));
}

#[test]
fn the_schema_goes_up_and_down_and_the_doctor_says_how_to_mend() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| menfang(folder.path(), arguments, &[]);
    assert_eq!(run(&["migrate", "status"]).status.code(), Some(1), "nothing is applied yet");
    let doctor = run(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(stdout(&doctor).contains("menfang migrate up"), "{}", stdout(&doctor));
    assert_eq!(run(&["migrate", "up"]).status.code(), Some(0));
    assert_eq!(run(&["migrate", "status"]).status.code(), Some(0));
    assert_eq!(run(&["doctor"]).status.code(), Some(0));
    assert_eq!(run(&["migrate", "down"]).status.code(), Some(0));
    assert_eq!(run(&["migrate", "status"]).status.code(), Some(1));
}

#[test]
fn an_organization_is_set_up_from_the_shell_and_sealed_anew_with_another_key() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| menfang(folder.path(), arguments, &[]);
    let made = run(&["admin", "create-organization", "--name", "Example", "--edition", "free"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let id =
        serde_json::from_str::<serde_json::Value>(&stdout(&made)).unwrap()["id"].as_str().unwrap().to_owned();
    let app =
        |slug: &str| run(&["admin", "create-app", "--organization", &id, "--name", "Shop", "--slug", slug]);
    assert!(app("shop").status.success());
    assert_eq!(app("shop").status.code(), Some(1), "the slug is taken");
    assert_eq!(app("-no-").status.code(), Some(2), "the slug breaks its rule");
    let unknown = [
        "admin",
        "create-app",
        "--organization",
        "org_00000000000000000000000000",
        "--name",
        "x",
        "--slug",
        "other",
    ];
    assert_eq!(run(&unknown).status.code(), Some(2), "no such organization");

    let secrets = folder.path().join("secrets.json");
    let text = format!(r#"{{"secret":"s3cret","token":"t0ken","encoding_aes_key":"{}"}}"#, "A".repeat(43));
    std::fs::write(&secrets, text).unwrap();
    let file = secrets.to_str().unwrap();
    let bind = [
        "admin",
        "bind-service-account",
        "--organization",
        &id,
        "--appid",
        "wx0123456789abcdef",
        "--secrets",
        file,
        // There is no such account at WeChat.
        "--no-check",
    ];
    assert!(run(&bind).status.success());
    assert_eq!(run(&bind).status.code(), Some(1), "an organization has one service account");

    let both = format!("k2:{SIGNING},k1:{KEY}");
    let resealed =
        menfang(folder.path(), &["admin", "reencrypt"], &[("MENFANG__SECRETS__ENCRYPTION_KEYS", &both)]);
    assert!(resealed.status.success(), "{}", stderr(&resealed));
    assert!(stdout(&resealed).contains(r#""resealed":3"#), "{}", stdout(&resealed));
    let new_only = format!("k2:{SIGNING}");
    // Without the old key everything still opens: the doctor gets as far as asking WeChat.
    let nowhere = [
        ("MENFANG__SECRETS__ENCRYPTION_KEYS", new_only.as_str()),
        ("MENFANG__WECHAT__API_URL", "http://127.0.0.1:9"),
    ];
    let doctor = menfang(folder.path(), &["doctor"], &nowhere);
    assert!(stdout(&doctor).contains("wx0123456789abcdef"), "{}{}", stdout(&doctor), stderr(&doctor));
    let file = folder.path().join("m.db");
    let permissions =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(permissions & 0o777, 0o600, "others may read the database");
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"s3cret"), "a secret stands in clear");
}
