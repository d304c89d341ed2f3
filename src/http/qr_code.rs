//! Drawing QR codes: as SVG, and as PNG.

use qrcode::render::svg;
use qrcode::{Color, EcLevel, QrCode};

use super::png;

/// The white around a code, in modules (ISO/IEC 18004).
const QUIET_ZONE: u32 = 4;

/// How many pixels wide a module is in a picture.
const MODULE: u32 = 10;

/// A QR code of a link, as one SVG document that scales; none when the link is too long for any code.
pub fn svg(link: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(link, EcLevel::M).ok()?;
    let drawn = code
        .render::<svg::Color<'_>>()
        .min_dimensions(240, 240)
        .quiet_zone(true)
        .dark_color(svg::Color("#000000"))
        .light_color(svg::Color("#ffffff"))
        .build();
    Some(drawn)
}

/// The same as an element of a page.
pub fn inline_svg(link: &str) -> Option<String> {
    let document = svg(link)?;
    let element = document.find("<svg")?;
    Some(document[element..].replacen("<svg", "<svg aria-hidden=\"true\"", 1))
}

/// A QR code of a link, as a picture that phones read; none when the link is too long for any code.
pub fn png(link: &str) -> Option<Vec<u8>> {
    let code = QrCode::with_error_correction_level(link, EcLevel::M).ok()?;
    let modules = u32::try_from(code.width()).ok()?;
    let dark = |x: u32, y: u32| {
        let at = |pixel: u32| {
            let module = (pixel / MODULE).checked_sub(QUIET_ZONE).filter(|&module| module < modules)?;
            usize::try_from(module).ok()
        };
        at(x).zip(at(y)).is_some_and(|place| code[place] == Color::Dark)
    };
    Some(png::square((modules + 2 * QUIET_ZONE) * MODULE, dark))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "http://weixin.qq.com/q/02Bp9sF3k4A";

    #[test]
    fn an_inline_code_is_one_element_and_says_nothing_of_itself() {
        let drawn = inline_svg(LINK).unwrap();
        assert!(drawn.starts_with("<svg aria-hidden=\"true\" ") && drawn.ends_with("</svg>"), "{drawn}");
        assert!(!drawn.contains(" style="));
        assert_eq!(inline_svg(&"x".repeat(5_000)), None);
    }

    #[test]
    fn a_picture_has_its_white_around_it() {
        let picture = png(LINK).unwrap();
        let code = QrCode::with_error_correction_level(LINK, EcLevel::M).unwrap();
        let side = u32::try_from(code.width() + 8).unwrap() * MODULE;
        assert_eq!(picture[16..20], side.to_be_bytes());
        assert_eq!(png(&"x".repeat(5_000)), None);
    }
}
