//! What all nodes keep together, and every one of them could get anew: sealed values under hashed names, and locks by which one node
//! gets something for all.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use redis::{Script, ToRedisArgs};
use tokio::runtime::Handle;
use zeroize::Zeroizing;

use crate::domain::clock::{Entropy, random};
use crate::domain::keys::SigningKey;

use super::Shared;

/// Bytes in front of a sealed value.
const NONCE: usize = 24;

/// Deletes a key if it still begins with what the caller knows; for values and locks alike.
static DELETE_IF: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
if redis.call('GETRANGE', KEYS[1], 0, string.len(ARGV[1]) - 1) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
",
    )
});

/// A cache that all nodes share. Nothing in it may be missed: it may be empty or away at any time. A clone is the same.
#[derive(Clone)]
pub struct Cache(Arc<Shared>);

/// A value that was found.
pub struct Found {
    /// The value.
    pub value: Zeroizing<Vec<u8>>,
    /// Which setting it comes from.
    pub stamp: Stamp,
}

/// Tells one setting of a value from every other one, also of the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp([u8; NONCE]);

/// What became of asking for a lock.
pub enum Lock {
    /// It is ours.
    Ours(Locked),
    /// It is somebody else's.
    Theirs,
    /// Redis is away.
    Away,
}

/// A lock that is ours until it is given back, or its time is over. Whoever is cancelled while it is his gives it back too.
pub struct Locked {
    cache: Cache,
    held: Option<Held>,
}

#[derive(Clone)]
struct Held {
    key: String,
    proof: [u8; 16],
}

impl Cache {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// The value of a name; none also while Redis is away, and when what is there was not sealed by us for this name.
    pub async fn get(&self, name: &str) -> Option<Found> {
        let mut connection = self.0.link.connection()?;
        let mut get = redis::cmd("GET");
        get.arg(self.0.names.value(name));
        let sealed: Option<Vec<u8>> = self.0.link.in_time(get.query_async(&mut connection)).await?;
        self.0.cipher.open(name, &sealed?)
    }

    /// Keeps a value for so long, in place of any other; none while Redis is away.
    pub async fn set(&self, name: &str, value: &[u8], lasts: Duration) -> Option<Stamp> {
        let (stamp, sealed) = self.0.cipher.seal(name, value, &*self.0.entropy)?;
        let set = set(&self.0.names.value(name), sealed, lasts);
        let mut connection = self.0.link.connection()?;
        self.0.link.in_time(set.exec_async(&mut connection)).await.map(|()| stamp)
    }

    /// Drops a value, unless it has been set anew since.
    pub async fn remove(&self, name: &str, stamp: Stamp) {
        self.delete_if(&self.0.names.value(name), &stamp.0).await;
    }

    /// Asks for the lock of a name, which ends by itself after so long.
    pub async fn lock(&self, name: &str, lasts: Duration) -> Lock {
        let held = Held { key: self.0.names.lock(name), proof: random(&*self.0.entropy) };
        let mut set = set(&held.key, &held.proof[..], lasts);
        set.arg("NX");
        // It may have become ours before whoever asked is cancelled.
        let mut locked = Locked { cache: self.clone(), held: None };
        let asked = async {
            let mut connection = self.0.link.connection()?;
            locked.held = Some(held);
            self.0.link.in_time(set.query_async::<Option<String>>(&mut connection)).await
        };
        match asked.await {
            Some(Some(_)) => Lock::Ours(locked),
            Some(None) => {
                locked.held = None;
                Lock::Theirs
            }
            None => {
                metrics::counter!("menfang_redis_fallbacks_total", "use" => "cache").increment(1);
                Lock::Away
            }
        }
    }

    async fn delete_if(&self, key: &str, begins: &[u8]) {
        if let Some(mut connection) = self.0.link.connection() {
            let mut call = DELETE_IF.key(key);
            call.arg(begins);
            self.0.link.in_time(call.invoke_async::<i64>(&mut connection)).await;
        }
    }
}

impl Locked {
    /// Gives the lock back, unless its time was over and it is somebody else's by now.
    pub async fn unlock(mut self) {
        if let Some(held) = self.held.clone() {
            self.cache.delete_if(&held.key, &held.proof).await;
        }
        self.held = None;
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Without a runtime the process ends, and Redis ends the lock.
        if let (Some(held), Ok(runtime)) = (self.held.take(), Handle::try_current()) {
            let cache = self.cache.clone();
            runtime.spawn(async move { cache.delete_if(&held.key, &held.proof).await });
        }
    }
}

fn set(key: &str, value: impl ToRedisArgs, lasts: Duration) -> redis::Cmd {
    let mut set = redis::cmd("SET");
    set.arg(key).arg(value).arg("PX").arg(u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX).max(1));
    set
}

impl super::Names {
    fn value(&self, name: &str) -> String {
        self.hashed("value", &[name.as_bytes()])
    }

    fn lock(&self, name: &str) -> String {
        self.hashed("lock", &[name.as_bytes()])
    }
}

/// Seals values, each to its name.
pub(super) struct Cipher(XChaCha20Poly1305);

impl Cipher {
    pub(super) fn new(signing: &SigningKey) -> Self {
        Self(XChaCha20Poly1305::new(&signing.derive("redis cache").into()))
    }

    fn seal(&self, name: &str, value: &[u8], entropy: &dyn Entropy) -> Option<(Stamp, Vec<u8>)> {
        let nonce: [u8; NONCE] = random(entropy);
        let payload = Payload { msg: value, aad: name.as_bytes() };
        // It fails for values of many gigabytes only.
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).ok()?;
        Some((Stamp(nonce), [&nonce[..], &sealed].concat()))
    }

    fn open(&self, name: &str, sealed: &[u8]) -> Option<Found> {
        let (nonce, body) = sealed.split_at_checked(NONCE)?;
        let nonce: [u8; NONCE] = nonce.try_into().ok()?;
        let payload = Payload { msg: body, aad: name.as_bytes() };
        let value = self.0.decrypt(&XNonce::from(nonce), payload).ok()?;
        Some(Found { value: Zeroizing::new(value), stamp: Stamp(nonce) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn a_value_opens_under_its_name_and_key_only() {
        let cipher = Cipher::new(&SigningKey::new([1; 32]));
        let (stamp, sealed) = cipher.seal("token of a", b"hush", &Sevens).unwrap();
        assert!(!sealed.windows(4).any(|bytes| bytes == b"hush"));
        let found = cipher.open("token of a", &sealed).unwrap();
        assert_eq!((found.value.as_slice(), found.stamp), (&b"hush"[..], stamp));
        assert!(cipher.open("token of b", &sealed).is_none(), "moved to another name");
        assert!(Cipher::new(&SigningKey::new([2; 32])).open("token of a", &sealed).is_none());
        assert!(cipher.open("token of a", &sealed[..20]).is_none());
    }
}
