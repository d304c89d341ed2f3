//! What an answer of WeChat's to a send means: for this message, and for others.

use crate::domain::delivery::{Answer, failed};
use crate::domain::notification::Stop;
use crate::wechat::{Advice, SendRefusal, WeChatError};

/// What came back from a try.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// For the message.
    pub(super) answer: Answer,
    /// For others.
    pub(super) beyond: Option<Beyond>,
}

/// What an answer means for other messages, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beyond {
    /// The calls of the day are used up.
    DayQuota,
    /// The calls of the minute are used up.
    MinuteQuota,
    /// Something is wrong with the account; the word says what.
    Account(&'static str),
    /// Nothing more goes by this template.
    Template(Stop),
    /// Nothing more goes of this notification.
    Notification(Stop),
}

/// Reads an answer.
pub(super) fn read(answered: Result<Option<i64>, WeChatError>) -> Told {
    let error = match answered {
        Ok(msgid) => return Told { answer: Answer::Accepted(msgid), beyond: None },
        Err(error) => error,
    };
    let errcode = error.errcode();
    let refusal = matches!(error, WeChatError::Api { .. }).then(|| errcode.and_then(SendRefusal::of));
    if let (Some(refusal), Some(errcode)) = (refusal.flatten(), errcode) {
        return refused(refusal, errcode);
    }
    match error.advice() {
        // A token that was refused is repaired within the call; one that is left is somebody else's repair.
        Advice::Retry | Advice::Refresh => alone(Answer::Later(errcode)),
        Advice::Uncertain => alone(Answer::Unknown),
        Advice::Pause => {
            Told { answer: Answer::Untried, beyond: Some(Beyond::Account(error.trouble().word())) }
        }
        Advice::GiveUp | Advice::Reauthorize => alone(Answer::Refused { errcode, reason: failed::REFUSED }),
    }
}

fn refused(refusal: SendRefusal, errcode: i64) -> Told {
    let stops = |stop: Stop, beyond: fn(Stop) -> Beyond| Told {
        answer: Answer::Refused { errcode: Some(errcode), reason: stop.name() },
        beyond: Some(beyond(stop)),
    };
    match refusal {
        SendRefusal::NotFollowing => alone(Answer::NotFollowing(errcode)),
        SendRefusal::TemplateRefused => alone(Answer::TemplateRefused(errcode)),
        SendRefusal::TooFrequent => alone(Answer::TooFrequent(errcode)),
        SendRefusal::Duplicate => alone(Answer::Duplicate(errcode)),
        SendRefusal::TemplateGone => stops(Stop::TemplateGone, Beyond::Template),
        SendRefusal::TemplateBanned => stops(Stop::TemplateBanned, Beyond::Template),
        SendRefusal::Message => stops(Stop::MessageRefused, Beyond::Notification),
        SendRefusal::MinuteQuota => Told { answer: Answer::Untried, beyond: Some(Beyond::MinuteQuota) },
        SendRefusal::DayQuota => Told { answer: Answer::Untried, beyond: Some(Beyond::DayQuota) },
    }
}

fn alone(answer: Answer) -> Told {
    Told { answer, beyond: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wechat::{Interface, NetworkFailure};

    fn told(errcode: i64) -> Told {
        read(Err(WeChatError::Api { errcode, rid: None, ip: None, interface: Interface::Account }))
    }

    #[test]
    fn what_concerns_one_message_concerns_no_other() {
        assert_eq!(read(Ok(Some(7))), alone(Answer::Accepted(Some(7))));
        for (errcode, answer) in [
            (-1, Answer::Later(Some(-1))),
            (43_004, Answer::NotFollowing(43_004)),
            (43_101, Answer::TemplateRefused(43_101)),
            (43_117, Answer::TooFrequent(43_117)),
            (40_241, Answer::Duplicate(40_241)),
            (40_003, Answer::Refused { errcode: Some(40_003), reason: "refused" }),
            (43_019, Answer::Refused { errcode: Some(43_019), reason: "refused" }),
            (12_345_678, Answer::Refused { errcode: Some(12_345_678), reason: "refused" }),
        ] {
            assert_eq!(told(errcode), alone(answer), "{errcode}");
        }
    }

    #[test]
    fn what_concerns_all_is_told_beyond() {
        for (errcode, beyond) in [
            (45_009, Beyond::DayQuota),
            (45_011, Beyond::MinuteQuota),
            (48_001, Beyond::Account("not_permitted")),
            (50_007, Beyond::Account("account_frozen")),
            (40_037, Beyond::Template(Stop::TemplateGone)),
            (43_116, Beyond::Template(Stop::TemplateBanned)),
            (47_003, Beyond::Notification(Stop::MessageRefused)),
        ] {
            assert_eq!(told(errcode).beyond, Some(beyond), "{errcode}");
        }
        let contested = read(Err(WeChatError::TokenRefusedAgain { errcode: 40_001 }));
        assert_eq!(contested.answer, Answer::Untried, "a refused token means that nothing was done");
        assert_eq!(contested.beyond, Some(Beyond::Account("tokens_contested")));
    }

    #[test]
    fn only_what_certainly_was_not_sent_counts_as_a_failure() {
        let network = |failure| read(Err(WeChatError::Network(failure))).answer;
        assert_eq!(network(NetworkFailure::Connect), Answer::Later(None));
        for failure in [
            NetworkFailure::Timeout,
            NetworkFailure::Interrupted,
            NetworkFailure::Body,
            NetworkFailure::Status(502),
        ] {
            assert_eq!(network(failure), Answer::Unknown, "{failure}");
        }
        assert_eq!(
            network(NetworkFailure::Status(412)),
            Answer::Refused { errcode: None, reason: "refused" }
        );
    }
}
