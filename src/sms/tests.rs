//! Each gateway's requests as they go out, and what its answers come to.

use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::domain::clock::{Clock, Entropy, Millis};

use super::delivery::{hex, hmac_sha256, sha256_hex};
use super::*;

struct At(i64);

impl Clock for At {
    fn now(&self) -> Millis {
        Millis(self.0)
    }
}

struct Sevens;

impl Entropy for Sevens {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

const MESSAGE: CodeMessage<'_> =
    CodeMessage { id: "vcd_01", phone: "+8613800001234", code: "048291", text: "【门房】048291" };

fn sender(settings: Settings) -> SmsSender {
    let http =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    SmsSender::new(settings, http, Arc::new(At(1_767_225_600_123)), Arc::new(Sevens))
}

fn http(url: &str) -> Settings {
    Settings::Http(HttpSettings { url: url.into(), secret: "shared-secret".into() })
}

fn aliyun(endpoint: &str) -> Settings {
    Settings::Aliyun(AliyunSettings {
        access_key_id: "LTAItest".into(),
        access_key_secret: SecretString::from("aliyun-secret"),
        sign_name: "门房".into(),
        template_code: "SMS_154950909".into(),
        endpoint: endpoint.into(),
    })
}

fn tencent(endpoint: &str) -> Settings {
    Settings::Tencent(TencentSettings {
        secret_id: "AKIDtest".into(),
        secret_key: SecretString::from("tencent-secret"),
        sdk_app_id: "1400006666".into(),
        sign_name: "门房".into(),
        template_id: "1110".into(),
        region: tencent::REGION.into(),
        endpoint: endpoint.into(),
    })
}

/// Sends one message to a gateway that answers so, and gives back the result and the request.
async fn sent(
    gateway: impl Fn(&str) -> Settings,
    status: u16,
    answer: &str,
) -> (Result<(), SmsError>, Request) {
    let server = MockServer::start().await;
    let response = ResponseTemplate::new(status).set_body_raw(answer, "application/json");
    Mock::given(any()).respond_with(response).mount(&server).await;
    let result = sender(gateway(&server.uri())).send(&MESSAGE).await;
    let request = server.received_requests().await.unwrap().remove(0);
    (result, request)
}

fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    request.headers.get(name).unwrap_or_else(|| panic!("{name}")).to_str().unwrap()
}

fn refused(code: &str) -> Result<(), SmsError> {
    Err(SmsError::Refused { code: code.into() })
}

#[tokio::test]
async fn the_http_gateway_gets_signed_json() {
    let (result, request) = sent(http, 202, "").await;
    assert_eq!(result, Ok(()));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        body,
        json!({"id": "vcd_01", "phone": "+8613800001234", "code": "048291", "text": "【门房】048291"})
    );
    assert_eq!(request.method.as_str(), "POST");
    assert_eq!(header(&request, "content-type"), "application/json");
    assert_eq!(header(&request, "webhook-id"), "vcd_01");
    assert_eq!(header(&request, "webhook-timestamp"), "1767225600");
    let signed = [b"vcd_01.1767225600.", request.body.as_slice()].concat();
    let expected = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(hmac_sha256(b"shared-secret", &signed))
    };
    assert_eq!(header(&request, "webhook-signature"), format!("v1,{expected}"));
}

#[tokio::test]
async fn the_http_gateways_status_is_its_answer() {
    assert_eq!(sent(http, 400, "").await.0, refused("HTTP-400"));
    assert_eq!(sent(http, 429, "").await.0, Err(SmsError::Limited));
    assert_eq!(sent(http, 503, "").await.0, Err(SmsError::Unavailable));
    assert_eq!(sent(http, 302, "").await.0, Err(SmsError::Unavailable));
    assert_eq!(sent(http, 200, &"x".repeat(64 * 1024 + 1)).await.0, Err(SmsError::Unavailable));
    let nobody = sender(http("http://127.0.0.1:1/")).send(&MESSAGE).await;
    assert_eq!(nobody, Err(SmsError::Unavailable));
}

#[tokio::test]
async fn alibaba_cloud_gets_what_it_can_verify() {
    let (result, request) =
        sent(aliyun, 200, r#"{"Code":"OK","Message":"OK","BizId":"9^0","RequestId":"R"}"#).await;
    assert_eq!(result, Ok(()));
    let parameters: Vec<(String, String)> = request.url.query_pairs().into_owned().collect();
    let expected = [
        ("OutId", "vcd_01"),
        ("PhoneNumbers", "13800001234"),
        ("SignName", "门房"),
        ("TemplateCode", "SMS_154950909"),
        ("TemplateParam", r#"{"code":"048291"}"#),
    ];
    assert_eq!(parameters, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(request.body.is_empty());
    assert_eq!((request.method.as_str(), request.url.path()), ("POST", "/"));
    assert_eq!(header(&request, "x-acs-action"), "SendSms");
    assert_eq!(header(&request, "x-acs-version"), "2017-05-25");
    assert_eq!(header(&request, "x-acs-date"), "2026-01-01T00:00:00Z");
    assert_eq!(header(&request, "x-acs-signature-nonce"), "07".repeat(16));

    // The gateway's side of the signature, from nothing but what arrived.
    let names = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version";
    let lines = names.split(';').map(|name| format!("{name}:{}\n", header(&request, name)));
    let lines = lines.collect::<Vec<_>>().concat();
    let canonical =
        format!("POST\n/\n{}\n{lines}\n{names}\n{}", request.url.query().unwrap(), sha256_hex(&request.body));
    let to_sign = format!("ACS3-HMAC-SHA256\n{}", sha256_hex(canonical.as_bytes()));
    let signature = hex(&hmac_sha256(b"aliyun-secret", to_sign.as_bytes()));
    assert_eq!(
        header(&request, "authorization"),
        format!("ACS3-HMAC-SHA256 Credential=LTAItest,SignedHeaders={names},Signature={signature}")
    );
}

#[tokio::test]
async fn alibaba_clouds_codes_come_to_four_results() {
    let answer = |code: &str| json!({"Code": code, "Message": "…", "RequestId": "R"}).to_string();
    for limit in ["isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL"] {
        assert_eq!(sent(aliyun, 200, &answer(limit)).await.0, Err(SmsError::Limited), "{limit}");
    }
    assert_eq!(sent(aliyun, 400, &answer("Throttling.User")).await.0, Err(SmsError::Limited));
    assert_eq!(sent(aliyun, 200, &answer("isp.SYSTEM_ERROR")).await.0, Err(SmsError::Unavailable));
    assert_eq!(sent(aliyun, 200, &answer("isv.AMOUNT_NOT_ENOUGH")).await.0, refused("isv.AMOUNT_NOT_ENOUGH"));
    assert_eq!(
        sent(aliyun, 404, &answer("InvalidAccessKeyId.NotFound")).await.0,
        refused("InvalidAccessKeyId.NotFound")
    );
    assert_eq!(sent(aliyun, 500, &answer("Whatever")).await.0, Err(SmsError::Unavailable));
    assert_eq!(sent(aliyun, 200, "<html>").await.0, Err(SmsError::Unavailable));
    assert_eq!(sent(aliyun, 200, &answer("<b>a b</b>")).await.0, refused("babb"));
}

#[tokio::test]
async fn tencent_cloud_gets_what_it_can_verify() {
    let answer = r#"{"Response":{"SendStatusSet":[{"SerialNo":"5000","Code":"Ok","Message":"send success"}],"RequestId":"R"}}"#;
    let (result, request) = sent(tencent, 200, answer).await;
    assert_eq!(result, Ok(()));
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        body,
        json!({
            "PhoneNumberSet": ["+8613800001234"], "SmsSdkAppId": "1400006666", "SignName": "门房",
            "TemplateId": "1110", "TemplateParamSet": ["048291"], "SessionContext": "vcd_01",
        })
    );
    assert_eq!((request.method.as_str(), request.url.path()), ("POST", "/"));
    assert_eq!(header(&request, "x-tc-action"), "SendSms");
    assert_eq!(header(&request, "x-tc-version"), "2021-01-11");
    assert_eq!(header(&request, "x-tc-region"), "ap-guangzhou");
    assert_eq!(header(&request, "x-tc-timestamp"), "1767225600");

    // The gateway's side of the signature, from nothing but what arrived.
    let names = "content-type;host;x-tc-action";
    let lines = names.split(';').map(|name| format!("{name}:{}\n", header(&request, name).to_lowercase()));
    let lines = lines.collect::<Vec<_>>().concat();
    let canonical = format!("POST\n/\n\n{lines}\n{names}\n{}", sha256_hex(&request.body));
    let scope = "2026-01-01/sms/tc3_request";
    let to_sign = format!("TC3-HMAC-SHA256\n1767225600\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
    let key = ["2026-01-01", "sms", "tc3_request"]
        .iter()
        .fold(b"TC3tencent-secret".to_vec(), |key, part| hmac_sha256(&key, part.as_bytes()).to_vec());
    let signature = hex(&hmac_sha256(&key, to_sign.as_bytes()));
    assert_eq!(
        header(&request, "authorization"),
        format!("TC3-HMAC-SHA256 Credential=AKIDtest/{scope}, SignedHeaders={names}, Signature={signature}")
    );
}

#[tokio::test]
async fn tencent_clouds_codes_come_to_four_results() {
    let status = |code: &str| {
        json!({"Response": {"SendStatusSet": [{"Code": code, "Message": "…"}], "RequestId": "R"}}).to_string()
    };
    let error = |code: &str| {
        json!({"Response": {"Error": {"Code": code, "Message": "…"}, "RequestId": "R"}}).to_string()
    };
    for limit in ["LimitExceeded.PhoneNumberThirtySecondLimit", "LimitExceeded.PhoneNumberDailyLimit"] {
        assert_eq!(sent(tencent, 200, &status(limit)).await.0, Err(SmsError::Limited), "{limit}");
    }
    assert_eq!(sent(tencent, 200, &error("RequestLimitExceeded")).await.0, Err(SmsError::Limited));
    assert_eq!(sent(tencent, 200, &error("InternalError.Timeout")).await.0, Err(SmsError::Unavailable));
    for no in ["FailedOperation.InsufficientBalanceInSmsPackage", "LimitExceeded.PhoneNumberCountLimit"] {
        assert_eq!(sent(tencent, 200, &status(no)).await.0, refused(no));
    }
    assert_eq!(
        sent(tencent, 200, &error("AuthFailure.SignatureFailure")).await.0,
        refused("AuthFailure.SignatureFailure")
    );
    let neither = r#"{"Response":{"SendStatusSet":[]}}"#;
    assert_eq!(sent(tencent, 200, neither).await.0, Err(SmsError::Unavailable));
    assert_eq!(sent(tencent, 502, "bad gateway").await.0, Err(SmsError::Unavailable));
}

#[tokio::test]
async fn settings_and_errors_show_no_secret_and_no_phone() {
    for settings in [http("http://127.0.0.1:1/"), aliyun("http://127.0.0.1:1"), tencent("http://127.0.0.1:1")]
    {
        let shown = format!("{settings:?}");
        assert!(!shown.contains("-secret"), "{shown}");
        let error = sender(settings).send(&MESSAGE).await.unwrap_err();
        assert_eq!(error.to_string(), "the SMS gateway cannot be reached");
    }
    assert_eq!(sender(Settings::Console).provider(), "console");
    assert_eq!(sender(Settings::Console).send(&MESSAGE).await, Ok(()));
}

/// RFC 4231, test cases 1 and 6 (a key longer than a block).
#[test]
fn hmac_is_the_standards() {
    assert_eq!(
        hex(&hmac_sha256(&[0x0b; 20], b"Hi There")),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
    );
    assert_eq!(
        hex(&hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    );
}
