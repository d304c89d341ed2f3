//! What the values of a message may be: the rules of category templates (类目模板), by the kind in a key's name.
//!
//! Characters are counted as UTF-16 units. Where WeChat's documents are silent the rule is the lenient one.

use serde_json::Value;

use crate::state::Template;

/// The key of the first value that cannot be, if there is one: it is missing, it is no text, or it breaks the rule of
/// its kind. Values that the template has no place for are ignored.
pub(super) fn first_invalid<'a>(template: &'a Template, data: &Value) -> Option<&'a str> {
    template.keys().find(|key| {
        let value = data.get(key).and_then(|entry| entry.get("value")).and_then(Value::as_str);
        !value.is_some_and(|value| fits(kind(key), value))
    })
}

/// `thing` of `thing12`.
fn kind(key: &str) -> &str {
    key.trim_end_matches(|letter: char| letter.is_ascii_digit())
}

fn fits(kind: &str, value: &str) -> bool {
    let length = value.encode_utf16().count();
    let up_to = |most: usize| (1..=most).contains(&length);
    match kind {
        "thing" => up_to(20),
        "character_string" => up_to(32) && value.chars().all(is_plain),
        "time" => is_time(value),
        "date" => is_date(value),
        "amount" => is_amount(value),
        "phone_number" => up_to(17) && value.chars().all(is_digit_or_symbol),
        "car_number" => up_to(8) && is_car_number(value),
        // Only what was approved beforehand, which the sandbox cannot know; or nothing.
        "const" => length <= 20,
        "number" => up_to(32) && is_number(value),
        "letter" => up_to(32) && value.chars().all(|letter| letter.is_ascii_alphabetic()),
        "symbol" => {
            up_to(5) && !value.chars().any(|letter| letter.is_alphanumeric() || letter.is_whitespace())
        }
        "name" => up_to(if value.chars().any(is_chinese) { 10 } else { 20 }),
        "phrase" => up_to(5) && value.chars().all(is_chinese),
        // Of an enumeration that the sandbox cannot know, and the kinds of the old library (first, keyword, remark).
        _ => length > 0,
    }
}

fn is_plain(letter: char) -> bool {
    letter == ' ' || letter.is_ascii_graphic()
}

fn is_digit_or_symbol(letter: char) -> bool {
    is_plain(letter) && !letter.is_ascii_alphabetic()
}

fn is_chinese(letter: char) -> bool {
    matches!(letter, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}

/// Digits with at most one point, not at an end.
fn is_number(value: &str) -> bool {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// At most one sign of a currency, at most twelve digits with or without decimals, and perhaps 元.
fn is_amount(value: &str) -> bool {
    let value = value.strip_suffix('元').unwrap_or(value);
    let value = value.strip_prefix(['¥', '￥', '$', '€', '£', '₩', '₽', '₹', '฿', '₫']).unwrap_or(value);
    is_number(value) && value.bytes().filter(u8::is_ascii_digit).count() <= 12
}

/// Letters and digits; the first and the last may be Chinese.
fn is_car_number(value: &str) -> bool {
    let last = value.chars().count().saturating_sub(1);
    value.chars().enumerate().all(|(place, letter)| {
        letter.is_ascii_alphanumeric() || (is_chinese(letter) && (place == 0 || place == last))
    })
}

/// A time of day, with a date before it or not; two of them with `~` between are a range.
fn is_time(value: &str) -> bool {
    is_range(value, |moment| match split_date(moment) {
        Some(rest) => is_clock(rest.trim_start()),
        None => is_clock(moment),
    })
}

/// A date, with a time of day behind it or not; two of them with `~` between are a range, whose end may be a time alone.
fn is_date(value: &str) -> bool {
    let is_dated =
        |moment: &str| split_date(moment).is_some_and(|rest| rest.is_empty() || is_clock(rest.trim_start()));
    let (from, to) = value.split_once('~').unwrap_or((value, value));
    is_dated(from.trim()) && (is_dated(to.trim()) || is_clock(to.trim()))
}

fn is_range(value: &str, is_moment: impl Fn(&str) -> bool) -> bool {
    let (from, to) = value.split_once('~').unwrap_or((value, value));
    is_moment(from.trim()) && is_moment(to.trim())
}

/// What stands behind a date such as 2026-01-31, 2026/1/31 or 2026年1月31日.
fn split_date(moment: &str) -> Option<&str> {
    let (year, rest) = number(moment, 4)?;
    let between = rest.chars().next()?;
    let (second, last) = match between {
        '-' | '/' | '.' => (between, None),
        '年' => ('月', Some('日')),
        _ => return None,
    };
    let (month, rest) = number(&rest[between.len_utf8()..], 2)?;
    let (day, rest) = number(rest.strip_prefix(second)?, 2)?;
    let real = (1000..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let rest = match last {
        Some(last) => rest.strip_prefix(last)?,
        None => rest,
    };
    real.then_some(rest)
}

/// 9:05, 09:05 or 09:05:30, of a day of 24 hours.
fn is_clock(text: &str) -> bool {
    let parts: Option<Vec<u32>> = text.split(':').map(|part| whole(part, 2)).collect();
    match parts.as_deref() {
        Some([hour, minute]) => *hour < 24 && *minute < 60,
        Some([hour, minute, second]) => *hour < 24 && *minute < 60 && *second < 60,
        _ => false,
    }
}

fn whole(text: &str, digits: usize) -> Option<u32> {
    number(text, digits).filter(|(_, rest)| rest.is_empty()).map(|(number, _)| number)
}

/// A number of at most so many digits, and what stands behind it.
fn number(text: &str, digits: usize) -> Option<(u32, &str)> {
    let length = text.bytes().take(digits).take_while(u8::is_ascii_digit).count();
    Some((text[..length].parse().ok()?, &text[length..]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(kind: &str, good: &[&str], bad: &[&str]) {
        for value in good {
            assert!(fits(kind, value), "{kind}: {value:?}");
        }
        for value in bad {
            assert!(!fits(kind, value), "{kind}: {value:?}");
        }
    }

    #[test]
    fn texts_have_a_length_and_an_alphabet() {
        let chars = |letter: &str, count: usize| letter.repeat(count);
        check(
            "thing",
            &["字", &chars("字", 20), "a\nb", &chars("😀", 10)],
            &["", &chars("字", 21), &chars("😀", 11)],
        );
        check("character_string", &["A-1_2#", &chars("9", 32)], &["", "单号1", &chars("9", 33), "１"]);
        check("const", &["", "待付款"], &[&chars("字", 21)]);
        check("letter", &["abcXYZ"], &["", "ab1", "字", &chars("a", 33)]);
        check("symbol", &["+-*/!"], &["", "a", "!!!!!!", "1"]);
        check("name", &["张三", &chars("字", 10), &chars("a", 20)], &["", &chars("字", 11), &chars("a", 21)]);
        check("phrase", &["已发货", "待付款中呢"], &["", "已发货1", "六个汉字不行", "ok"]);
        check("keyword", &["anything at all"], &[""]);
    }

    #[test]
    fn numbers_are_numbers() {
        check("number", &["0", "12.50", &"9".repeat(32)], &["", "1.", ".5", "-1", "1,000", &"9".repeat(33)]);
        check(
            "amount",
            &["100", "¥100.00", "$5", "12.5元", "￥1元", "123456789012"],
            &["", "一百", "¥", "元", "¥$5", "1,000", "5元整", "1234567890123", "100 USD"],
        );
        check(
            "phone_number",
            &["+86-0766-66888866", "13800138000"],
            &["", "call me", "+86-0766-6688886612", "电话"],
        );
        check("car_number", &["粤A8Z888挂", "A12345"], &["", "粤A粤888", "粤A8Z8888挂", "A-1234"]);
    }

    #[test]
    fn times_and_dates_may_be_ranges() {
        check(
            "time",
            &[
                "15:01",
                "9:05:59",
                "2026年1月31日 15:01",
                "2026-01-31 15:01",
                "2026/1/31 0:00",
                "15:01~16:01",
                "2026年1月31日 15:01 ~ 2026年2月1日 9:00",
                "2026年1月31日15:01",
            ],
            &[
                "",
                "24:00",
                "12:60",
                "3 pm",
                "15",
                "2026-01-31",
                "2026-13-01 10:00",
                "15:01~",
                "~15:01",
                "15:01:02:03",
            ],
        );
        check(
            "date",
            &[
                "2026-01-31",
                "2026年1月31日",
                "2026年1月31日 15:01",
                "2026-01-31~2026-02-01",
                "2026-01-31 9:00~10:00",
            ],
            &["", "15:01", "31.1.2026", "2026-1-32", "2026年1月31", "2026-01-31 25:00"],
        );
    }

    #[test]
    fn the_first_value_that_cannot_be_is_named() {
        let template =
            Template { content: "{{thing1.DATA}} {{amount2.DATA}}".to_owned(), ..Template::default() };
        let good = json!({"value": "5元"});
        for (data, expected) in [
            (json!({"thing1": {"value": "a"}, "amount2": good}), None),
            (json!({"thing1": {"value": "a", "color": "#fff"}, "amount2": good, "more": 5}), None),
            (json!({"thing1": {"value": ""}, "amount2": good}), Some("thing1")),
            (json!({"thing1": {"value": "a"}}), Some("amount2")),
            (json!({"thing1": {"value": "a"}, "amount2": "5"}), Some("amount2")),
            (json!({"thing1": {"value": 5}, "amount2": good}), Some("thing1")),
            (json!({}), Some("thing1")),
            (json!([]), Some("thing1")),
        ] {
            assert_eq!(first_invalid(&template, &data), expected, "{data}");
        }
    }
}
