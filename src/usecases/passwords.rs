//! Hashes of passwords (argon2id): made and compared on threads of their own, a few at a time, for each takes 19 MiB and
//! tens of milliseconds.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::domain::clock::{Entropy, random};

/// Hashes at the same time.
const AT_ONCE: usize = 2;
/// How long a request waits for its turn.
const TURN: Duration = Duration::from_secs(5);
/// Memory in KiB and rounds, on one lane (OWASP Password Storage Cheat Sheet).
const COST: (u32, u32, u32) = (19_456, 2, 1);
/// What no password has, compared where there is no account, so that it takes as long as where there is one.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// No hash was made in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being hashed")]
pub struct Busy;

/// Hashes passwords; a clone takes turns with the others.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// The hash to keep of a password, in the PHC string format.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn hash(&self, password: &str, entropy: &dyn Entropy) -> Result<String, Busy> {
        let (password, salt) = (password.to_owned(), random::<16>(entropy));
        self.in_turn(move || {
            let hash: PasswordHash = hasher()?.hash_password_with_salt(password.as_bytes(), &salt).ok()?;
            Some(hash.to_string())
        })
        .await?
        .ok_or(Busy)
    }

    /// Whether a password is the one of a hash; without a hash it takes as long to say no.
    ///
    /// # Errors
    /// [`Busy`].
    pub async fn is_right(&self, password: &str, hash: Option<&str>) -> Result<bool, Busy> {
        let (password, known) = (password.to_owned(), hash.is_some());
        let hash = hash.unwrap_or(NOBODYS).to_owned();
        let same = self
            .in_turn(move || {
                let hash = PasswordHash::new(&hash).ok()?;
                Some(hasher()?.verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(known && same.unwrap_or(false))
    }

    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.turns).acquire_owned()).await;
        let turn = turn.map_err(|_| Busy)?.map_err(|_| Busy)?;
        // The turn lasts as long as the work, also when nobody waits for it any more.
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        work.await.map_err(|_| Busy)
    }
}

fn hasher() -> Option<Argon2<'static>> {
    let (memory, rounds, lanes) = COST;
    let params = Params::new(memory, rounds, lanes, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
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

    #[actix_web::test]
    async fn only_the_right_password_is_right_and_nobody_has_one() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse", &Sevens).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.is_right("correct horse", Some(&hash)).await.unwrap());
        assert!(!passwords.is_right("correct horsE", Some(&hash)).await.unwrap());
        assert!(!passwords.is_right("correct horse", None).await.unwrap());
        assert!(!passwords.is_right("correct horse", Some("no hash")).await.unwrap());
    }

    #[test]
    fn what_nobody_has_costs_as_much_as_what_somebody_has() {
        let hash = PasswordHash::new(NOBODYS).unwrap();
        let params = Params::try_from(&hash).unwrap();
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), COST);
        assert_eq!(hash.algorithm.as_str(), "argon2id");
    }
}
