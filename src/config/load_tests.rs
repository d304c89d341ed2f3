use std::path::PathBuf;

use tempfile::TempDir;

use super::super::values::SECRET_KEYS;
use super::super::{Language, LogFormat, SmsProvider};
use super::*;

const KEY_A: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
const KEY_B: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";
const KEY_C: &str = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";

/// The keys without which nothing starts, and then whatever a test wants to set.
fn with(overrides: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let required = [
        ("secrets.encryption_keys", format!("a:{KEY_A}")),
        ("secrets.index_key", KEY_B.to_owned()),
        ("secrets.signing_key", KEY_C.to_owned()),
    ];
    let kept = required.into_iter().filter(|(key, _)| {
        overrides.iter().all(|(other, _)| other != key && *other != format!("{key}_file"))
    });
    kept.chain(overrides.iter().map(|(key, value)| (*key, (*value).to_owned()))).collect()
}

fn load(overrides: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
    Config::load_from(None, [], &with(overrides))
}

fn environment(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::load_from(
        None,
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        &with(&[]),
    )
}

/// A file with `text`, as long as the folder lives.
fn file(folder: &TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("menfang.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_defaults_are_the_contracts() {
    let config = load(&[]).unwrap();
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.http.public_origin(config.http.listen).to_string(), "http://127.0.0.1:8080");
    assert_eq!((config.http.shutdown_seconds, config.http.trusted_proxies.len()), (30, 0));
    assert_eq!(config.http.default_language, Language::Chinese);
    assert_eq!(config.ops.listen.to_string(), "127.0.0.1:9090");
    assert_eq!(config.wechat.api_url.as_str(), "https://api.weixin.qq.com");
    assert_eq!(config.wechat.open_url.as_str(), "https://open.weixin.qq.com");
    assert_eq!(config.wechat.avatar_origins.len(), 2);
    assert_eq!(config.sms.provider, SmsProvider::Console);
    assert_eq!(config.lifetimes.qr().as_secs(), 120);
    assert_eq!((config.limits.guesses_per_code, config.limits.codes_per_address_hour), (5, 600));
    assert_eq!(
        (config.api.requests_per_second, config.api.burst, config.api.failed_keys_per_minute),
        (50, 100, 20)
    );
    assert_eq!((config.api.idempotency().as_secs(), config.api.key().as_secs()), (86_400, 31_536_000));
    assert_eq!(config.accounts.invitation().as_secs(), 604_800);
    assert_eq!((config.accounts.login_idle().as_secs(), config.accounts.login().as_secs()), (1_800, 43_200));
    assert_eq!((config.accounts.password_min_length, config.accounts.password_max_length), (8, 128));
    let seats = config.seats;
    assert_eq!((seats.members_free, seats.members_trial, seats.members_standard), (10, 30, 30));
    assert_eq!((seats.members_enterprise, seats.members_ultimate), (30, 30));
    let packs: Vec<_> = config.billing.packs.iter().map(|pack| (pack.seats, pack.yearly_fen)).collect();
    assert_eq!(packs, [(100, 50_000), (1_000, 100_000), (10_000, 500_000)]);
    assert_eq!(config.billing.currency.as_str(), "CNY");
    assert_eq!(config.telemetry.log_format, LogFormat::Json);
}

#[test]
fn the_price_list_can_be_set_in_the_environment() {
    let config = environment(&[("MENFANG__BILLING__PACKS", "50:99.90, 500:600")]).unwrap();
    let packs: Vec<_> = config.billing.packs.iter().map(|pack| (pack.seats, pack.yearly_fen)).collect();
    assert_eq!(packs, [(50, 9_990), (500, 60_000)]);
}

#[test]
fn each_layer_is_stronger_than_the_one_before() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "[lifetimes]\nqr_seconds = 10\nbind_seconds = 20\ncode_seconds = 30\n");
    let variables = [
        ("MENFANG__LIFETIMES__BIND_SECONDS", "21"),
        ("MENFANG__LIFETIMES__CODE_SECONDS", "31"),
        ("HOME", "/root"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let lifetimes = Config::load_from(Some(&path), variables, &with(&[("lifetimes.code_seconds", "32")]))
        .unwrap()
        .lifetimes;
    assert_eq!(
        (lifetimes.claim_seconds, lifetimes.qr_seconds, lifetimes.bind_seconds, lifetimes.code_seconds),
        (60, 10, 21, 32)
    );
}

#[test]
fn a_list_is_an_array_in_a_file_and_has_commas_elsewhere() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "[http]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n");
    assert_eq!(Config::load_from(Some(&path), [], &with(&[])).unwrap().http.trusted_proxies.len(), 2);
    let config = environment(&[("MENFANG__HTTP__TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1,::1")]).unwrap();
    assert_eq!(config.http.trusted_proxies.len(), 3);
}

#[test]
fn a_text_that_looks_like_a_number_stays_a_text() {
    let config = load(&[("sms.tencent.template_id", "007")]).unwrap();
    assert_eq!(config.sms.tencent.template_id, "007");
}

#[test]
fn an_unknown_key_is_named_with_its_place() {
    let folder = TempDir::new().unwrap();
    for (text, key) in [
        ("[http]\ncolour = 1\n", "http.colour"),
        ("[htpt]\n", "htpt"),
        ("[http.listen]\nx = 1\n", "http.listen.x"),
    ] {
        let path = file(&folder, text);
        let error = Config::load_from(Some(&path), [], &with(&[])).unwrap_err();
        assert_eq!(error.key, key);
        assert!(
            error.problem.contains("no such key (in the file ") && error.problem.contains("menfang.toml"),
            "{error}"
        );
    }
    let error = environment(&[("MENFANG__HTTP__COLOUR", "red")]).unwrap_err();
    assert_eq!(error.key, "http.colour");
    assert!(error.problem.contains("environment variable MENFANG__HTTP__COLOUR"), "{error}");
    assert_eq!(load(&[("http.colour", "red")]).unwrap_err().key, "http.colour");
    // Only secrets are read from files.
    assert_eq!(load(&[("http.listen_file", "/etc/hostname")]).unwrap_err().key, "http.listen_file");
}

#[test]
fn a_secret_comes_from_a_file_without_its_line_break() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, &format!("{KEY_A}\n"));
    let path = path.to_str().unwrap();
    let config = load(&[("secrets.index_key_file", path)]).unwrap();
    assert_eq!(config.secrets.index_key.expose(), &[1; 32]);
    let variables = [("MENFANG__SECRETS__INDEX_KEY_FILE".to_owned(), path.to_owned())];
    let required: Vec<_> = with(&[]).into_iter().filter(|(key, _)| *key != "secrets.index_key").collect();
    assert_eq!(Config::load_from(None, variables, &required).unwrap().secrets.index_key.expose(), &[1; 32]);
    let config_file = folder.path().join("other.toml");
    std::fs::write(&config_file, format!("[secrets]\nindex_key_file = {path:?}\n")).unwrap();
    assert_eq!(
        Config::load_from(Some(&config_file), [], &required).unwrap().secrets.index_key.expose(),
        &[1; 32]
    );
}

#[test]
fn a_list_of_secrets_comes_from_a_file_one_a_line() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, &format!("new:{KEY_A}\nold:{KEY_B}\n"));
    let config = load(&[("secrets.encryption_keys_file", path.to_str().unwrap())]).unwrap();
    let ids: Vec<_> = config.secrets.encryption_keys.iter().map(|key| key.id.as_str()).collect();
    assert_eq!(ids, ["new", "old"]);
}

#[test]
fn a_secret_given_twice_in_one_place_or_from_no_file_is_refused() {
    let error = environment(&[
        ("MENFANG__SECRETS__INDEX_KEY", KEY_A),
        ("MENFANG__SECRETS__INDEX_KEY_FILE", "/dev/null"),
    ])
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "secrets.index_key: given twice, as secrets.index_key and as secrets.index_key_file: keep one"
    );
    let error = load(&[("secrets.index_key_file", "/nowhere/key")]).unwrap_err();
    assert!(
        error.to_string().starts_with("secrets.index_key_file: cannot read the file \"/nowhere/key\""),
        "{error}"
    );
}

#[test]
fn a_value_that_cannot_be_used_is_told_with_its_key() {
    let cases = [
        ("http.listen", "localhost"),
        ("http.public_url", "login.example.com"),
        ("http.public_url", "https://login.example.com/"),
        ("http.public_url", "http://login.example.com"),
        ("http.trusted_proxies", "10.0.0.0/40"),
        ("http.insecure", "yes"),
        ("http.workers", "-1"),
        ("http.max_connections", "0"),
        ("http.body_bytes", "64k"),
        ("http.default_language", "fr"),
        ("ops.listen", "9090"),
        ("database.url", "postgres://user:hush@db/menfang"),
        ("database.url", "postgres://user:hush@127.0.0.1"),
        ("database.url", "mysql://user:hush@127.0.0.1/"),
        ("database.readers", "0"),
        ("redis.url", "redis://:hush@redis"),
        ("wechat.api_url", "api.weixin.qq.com"),
        ("wechat.open_url", "https://open.weixin.qq.com/"),
        ("wechat.avatar_origins", "https://a.example/x"),
        ("sms.provider", "pigeon"),
        ("sms.allowed_countries", "86"),
        ("sms.allowed_countries", ""),
        ("sms.text", "hello"),
        ("sms.http.url", "gateway"),
        ("sms.http.url", "https://user:hush@gateway.example"),
        ("secrets.encryption_keys", ""),
        ("secrets.encryption_keys", "hush"),
        ("secrets.encryption_keys", "a:hush"),
        ("secrets.index_key", "hush"),
        ("secrets.signing_key", ""),
        ("lifetimes.qr_seconds", "0"),
        ("lifetimes.device_days", "401"),
        ("limits.guesses_per_code", "11"),
        ("limits.codes_per_phone_hour", "0"),
        ("api.requests_per_second", "0"),
        ("api.burst", "1000001"),
        ("api.idempotency_hours", "0"),
        ("api.key_days", "366"),
        ("accounts.invitation_days", "0"),
        ("accounts.login_idle_minutes", "1441"),
        ("accounts.password_min_length", "7"),
        ("accounts.password_max_length", "63"),
        ("seats.members_free", "0"),
        ("seats.members_trial", "ten"),
        ("billing.currency", "yuan"),
        ("billing.packs", ""),
        ("billing.packs", "100"),
        ("billing.packs", "100:500,100:400"),
        ("billing.packs", "100:5.001"),
        ("retention.codes_hours", "23"),
        ("telemetry.log_format", "xml"),
        ("telemetry.log_level", "loud"),
        ("telemetry.log_level", ""),
    ];
    for (key, value) in cases {
        let error = load(&[(key, value)]).expect_err(key);
        assert_eq!(error.key, key, "{error}");
        assert!(error.problem.starts_with("must") || error.problem.starts_with("each entry must"), "{error}");
        assert!(!error.to_string().contains("hush"), "{error}");
        assert!(
            SECRET_KEYS.contains(&key)
                || value.is_empty()
                || key == "sms.text"
                || error.problem.contains("got")
                || error.problem.ends_with("number")
                || error.problem.ends_with("false"),
            "{error}"
        );
    }
}

#[test]
fn the_wrong_kind_in_a_file_is_told_with_its_key() {
    let folder = TempDir::new().unwrap();
    let cases = [
        ("[http]\nlisten = 8080\n", "http.listen: must be a text in quotes"),
        ("[http]\nworkers = 1.5\n", "http.workers: must be a whole number"),
        ("[http]\ninsecure = 1\n", "http.insecure: must be true or false"),
        ("[http]\ntrusted_proxies = [1]\n", "http.trusted_proxies: must be a list of texts"),
        ("[secrets]\nindex_key_file = 1\n", "secrets.index_key_file: must be the path of a file"),
    ];
    for (text, wanted) in cases {
        let error = Config::load_from(Some(&file(&folder, text)), [], &with(&[])).unwrap_err();
        assert_eq!(error.to_string(), wanted);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_without_its_text() {
    let error = Config::load_from(Some(Path::new("/nowhere/menfang.toml")), [], &with(&[])).unwrap_err();
    assert!(error.to_string().starts_with("--config: cannot read /nowhere/menfang.toml"), "{error}");
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "[secrets]\nindex_key = \"hush\nhush = hush");
    let error = Config::load_from(Some(&path), [], &with(&[])).unwrap_err();
    assert!(error.to_string().contains("menfang.toml line 2 is not valid TOML"), "{error}");
    assert!(!error.to_string().contains("hush"), "{error}");
}

#[test]
fn a_public_url_has_to_be_said_and_be_https_where_others_reach_us() {
    assert_eq!(load(&[("http.listen", "0.0.0.0:8080")]).unwrap_err().key, "http.public_url");
    let outside = [("http.listen", "0.0.0.0:8080"), ("http.public_url", "https://login.example.com")];
    assert!(load(&outside).is_ok());
    assert!(load(&[("http.public_url", "http://[::1]:8080")]).is_ok());
    assert!(load(&[("http.public_url", "http://login.lan"), ("http.insecure", "true")]).is_ok());
}

#[test]
fn the_chosen_sms_provider_needs_its_keys() {
    let http = [("sms.provider", "http"), ("sms.http.url", "http://127.0.0.1:8090/sms")];
    assert_eq!(
        load(&http).unwrap_err().to_string(),
        "sms.http.secret: must be set while sms.provider is \"http\""
    );
    assert_eq!(load(&[("sms.provider", "aliyun")]).unwrap_err().key, "sms.aliyun.access_key_id");
    assert_eq!(load(&[("sms.provider", "tencent")]).unwrap_err().key, "sms.tencent.secret_id");
}

#[test]
fn keys_are_not_shared_between_purposes_or_given_twice() {
    assert_eq!(load(&[("secrets.index_key", KEY_C)]).unwrap_err().key, "secrets.index_key");
    for twice in [format!("a:{KEY_A},a:{KEY_B}"), format!("a:{KEY_A},b:{KEY_A}")] {
        assert_eq!(load(&[("secrets.encryption_keys", &twice)]).unwrap_err().key, "secrets.encryption_keys");
    }
}

#[test]
fn a_printed_configuration_shows_no_secret() {
    let config = load(&[
        ("sms.http.secret", "hush"),
        ("sms.tencent.secret_key", "hush"),
        ("database.url", "sqlite://hush"),
    ])
    .unwrap();
    let printed = format!("{config:?}");
    assert!(!printed.contains("hush") && !printed.contains(KEY_A) && printed.contains("[redacted]"));
}

#[test]
fn every_default_is_read_by_a_section() {
    // A key that no section reads would be accepted and then ignored: take each away and see that somebody misses it.
    let keys: Vec<String> = Values::from_defaults(DEFAULTS).unwrap().keys().map(str::to_owned).collect();
    let set: Vec<_> =
        with(&[]).into_iter().map(|(key, value)| (key.to_owned(), Value::String(value))).collect();
    for key in keys {
        let mut values = Values::from_defaults(DEFAULTS).unwrap();
        values.lay(set.clone(), |_| String::new()).unwrap();
        values.forget(&key);
        assert_eq!(Config::read(&values).unwrap_err(), ConfigError::new(&key, "has no default"));
    }
}

/// What `config/cluster.toml` asks for, as an operator gives it.
const OF_A_CLUSTER: [(&str, &str); 6] = [
    ("MENFANG__DATABASE__URL", "postgres://menfang:p%40ss@db.internal/menfang?sslmode=verify-full"),
    ("MENFANG__REDIS__URL", "rediss://:pass@redis.internal"),
    ("MENFANG__SECRETS__ENCRYPTION_KEYS", "k1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="),
    ("MENFANG__SECRETS__INDEX_KEY", KEY_B),
    ("MENFANG__SECRETS__SIGNING_KEY", KEY_C),
    ("MENFANG__SMS__ALIYUN__ACCESS_KEY_SECRET", "pass"),
];

#[test]
fn the_example_of_a_cluster_loads_with_secrets_from_the_environment() {
    let example = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/config/cluster.toml"));
    let load = |variables: &[(&str, &str)]| {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load_from(Some(&example), variables, &[])
    };
    let config = load(&OF_A_CLUSTER).unwrap();
    assert!(config.database.url.expose().starts_with("postgres://"));
    assert_eq!(config.http.trusted_proxies.len(), 1);
    for without in 0..OF_A_CLUSTER.len() {
        let mut some = OF_A_CLUSTER.to_vec();
        let (left_out, _) = some.remove(without);
        // The database and Redis have defaults for one node; nothing else can do without.
        if !left_out.contains("URL") {
            let error = load(&some).unwrap_err().to_string();
            let key = left_out.trim_start_matches("MENFANG__").replace("__", ".").to_lowercase();
            assert!(error.contains(&key), "{left_out}: {error}");
        }
    }
}

#[test]
fn the_example_of_a_cluster_explains_each_of_its_keys() {
    let text = include_str!("../../config/cluster.toml");
    let (mut explained, mut section) = (false, "");
    for line in text.lines() {
        if line.starts_with('[') {
            section = line;
        }
        // Those of a provider explain themselves.
        let is_key = !line.starts_with(['#', '[']) && line.contains(" = ") && section != "[sms.aliyun]";
        assert!(!is_key || explained, "{section} {line}");
        explained = line.starts_with("# ");
    }
}
