// What-if: coefficients that SQL gave (whatif_unit.sql, whatif_month.sql) times the reader's values. Every function of `what` is pure.
"use strict";

const times = (...factors) => (factors.some((f) => f === null || f === undefined) ? null : factors.reduce((a, b) => a * b, 1));
const plus = (...parts) => (parts.some((p) => p === null || p === undefined) ? null : parts.reduce((a, b) => a + b, 0));

// The grid that an offer draws from: the reader's where it is the own machine's, else its own.
function gridOf(data, unit, what) {
  return unit.grid_region === data.home.region
    ? { pue: what.pue, usd_per_kwh: what.usd_per_kwh, gco2e_per_kwh: what.gco2e_per_kwh }
    : { pue: unit.pue ?? null, usd_per_kwh: unit.usd_per_kwh ?? null, gco2e_per_kwh: unit.gco2e_per_kwh ?? null };
}

const perUsedKwh = (data, way, what) =>
  (way.grid_region === data.home.region ? times(what.pue, what.usd_per_kwh) : way.usd_per_used_kwh ?? null);

// What coefficients are of: the column `QUANTITY_x_FACTOR` is multiplied by that factor; one that is absent is not known. What is not drawn
// costs nothing, whatever a kWh costs.
const factors = (what, kwh, carbon) =>
  ({ one: 1, use: what.utilisation, paid: 1 / what.utilisation, kwh, paid_kwh: times(kwh, 1 / what.utilisation), carbon });
const term = (coefficient, factor) => (coefficient === 0 ? 0 : times(coefficient, factor));
const sum = (row, by, quantity, ...of) => plus(...of.map((factor) => term(row[`${quantity}_x_${factor}`], by[factor])));

function perMtok(data, unit, what) {
  const grid = gridOf(data, unit, what);
  const by = factors(what, times(grid.pue, grid.usd_per_kwh), times(grid.pue, grid.gco2e_per_kwh));
  const infra = sum(unit, by, "infra_usd", "paid", "kwh", "paid_kwh");
  const energy = sum(unit, by, "energy_usd", "kwh");
  const usd = plus(infra, energy);
  const gco2e = sum(unit, by, "gco2e", "carbon");
  // Both parts of an interval are linear in their price. Where one grows more than the other, the larger factor is taken.
  const grown = Math.max(unit.infra_usd > 0 ? infra / unit.infra_usd : 0, unit.energy_usd > 0 ? energy / unit.energy_usd : 0);
  const scaled = (value, end, from, factor) => (value === null || end == null || from == null ? null : value + (end - from) * factor);
  const carbonGrown = unit.gco2e ? gco2e / unit.gco2e : 0;
  return {
    usd, low: scaled(usd, unit.usd_low, unit.usd, grown), high: scaled(usd, unit.usd_high, unit.usd, grown),
    kwh: unit.kwh ?? null, gco2e,
    gco2eLow: scaled(gco2e, unit.gco2e_low, unit.gco2e, carbonGrown), gco2eHigh: scaled(gco2e, unit.gco2e_high, unit.gco2e, carbonGrown),
    embodied: sum(unit, by, "embodied_gco2e", "paid"),
  };
}

// What a machine costs a month without work, what a million tokens adds, how many it makes.
function terms(data, way, what) {
  const by = factors(what, perUsedKwh(data, way, what), null);
  return {
    fixed: sum(way, by, "fixed_usd", "one", "kwh"),
    added: sum(way, by, "added_usd", "paid", "kwh"),
    capacity: sum(way, by, "capacity_mtok", "use"),
  };
}

function month(data, way, what) {
  const { fixed, added, capacity } = terms(data, way, what);
  const machines = Math.max(Math.ceil(what.volume_mtok / capacity), 1);
  return { usd: plus(times(machines, fixed), times(what.volume_mtok, added)), machines };
}

// The query behind a row, with the reader's values in it.
const filled = (sql, values) =>
  Object.entries(values).reduce((text, [name, v]) => text.replaceAll(`$${name}$`, v === null || v === undefined ? "null" : String(v)), sql);
const unitSource = (data, unit, what) => filled(unit.sql, { ...gridOf(data, unit, what), utilisation: what.utilisation });
const monthSource = (data, way, what) => filled(way.sql, { ...what, usd_per_used_kwh: perUsedKwh(data, way, what) });

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
