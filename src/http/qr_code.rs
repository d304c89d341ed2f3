//! Drawing QR codes as SVG.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

/// A QR code of a link, as one SVG element that scales; none when the link is too long for any code.
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
