//! Two pictures: how much of each budget is used, and how numbers grow with the load.

use std::fmt::Write;

use super::line::Line;
use super::table::{Table, median};
use super::text::number;

const WIDTH: f64 = 900.0;
/// Where bars begin: names stand before it.
const LEFT: f64 = 430.0;
const ROW: f64 = 26.0;
/// One budget is so long.
const WHOLE: f64 = 300.0;
/// Longer bars are cut off.
const LONGEST: f64 = 420.0;
const KEPT: &str = "#2a7f62";
const MISSED: &str = "#b3432b";
const LINE: &str = "#4a5568";
/// A small chart of one curve.
const CHART: (f64, f64) = (360.0, 200.0);
const MARGIN: f64 = 46.0;

/// A number at several loads: its name, its points, its unit.
type Curve<'a> = (&'a str, Vec<(f64, f64)>, &'a str);

impl Table {
    /// A bar for each line that has a budget: up to the upright line it is kept.
    pub(crate) fn bars(&self) -> String {
        let measured = |line: &&Line| line.budget.is_some() && !line.rounds.is_empty();
        let lines: Vec<&Line> = self.lines.iter().filter(measured).collect();
        let height = ROW * (crate::waiting::count(lines.len()) + 2.0);
        let mut body = String::new();
        for (at, line) in lines.into_iter().enumerate() {
            let y = ROW * (crate::waiting::count(at) + 1.5);
            let Some(kept) = line.budget.as_ref().and_then(|budget| self.kept(line, &budget.sum)) else {
                continue;
            };
            let (long, colour) =
                ((kept.used * WHOLE).min(LONGEST), if kept.used <= 1.0 { KEPT } else { MISSED });
            let (base, name) = (y + 14.0, escaped(&line.name));
            let _ = writeln!(body, r#"<text x="{}" y="{base}" text-anchor="end">{name}</text>"#, LEFT - 8.0);
            let _ =
                writeln!(body, r#"<rect x="{LEFT}" y="{y}" width="{long:.1}" height="18" fill="{colour}"/>"#);
            let _ = writeln!(
                body,
                r#"<text x="{:.1}" y="{base}">{:.0} %</text>"#,
                LEFT + long + 6.0,
                kept.used * 100.0
            );
        }
        let at = LEFT + WHOLE;
        let _ = writeln!(
            body,
            r#"<line x1="{at}" x2="{at}" y1="{ROW}" y2="{height}" stroke="{LINE}" stroke-dasharray="4 3"/>"#
        );
        let _ = writeln!(body, r#"<text x="{at}" y="18" text-anchor="middle">budget</text>"#);
        picture(WIDTH, height, &body)
    }

    /// A chart for each number that was measured at several loads.
    pub(crate) fn curves(&self) -> String {
        let mut curves: Vec<Curve<'_>> = Vec::new();
        for line in &self.lines {
            let (Some((curve, load)), Some(middle)) = (&line.grows, median(&line.rounds)) else { continue };
            match curves.iter_mut().find(|(name, ..)| name == curve) {
                Some((_, points, _)) => points.push((*load, middle)),
                None => curves.push((curve, vec![(*load, middle)], line.unit.name())),
            }
        }
        let mut body = String::new();
        for (at, (name, points, unit)) in curves.iter().enumerate() {
            let (column, row) = (crate::waiting::count(at % 3), crate::waiting::count(at / 3));
            let _ = writeln!(body, r#"<g transform="translate({} {})">"#, column * CHART.0, row * CHART.1);
            body.push_str(&chart(name, points, unit));
            body.push_str("</g>\n");
        }
        picture(CHART.0 * 3.0, CHART.1 * crate::waiting::count(curves.len().div_ceil(3)), &body)
    }
}

fn chart(name: &str, points: &[(f64, f64)], unit: &str) -> String {
    let most = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).fold(f64::MIN_POSITIVE, f64::max);
    let (widest, highest) = (most(|point| point.0), most(|point| point.1));
    let x = |load: f64| MARGIN + load / widest * (CHART.0 - 2.0 * MARGIN);
    let y = |value: f64| CHART.1 - MARGIN - value / highest * (CHART.1 - 2.2 * MARGIN);
    let mut chart = format!("<text x=\"{MARGIN}\" y=\"22\">{} ({unit})</text>\n", escaped(name));
    let path: Vec<String> =
        points.iter().map(|&(load, value)| format!("{:.1},{:.1}", x(load), y(value))).collect();
    let _ = writeln!(
        chart,
        r#"<polyline points="{}" fill="none" stroke="{KEPT}" stroke-width="2"/>"#,
        path.join(" ")
    );
    let floor = CHART.1 - MARGIN;
    let _ = writeln!(
        chart,
        r#"<line x1="{MARGIN}" x2="{}" y1="{floor}" y2="{floor}" stroke="{LINE}"/>"#,
        CHART.0 - MARGIN
    );
    for &(load, value) in points {
        let (at, up) = (x(load), y(value));
        let _ = writeln!(chart, r#"<circle cx="{at:.1}" cy="{up:.1}" r="3.5" fill="{KEPT}"/>"#);
        let _ = writeln!(
            chart,
            r#"<text x="{at:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            up - 8.0,
            number(value)
        );
        let _ = writeln!(
            chart,
            r#"<text x="{at:.1}" y="{:.1}" text-anchor="middle">{load}</text>"#,
            floor + 18.0
        );
    }
    chart
}

fn picture(width: f64, height: f64, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{body}</svg>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
