//! Which columns of somebody's own table tell sensors apart, from its rows.

use super::{GPUS, Identity, MACHINES, STRONG, WEAK, is_in, question};
use crate::{
    power::sink::Sink,
    read::{
        fault::Result,
        table::{Header, Table},
        zone,
    },
};
use std::collections::{HashMap, HashSet};

/// Rows that are looked at.
const ROWS: usize = 1 << 17;
/// Values of a column from which it is none of names.
const VALUES: usize = 1 << 12;

/// A candidate and the values of its rows, as numbers of their first appearance.
struct Column {
    at: usize,
    name: String,
    codes: Vec<u32>,
    known: HashMap<String, u32>,
}

impl Column {
    fn see(&mut self, text: &str) {
        let next = self.known.len() as u32;
        let code = match self.known.get(text) {
            Some(code) => *code,
            None if self.known.len() > VALUES => VALUES as u32,
            None => *self.known.entry(text.to_string()).or_insert(next),
        };
        self.codes.push(code);
    }
}

/// The identity of the rows of a table, which is opened again for it where there is a question. `place`: the columns of the time, of
/// everything else that names no sensor, and the one that always does.
pub fn survey<'a>(
    sink: &mut Sink,
    header: &Header,
    open: &mut dyn FnMut() -> Result<Table<'a>>,
    (time, used, always): (usize, &[usize], Option<usize>),
) -> Result<Identity> {
    if let Some(mut identity) = Identity::asked(header, &sink.options.series)? {
        if let Some(at) = always.filter(|at| identity.columns.iter().all(|c| c.0 != *at)) {
            identity.columns.insert(0, (at, header.names[at].clone()));
        }
        return Ok(identity);
    }
    let is_candidate = |(at, name): &(usize, &String)| {
        !used.contains(at) && Some(*at) != always && (is_in(&STRONG, name) || is_in(&WEAK, name))
    };
    let found = header.names.iter().enumerate().filter(is_candidate);
    let mut columns: Vec<Column> =
        found.map(|(at, name)| Column { at, name: name.clone(), codes: Vec::new(), known: HashMap::new() }).collect();
    let mut taken: Vec<(usize, String)> = always.map(|at| (at, header.names[at].clone())).into_iter().collect();
    if columns.is_empty() {
        return Ok(Identity { columns: taken });
    }
    let mut table = open()?;
    let (mut times, mut first, mut notes) = (Vec::new(), Vec::new(), crate::read::fault::Notes::default());
    let mut names: HashMap<String, u32> = HashMap::new();
    while times.len() < ROWS {
        let Some(row) = table.next(&mut notes)? else { break };
        let ns = match zone::stamp(&row.get(time), sink.options.date_order) {
            Ok(zone::Stamp::Utc(ns) | zone::Stamp::Wall(ns)) => ns,
            Err(_) => continue,
        };
        times.push(ns);
        let next = names.len() as u32;
        first.push(always.map_or(0, |at| *names.entry(row.get(at).into_owned()).or_insert(next)));
        columns.iter_mut().for_each(|column| column.see(&row.get(column.at)));
    }
    let mut order: Vec<usize> = (0..times.len()).collect();
    order.sort_by_key(|&row| (times[row], row));
    let rows = times.len();
    let mut shared = vec![false; columns.len()];
    for instant in order.chunk_by(|&a, &b| times[a] == times[b]) {
        let mut seen: HashMap<u32, Vec<usize>> = HashMap::new();
        for &row in instant {
            seen.entry(first[row]).or_default().push(row);
        }
        for of_one in seen.values().filter(|rows| rows.len() > 1) {
            for (column, shared) in columns.iter().zip(&mut shared).filter(|(_, shared)| !**shared) {
                *shared = of_one.iter().any(|row| column.codes[*row] != column.codes[of_one[0]]);
            }
        }
    }
    let together = taken_together(&columns, &order, &times);
    for (column, shared) in columns.iter().zip(shared) {
        let values = column.known.len();
        let take = match (values, shared) {
            (0 | 1, _) => is_in(&MACHINES, &column.name) || is_in(&GPUS, &column.name),
            (_, true) => true,
            // A number of its own in every row, or nearly.
            _ if values > VALUES || values * 2 > rows => false,
            _ if is_label(&column.codes, values, &order) => {
                sink.notes.say(format!("column {} changes with time alone and tells no sensors apart", column.name));
                false
            }
            _ if is_in(&STRONG, &column.name) && (together || takes_turns(&column.codes, &order, &times)) => true,
            _ if is_in(&STRONG, &column.name) && is_grouped(&column.codes, values, &times) => true,
            _ => return Err(question(&column.name, values, rows, header.line)),
        };
        if take {
            taken.push((column.at, column.name.clone()));
        }
    }
    Ok(Identity { columns: taken })
}

/// Each value has a stretch of time of its own.
fn is_label(codes: &[u32], values: usize, order: &[usize]) -> bool {
    let changes = order.windows(2).filter(|pair| codes[pair[0]] != codes[pair[1]]).count();
    changes + 1 == values
}

/// Sensors are read one after another, again and again: at nearly every instant it is another one than at those of the turn before it.
fn takes_turns(codes: &[u32], order: &[usize], times: &[i64]) -> bool {
    let same = |a: &usize, b: &usize| times[*a] == times[*b] && codes[*a] == codes[*b];
    let seen: Vec<u32> = order.chunk_by(same).map(|rows| codes[rows[0]]).collect();
    let turn = seen.iter().collect::<HashSet<_>>().len();
    if seen.len() < 2 * turn || turn < 2 {
        return false;
    }
    let windows = seen.windows(turn);
    let all = windows.len();
    let whole = windows.filter(|codes| codes.iter().collect::<HashSet<_>>().len() == turn).count();
    whole * 10 >= all * 9
}

/// All rows of one sensor, then all of the next, over the same time.
fn is_grouped(codes: &[u32], values: usize, times: &[i64]) -> bool {
    let rows: Vec<usize> = (0..times.len()).collect();
    let is_sorted = |rows: &[usize]| rows.windows(2).all(|pair| times[pair[0]] <= times[pair[1]]);
    is_label(codes, values, &rows) && rows.chunk_by(|a, b| codes[*a] == codes[*b]).all(is_sorted)
}

/// Columns that name sensors only together, such as the machine and its GPU, are read in turn or one after another.
fn taken_together(columns: &[Column], order: &[usize], times: &[i64]) -> bool {
    let names = |c: &&Column| {
        is_in(&STRONG, &c.name) && (2..=VALUES).contains(&c.known.len()) && c.known.len() * 2 <= times.len()
    };
    let named: Vec<&Column> =
        columns.iter().filter(names).filter(|c| !is_label(&c.codes, c.known.len(), order)).collect();
    if named.len() < 2 {
        return false;
    }
    let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
    let mut code = |row: usize| {
        let next = known.len() as u32;
        *known.entry(named.iter().map(|c| c.codes[row]).collect()).or_insert(next)
    };
    let codes: Vec<u32> = (0..times.len()).map(&mut code).collect();
    let values = known.len();
    takes_turns(&codes, order, times) || is_grouped(&codes, values, times)
}
