//! `[redis]`: what connects several nodes.

use super::server_url::ServerUrl;
use super::values::Values;
use super::{ConfigError, Secret};

/// Where a Sentinel listens unless its URL says so.
const SENTINEL_PORT: u16 = 26_379;

/// What a URL must look like.
const WANTED: &str = "must be redis://USER:PASSWORD@HOST:PORT (rediss:// with TLS), several of these separated by commas for a cluster, \
                      or redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME; special characters of a password are percent-encoded";

/// The section `redis`.
#[derive(Debug, Clone)]
pub struct Redis {
    /// Where Redis is; empty for one process with a bus inside it. Secret, because it holds the password.
    pub url: Secret,
    /// Whether a server on another host may be spoken to without TLS.
    pub insecure: bool,
    /// What every key and channel begins with.
    pub prefix: String,
}

/// What a URL says: where Redis is.
#[derive(Debug)]
pub enum RedisServers {
    /// One server.
    One(Secret),
    /// Nodes of a cluster.
    Cluster(Vec<Secret>),
    /// Sentinels, each with name, password and database of the server that they know by this name.
    Sentinel(Vec<Secret>, String),
}

impl Redis {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("redis");
        let redis = Self {
            url: section.secret("url")?,
            insecure: section.flag("insecure")?,
            prefix: section.text("prefix")?,
        };
        redis.validate()?;
        Ok(redis)
    }

    /// Checks that the URL is one of Redis, that nobody on the way to it can listen, and that the prefix is a plain name.
    ///
    /// # Errors
    /// Names the key, and never shows the URL.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if !(1..=64).contains(&self.prefix.len()) || !self.prefix.chars().all(plain) {
            let wanted = "must be 1 to 64 letters, digits and characters of -_.:";
            return Err(ConfigError::new("redis.prefix", wanted));
        }
        let wrong = || ConfigError::new("redis.url", WANTED);
        let servers = self.servers()?;
        // Sentinels and nodes of a cluster name others, which need not be here.
        let names_no_other = matches!(servers, Some(RedisServers::One(_)));
        for url in urls(servers.as_ref()) {
            let server = ServerUrl::read(url.expose(), &["redis", "rediss"]).ok_or_else(wrong)?;
            let safe = server.asks_for_tls() || (names_no_other && server.is_here());
            if !safe && !self.insecure {
                return Err(ConfigError::new(
                    "redis.url",
                    "must begin with rediss:// (rediss+sentinel://), because the server is on another host, or may be (Sentinel, \
                     cluster); or set redis.insecure = true where nobody can listen",
                ));
            }
        }
        Ok(())
    }

    /// Where Redis is; none for one process with a bus inside it.
    ///
    /// # Errors
    /// Names `redis.url`, without its value.
    pub fn servers(&self) -> Result<Option<RedisServers>, ConfigError> {
        let text = self.url.expose().trim();
        if text.is_empty() {
            return Ok(None);
        }
        let by_sentinel = |scheme, plain| Some(sentinels(plain, text.strip_prefix(scheme)?));
        let read = by_sentinel("redis+sentinel://", "redis")
            .or_else(|| by_sentinel("rediss+sentinel://", "rediss"))
            .unwrap_or_else(|| listed(text));
        read.map(Some).ok_or_else(|| ConfigError::new("redis.url", WANTED))
    }
}

/// All URLs.
fn urls(servers: Option<&RedisServers>) -> &[Secret] {
    match servers {
        None => &[],
        Some(RedisServers::One(url)) => std::slice::from_ref(url),
        Some(RedisServers::Cluster(urls) | RedisServers::Sentinel(urls, _)) => urls,
    }
}

/// One server, or the nodes of a cluster, which has one database only.
fn listed(text: &str) -> Option<RedisServers> {
    let urls: Vec<&str> = text.split(',').map(str::trim).collect();
    let highest = if urls.len() > 1 { 0 } else { u32::MAX };
    let database = |url: &str| ServerUrl::read(url, &["redis", "rediss"])?.database();
    if !urls.iter().all(|url| database(url).is_some_and(|number| number <= highest)) {
        return None;
    }
    let mut urls: Vec<Secret> = urls.into_iter().map(Secret::from).collect();
    Some(if urls.len() == 1 { RedisServers::One(urls.remove(0)) } else { RedisServers::Cluster(urls) })
}

/// What follows the scheme: `USER:PASSWORD@HOST:PORT,HOST:PORT/NAME/DATABASE`.
fn sentinels(scheme: &str, text: &str) -> Option<RedisServers> {
    let (login, text) = text.rsplit_once('@').map_or(("", text), |(login, rest)| (login, rest));
    let at = if login.is_empty() { "" } else { "@" };
    let (hosts, path) = text.split_once('/')?;
    let (name, database) = path.split_once('/').unwrap_or((path, "0"));
    if name.is_empty() {
        return None;
    }
    let url = |host: &str| {
        let url = ServerUrl::read(&format!("{scheme}://{login}{at}{host}/{database}"), &[scheme])?;
        url.database()?;
        Some(Secret::from(url.with_port(SENTINEL_PORT)?.as_str()))
    };
    let urls = hosts.split(',').map(|host| url(host.trim())).collect::<Option<Vec<_>>>()?;
    Some(RedisServers::Sentinel(urls, name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redis(url: &str) -> Redis {
        Redis { url: url.into(), insecure: false, prefix: "menfang".into() }
    }

    fn read(url: &str) -> (&'static str, Vec<String>) {
        let servers = redis(url).servers().unwrap();
        let kind = match servers {
            None => "none",
            Some(RedisServers::One(_)) => "one",
            Some(RedisServers::Cluster(_)) => "cluster",
            Some(RedisServers::Sentinel(..)) => "sentinel",
        };
        (kind, urls(servers.as_ref()).iter().map(|url| url.expose().to_owned()).collect())
    }

    #[test]
    fn a_url_says_what_kind_of_redis_it_is() {
        assert_eq!(read(""), ("none", vec![]));
        assert_eq!(read("redis://localhost/2"), ("one", vec!["redis://localhost/2".into()]));
        assert_eq!(
            read("rediss://:p%2C@a:1, rediss://:p%2C@b:2"),
            ("cluster", vec!["rediss://:p%2C@a:1".into(), "rediss://:p%2C@b:2".into()])
        );
        assert_eq!(
            read("rediss+sentinel://u:p@a,b:7/main/3"),
            ("sentinel", vec!["rediss://u:p@a:26379/3".into(), "rediss://u:p@b:7/3".into()])
        );
        assert_eq!(read("redis+sentinel://[::1]/main"), ("sentinel", vec!["redis://[::1]:26379/0".into()]));
    }

    #[test]
    fn what_is_no_redis_is_refused_without_being_shown() {
        for url in [
            "http://localhost",
            "redis://",
            "redis://localhost/first",
            "redis://localhost?protocol=resp3",
            "rediss://localhost/#insecure",
            "redis://:hu,sh@localhost",
            "redis://a/1,redis://b/1",
            "redis+sentinel://localhost",
            "redis+sentinel://localhost/",
            "redis+sentinel:///main",
            "redis+sentinel://localhost/main/first",
        ] {
            let error = redis(url).validate().unwrap_err().to_string();
            assert!(error.contains("redis.url") && !error.contains("hu,sh"), "{url}: {error}");
        }
    }

    #[test]
    fn a_server_elsewhere_needs_tls_unless_it_is_said_otherwise() {
        for url in [
            "redis://u:hush@redis",
            "redis://127.0.0.1,redis://redis",
            "redis+sentinel://redis/main",
            "redis://127.0.0.1:1,redis://127.0.0.1:2",
            "redis+sentinel://127.0.0.1/main",
        ] {
            let error = redis(url).validate().unwrap_err().to_string();
            assert!(error.contains("redis.insecure") && !error.contains("hush"), "{error}");
            let mut insecure = redis(url);
            insecure.insecure = true;
            insecure.validate().unwrap();
        }
        for url in ["", "redis://127.0.0.1", "rediss://redis", "rediss+sentinel://redis/main"] {
            redis(url).validate().unwrap();
        }
    }

    #[test]
    fn a_prefix_is_a_plain_name() {
        for (prefix, well) in [("menfang:test-1", true), ("", false), ("a{b}", false), ("a b", false)] {
            let redis = Redis { prefix: prefix.into(), ..redis("") };
            assert_eq!(redis.validate().is_ok(), well, "{prefix:?}");
        }
    }
}
