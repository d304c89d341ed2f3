//! `menfang doctor`.

use std::process::ExitCode;
use std::time::Duration;

use crate::config::Config;
use crate::domain::scope::OrgScope;
use crate::domain::service_account::{PushMode, ServiceAccount};
use crate::server::{self, World, sections};
use crate::store::{Database, Store};
use crate::wechat::{Credentials, NetworkFailure, Trouble, WeChat};

use super::{ConfigFile, out};

/// One row of the table.
struct Check {
    what: String,
    /// How to mend it; none when it is well.
    mend: Option<String>,
}

/// Checks everything, prints a table, and fails if anything does.
///
/// # Errors
/// The configuration cannot be read.
pub async fn run(file: &ConfigFile) -> anyhow::Result<ExitCode> {
    let config = file.load()?;
    let world = World::real()?;
    let mut checks = vec![Check { what: "configuration".into(), mend: None }];
    checks.extend(redis(&config, &world).await);
    let database = Database { beside: true, ..sections::database(&config) };
    let opened =
        Store::open(&database, sections::vault(&config), world.clock.clone(), world.entropy.clone()).await;
    match opened {
        Ok(store) => {
            checks.push(Check { what: "database".into(), mend: None });
            checks.extend(rows(&store, &config, &world).await);
        }
        Err(error) => checks.push(Check { what: "database".into(), mend: Some(error.to_string()) }),
    }
    for check in &checks {
        match &check.mend {
            None => out::line(&format!("ok    {}", check.what)),
            Some(mend) => out::line(&format!("FAIL  {}: {mend}", check.what)),
        }
    }
    let well = checks.iter().all(|check| check.mend.is_none());
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Whether the Redis that connects nodes can be used; nothing without one.
async fn redis(config: &Config, world: &World) -> Option<Check> {
    let mend = match sections::redis(config, world) {
        Ok(settings) => server::check_redis(&settings?).await.err(),
        Err(error) => Some(error.to_string()),
    };
    Some(Check { what: "Redis".into(), mend })
}

async fn rows(store: &Store, config: &Config, world: &World) -> Vec<Check> {
    let mut checks = Vec::new();
    let schema = match store.schema_status().await {
        Ok(changes) if changes.iter().all(|change| change.applied) => None,
        Ok(_) => Some("changes are missing; run `menfang migrate up`".into()),
        Err(error) => Some(error.to_string()),
    };
    let has_schema = schema.is_none();
    checks.push(Check { what: "schema".into(), mend: schema });
    if !has_schema {
        return checks;
    }
    match server::disagreements(store, config).await {
        Ok(differ) if differ.is_empty() => checks.push(Check { what: "secrets".into(), mend: None }),
        Ok(differ) => checks.extend(
            differ.into_iter().map(|error| Check { what: "secrets".into(), mend: Some(error.to_string()) }),
        ),
        Err(error) => checks.push(Check { what: "secrets".into(), mend: Some(error.to_string()) }),
    }
    let accounts = match store.all_service_accounts().await {
        Ok(accounts) => accounts,
        Err(error) => {
            let mend = format!("{error}; are secrets.encryption_keys those that sealed these rows?");
            checks.push(Check { what: "service accounts".into(), mend: Some(mend) });
            return checks;
        }
    };
    let wechat = WeChat::new(world.http.clone(), sections::endpoints(config), world.clock.clone());
    for account in accounts {
        checks.extend(service_account(&account, &wechat, config, world).await);
        checks.push(templates(&account, store).await);
    }
    checks
}

/// What can be wrong with a service account: on WeChat's side, on ours, and in between.
async fn service_account(
    account: &ServiceAccount,
    wechat: &WeChat,
    config: &Config,
    world: &World,
) -> Vec<Check> {
    let check =
        |what: String, mend| Check { what: format!("service account {}: {what}", account.appid), mend };
    let mut checks = vec![
        check("credentials".into(), try_credentials(account, wechat).await),
        check("pushes are encrypted".into(), insecure(account.mode).map(ToOwned::to_owned)),
    ];
    let Some(url) = &config.http.public_url else { return checks };
    let callback = format!("{url}/wechat/{}/events", account.appid);
    checks.push(check(format!("callback {callback}"), reach(world, &callback).await));
    if let Some(file) = &account.domain_file {
        let place = format!("{url}/{}", file.name());
        let mend = served(world, &place, file.text()).await;
        checks.push(check(format!("domain file {place}"), mend));
    }
    checks
}

/// How many message templates were fetched; none is no failure, for an account may do without.
async fn templates(account: &ServiceAccount, store: &Store) -> Check {
    let known = store.count_templates(OrgScope::of_row(account.organization), account.id).await;
    let (count, mend) = match known {
        Ok(count) => (count.to_string(), None),
        Err(error) => ("unknown".into(), Some(error.to_string())),
    };
    Check { what: format!("service account {}: message templates: {count}", account.appid), mend }
}

async fn try_credentials(account: &ServiceAccount, wechat: &WeChat) -> Option<String> {
    let credentials = Credentials {
        account: account.id,
        organization: account.organization,
        appid: account.appid.clone(),
        secret: account.secret.clone(),
    };
    match tokio::time::timeout(Duration::from_secs(10), wechat.check_credentials(&credentials)).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.trouble().to_string()),
        Err(_) => Some(Trouble::Unreachable(NetworkFailure::Timeout).to_string()),
    }
}

/// What is wrong with a mode other than safe.
fn insecure(mode: PushMode) -> Option<&'static str> {
    match mode {
        PushMode::Safe => None,
        PushMode::Compatible => Some(
            "the mode is compatible: pushes also come in clear; choose safe mode (安全模式) in WeChat's console and bind the \
             account again with --mode safe",
        ),
        PushMode::Plain => Some(
            "the mode is plain: pushes come in clear, and their signature does not cover them; choose safe mode (安全模式) in \
             WeChat's console and bind the account again with --mode safe",
        ),
    }
}

/// Whether our own callback answers from outside: without a signature it must refuse with 403.
async fn reach(world: &World, callback: &str) -> Option<String> {
    match world.http.get(callback).send().await.map(|answer| answer.status().as_u16()) {
        Ok(403) => None,
        Ok(status) => Some(format!(
            "it answers {status} where menfang would answer 403; does the proxy pass the path and the Host on?"
        )),
        Err(_) => {
            Some("it cannot be reached; does http.public_url lead to this server, and does it run?".into())
        }
    }
}

/// Whether WeChat's file is at its place: exactly as it was bound, or WeChat does not take the domain.
async fn served(world: &World, place: &str, text: &str) -> Option<String> {
    let Ok(answer) = world.http.get(place).send().await else {
        return Some(
            "it cannot be reached; does http.public_url lead to this server, and does it run?".into(),
        );
    };
    match answer.status().as_u16() {
        200 if answer.text().await.is_ok_and(|body| body == text) => None,
        200 => Some(
            "it says something else than the binding; does the proxy answer with a file of its own?".into(),
        ),
        status => Some(format!(
            "it answers {status} where menfang would answer 200; does the proxy pass the path and the Host on?"
        )),
    }
}
