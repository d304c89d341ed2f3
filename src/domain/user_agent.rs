//! What a User-Agent says of itself: enough to show a person which computer asks, and which page a phone needs.
//! The header can be forged: it selects a page, it proves nothing (WeChat's proof is a valid code).

macro_rules! coded {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $text:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// One byte, as a QR ticket and a row hold it.
            pub fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)* }
            }

            /// Reads a code; one that is not known (from a newer node) is unknown.
            pub fn from_code(code: u8) -> Self {
                match code { $($code => Self::$variant,)* _ => Self::Unknown }
            }

            /// The name that people know.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

coded! {
    /// A browser, by the name it gives.
    Browser {
        /// None that we know.
        Unknown = 0, "?";
        /// Google Chrome and plain Chromium.
        Chrome = 1, "Chrome";
        /// Microsoft Edge.
        Edge = 2, "Edge";
        /// Mozilla Firefox.
        Firefox = 3, "Firefox";
        /// Apple Safari.
        Safari = 4, "Safari";
        /// Opera.
        Opera = 5, "Opera";
        /// Tencent's QQ Browser.
        Qq = 6, "QQ Browser";
        /// 360 Secure Browser.
        Qihoo = 7, "360 Browser";
        /// Sogou Browser.
        Sogou = 8, "Sogou Browser";
        /// WeChat's own browser.
        WeChat = 9, "WeChat";
    }
}

coded! {
    /// An operating system, by the name the browser gives.
    System {
        /// None that we know.
        Unknown = 0, "?";
        /// Microsoft Windows.
        Windows = 1, "Windows";
        /// Apple macOS.
        MacOs = 2, "macOS";
        /// Linux on a desktop.
        Linux = 3, "Linux";
        /// ChromeOS.
        ChromeOs = 4, "ChromeOS";
        /// Android.
        Android = 5, "Android";
        /// iOS and iPadOS.
        Ios = 6, "iOS";
        /// Huawei's HarmonyOS.
        HarmonyOs = 7, "HarmonyOS";
    }
}

/// A User-Agent, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserAgent {
    /// Which browser.
    pub browser: Browser,
    /// On which system.
    pub system: System,
    /// Inside WeChat (and not `WeCom`, whose accounts are other ones).
    pub in_wechat: bool,
    /// On a phone.
    pub on_phone: bool,
}

impl UserAgent {
    /// Reads the header; an absent one is unknown.
    pub fn parse(header: Option<&str>) -> Self {
        let text = header.unwrap_or_default().to_ascii_lowercase();
        let has = |needle: &str| text.contains(needle);
        let in_wechat = has("micromessenger") && !has("wxwork");
        // More telling names stand first: nearly everybody also claims to be Chrome or Safari.
        let browser = [
            ("micromessenger", Browser::WeChat),
            ("edg", Browser::Edge),
            ("opr/", Browser::Opera),
            ("qqbrowser", Browser::Qq),
            ("360se", Browser::Qihoo),
            ("qihoo", Browser::Qihoo),
            ("metasr", Browser::Sogou),
            ("firefox", Browser::Firefox),
            ("fxios", Browser::Firefox),
            ("chrome", Browser::Chrome),
            ("chromium", Browser::Chrome),
            ("crios", Browser::Chrome),
            ("safari", Browser::Safari),
        ]
        .into_iter()
        .find_map(|(needle, found)| has(needle).then_some(found))
        .unwrap_or(Browser::Unknown);
        let system = [
            ("harmony", System::HarmonyOs),
            ("openharmony", System::HarmonyOs),
            ("android", System::Android),
            ("iphone", System::Ios),
            ("ipad", System::Ios),
            ("windows", System::Windows),
            ("mac os x", System::MacOs),
            ("macintosh", System::MacOs),
            ("cros", System::ChromeOs),
            ("linux", System::Linux),
        ]
        .into_iter()
        .find_map(|(needle, found)| has(needle).then_some(found))
        .unwrap_or(System::Unknown);
        let on_phone = has("mobile") || matches!(system, System::Android | System::Ios);
        Self { browser, system, in_wechat, on_phone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_browsers_are_told_apart() {
        let read = |text| {
            let agent = UserAgent::parse(Some(text));
            (agent.browser, agent.system, agent.in_wechat, agent.on_phone)
        };
        assert_eq!(
            read(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
            ),
            (Browser::Edge, System::Windows, false, false)
        );
        assert_eq!(
            read(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 Version/18.0 Safari/605.1"
            ),
            (Browser::Safari, System::MacOs, false, false)
        );
        assert_eq!(
            read(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50"
            ),
            (Browser::WeChat, System::Ios, true, true)
        );
        assert!(
            !read("Mozilla/5.0 (Windows NT 10.0) MicroMessenger/7.0 wxwork/4.1").2,
            "WeCom is not WeChat"
        );
        assert_eq!(UserAgent::parse(None).browser, Browser::Unknown);
    }

    #[test]
    fn codes_read_back() {
        for code in 0..=u8::MAX {
            let browser = Browser::from_code(code);
            assert!(browser.code() == code || browser == Browser::Unknown);
            let system = System::from_code(code);
            assert!(system.code() == code || system == System::Unknown);
        }
    }
}
