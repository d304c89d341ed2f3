//! The message templates of the demo's service account, in WeChat's own form.

use serde_json::{Value, json};

/// A template: WeChat's id, title, content, example.
type Listed = (&'static str, &'static str, &'static str, &'static str);

const TEMPLATES: [Listed; 4] = [
    (
        "Order-Status_Update0a1b2c3d4e5f6g7h8i9j0k1l",
        "订单状态更新 Order update",
        "订单编号:{{character_string1.DATA}}\n商品名称:{{thing2.DATA}}\n订单状态:{{thing3.DATA}}\n更新时间:{{time4.DATA}}\n",
        "订单编号:PO-20261122-042\n商品名称:冷轧钢卷\n订单状态:已确认\n更新时间:2026-11-22 18:00\n",
    ),
    (
        "Delivery_Notice-0a1b2c3d4e5f6g7h8i9j0k1l2m3",
        "到货通知 Delivery notice",
        "运单号:{{character_string1.DATA}}\n货物:{{thing2.DATA}}\n预计到达:{{time3.DATA}}\n联系电话:{{phone_number4.DATA}}\n",
        "运单号:SF1234567890\n货物:包装纸箱 40 件\n预计到达:2026-11-23 09:30\n联系电话:0755-12345678\n",
    ),
    (
        "Appointment_Reminder-0a1b2c3d4e5f6g7h8i9j0k",
        "预约提醒 Appointment",
        "预约事项:{{thing1.DATA}}\n预约时间:{{time2.DATA}}\n地点:{{thing3.DATA}}\n",
        "预约事项:卸货月台 3 号\n预约时间:2026-11-24 14:00~15:00\n地点:宝安仓\n",
    ),
    (
        "Payment_Received-0a1b2c3d4e5f6g7h8i9j0k1l2m",
        "付款通知 Payment",
        "单号:{{character_string1.DATA}}\n金额:{{amount2.DATA}}\n付款时间:{{time3.DATA}}\n",
        "单号:PAY-2026-0815\n金额:¥12800.00\n付款时间:2026-11-22 10:15\n",
    ),
];

/// An order by the first of them, to all followers.
pub(super) fn order() -> Value {
    json!({
        "channel": "wechat", "template": TEMPLATES[0].0, "audience": {"followers": "all"}, "priority": "normal",
        "data": {
            "character_string1": "PO-20261122-042", "thing2": "冷轧钢卷", "thing3": "已确认", "time4": "2026-11-22 18:00",
        },
    })
}

/// As the sandbox takes them.
pub(super) fn registered() -> Value {
    let template = |(id, title, content, example): Listed| json!({"template_id": id, "title": title, "content": content, "example": example});
    TEMPLATES.into_iter().map(template).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::Millis;
    use crate::domain::template::{Kind, Template, TemplateText};

    #[test]
    fn the_order_of_the_readme_fits_one_of_them() {
        let readme = include_str!("../../README.md");
        let order = readme.split_once("-d '{\"channel\": \"wechat\"").unwrap().1.split_once('\'').unwrap().0;
        let order: Value = serde_json::from_str(&format!("{{\"channel\": \"wechat\"{order}")).unwrap();
        let (id, title, content, example) =
            TEMPLATES.into_iter().find(|template| order["template"] == template.0).unwrap();
        let text = TemplateText {
            id: id.into(),
            title: title.into(),
            content: content.into(),
            example: example.into(),
        };
        let data = serde_json::from_value(order["data"].clone()).unwrap();
        assert_eq!(Template::new(text, Millis(0)).check(&data), Ok(()));
    }

    #[test]
    fn templates_have_wechats_form_and_their_examples_obey_their_rules() {
        for (id, title, content, example) in TEMPLATES {
            assert_eq!(id.len(), 43, "{id}");
            let (content, example) = (content.to_owned(), example.to_owned());
            let text = TemplateText { id: id.into(), title: title.into(), content, example: example.clone() };
            let template = Template::new(text, Millis(0));
            assert!(template.fields.iter().all(|field| field.kind != Kind::Text), "{title}");
            let values = example.lines().filter_map(|line| Some(line.split_once(':')?.1.to_owned()));
            let data = template.fields.iter().map(|field| field.name.clone()).zip(values).collect();
            assert_eq!(template.check(&data), Ok(()), "{title}");
        }
    }
}
