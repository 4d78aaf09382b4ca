//! Plots: of each table, a bar for each row, on a scale where each line is ten times the one before.

use std::fmt::Write;

use super::{
    measured::{Row, Table, short},
    report::{Compared, Report},
};

const WIDTH: f64 = 900.0;
const NAMES: f64 = 290.0;
const NUMBERS: f64 = 90.0;
const LINE: f64 = 18.0;
const HEAD: f64 = 44.0;

/// A page of its own, with tables, plots, and what was missing.
#[must_use]
pub fn page(report: &Report) -> String {
    let mut html = String::from(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Lockwright beside its peers</title>\n\
         <style>body{font:15px sans-serif;margin:2em}td,th{padding:.1em .7em;text-align:right}\
         td:first-child,td:last-child{text-align:left}</style></head><body>\n<h1>Lockwright beside its peers</h1>\n",
    );
    add(&mut html, format_args!("<p>{}</p>\n", escaped(&report.head())));
    for group in &report.groups {
        add(&mut html, format_args!("<h2>{}</h2>\n", escaped(group.name)));
        for missing in &group.missing {
            add(&mut html, format_args!("<p>Not here: {}: {}</p>\n", escaped(&missing.name), escaped(&missing.get)));
        }
        for table in &group.tables {
            html += &plot(table, 0.0);
            html += &rows(table);
            for note in &table.notes {
                add(&mut html, format_args!("<p>{}</p>\n", escaped(note)));
            }
        }
    }
    html + "</body></html>\n"
}

/// All plots, one below the other, as one SVG.
#[must_use]
pub fn plots(report: &Report) -> String {
    let tables: Vec<&Table> = report.groups.iter().flat_map(|Compared { tables, .. }| tables).collect();
    let mut top = 0.0;
    let mut inner = String::new();
    for table in tables {
        inner += &plot(table, top);
        top += height(table);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{top}\" \
         viewBox=\"0 0 {WIDTH} {top}\">\n{inner}</svg>\n"
    )
}

fn height(table: &Table) -> f64 {
    table.rows.iter().fold(HEAD, |height, _| height + LINE)
}

/// One table, so far from the top.
fn plot(table: &Table, top: f64) -> String {
    let spreads = || table.rows.iter().map(|row| row.spread);
    let smallest = spreads().map(|spread| spread.min).filter(|number| *number > 0.0).fold(f64::INFINITY, f64::min);
    let most = spreads().map(|spread| spread.max).fold(smallest, f64::max);
    let (first, last) = (smallest.log10().floor(), most.log10().ceil());
    let at = |number: f64| {
        let part = (number.max(smallest).log10() - first) / (last - first).max(1.0);
        NAMES + part * (WIDTH - NAMES - NUMBERS)
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" y=\"{top}\" width=\"{WIDTH}\" height=\"{}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<text x=\"4\" y=\"16\" font-weight=\"bold\">{}, {}</text>\n",
        height(table),
        escaped(&table.title),
        escaped(table.unit),
    );
    let mut line = first;
    while line.is_finite() && line <= last {
        let (x, bottom, label) = (at(10_f64.powf(line)), height(table) - 6.0, short(10_f64.powf(line)));
        add(
            &mut svg,
            format_args!(
                "<path d=\"M{x:.1} 36V{bottom}\" stroke=\"#ccc\"/><text x=\"{x:.1}\" y=\"32\" fill=\"#777\" \
                 text-anchor=\"middle\">{label}</text>\n"
            ),
        );
        line += 1.0;
    }
    let mut y = HEAD;
    for row in &table.rows {
        svg += &bar(row, y, at);
        y += LINE;
    }
    svg + "</svg>\n"
}

/// The bar ends at the median; the line goes from the least to the greatest.
fn bar(row: &Row, y: f64, at: impl Fn(f64) -> f64) -> String {
    let [min, median, max] = [row.spread.min, row.spread.median, row.spread.max].map(at);
    let colour = if row.name.starts_with("ours") { "#2a6fb0" } else { "#b9b9b9" };
    let (text, middle, wide) = (y + 10.0, y + 6.0, (median - NAMES).max(1.0));
    format!(
        "<text x=\"4\" y=\"{text}\">{}</text><rect x=\"{NAMES}\" y=\"{y}\" width=\"{wide:.1}\" height=\"12\" \
         fill=\"{colour}\"/><path d=\"M{min:.1} {middle}H{max:.1}\" stroke=\"#333\"/><text x=\"{:.1}\" y=\"{text}\">{}\
         </text>\n",
        escaped(&row.name),
        max + 6.0,
        short(row.spread.median),
    )
}

fn rows(table: &Table) -> String {
    let bases = table.bases();
    let mut html =
        String::from("<table><tr><th></th><th>min</th><th>quarter</th><th>median</th><th>quarter</th><th>max</th>");
    let heads = table.more.iter().map(|head| (*head).to_owned());
    for head in heads.chain(bases.iter().map(|(name, _)| format!("/ {name}"))) {
        add(&mut html, format_args!("<th>{}</th>", escaped(&head)));
    }
    html += "<th></th></tr>\n";
    for row in &table.rows {
        let spread = row.spread;
        let numbers = [spread.min, spread.low, spread.median, spread.high, spread.max];
        let ratios = bases.iter().map(|(_, base)| spread.median / base);
        add(&mut html, format_args!("<tr><td>{}</td>", escaped(&row.name)));
        for number in numbers.into_iter().chain(row.more.iter().copied()).chain(ratios) {
            add(&mut html, format_args!("<td>{}</td>", short(number)));
        }
        add(&mut html, format_args!("<td>{}</td></tr>\n", escaped(&row.about)));
    }
    html + "</table>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn add(to: &mut String, text: std::fmt::Arguments<'_>) {
    to.write_fmt(text).unwrap_or_else(|_| unreachable!("a string takes whatever is written"));
}

#[cfg(test)]
mod tests {
    use super::{super::measured::Spread, *};

    fn table() -> Table {
        let row = |name: &str, sample| Row {
            name: name.into(),
            about: String::new(),
            spread: Spread::of(vec![sample]).unwrap(),
            more: Vec::new(),
        };
        Table {
            title: "a <pair>".into(),
            unit: "us",
            more: Vec::new(),
            against: vec!["flock".into()],
            rows: vec![row("ours", 100.0), row("flock", 1.0)],
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_tenth_is_one_line_to_the_left() {
        let svg = plot(&table(), 0.0);
        let wide = |colour: &str| {
            let (head, _) = svg.split_once(colour).unwrap();
            let text = head.rsplit("width=\"").next().unwrap().split('"').next().unwrap();
            text.parse::<f64>().unwrap()
        };
        assert!((wide("#2a6fb0") - (WIDTH - NAMES - NUMBERS)).abs() < 0.1);
        assert!((wide("#b9b9b9") - 1.0).abs() < 0.1);
        assert!(svg.contains("a &lt;pair&gt;"));
    }

    #[test]
    fn ratios_are_to_the_row_that_is_named() {
        assert!(rows(&table()).contains("<td>1.00</td><td></td></tr>"));
        assert!(rows(&table()).contains("<td>100</td><td></td></tr>"));
    }
}
