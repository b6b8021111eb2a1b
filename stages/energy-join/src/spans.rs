//! The spans of time whose energy is wanted, in the groups that the key columns make.

use datafusion::arrow::array::{Array, Int64Array};
use std::collections::HashMap;

/// Values of key columns; a null key meets nothing.
pub type Key = Vec<String>;

/// The group of a row; `None` for a null key.
pub type Group = Option<usize>;

/// Spans of one group, by start.
#[derive(Debug, Default)]
pub struct Spans {
    start: Vec<i64>,
    end: Vec<i64>,
    /// Latest end of this and all earlier spans.
    reach: Vec<i64>,
}

impl Spans {
    fn new(windows: &[(i64, i64)]) -> Self {
        let mut spans = Spans::default();
        let mut reach = i64::MIN;
        for &(start, end) in windows {
            reach = reach.max(end);
            spans.start.push(start);
            spans.end.push(end);
            spans.reach.push(reach);
        }
        spans
    }

    pub fn len(&self) -> usize {
        self.start.len()
    }

    pub fn window(&self, span: usize) -> (i64, i64) {
        (self.start[span], self.end[span])
    }

    /// Indices among which all spans that meet `first..=last` are.
    pub fn that_may_meet(&self, first: i64, last: i64) -> (usize, usize) {
        (self.reach.partition_point(|&end| end < first), self.start.partition_point(|&start| start <= last))
    }

    /// Whether any span meets `first..=last`.
    pub fn any_meets(&self, first: i64, last: i64) -> bool {
        let begun = self.start.partition_point(|&start| start <= last);
        begun > 0 && self.reach[begun - 1] >= first
    }
}

/// Where a row of the runs query is: its group, and its place there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub group: u32,
    /// `u32::MAX` for a row without a window.
    pub span: u32,
}

const NOWHERE: u32 = u32::MAX;

/// All rows of the runs query.
#[derive(Debug)]
pub struct Table {
    pub groups: Vec<Spans>,
    pub places: Vec<Place>,
    by_key: HashMap<Key, usize>,
}

impl Table {
    /// From the group of each row (`None` for a null key) and its window. A row without start or end, or with an end that is not
    /// after the start, has no window.
    pub fn new(by_key: HashMap<Key, usize>, groups: &[Group], start: &Int64Array, end: &Int64Array) -> Self {
        let mut windows: Vec<Vec<(i64, i64, u32)>> = vec![Vec::new(); by_key.len()];
        let mut places = Vec::with_capacity(groups.len());
        for (row, group) in groups.iter().enumerate() {
            places.push(Place { group: group.map_or(NOWHERE, |g| g as u32), span: NOWHERE });
            if let Some(group) = group
                && start.is_valid(row)
                && end.is_valid(row)
                && end.value(row) > start.value(row)
            {
                windows[*group].push((start.value(row), end.value(row), row as u32));
            }
        }
        let groups = windows.into_iter().map(|mut windows| {
            windows.sort_unstable();
            for (span, &(_, _, row)) in windows.iter().enumerate() {
                places[row as usize].span = span as u32;
            }
            Spans::new(&windows.iter().map(|&(start, end, _)| (start, end)).collect::<Vec<_>>())
        });
        Table { groups: groups.collect(), places, by_key }
    }

    pub fn group(&self, key: &[String]) -> Option<usize> {
        self.by_key.get(key).copied()
    }

    /// Bytes held, for the memory pool.
    pub fn bytes(&self) -> usize {
        self.places.len() * size_of::<Place>() + self.groups.iter().map(|g| g.len() * 24).sum::<usize>()
    }
}

impl Place {
    pub fn group(self) -> Option<usize> {
        (self.group != NOWHERE).then_some(self.group as usize)
    }

    pub fn span(self) -> Option<usize> {
        (self.span != NOWHERE).then_some(self.span as usize)
    }
}
