//! Tests of [`super`] and of what WeChat takes in each kind of field.

use proptest::prelude::*;

use super::super::template_rules::check_value;
use super::*;

fn template(content: &str) -> Template {
    let text = TemplateText {
        id: "nN1Cz0iYBP0zUqkPmEUHAlRCg6rCkeh9lzOXYlTA7d4".into(),
        title: "订单".into(),
        content: content.into(),
        example: String::new(),
    };
    Template::new(text, Millis(0))
}

fn data(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn fields_are_read_in_the_order_of_the_text_each_once() {
    let template = template(
        "单号:{{character_string1.DATA}}\n时间：{{ time2.DATA }}\n又{{character_string1.DATA}}{{first.DATA}}",
    );
    let fields: Vec<_> = template.fields.iter().map(|field| (field.name.as_str(), field.kind)).collect();
    assert_eq!(
        fields,
        [("character_string1", Kind::CharacterString), ("time2", Kind::Time), ("first", Kind::Text)]
    );
    assert_eq!(template.trouble, None);
}

#[test]
fn what_is_no_field_is_text() {
    for content in [
        "",
        "{{}}",
        "{{.DATA}}",
        "{{thing1}}",
        "{{thing1.DATA",
        "{{名.DATA}}",
        "thing1.DATA}}",
        "{{a b.DATA}}",
    ] {
        assert_eq!(template(content).fields, [], "{content}");
    }
    assert_eq!(template("{{{{thing1.DATA}}").fields.len(), 1);
}

#[test]
fn a_kind_is_the_beginning_of_its_keys() {
    for kind in Kind::ALL {
        assert_eq!(Kind::of_key(&format!("{}12", kind.name())), kind);
    }
    for key in ["keyword1", "remark", "first", "thingy1", "", "1", "thing1x"] {
        assert_eq!(Kind::of_key(key), Kind::Text, "{key}");
    }
}

#[test]
fn data_has_exactly_the_fields_of_the_template() {
    let order = template("{{thing1.DATA}}{{time2.DATA}}");
    let good = [("thing1", "Order 42"), ("time2", "2026-11-22 18:00")];
    assert_eq!(order.check(&data(&good)), Ok(()));
    let broken = |fields: &[(&str, &str)]| order.check(&data(fields)).unwrap_err().to_string();
    assert_eq!(broken(&good[..1]), "data.time2: is missing; its fields are thing1, time2");
    assert_eq!(
        broken(&[good[0], good[1], ("thing3", "x")]),
        "data.thing3: the template has no such field; its fields are thing1, time2"
    );
    assert_eq!(broken(&[("thing1", ""), good[1]]), "data.thing1: must not be empty");
    assert_eq!(
        broken(&[("thing1", "123456789012345678901"), good[1]]),
        "data.thing1: must have at most 20 characters, not 21"
    );
    let none = template("Hello").check(&data(&[("a", "b")])).unwrap_err();
    assert_eq!(none.to_string(), "data.a: the template has no such field; it has none");
    assert_eq!(template("Hello").check(&data(&[])), Ok(()));
    let long = order.check(&data(&[(&"x".repeat(1_000), "")])).unwrap_err();
    assert_eq!(long.field.len(), "data.".len() + 64);
}

#[test]
fn each_kind_takes_what_wechat_takes() {
    let twenty = "一二三四五六七八九十一二三四五六七八九十";
    for (kind, good, bad) in [
        (
            Kind::Thing,
            vec!["Order 42", twenty, "😀😀😀😀😀😀😀😀😀😀"],
            vec!["", " ", "a\nb", "😀😀😀😀😀😀😀😀😀😀!", "123456789012345678901"],
        ),
        (
            Kind::CharacterString,
            vec!["SF-2026/11#22", "12345678901234567890123456789012", "2026-11-22 18:00", "¥8"],
            vec!["订单42", "123456789012345678901234567890123", "é", "\u{7}"],
        ),
        (
            Kind::Time,
            vec!["15:01", "2019年10月1日 15:01", "2026-11-22 18:00", "2026-11-22T10:00:00Z", "8:00~9:00"],
            vec!["", "soon", "25:00", "2026-11-22", "18:00 pm"],
        ),
        (
            Kind::Date,
            vec!["2019年10月1日", "2026-11-22", "2026-11-22 18:00", "2026-11-22~2026-11-24"],
            vec!["18:00", "2026-13-01"],
        ),
        (
            Kind::Amount,
            vec!["12", "¥12.50", "$123456789012.99", "￥1元", "3.5元", "€ 4"],
            vec!["", "¥", "元", "1,000", "1234567890123", "¥¥1", "一元", "1.", ".5", "1.2.3", "CNY 5"],
        ),
        (
            Kind::PhoneNumber,
            vec!["+86-177-5553-0001", "138****5678", "0755-1234 5678"],
            vec!["call me", "电话", "123456789012345678"],
        ),
        (
            Kind::CarNumber,
            vec!["粤A12345", "粤B1234学", "AB123", "粤AD12345"],
            vec!["粤A·1234", "粤A1学23", "粤A1234567"],
        ),
        (Kind::Const, vec!["", "已发货", twenty], vec![" ", "123456789012345678901"]),
        (
            Kind::Number,
            vec!["42", "3.14", "-1"],
            vec!["", "4a", "1,000", "３", "--1", "123456789012345678901234567890123"],
        ),
        (Kind::Letter, vec!["abcXYZ"], vec!["a1", "é", "a b", "abcdefghijklmnopqrstuvwxyzabcdefg"]),
        (Kind::Symbol, vec!["!!", "★", "-"], vec!["a", "1", "!!!!!!", "中"]),
        (
            Kind::Name,
            vec!["张三", "Jane Q. Doe", "一二三四五六七八九十"],
            vec!["一二三四五六七八九十a", "abcdefghijklmnopqrstu"],
        ),
        (Kind::Phrase, vec!["已发货", "〇一二三四"], vec!["已发货!", "第3个", "ok", "一二三四五六"]),
        (Kind::EnumString, vec!["ANY"], vec![""]),
        (Kind::Text, vec!["a\nb", "您好，订单已发货"], vec!["", "\u{0}"]),
    ] {
        for value in good {
            assert_eq!(check_value(kind, value), Ok(()), "{kind:?} {value}");
        }
        for value in bad {
            let rule = check_value(kind, value).expect_err(&format!("{kind:?} {value}"));
            assert!(rule.starts_with("must "), "{rule}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_is_too_strange(content: String, value: String) {
        let template = template(&content);
        let all = template.fields.iter().map(|field| (field.name.clone(), value.clone())).collect();
        let _ = template.check(&all);
        for kind in Kind::ALL {
            let _ = check_value(kind, &value);
        }
    }

    #[test]
    fn what_is_taken_is_never_longer_than_its_kind_allows(value in "\\PC{0,40}") {
        for (kind, limit) in [(Kind::Thing, 20), (Kind::CharacterString, 32), (Kind::Phrase, 5), (Kind::PhoneNumber, 17)] {
            if check_value(kind, &value).is_ok() {
                prop_assert!((1..=limit).contains(&value.encode_utf16().count()));
            }
        }
    }

    #[test]
    fn every_field_of_a_text_is_asked_for(names in proptest::collection::btree_set("[a-z_]{1,20}[0-9]{0,3}", 1..8)) {
        let lines: Vec<_> = names.iter().map(|name| format!("标题：{{{{{name}.DATA}}}}")).collect();
        let content = lines.join("\n");
        let template = template(&content);
        prop_assert_eq!(template.fields.len(), names.len());
        prop_assert!(template.check(&BTreeMap::new()).unwrap_err().rule.starts_with("is missing"));
    }
}
