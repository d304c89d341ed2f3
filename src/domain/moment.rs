//! Dates and times of day as people write them in messages: `2019年10月1日 15:01`, `2026-11-22 18:00`, RFC 3339; two of them
//! are joined by `~`.

/// What was written: one moment, or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moments {
    dates: bool,
    times: bool,
}

impl Moments {
    /// Whether each has a time of day.
    pub(super) fn have_times(self) -> bool {
        self.times
    }

    /// Whether each has a date; the second one may go without that of the first.
    pub(super) fn have_dates(self) -> bool {
        self.dates
    }
}

#[derive(Clone, Copy)]
struct Moment {
    date: bool,
    time: bool,
}

/// Reads one moment, or two joined by `~`; none when that is not what is written.
pub(super) fn moments(text: &str) -> Option<Moments> {
    let mut parts = text.split(['~', '～']);
    let first = moment(parts.next()?.trim())?;
    let second = match parts.next() {
        None => return Some(Moments { dates: first.date, times: first.time }),
        Some(part) => moment(part.trim())?,
    };
    let both = Moments { dates: first.date, times: first.time && second.time };
    parts.next().is_none().then_some(both)
}

fn moment(text: &str) -> Option<Moment> {
    match date(text) {
        None => time(text)?.is_empty().then_some(Moment { date: false, time: true }),
        Some("") => Some(Moment { date: true, time: false }),
        Some(rest) => {
            let rest = rest.strip_prefix(['T', 't']).unwrap_or_else(|| rest.trim_start());
            let rest = time(rest)?;
            (rest.is_empty() || is_offset(rest)).then_some(Moment { date: true, time: true })
        }
    }
}

/// Reads a date, and gives what follows it.
fn date(text: &str) -> Option<&str> {
    let (first, rest) = number(text, 4)?;
    if let Some(rest) = rest.strip_prefix('月') {
        return day_of(first, rest);
    }
    let separator = rest.chars().next()?;
    let rest = &rest[separator.len_utf8()..];
    // A year has four digits; two digits and a colon are a time.
    if !(1000..=9999).contains(&first) {
        return None;
    }
    let (month, rest) = number(rest, 2).filter(|(month, _)| (1..=12).contains(month))?;
    match separator {
        '年' => {
            let rest = rest.strip_prefix('月')?;
            // A month alone is a date, too.
            if rest.is_empty() { Some(rest) } else { day_of(month, rest) }
        }
        '-' | '/' | '.' => {
            let (day, rest) = number(rest.strip_prefix(separator)?, 2)?;
            is_day(month, day).then_some(rest)
        }
        _ => None,
    }
}

/// Reads the day of a month in Chinese.
fn day_of(month: u32, text: &str) -> Option<&str> {
    let (day, rest) = number(text, 2)?;
    let rest = rest.strip_prefix(['日', '号'])?;
    is_day(month, day).then_some(rest)
}

fn is_day(month: u32, day: u32) -> bool {
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=longest).contains(&day)
}

/// Reads a time of day, and gives what follows it.
fn time(text: &str) -> Option<&str> {
    let (hour, rest) = number(text, 2)?;
    if let Some(rest) = rest.strip_prefix(['时', '点']) {
        let (minute, rest) = unit(rest, '分')?;
        let (second, rest) = if minute.is_some() { unit(rest, '秒')? } else { (None, rest) };
        return is_time(hour, minute.unwrap_or(0), second.unwrap_or(0)).then_some(rest);
    }
    let (minute, rest) = two_digits(rest.strip_prefix([':', '：'])?)?;
    let Some(more) = rest.strip_prefix([':', '：']) else {
        return is_time(hour, minute, 0).then_some(rest);
    };
    let (second, mut rest) = two_digits(more)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if digits.len() == fraction.len() {
            return None;
        }
        rest = digits;
    }
    is_time(hour, minute, second).then_some(rest)
}

fn is_time(hour: u32, minute: u32, second: u32) -> bool {
    // The end of a day is written as 24:00; a leap second is a second.
    (hour < 24 && minute < 60 && second <= 60) || (hour == 24 && minute == 0 && second == 0)
}

/// Whether this is what stands behind an RFC 3339 time.
fn is_offset(text: &str) -> bool {
    if matches!(text, "Z" | "z") {
        return true;
    }
    let hours = text.strip_prefix(['+', '-']).and_then(two_digits);
    let minutes = hours.and_then(|(hours, rest)| Some((hours, two_digits(rest.strip_prefix(':')?)?)));
    minutes.is_some_and(|(hours, (minutes, rest))| hours < 24 && minutes < 60 && rest.is_empty())
}

/// A number with its Chinese unit, if one stands here; none when there is a number with another.
fn unit(text: &str, word: char) -> Option<(Option<u32>, &str)> {
    let Some((value, rest)) = number(text, 2) else { return Some((None, text)) };
    rest.strip_prefix(word).map(|rest| (Some(value), rest))
}

fn two_digits(text: &str) -> Option<(u32, &str)> {
    let (value, rest) = number(text, 2)?;
    (text.len() - rest.len() == 2).then_some((value, rest))
}

/// A number of at most so many digits, and what follows it.
fn number(text: &str, most: usize) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > most {
        return None;
    }
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_people_write_is_read() {
        for (text, date, time) in [
            ("15:01", false, true),
            ("9:05", false, true),
            ("15:01:59", false, true),
            ("24:00", false, true),
            ("15时01分", false, true),
            ("15点", false, true),
            ("2019年10月1日 15:01", true, true),
            ("2019年10月1日15:01", true, true),
            ("2019年10月01日 15时1分2秒", true, true),
            ("10月1日 15:01", true, true),
            ("2026-11-22 18:00", true, true),
            ("2026/11/2 8:00", true, true),
            ("2026.11.22 18:00:00", true, true),
            ("2026-11-22T18:00:00Z", true, true),
            ("2026-11-22T18:00:00.123+08:00", true, true),
            ("2026-11-22t18:00:00.1z", true, true),
            ("2026-02-29", true, false),
            ("2019年10月1日", true, false),
            ("10月1号", true, false),
            ("2019年10月", true, false),
            ("15:01~16:30", false, true),
            ("2026-11-22 18:00 ~ 20:00", true, true),
            ("2026-11-22 18:00～2026-11-23 2:00", true, true),
            ("2026-11-22~2026-11-24", true, false),
            ("2026-11-22 18:00~2026-11-23", true, false),
        ] {
            assert_eq!(moments(text), Some(Moments { dates: date, times: time }), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_not_read() {
        for text in [
            "",
            "~",
            "tomorrow",
            "明天",
            "25:00",
            "24:01",
            "15:60",
            "15:1",
            "3:00 pm",
            "下午3:00",
            "15:01:61",
            "2026-13-01",
            "2026-00-01",
            "2026-04-31",
            "2026-11-22 25:00",
            "2026-11-22 noon",
            "2026-11/22",
            "2026-11",
            "2019年13月1日",
            "2019年10月32日",
            "15:01~",
            "~15:01",
            "1:00~2:00~3:00",
            "2026-11-22T18:00:00+8",
            "15:01Z",
            "2026-11-22T18:00:00.Z",
            "15时1",
            "15点1分2",
            "99999-01-01",
            "26-11-22 18:00",
        ] {
            assert_eq!(moments(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text: String) {
            let _ = moments(&text);
        }

        #[test]
        fn every_minute_of_every_day_is_read(month in 1..=12_u32, day in 1..=28_u32, hour in 0..24_u32, minute in 0..60_u32) {
            for text in [
                format!("2026-{month:02}-{day:02} {hour:02}:{minute:02}"),
                format!("2026年{month}月{day}日 {hour}:{minute:02}"),
                format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:00Z"),
            ] {
                prop_assert_eq!(moments(&text), Some(Moments { dates: true, times: true }), "{}", text);
            }
        }
    }
}
