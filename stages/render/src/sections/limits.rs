//! What the report does not say.

use super::Material;
use crate::report::Section;
use anyhow::Result;
use serde::Deserialize;

/// Sentences that a query makes from the run, and only where they are true of it.
const TRUE_HERE: &[&str] = &[
    "select 'Runs of ' || string_agg(host, ', ' order by host) || ': other machines, drivers and versions give other numbers.' as line \
     from (select distinct coalesce(cpu, 'a machine that the import does not name') as host from session) as hosts",
    "select 'One model, ' || min(model) || ': sizes and families scale differently.' as line from run having count(distinct model) = 1",
    "select 'Weights are synthetic: speed and energy are as of real ones of that shape, text is not.' as line \
     from run where weights = 'synthetic' having count(*) > 0",
    "select 'At most ' || max(new_tokens_asked) || ' new tokens a sequence and ' || max(prompt_tokens_padded / greatest(batch, 1)) \
     || ' prompt tokens were run: requests of more are extrapolated at the same rates.' as line from run having max(batch) > 0",
    "select 'The energy of ' || sum(case when evidence = 'estimated' then 1 else 0 end) || ' of ' || count(*) \
     || ' windows is a model''s estimate. It ranks nothing.' as line from run_energy where device_id = 'total' \
     having sum(case when evidence = 'estimated' then 1 else 0 end) > 0",
    "select 'The energy of ' || sum(case when valid then 0 else 1 end) || ' of ' || count(*) || ' windows is not known; \
     reasons are in the section on validation.' as line from run_energy where device_id = 'total' \
     having sum(case when valid then 0 else 1 end) > 0",
    "select count(*) || ' of ' || (select count(*) from cell_estimate where metric = 'latency_ms') || ' cells have one run, \
     hence no interval.' as line from cell_estimate where metric = 'latency_ms' and n < 2 having count(*) > 0",
    "select 'Prices are of ' || min(as_of) || ' to ' || max(as_of) || ', the days for which their sources vouch.' as line \
     from price having count(as_of) > 0",
    "select count(*) || ' of ' || (select count(*) from price where tier <> 'on_prem') || ' prices have no date: their sources do not \
     say of when they are.' as line from price where as_of is null and tier <> 'on_prem' having count(*) > 0",
    "select 'Carbon of regions is ranked within one method alone (' || string_agg(method, '; ' order by method) || '): direct and \
     life-cycle figures, or those of two accounts, have no order.' as line \
     from (select distinct grid_basis || ', ' || coalesce(grid_method, 'unknown') as method from region_carbon) as methods \
     having count(*) > 1",
];

const ALWAYS: &[&str] = &[
    "Energy is of the scopes named. What no sensor covered (fans, power supplies, disks) is not in it unless a node sensor saw it.",
    "Carbon is a yearly mean of a grid; an hour's may differ by more than its interval. Quality of answers is not measured.",
];

#[derive(Deserialize)]
struct Line {
    /// Null where a part of it is not known.
    line: Option<String>,
}

pub fn section(material: &Material<'_>) -> Result<Section> {
    let mut list = Vec::new();
    for sql in TRUE_HERE {
        list.extend(material.bench.select::<Line>(sql)?.into_iter().filter_map(|l| l.line));
    }
    list.extend(ALWAYS.iter().map(|l| (*l).to_string()));
    Ok(Section { id: "limits", title: "Limits".into(), list, ..Section::default() })
}
