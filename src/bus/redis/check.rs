//! Whether Redis can be used as it is configured, for whoever sets it up.

use std::time::Duration;

use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::Settings;
use super::link::within;
use super::servers::Wires;

/// Longest time for all of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Tries whether Redis can be connected to, listened to, written to and asked to run a script.
///
/// # Errors
/// What is wrong and how to mend it, in a sentence without addresses and passwords.
pub async fn check(settings: &Settings) -> Result<(), String> {
    let prefix = &settings.prefix;
    let wiring = settings.servers.wiring().map_err(|error| error.to_string())?;
    let tried = async {
        let Wires { mut voice, mut ears } = wiring.connect(0).await?;
        ears.subscribe(format!("{prefix}:nudges")).await?;
        let key = format!("{prefix}:doctor");
        let mut set = redis::cmd("SET");
        set.arg(&key).arg(1).arg("PX").arg(1_000);
        set.exec_async(&mut voice).await?;
        let script = redis::Script::new("return redis.call('LLEN', KEYS[1])");
        script.key(format!("{prefix}:{{limits}}:doctor")).invoke_async::<i64>(&mut voice).await?;
        redis::cmd("PUBLISH").arg(format!("{prefix}:nudges")).arg("").exec_async(&mut voice).await
    };
    within(PATIENCE, tried).await.map_err(|error| mend(&error))
}

fn mend(error: &RedisError) -> String {
    let what = match error.kind() {
        ErrorKind::AuthenticationFailed => {
            "it refuses the name or password; are they right in redis.url, with special characters percent-encoded?"
        }
        ErrorKind::MasterNameNotFoundBySentinel => {
            "Sentinel knows no server of this name; is the name at the end of redis.url the one in sentinel.conf?"
        }
        ErrorKind::Server(ServerErrorKind::NoPerm) => {
            "the user may not do all that is needed; allow it SET, GET, DEL, EVALSHA, SCRIPT LOAD, the commands of lists, PUBLISH and \
             SUBSCRIBE under redis.prefix"
        }
        ErrorKind::Server(ServerErrorKind::ReadOnly) => {
            "it is a replica, which takes no writes; redis.url must name the server that does, or Sentinel"
        }
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask | ServerErrorKind::CrossSlot) => {
            "it belongs to a cluster; name several of its nodes in redis.url, separated by commas"
        }
        ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => {
            "it cannot be reached; does it run, does redis.url lead to it, and with rediss:// is its certificate one that this system \
             trusts?"
        }
        _ => match error.code() {
            Some("NOAUTH") => "it wants a password, which stands in redis.url as redis://USER:PASSWORD@HOST",
            Some("OOM") => {
                "its memory is full; raise maxmemory, or choose a maxmemory-policy that makes room"
            }
            Some("MISCONF") => "it cannot write to its disk, and takes no writes until it can",
            _ => "it answers with an error",
        },
    };
    format!("{what} ({error})")
}
