// What-if: the formulas of stages/derive-costs/sql on the numbers of this report. Every function of `what` is pure.
"use strict";

// The grid that an offer draws from: the reader's where it is the own machine's, else its own.
function gridOf(data, unit, what) {
  return unit.grid_region === data.home.region
    ? { pue: what.pue, usd_per_kwh: what.usd_per_kwh, gco2e_per_kwh: what.gco2e_per_kwh }
    : { pue: unit.pue ?? null, usd_per_kwh: unit.usd_per_kwh ?? null, gco2e_per_kwh: unit.gco2e_per_kwh ?? null };
}

const times = (...factors) => (factors.some((f) => f === null || f === undefined) ? null : factors.reduce((a, b) => a * b, 1));
const plus = (...parts) => (parts.some((p) => p === null || p === undefined) ? null : parts.reduce((a, b) => a + b, 0));

// cost.sql: total = hours x rate / utilisation + kWh x PUE x tariff, the latter 0 where the price includes power.
function perMtok(data, unit, what) {
  const grid = gridOf(data, unit, what);
  const infra = (unit.hours * unit.usd_per_hour) / what.utilisation;
  const perKwh = unit.includes_power ? 0 : times(grid.pue, grid.usd_per_kwh);
  const energy = unit.includes_power ? 0 : times(unit.kwh, perKwh);
  const usd = plus(infra, energy);
  const gco2e = times(unit.kwh, grid.pue, grid.gco2e_per_kwh);
  // Both parts of an interval are linear in their price. Where one grows more than the other, the larger factor is taken.
  const grown = Math.max(unit.infra_usd > 0 ? infra / unit.infra_usd : 0, unit.energy_usd > 0 ? energy / unit.energy_usd : 0);
  const scaled = (value, end, from, factor) => (value === null || end == null || from == null ? null : value + (end - from) * factor);
  const carbonGrown = unit.gco2e ? gco2e / unit.gco2e : 0;
  return {
    usd, low: scaled(usd, unit.usd_low, unit.usd, grown), high: scaled(usd, unit.usd_high, unit.usd, grown),
    kwh: unit.kwh ?? null, gco2e,
    gco2eLow: scaled(gco2e, unit.gco2e_low, unit.gco2e, carbonGrown), gco2eHigh: scaled(gco2e, unit.gco2e_high, unit.gco2e, carbonGrown),
    embodied: times(unit.embodied_gco2e, data.utilisation / what.utilisation),
  };
}

// request_unit.sql and request_offer.sql: the prompt at the rate of prefill, new tokens at the rate of generate.
function request(data, prefill, generate, need, what) {
  const [p, g] = [need.prompt_tokens / 1e6, need.generated_tokens / 1e6];
  const mtok = p + g;
  const grid = gridOf(data, generate, what);
  const hours = p * prefill.hours + g * generate.hours;
  const kwh = plus(times(p, prefill.kwh), times(g, generate.kwh));
  const perKwh = generate.includes_power ? 0 : times(grid.pue, grid.usd_per_kwh);
  const energy = generate.includes_power ? 0 : times(kwh, perKwh);
  return { mtok, hours, perKwh, energy, usd: plus((hours * generate.usd_per_hour) / what.utilisation, energy) };
}

// tco.sql: a month has 730 hours; one's own machines also wait, and need upkeep.
function month(data, prefill, generate, need, what) {
  const one = request(data, prefill, generate, need, what);
  const requests = what.volume_mtok / one.mtok;
  const busy = requests * one.hours;
  const machines = Math.max(Math.ceil(busy / what.utilisation / 730), 1);
  if (generate.tier !== "on_prem") return { usd: times(one.usd, requests), machines };
  const idle = times((machines * 730 - busy) * data.owned.idle_w / 1000, one.perKwh);
  return { usd: plus(times(one.energy, requests), idle, (machines * data.owned.upkeep_usd_per_year) / 12), machines };
}

// own_month.sql: what one own machine costs a month without work, what a million tokens adds, how many it makes.
function owning(data, prefill, generate, need, what) {
  const one = request(data, prefill, generate, need, what);
  const own = data.owned;
  const purchase = (own.capex_usd - own.residual_usd) / own.life_years / 12;
  return {
    fixed: plus(purchase, own.upkeep_usd_per_year / 12, times((730 * own.idle_w) / 1000, one.perKwh)),
    added: plus(one.energy, times((-one.hours * own.idle_w) / 1000, one.perKwh)) / one.mtok,
    capacity: (730 * what.utilisation) / (one.hours / one.mtok),
  };
}

// What finds a row's numbers in the contract tables: the same formulas in SQL, with the reader's values.
const literal = (v) => (v === null || v === undefined ? "null" : typeof v === "string" ? `'${v.replaceAll("'", "''")}'` : String(v));
const where = (unit, keys, alias = "") => keys.map((key) => `${alias}${key} = ${literal(unit[key])}`).join(" and ");
const OFFER = ["provider", "region", "instance", "tier"];

function meanCost(unit) {
  const cell = where(unit, ["backend", "device", "model", "dtype", "mode", "kv_cache", ...OFFER]);
  return `select avg(hours_per_mtok) as hours, case when count(kwh_per_mtok) = count(*) then avg(kwh_per_mtok) end as kwh, ` +
    `case when count(embodied_gco2e_per_mtok) = count(*) then avg(embodied_gco2e_per_mtok) end as embodied, sum(runs) as n, ` +
    `(select max(usd_per_hour) from price where ${where(unit, OFFER)}) as usd_per_hour from cost where ${cell} ` +
    `and basis = '${unit.mode === "prefill" ? "input" : "output"}'`;
}

const perKwhOf = (data, unit, what) => {
  const grid = gridOf(data, unit, what);
  return { pue: literal(grid.pue), tariff: literal(grid.usd_per_kwh), carbon: literal(grid.gco2e_per_kwh) };
};

function perMtokSource(data, unit, what) {
  const { pue, tariff, carbon } = perKwhOf(data, unit, what);
  const energy = unit.includes_power ? "" : ` + kwh * ${pue} * ${tariff}`;
  return `select hours * usd_per_hour / ${what.utilisation}${energy} as usd, kwh, kwh * ${pue} * ${carbon} as gco2e, ` +
    `embodied * ${data.utilisation} / ${what.utilisation} as embodied, n from (${meanCost(unit)}) as mean`;
}

function monthSource(data, prefill, generate, need, what) {
  const { pue, tariff } = perKwhOf(data, generate, what);
  const [p, g] = [`${need.prompt_tokens} / 1e6`, `${need.generated_tokens} / 1e6`];
  const perKwh = generate.includes_power ? "0.0" : `${pue} * ${tariff}`;
  const energy = generate.includes_power ? "0.0" : `(p.kwh * ${p} + g.kwh * ${g}) * ${perKwh}`;
  const usd = generate.tier === "on_prem"
    ? `requests * energy + (machines * 730 - requests * hours) * ${data.owned.idle_w} / 1000 * ${perKwh} + machines * ${data.owned.upkeep_usd_per_year} / 12`
    : `requests * (hours * usd_per_hour / ${what.utilisation} + energy)`;
  return `select machines, ${usd} as month from (select *, greatest(ceil(requests * hours / ${what.utilisation} / 730), 1) as machines ` +
    `from (select p.hours * ${p} + g.hours * ${g} as hours, ${energy} as energy, g.usd_per_hour, ` +
    `${what.volume_mtok} / (${p} + ${g}) as requests from (${meanCost(prefill)}) as p cross join (${meanCost(generate)}) as g) as one) as need`;
}

// Lines that keep it: for pipeline.toml, and a row of a grid file where tariff, carbon or PUE were changed.
function kept(data, what, need) {
  const float = (v) => (Number.isInteger(v) ? v.toFixed(1) : String(v));
  const grid = ["usd_per_kwh", "gco2e_per_kwh", "pue"].some((key) => what[key] !== data.home[key]);
  const lines = ["[derive-costs]"];
  if (grid) lines.push('home_grid = "what-if"');
  lines.push(`utilisation = ${float(what.utilisation)}`);
  if (need && what.volume_mtok !== need.volume_mtok) {
    for (const [table, entries] of [["workload", data.workload], ["blend", data.blend]]) {
      for (const entry of entries) {
        lines.push("", `[[derive-costs.${table}]]`);
        for (const [key, value] of Object.entries(entry)) {
          const changed = key === "volume_mtok" && entry.name === need.workload ? what.volume_mtok : value;
          const shares = (v) => Object.entries(v).map(([name, share]) => `${JSON.stringify(name)} = ${float(share)}`).join(", ");
          const text = typeof changed === "number" ? float(changed) : typeof changed === "string" ? JSON.stringify(changed) : `{ ${shares(changed)} }`;
          lines.push(`${key} = ${text}`);
        }
      }
    }
  }
  const cell = (v) => (v === null ? "" : float(v));
  const row = `what-if,2026-01-01T00:00:00Z,2027-01-01T00:00:00Z,${cell(what.usd_per_kwh)},${cell(what.gco2e_per_kwh)},${cell(what.pue)},unknown,2026,what-if of the report`;
  return { toml: lines.join("\n") + "\n", csv: grid ? `region,start,end,usd_per_kwh,gco2e_per_kwh,pue,basis,year,source\n${row}\n` : "" };
}
