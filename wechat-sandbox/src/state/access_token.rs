//! Server credentials: the two independent families of access tokens, their overlap and their expiry.

use serde::{Deserialize, Serialize};

use crate::instant::{MINUTE, Millis, SECOND, china_day};

/// The life of an access token that nobody shortens, in seconds.
pub(crate) const TOKEN_LIFE: TokenLife = TokenLife { seconds: 7200 };
/// How long a replaced token is still accepted.
const OVERLAP: Millis = 5 * MINUTE;
/// Forced refreshes this close to the last one do nothing.
const FORCE_INTERVAL: Millis = 30 * SECOND;
/// Forced refreshes a day.
const FORCE_LIMIT: u32 = 20;

/// How long tokens live. Shortened by a fault, it counts for tokens that are out already, too.
#[derive(Clone, Copy)]
pub(crate) struct TokenLife {
    /// From the minting to the expiry.
    pub(crate) seconds: u64,
}

impl TokenLife {
    /// With less than this left, a stable token is replaced by itself: five minutes of two hours, and the same share
    /// of a shortened life.
    const fn rotation_seconds(self) -> u64 {
        self.seconds / 24
    }

    const fn left(self, issued: Millis, now: Millis) -> u64 {
        let age = now.saturating_sub(issued) / SECOND;
        self.seconds.saturating_sub(age)
    }
}

/// Which endpoint minted a token. The families know nothing of each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FamilyName {
    /// `GET /cgi-bin/token`
    Token,
    /// `POST /cgi-bin/stable_token`
    Stable,
}

/// What a presented token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Accepted.
    Valid,
    /// At the end of its life: 42001.
    Expired,
    /// Replaced, and the overlap is over: 40001.
    NotLatest,
}

#[derive(Clone, Serialize, Deserialize)]
struct Issued {
    token: String,
    at: Millis,
    /// When a newer one took its place.
    replaced_at: Option<Millis>,
}

/// One family: at most the latest token and the one before it are accepted.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Family {
    latest: Option<Issued>,
    before: Option<Issued>,
}

impl Family {
    fn issue(&mut self, token: String, at: Millis) {
        self.before = self.latest.take().map(|old| Issued { replaced_at: Some(at), ..old });
        self.latest = Some(Issued { token, at, replaced_at: None });
    }

    fn end(&mut self, forgotten: bool) {
        if forgotten {
            (self.latest, self.before) = (None, None);
        }
        for issued in [&mut self.latest, &mut self.before].into_iter().flatten() {
            issued.at = 0;
        }
    }

    fn standing(&self, token: &str, now: Millis, life: TokenLife) -> Option<Standing> {
        let issued = [&self.latest, &self.before].into_iter().flatten().find(|one| one.token == token)?;
        let overlap_over = issued.replaced_at.is_some_and(|at| now >= at + OVERLAP);
        Some(match (overlap_over, life.left(issued.at, now)) {
            (true, _) => Standing::NotLatest,
            (false, 0) => Standing::Expired,
            (false, _) => Standing::Valid,
        })
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Forced {
    last: Option<Millis>,
    day: u64,
    count: u32,
}

/// What `stable_token` has to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StableAnswer {
    /// The token at hand is good for so many seconds more.
    Keep { token: String, expires_in: u64 },
    /// A new one is due.
    Mint,
    /// All forced refreshes of the day are used: 45009.
    TooManyForced,
}

/// The credentials of one account.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct AccountTokens {
    token: Family,
    stable: Family,
    forced: Forced,
}

impl AccountTokens {
    /// Makes `token` the latest of its family.
    pub(crate) fn issue(&mut self, family: FamilyName, token: String, forced: bool, at: Millis) {
        if forced {
            let day = china_day(at);
            let count = if self.forced.day == day { self.forced.count + 1 } else { 1 };
            self.forced = Forced { last: Some(at), day, count };
        }
        match family {
            FamilyName::Token => self.token.issue(token, at),
            FamilyName::Stable => self.stable.issue(token, at),
        }
    }

    /// Ends all tokens that are out: their time is over (42001), or they are forgotten (40001).
    pub(crate) fn end(&mut self, forgotten: bool) {
        self.token.end(forgotten);
        self.stable.end(forgotten);
    }

    /// What a presented token is worth; `None` if this account never had it, or two newer ones came after it.
    pub(crate) fn standing(&self, token: &str, now: Millis, life: TokenLife) -> Option<Standing> {
        self.token.standing(token, now, life).or_else(|| self.stable.standing(token, now, life))
    }

    /// What `stable_token` has to do at `now`.
    pub(crate) fn stable_answer(&self, force: bool, now: Millis, life: TokenLife) -> StableAnswer {
        let just_forced = self.forced.last.is_some_and(|last| now < last + FORCE_INTERVAL);
        if force && !just_forced {
            let used_up = self.forced.day == china_day(now) && self.forced.count >= FORCE_LIMIT;
            return if used_up { StableAnswer::TooManyForced } else { StableAnswer::Mint };
        }
        match &self.stable.latest {
            Some(issued) if life.left(issued.at, now) > life.rotation_seconds() => {
                StableAnswer::Keep { token: issued.token.clone(), expires_in: life.left(issued.at, now) }
            }
            _ => StableAnswer::Mint,
        }
    }
}

#[cfg(test)]
#[path = "access_token_tests.rs"]
mod tests;
