//! Shapes of charts: one Vega-Lite file each, where its axes have their titles, and how its rows are said in words.

use crate::format::significant;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// `row, series, value, low, high, n, evidence`: bars from zero.
    Bars,
    /// `row, series, x, y` and their ends, `frontier`: both axes are logarithmic.
    Scatter,
    /// `series, x, value, low, high`.
    Lines,
    /// `row, part, series, value, low, high, one`: ratios on a logarithmic axis.
    Forest,
    /// `kind` power: `series, x, value, low, high`; `kind` window: `row, x, x2`.
    Trace,
    /// `kind` cell: `row, series, low, lower, value, upper, high`; `kind` run: `row, series, value`.
    Spread,
    /// `row, series, value`: points on a logarithmic axis.
    Points,
}

#[cfg(test)]
pub const ALL: &[Shape] =
    &[Shape::Bars, Shape::Scatter, Shape::Lines, Shape::Forest, Shape::Trace, Shape::Spread, Shape::Points];

/// More values than this are summed up in words.
const LISTED: usize = 60;

impl Shape {
    pub fn file(self) -> &'static str {
        match self {
            Shape::Bars => include_str!("../../charts/bars.vl.json"),
            Shape::Scatter => include_str!("../../charts/scatter.vl.json"),
            Shape::Lines => include_str!("../../charts/lines.vl.json"),
            Shape::Forest => include_str!("../../charts/forest.vl.json"),
            Shape::Trace => include_str!("../../charts/trace.vl.json"),
            Shape::Spread => include_str!("../../charts/spread.vl.json"),
            Shape::Points => include_str!("../../charts/points.vl.json"),
        }
    }

    /// Where the titles of the axes stand: across, up.
    fn titles(self) -> (&'static str, Option<&'static str>) {
        match self {
            Shape::Bars => ("/spec/layer/0/encoding/x/title", None),
            Shape::Scatter => ("/layer/3/encoding/x/title", Some("/layer/3/encoding/y/title")),
            Shape::Lines => ("/layer/1/encoding/x/title", Some("/layer/1/encoding/y/title")),
            Shape::Forest => ("/spec/layer/2/encoding/x/title", None),
            Shape::Trace => ("/layer/2/encoding/x/title", Some("/layer/2/encoding/y/title")),
            Shape::Spread => ("/spec/layer/1/encoding/x/title", None),
            Shape::Points => ("/layer/0/encoding/x/title", None),
        }
    }

    fn is_logarithmic(self) -> bool {
        matches!(self, Shape::Scatter | Shape::Forest | Shape::Points)
    }

    /// Layers that need a field which not every chart's rows have: place in the list of layers, field.
    fn optional(self) -> &'static [(usize, &'static str)] {
        match self {
            Shape::Bars | Shape::Forest => &[(1, "low")],
            Shape::Scatter => &[(0, "frontier"), (1, "x_low"), (2, "y_low")],
            Shape::Lines => &[(0, "low")],
            Shape::Trace | Shape::Spread | Shape::Points => &[],
        }
    }

    /// Takes the layers away that have no row.
    pub fn prune(self, spec: &mut Value, rows: &[Value]) {
        let layers = if spec.get("spec").is_some() { &mut spec["spec"]["layer"] } else { &mut spec["layer"] };
        let Some(layers) = layers.as_array_mut() else { return };
        for (place, field) in self.optional().iter().rev() {
            let has = |row: &Value| row.get(*field).is_some_and(|v| !v.is_null() && *v != Value::Bool(false));
            if !rows.iter().any(has) {
                layers.remove(*place);
            }
        }
    }

    /// Whether these rows fit onto logarithmic axes: an interval that reaches zero has no logarithm, and is not cut.
    pub fn logarithmic_for(self, rows: &[Value]) -> bool {
        let ends = ["x", "x_low", "y", "y_low", "low", "value"];
        let fits = |row: &Value| ends.iter().all(|key| row.get(*key).and_then(Value::as_f64).is_none_or(|v| v > 0.0));
        self.is_logarithmic() && rows.iter().all(fits)
    }

    /// Axis titles; a logarithmic axis says so.
    pub fn axes(self, across: &str, up: &str, logarithmic: bool) -> Vec<(&'static str, String)> {
        let (x, y) = self.titles();
        let scale = if logarithmic { " (log scale)" } else { "" };
        let named = |path, title: &str| (path, format!("{title}{scale}"));
        [Some(named(x, across)), y.map(|path| named(path, up))].into_iter().flatten().collect()
    }

    /// What a reader who does not see the chart is told.
    pub fn words(self, across: &str, up: &str, rows: &[Value]) -> String {
        let said = |row: &Value| {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_string();
            let number = |key: &str| row[key].as_f64().map_or_else(|| "not known".into(), significant);
            let ends = match (row["low"].as_f64(), row["high"].as_f64()) {
                (Some(low), Some(high)) => format!(" [{}, {}]", significant(low), significant(high)),
                _ => String::new(),
            };
            match self {
                Shape::Scatter => format!("{}, {}: {} and {}", text("row"), text("series"), number("x"), number("y")),
                Shape::Lines => format!("{} at {}: {}{ends}", text("series"), number("x"), number("value")),
                Shape::Forest => {
                    format!("{}, {}: {}{ends}, {}", text("row"), text("part"), number("value"), text("series"))
                }
                _ => format!("{}, {}: {}{ends}", text("row"), text("series"), number("value")),
            }
        };
        let shown: Vec<&Value> = match self {
            Shape::Trace => rows.iter().filter(|r| r["kind"] == "power").collect(),
            Shape::Spread => rows.iter().filter(|r| r["kind"] == "cell").collect(),
            _ => rows.iter().collect(),
        };
        let kind = match self {
            Shape::Bars => "Bars of",
            Shape::Scatter => "Points of",
            Shape::Lines | Shape::Trace => "Lines of",
            Shape::Forest => "Ratios with intervals,",
            Shape::Spread => "Ranges and quartiles of",
            Shape::Points => "Points of",
        };
        let axes = if up.is_empty() { across.to_string() } else { format!("{up} against {across}") };
        if self == Shape::Trace || shown.len() > LISTED {
            return format!("{kind} {axes}. {}", summed_up(&shown));
        }
        format!("{kind} {axes}. {}.", shown.into_iter().map(said).collect::<Vec<_>>().join("; "))
    }
}

/// Range of each series.
fn summed_up(rows: &[&Value]) -> String {
    let mut series: Vec<(&str, f64, f64)> = Vec::new();
    for row in rows {
        let Some(value) = row["value"].as_f64().or_else(|| row["y"].as_f64()) else { continue };
        let name = row["series"].as_str().unwrap_or_default();
        match series.iter_mut().find(|s| s.0 == name) {
            Some(known) => *known = (name, known.1.min(value), known.2.max(value)),
            None => series.push((name, value, value)),
        }
    }
    let said =
        |(name, low, high): &(&str, f64, f64)| format!("{name}: from {} to {}", significant(*low), significant(*high));
    format!("{}.", series.iter().map(said).collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::round_trip::checked;
    use serde_json::json;

    #[test]
    fn files_survive_the_round_trip_and_have_their_titles() {
        for shape in ALL {
            let spec: Value = serde_json::from_str(shape.file()).unwrap();
            checked(&spec).unwrap_or_else(|e| panic!("{shape:?}: {e:#}"));
            for (path, _) in shape.axes("a", "b", false) {
                assert!(spec.pointer(path).is_some(), "{shape:?} has no {path}");
            }
        }
    }

    /// No chart lies: bars start at zero, and a logarithmic axis is one in the file and in its title.
    #[test]
    fn axes_are_what_they_say() {
        for shape in ALL {
            let file = shape.file().replace([' ', '\n'], "");
            assert_eq!(file.contains("\"type\":\"log\""), shape.is_logarithmic(), "{shape:?}");
            assert_eq!(
                shape.axes("a", "b", shape.is_logarithmic())[0].1.contains("log"),
                shape.is_logarithmic(),
                "{shape:?}"
            );
        }
        let bars: Value = serde_json::from_str(Shape::Bars.file()).unwrap();
        assert_eq!(bars.pointer("/spec/layer/0/encoding/x/scale/zero"), Some(&json!(true)));
    }

    #[test]
    fn an_interval_that_reaches_zero_makes_the_axes_linear() {
        let row = |low: f64| vec![json!({"x": 2.0, "x_low": low, "y": 1.0, "y_low": 0.5})];
        assert!(Shape::Scatter.logarithmic_for(&row(1.0)) && !Shape::Scatter.logarithmic_for(&row(-1.0)));
        let mut spec: Value = serde_json::from_str(Shape::Scatter.file()).unwrap();
        Shape::Scatter.prune(&mut spec, &row(1.0));
        assert_eq!(spec["layer"].as_array().map(Vec::len), Some(3), "no frontier, both intervals");
    }

    #[test]
    fn says_every_value_or_ranges() {
        let row = json!({"row": "short", "series": "a", "value": 2.0, "low": 1.0, "high": 3.0});
        assert_eq!(Shape::Bars.words("ms", "", std::slice::from_ref(&row)), "Bars of ms. short, a: 2 [1, 3].");
        let many = vec![row; 100];
        assert_eq!(Shape::Bars.words("ms", "", &many), "Bars of ms. a: from 2 to 2.");
    }
}
