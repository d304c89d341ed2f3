//! Drawing QR codes: as SVG, and as PNG.

use std::io::Write as _;

use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::{Color, EcLevel, QrCode, bits, ec};

use super::png;

/// The white around a code, in modules (ISO/IEC 18004).
const QUIET_ZONE: u32 = 4;

/// How many pixels wide a module is in a picture.
const MODULE: u32 = 10;

/// How wide a code is at least, in pixels of a page.
const LEAST_WIDTH: usize = 240;

/// A QR code of a link, as one SVG document that scales; none when the link is too long for any code.
pub fn svg(link: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(link, EcLevel::M).ok()?;
    document(&code.to_colors(), code.width())
}

/// The same in a third of the time, for links of which many are drawn and none is printed: which of the eight masks is the best one
/// is not looked for. What such a link has at its end is sealed, so it looks like noise under any of them.
pub fn quick_svg(link: &str) -> Option<String> {
    let bits = bits::encode_auto(link.as_bytes(), EcLevel::M).ok()?;
    let version = bits.version();
    let (data, correction) = ec::construct_codewords(&bits.into_bytes(), version, EcLevel::M).ok()?;
    let mut canvas = Canvas::new(version, EcLevel::M);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &correction);
    canvas.apply_mask(MaskPattern::DiagonalLines);
    document(&canvas.into_colors(), usize::try_from(version.width()).ok()?)
}

/// Draws modules that are given row by row, of so many in a row.
fn document(modules: &[Color], width: usize) -> Option<String> {
    let quiet = QUIET_ZONE as usize;
    let all = width + 2 * quiet;
    let pixels = all * LEAST_WIDTH.div_ceil(all);
    // Some bytes for each run of dark modules, of which there are two modules on the average, between two light ones.
    let mut drawn = Vec::with_capacity(512 + modules.len() * 2);
    write!(
        drawn,
        "<?xml version=\"1.0\" standalone=\"yes\"?><svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" \
         width=\"{pixels}\" height=\"{pixels}\" viewBox=\"0 0 {all} {all}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#ffffff\" d=\"M0 0h{all}v{all}H0z\"/><path fill=\"none\" stroke=\"#000000\" \
         stroke-width=\"1\" stroke-linecap=\"butt\" d=\""
    )
    .ok()?;
    for (row, y) in modules.chunks(width).zip(quiet..) {
        // Along the middle of the row, in strokes as wide as it is high. Both are said, for a page has lines of its own kind.
        let mut begun = false;
        let mut gap = quiet;
        for run in row.chunk_by(|one, other| one == other) {
            let many = run.len();
            if run.first() != Some(&Color::Dark) {
                gap += many;
                continue;
            }
            match (begun, u8::try_from(gap), u8::try_from(many)) {
                // A code has a thousand of these; `write!` would be half of what drawing it costs.
                (true, Ok(gap @ ..=9), Ok(many @ ..=9)) => {
                    drawn.extend_from_slice(&[b'm', b'0' + gap, b' ', b'0', b'h', b'0' + many]);
                }
                (true, ..) => write!(drawn, "m{gap} 0h{many}").ok()?,
                (false, ..) => write!(drawn, "M{gap} {y}.5h{many}").ok()?,
            }
            (begun, gap) = (true, 0);
        }
    }
    drawn.extend_from_slice(b"\"/></svg>");
    String::from_utf8(drawn).ok()
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

    /// The dark modules of a drawing, with their quiet zone, as its strokes cover them.
    fn drawn_modules(document: &str) -> Vec<(usize, usize)> {
        let exactly = "stroke=\"#000000\" stroke-width=\"1\" stroke-linecap=\"butt\" d=\"";
        let (_, strokes) = document.split_once(exactly).unwrap();
        let strokes = strokes.split_once('"').unwrap().0;
        let (mut dark, mut x, mut y) = (Vec::new(), 0, 0);
        for stroke in strokes.split_inclusive(['M', 'm']).collect::<Vec<_>>().windows(2) {
            let (is_new_row, rest) = (stroke[0].ends_with('M'), stroke[1].trim_end_matches(['M', 'm']));
            let (place, length) = rest.split_once('h').unwrap();
            let (gap, row) = place.split_once(' ').unwrap();
            if is_new_row {
                (x, y) = (0, row.strip_suffix(".5").unwrap().parse().unwrap());
            }
            x += gap.parse::<usize>().unwrap();
            let length: usize = length.parse().unwrap();
            dark.extend((x..x + length).map(|x| (x, y)));
            x += length;
        }
        dark
    }

    #[test]
    fn strokes_cover_the_dark_modules_and_no_others() {
        let code = QrCode::with_error_correction_level(LINK, EcLevel::M).unwrap();
        let quiet = QUIET_ZONE as usize;
        let all = (0..code.width()).flat_map(|y| (0..code.width()).map(move |x| (x, y)));
        let dark: Vec<_> =
            all.filter(|place| code[*place] == Color::Dark).map(|(x, y)| (x + quiet, y + quiet)).collect();
        assert_eq!(drawn_modules(&svg(LINK).unwrap()), dark);
        assert!(drawn_modules(&quick_svg(LINK).unwrap()).len() > 200);
    }

    #[test]
    fn strokes_and_gaps_may_be_longer_than_nine() {
        let row = |lengths: [usize; 5]| {
            let colors = [Color::Dark, Color::Light].into_iter().cycle().zip(lengths);
            colors.flat_map(|(color, many)| std::iter::repeat_n(color, many)).collect::<Vec<_>>()
        };
        let modules = [row([10, 9, 9, 10, 3]), row([3, 10, 12, 1, 15])].concat();
        let dark: Vec<_> = (0..modules.len())
            .filter(|place| modules[*place] == Color::Dark)
            .map(|place| (place % 41 + 4, place / 41 + 4))
            .collect();
        assert_eq!(drawn_modules(&document(&modules, 41).unwrap()), dark);
    }

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
