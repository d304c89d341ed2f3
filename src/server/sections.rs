//! Hands each room its section of the configuration, in the room's own words.

use std::sync::Arc;
use std::time::Duration;

use crate::bus::redis::{Servers, Settings};
use crate::config::{Config, ConfigError, Language, RedisServers, Secret, SmsProvider};
use crate::domain::billing::{InvalidPriceList, PackPrice, PriceList};
use crate::domain::delivery::SendRules;
use crate::domain::keys::SigningKey;
use crate::domain::policy::{
    AccountRules, ApiRules, DispatchRules, Lifetimes, Limits, MemberSeats, PasswordLength,
};
use crate::domain::retry::Backoff;
use crate::http::i18n::Lang;
use crate::http::site::Front;
use crate::sms::{self, AliyunSettings, HttpSettings, TencentSettings};
use crate::store::Database;
use crate::store::retention::Retention;
use crate::store::vault::Vault;
use crate::wechat::{DEADLINE, Endpoints};

use super::World;

/// For `store`: where the rows are.
pub fn database(config: &Config) -> Database {
    Database {
        url: config.database.url.expose().to_owned(),
        readers: config.database.readers,
        acquire: config.database.acquire(),
        connections: config.database.connections,
        background_connections: config.database.background_connections,
        answer: config.database.answer(),
        transaction: config.database.transaction(),
        behind: config.database.transaction(),
        beside: false,
    }
}

/// For `bus`: where Redis is, what names begin with there, and under which key they are hashed; none without Redis.
///
/// # Errors
/// `redis.url` cannot be used.
pub fn redis(config: &Config, world: &World) -> Result<Option<Settings>, ConfigError> {
    let text = |url: &Secret| url.expose().to_owned();
    let servers = match config.redis.servers()? {
        None => return Ok(None),
        Some(RedisServers::One(url)) => Servers::One(text(&url)),
        Some(RedisServers::Cluster(urls)) => Servers::Cluster(urls.iter().map(text).collect()),
        Some(RedisServers::Sentinel(urls, master)) => {
            Servers::Sentinel { sentinels: urls.iter().map(text).collect(), master }
        }
    };
    Ok(Some(Settings {
        servers,
        prefix: config.redis.prefix.clone(),
        signing: SigningKey::new(*config.secrets.signing_key.expose()),
        entropy: Arc::clone(&world.entropy),
    }))
}

/// For `store`: what seals them.
pub fn vault(config: &Config) -> Vault {
    let keys: Vec<_> =
        config.secrets.encryption_keys.iter().map(|entry| (entry.id.clone(), *entry.key.expose())).collect();
    Vault::new(&keys, *config.secrets.index_key.expose())
}

/// For the janitor: how long rows are kept.
pub fn retention(config: &Config) -> Retention {
    let keep = &config.retention;
    Retention {
        qr_sessions: keep.qr_sessions(),
        changes: keep.changes(),
        codes: keep.codes(),
        callback_events: keep.callback_events(),
        ended_logins: keep.ended_logins(),
        invitations: keep.invitations(),
        idempotency: config.api.idempotency(),
        known_browsers: config.lifetimes.device(),
        notifications: keep.notifications(),
        audiences: keep.audiences(),
        audit: keep.audit(),
    }
}

/// For `domain`: how long things live.
pub fn lifetimes(config: &Config) -> Lifetimes {
    let life = &config.lifetimes;
    Lifetimes {
        qr: life.qr(),
        bind: life.bind(),
        decision: life.decision(),
        claim: life.claim(),
        held: life.held(),
        browser: life.browser(),
        oauth_state: life.oauth_state(),
        code: life.code(),
        device: life.device(),
        idle_pc: life.login_idle_pc(),
        idle_wechat: life.login_idle_wechat(),
    }
}

/// For `domain`: how many there may be.
pub fn limits(config: &Config) -> Limits {
    let limits = &config.limits;
    Limits {
        code_interval: limits.code_interval(),
        codes_per_phone_hour: limits.codes_per_phone_hour,
        codes_per_phone_day: limits.codes_per_phone_day,
        codes_per_phone_day_all: limits.codes_per_phone_day_all,
        codes_per_openid_10min: limits.codes_per_openid_10min,
        codes_per_openid_day: limits.codes_per_openid_day,
        phones_per_openid_day: limits.phones_per_openid_day,
        codes_per_address_hour: limits.codes_per_address_hour,
        codes_per_address_day: limits.codes_per_address_day,
        codes_per_organization_day: limits.codes_per_organization_day,
        guesses_per_code: limits.guesses_per_code,
        wrong_guesses_per_phone_day: limits.wrong_guesses_per_phone_day,
        qr_per_address_minute: limits.qr_per_address_minute,
        qr_live_per_address: limits.qr_live_per_address,
        qr_live_per_browser: limits.qr_live_per_browser,
        logins_per_user: limits.logins_per_user,
    }
}

/// For `domain`: what callers of the API are held to.
pub fn api_rules(config: &Config) -> ApiRules {
    let api = &config.api;
    ApiRules {
        requests_per_second: api.requests_per_second,
        burst: api.burst,
        failed_keys_per_minute: api.failed_keys_per_minute,
        idempotency: api.idempotency(),
        key: api.key(),
    }
}

/// For `domain`: what platform accounts are held to.
pub fn account_rules(config: &Config) -> AccountRules {
    let accounts = &config.accounts;
    AccountRules {
        invitation: accounts.invitation(),
        login_idle: accounts.login_idle(),
        login: accounts.login(),
        logins: accounts.logins,
        sign_ins_per_phone: accounts.sign_ins_per_phone,
        sign_ins_per_address: accounts.sign_ins_per_address,
        password: PasswordLength { least: accounts.password_min_length, most: accounts.password_max_length },
    }
}

/// For `domain`: the member seats of each edition.
pub fn member_seats(config: &Config) -> MemberSeats {
    let seats = &config.seats;
    MemberSeats {
        free: seats.members_free,
        trial: seats.members_trial,
        standard: seats.members_standard,
        enterprise: seats.members_enterprise,
        ultimate: seats.members_ultimate,
    }
}

/// For `domain`: what expansion packs cost.
///
/// # Errors
/// None that the configuration lets through.
pub fn price_list(config: &Config) -> Result<PriceList, InvalidPriceList> {
    let packs = config.billing.packs.iter();
    let packs = packs.map(|pack| PackPrice { size: pack.seats, yearly_fen: pack.yearly_fen }).collect();
    PriceList::new(config.billing.currency.as_str(), packs)
}

/// The longest pause between two tries of a send.
const LONGEST_RETRY: Duration = Duration::from_hours(1);

/// For the dispatcher and those who order: how notifications are taken and sent.
pub fn dispatch_rules(config: &Config) -> DispatchRules {
    let (wechat, notifications) = (&config.wechat, &config.notifications);
    let first = Duration::from_millis(notifications.retry_first_ms);
    DispatchRules {
        per_second: wechat.sends_per_second,
        burst: if wechat.send_burst == 0 { (wechat.sends_per_second / 10).max(1) } else { wechat.send_burst },
        in_flight: usize::try_from(wechat.sends_in_flight).unwrap_or(usize::MAX),
        daily_quota: wechat.daily_quota,
        urgent_reserve_percent: notifications.urgent_reserve_percent,
        app_share_percent: notifications.app_share_percent,
        per_person_per_day: notifications.per_person_per_day,
        follow_wait: Duration::from_hours(notifications.follow_wait_hours.into()),
        sends: SendRules {
            backoff: Backoff { first, longest: LONGEST_RETRY },
            tries: notifications.tries,
            window: wechat.dedupe_window(),
            // Fetching a token may take as long as the call itself.
            deadline: DEADLINE * 2,
        },
        lease: Duration::from_secs(notifications.lease_seconds),
        named_recipients: notifications.named_recipients,
    }
}

/// For `wechat`: where it is.
pub fn endpoints(config: &Config) -> Endpoints {
    Endpoints {
        api_url: config.wechat.api_url.as_str().to_owned(),
        open_url: config.wechat.open_url.as_str().to_owned(),
    }
}

/// For `sms`: which gateway.
pub fn gateway(config: &Config) -> sms::Settings {
    let sms = &config.sms;
    match sms.provider {
        SmsProvider::Console => sms::Settings::Console,
        SmsProvider::Http => sms::Settings::Http(HttpSettings {
            url: sms.http.url.as_ref().map(|url| url.as_str().to_owned()).unwrap_or_default(),
            secret: sms.http.secret.expose().to_owned().into(),
        }),
        SmsProvider::Aliyun => sms::Settings::Aliyun(AliyunSettings {
            access_key_id: sms.aliyun.access_key_id.clone(),
            access_key_secret: sms.aliyun.access_key_secret.expose().to_owned().into(),
            sign_name: sms.aliyun.sign_name.clone(),
            template_code: sms.aliyun.template_code.clone(),
            endpoint: sms.aliyun.endpoint.as_str().to_owned(),
        }),
        SmsProvider::Tencent => sms::Settings::Tencent(TencentSettings {
            secret_id: sms.tencent.secret_id.clone(),
            secret_key: sms.tencent.secret_key.expose().to_owned().into(),
            sdk_app_id: sms.tencent.sdk_app_id.clone(),
            sign_name: sms.tencent.sign_name.clone(),
            template_id: sms.tencent.template_id.clone(),
            region: sms.tencent.region.clone(),
            endpoint: sms.tencent.endpoint.as_str().to_owned(),
        }),
    }
}

/// For `http`: the rules of the front door.
pub fn front(config: &Config, bound: std::net::SocketAddr) -> Front {
    let origin = config.http.public_origin(bound);
    let proxies = config.http.trusted_proxies.clone();
    let pictures: Vec<String> = config.wechat.avatar_origins.iter().map(ToString::to_string).collect();
    let csp = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: {}; connect-src 'self' {}; \
         form-action 'self' {}; base-uri 'none'; object-src 'none'; frame-ancestors 'none'",
        pictures.join(" "),
        origin.websocket(),
        config.wechat.open_url.origin(),
    );
    Front {
        authority: origin.authority().to_owned(),
        loopback_port: origin.is_loopback().then(|| origin.port()),
        secure: origin.is_https(),
        origin: origin.to_string(),
        csp,
        trusts: Arc::new(move |address| proxies.iter().any(|range| range.contains(address))),
        default_lang: match config.http.default_language {
            Language::Chinese => Lang::ZhCn,
            Language::English => Lang::En,
        },
        body_bytes: config.http.body_bytes,
        body: config.http.body(),
        url_bytes: config.http.url_bytes,
        sockets_per_address: config.http.sockets_per_address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::billing::{HIGHEST_YEARLY_FEN, MOST_SEATS, quote};
    use crate::domain::organization::Edition;

    fn config(overrides: &[(&'static str, String)]) -> Config {
        let key = |letter: char| format!("{}=", letter.to_string().repeat(43));
        let required = [
            ("secrets.encryption_keys", format!("a:{}", key('A'))),
            ("secrets.index_key", key('E')),
            ("secrets.signing_key", key('I')),
        ];
        Config::load_from(None, [], &[&required, overrides].concat()).unwrap()
    }

    #[test]
    fn the_default_price_list_gives_the_known_figures() {
        let quote = quote(&price_list(&config(&[])).unwrap(), 300, 265).unwrap();
        assert_eq!(quote.offer.total.yuan(), "1089.04");
        assert_eq!(quote.cheaper.unwrap().total.yuan(), "726.03");
    }

    #[test]
    fn the_domain_takes_the_largest_pack_that_can_be_configured() {
        let yuan = HIGHEST_YEARLY_FEN / 100;
        let largest = config(&[("billing.packs", format!("{MOST_SEATS}:{yuan}"))]);
        assert!(price_list(&largest).is_ok());
    }

    #[test]
    fn the_free_edition_has_ten_members_and_the_others_thirty() {
        let seats = member_seats(&config(&[]));
        assert_eq!(Edition::ALL.map(|edition| seats.of(edition)), [10, 30, 30, 30, 30]);
    }
}
