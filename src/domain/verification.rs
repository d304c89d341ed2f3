//! Verification codes: six digits, five guesses, and how often one may be sent.

use std::time::Duration;

use super::clock::{Entropy, Millis, random_below};
use super::policy::Limits;

/// A day, over which most limits count.
pub const DAY: Duration = Duration::from_hours(24);

/// A fresh code: six digits, every one equally likely.
pub fn draw_code(entropy: &dyn Entropy) -> String {
    format!("{:06}", random_below(entropy, 1_000_000))
}

/// Reads what a person typed: six digits, spaces and full-width digits taken as they are meant.
pub fn read_code(typed: &str) -> Option<String> {
    let digits: String = typed
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '０'..='９' => char::from_digit(c as u32 - '０' as u32, 10).unwrap_or(c),
            other => other,
        })
        .collect();
    (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// Whose codes a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Those to this phone in this app; of codes without an app, those of this organization.
    PhoneInApp,
    /// Those to this phone anywhere.
    Phone,
    /// Those this openid asked for.
    Openid,
    /// Phones other than this one that this openid asked for.
    OtherPhonesOfOpenid,
    /// Those asked for from this network address.
    Address,
    /// Those of this organization.
    Organization,
}

/// One limit: at most `max` in any `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeLimit {
    /// Its name, as audit and metrics call it.
    pub name: &'static str,
    /// What it counts.
    pub counted: Counted,
    /// Over how long.
    pub window: Duration,
    /// How many there may be, this one included.
    pub max: u32,
    /// Whether half of it is worth an alarm (limits that many people share).
    pub alarm: bool,
}

/// What has been counted in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many.
    pub count: u32,
    /// When the oldest of them was.
    pub oldest: Option<Millis>,
}

/// A limit is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// Which one.
    pub limit: &'static str,
    /// When it is worth trying again.
    pub retry_after: Duration,
}

/// All limits of sending codes, the narrowest first.
pub fn code_limits(limits: &Limits) -> [CodeLimit; 10] {
    use Counted::{Address, Openid, Organization, OtherPhonesOfOpenid, Phone, PhoneInApp};
    const HOUR: Duration = Duration::from_hours(1);
    let limit = |name, counted, window, max| CodeLimit {
        name,
        counted,
        window,
        max,
        alarm: matches!(counted, Address | Organization),
    };
    [
        limit("code_interval", PhoneInApp, limits.code_interval, 1),
        limit("codes_per_phone_hour", PhoneInApp, HOUR, limits.codes_per_phone_hour),
        limit("codes_per_phone_day", PhoneInApp, DAY, limits.codes_per_phone_day),
        limit("codes_per_phone_day_all", Phone, DAY, limits.codes_per_phone_day_all),
        limit("codes_per_openid_10min", Openid, Duration::from_mins(10), limits.codes_per_openid_10min),
        limit("codes_per_openid_day", Openid, DAY, limits.codes_per_openid_day),
        limit("phones_per_openid_day", OtherPhonesOfOpenid, DAY, limits.phones_per_openid_day),
        limit("codes_per_address_hour", Address, HOUR, limits.codes_per_address_hour),
        limit("codes_per_address_day", Address, DAY, limits.codes_per_address_day),
        limit("codes_per_organization_day", Organization, DAY, limits.codes_per_organization_day),
    ]
}

impl CodeLimit {
    /// Whether one more fits.
    ///
    /// # Errors
    /// [`Limited`] with the time after which the oldest one no longer counts.
    pub fn admit(&self, usage: Usage, now: Millis) -> Result<(), Limited> {
        if usage.count < self.max {
            return Ok(());
        }
        let frees_at = usage.oldest.unwrap_or(now).plus(self.window);
        let retry_after = frees_at.since(now).max(Duration::from_secs(1));
        Err(Limited { limit: self.name, retry_after })
    }

    /// Whether this one is the first past half of the limit.
    pub fn reaches_half(&self, usage: Usage) -> bool {
        self.alarm && usage.count + 1 == self.max.div_ceil(2)
    }
}

/// Too many wrong guesses within a day close a phone in an app for a day after the last of their codes. `wrong` are the
/// codes that were guessed wrongly in the last two days, the oldest first.
pub fn locked(wrong: &[(Millis, u32)], max: u32, now: Millis) -> Option<Limited> {
    let last = wrong.iter().enumerate().filter_map(|(index, &(at, _))| {
        let in_the_day = wrong[..=index].iter().filter(|&&(earlier, _)| at.since(earlier) < DAY);
        (in_the_day.map(|&(_, guesses)| guesses).sum::<u32>() >= max).then_some(at)
    });
    let until = last.max()?.plus(DAY);
    let limit = "wrong_guesses_per_phone_day";
    (now < until).then(|| Limited { limit, retry_after: until.since(now).max(Duration::from_secs(1)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_one_fits_and_the_next_waits_for_the_oldest() {
        let limit = CodeLimit {
            name: "x",
            counted: Counted::Phone,
            window: Duration::from_mins(1),
            max: 2,
            alarm: true,
        };
        let used = |count| Usage { count, oldest: Some(Millis(10_000)) };
        assert_eq!(limit.admit(used(1), Millis(20_000)), Ok(()));
        let refused = limit.admit(used(2), Millis(20_000)).unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_secs(50));
        assert!(limit.reaches_half(used(0)) && !limit.reaches_half(used(1)));
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        assert_eq!(read_code(" 012 345 ").as_deref(), Some("012345"));
        assert_eq!(read_code("０１２３４５").as_deref(), Some("012345"));
        for wrong in ["", "12345", "1234567", "12345a"] {
            assert_eq!(read_code(wrong), None);
        }
    }

    #[test]
    fn too_many_wrong_guesses_close_a_phone_for_a_day() {
        let hour = |h: i64| Millis(h * 3_600_000);
        let wrong = [(hour(0), 5), (hour(1), 5), (hour(2), 5)];
        assert!(locked(&wrong[..2], 15, hour(3)).is_none());
        assert!(locked(&wrong, 15, hour(25)).is_some(), "a day after the last, not after the first");
        assert!(locked(&wrong, 15, hour(26)).is_none());
        assert!(
            locked(&[(hour(0), 10), (hour(25), 10)], 15, hour(26)).is_none(),
            "they are more than a day apart"
        );
    }
}
