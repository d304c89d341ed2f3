//! `/cgi-bin/template/…`: the message templates in use.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    answer::{Refusal, api},
    call::{Query, appid_by_token, json_body, verified_account},
};
use crate::{
    instant::now,
    random,
    state::{Change, TEMPLATES_IN_USE, Template},
    world::World,
};

/// What a keyword's name says about the kind of its values; the others are a `thing`.
const KINDS: [(&str, &str); 8] = [
    ("时间", "time"),
    ("日期", "time"),
    ("金额", "amount"),
    ("价格", "amount"),
    ("电话", "phone_number"),
    ("手机", "phone_number"),
    ("单号", "character_string"),
    ("编号", "character_string"),
];

/// `GET /cgi-bin/template/get_all_private_template`: all of them.
pub(super) async fn list(world: Data<World>, query: Query) -> Result<HttpResponse, Refusal> {
    let ledger = world.ledger();
    let state = ledger.state();
    let appid = appid_by_token(&world, state, &query, now())?;
    verified_account(state, &appid)?;
    Ok(api(&json!({"template_list": state.templates.of(&appid)})))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Addition {
    template_id_short: String,
    keyword_name_list: Vec<String>,
}

/// `POST /cgi-bin/template/api_add_template`: one more, of the library. The sandbox has no library: whatever number and
/// keywords are asked for are there. What the old one had, named `TM…`, can be had no more.
pub(super) async fn add(world: Data<World>, query: Query, body: Bytes) -> Result<HttpResponse, Refusal> {
    let asked: Result<Addition, Refusal> = json_body(&body);
    let mut ledger = world.ledger();
    let appid = appid_by_token(&world, ledger.state(), &query, now())?;
    verified_account(ledger.state(), &appid)?;
    let Addition { template_id_short: short, keyword_name_list: keywords } = asked?;
    if short.is_empty() {
        return Err(Refusal::api(40035));
    }
    if !short.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::api(40247));
    }
    if keywords.is_empty() || keywords.iter().any(|keyword| keyword.trim().is_empty()) {
        return Err(Refusal::api(40246));
    }
    if ledger.state().templates.of(&appid).len() >= TEMPLATES_IN_USE {
        return Err(Refusal::api(45026));
    }
    let template_id = random::base62(43);
    let content = (1..).zip(&keywords).map(|(number, keyword)| line(number, keyword)).collect();
    let template =
        Template { template_id: template_id.clone(), title: short, content, ..Template::default() };
    ledger.record(Change::TemplateAdded { appid, template })?;
    Ok(api(&json!({"errcode": 0, "errmsg": "ok", "template_id": template_id})))
}

/// The line of the content that is about a keyword.
fn line(number: usize, keyword: &str) -> String {
    let kind = KINDS.iter().find(|(word, _)| keyword.contains(word)).map_or("thing", |(_, kind)| kind);
    format!("{keyword}:{{{{{kind}{number}.DATA}}}}\n")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Deletion {
    template_id: String,
}

/// `POST /cgi-bin/template/del_private_template`: one less.
pub(super) async fn delete(world: Data<World>, query: Query, body: Bytes) -> Result<HttpResponse, Refusal> {
    let asked: Result<Deletion, Refusal> = json_body(&body);
    let mut ledger = world.ledger();
    let appid = appid_by_token(&world, ledger.state(), &query, now())?;
    verified_account(ledger.state(), &appid)?;
    let Deletion { template_id } = asked?;
    ledger.state().templates.get(&appid, &template_id).ok_or(Refusal::api(40037))?;
    ledger.record(Change::TemplateDeleted { appid, template_id })?;
    Ok(api(&json!({"errcode": 0, "errmsg": "ok"})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_keyword_says_its_kind() {
        assert_eq!(line(1, "订单编号"), "订单编号:{{character_string1.DATA}}\n");
        assert_eq!(line(2, "到货时间"), "到货时间:{{time2.DATA}}\n");
        assert_eq!(line(3, "商品"), "商品:{{thing3.DATA}}\n");
    }
}
