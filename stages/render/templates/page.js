// The page: what-if form, evidence of a row, charts that answer to the pointer. All texts from tables enter as text, never as markup.
const data = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");
const make = (tag, text, attributes = {}) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};
const specs = data("specs");
const views = {};

// Four significant digits, as the rest of the report.
function shown(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "not known";
  if (value === 0) return "0";
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  if (magnitude < -4 || magnitude >= 9) return value.toExponential(2).replace("e+", "e");
  const [whole, fraction = ""] = Math.abs(value).toFixed(Math.max(3 - magnitude, 0)).split(".");
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  const rest = fraction.replace(/0+$/, "");
  return (value < 0 ? "-" : "") + grouped + (rest && "." + rest);
}
const interval = (low, high) => (low == null || high == null ? "" : ` [${shown(low)}, ${shown(high)}]`);

// Charts are drawn already; Vega makes those that are looked at answer to the pointer.
function enliven(place) {
  if (place.dataset.alive) return;
  place.dataset.alive = "soon";
  // The files say which Vega-Lite they were written for; the bundle is newer and would warn.
  const { $schema, ...spec } = specs[place.dataset.chart];
  spec.background = "transparent";
  // In an element of its own: Vega labels what it draws into, and the chart has a better label.
  const inner = make("div", undefined, { "aria-hidden": "true" });
  window.vegaEmbed(inner, spec, { mode: "vega-lite", actions: false, renderer: "svg", loader: { http: () => Promise.reject() } })
    .then(({ view }) => {
      place.replaceChildren(inner);
      views[place.dataset.chart] = view;
      place.dataset.alive = "yes";
      place.dispatchEvent(new Event("alive"));
    })
    .catch((error) => { place.dataset.alive = "no"; console.error(error); });
}
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) { watcher.unobserve(entry.target); enliven(entry.target); }
}, { rootMargin: "200px" });
document.querySelectorAll("[data-chart]").forEach((place) => watcher.observe(place));

function redraw(id, rows) {
  const place = document.querySelector(`[data-chart="${id}"]`);
  if (!place) return;
  if (views[id]) { views[id].data("rows", rows).runAsync(); return; }
  place.addEventListener("alive", () => views[id].data("rows", rows).runAsync(), { once: true });
  enliven(place);
}

// Evidence of a row: every number in full, how it was made, and the query that finds its source.
const dialog = document.getElementById("evidence");
document.addEventListener("click", (event) => {
  const badge = event.target.closest("button.badge");
  if (!badge) return;
  const holder = badge.closest("[data-sql]");
  const list = dialog.querySelector("dl");
  list.replaceChildren();
  for (const number of holder.querySelectorAll("[data-v]")) {
    list.append(make("dt", number.dataset.label), make("dd", `${number.dataset.v} ${number.title ? "(" + number.title + ")" : ""}`));
  }
  const method = holder.dataset.method ?? holder.closest("[data-of]")?.dataset.of;
  if (method) list.append(make("dt", "method"), make("dd", method));
  // What all queries of a table begin with stands in the table.
  dialog.querySelector("pre").textContent = (holder.closest("[data-start]")?.dataset.start ?? "") + holder.dataset.sql;
  dialog.showModal();
});
dialog.querySelector("[data-copy]").addEventListener("click", () => copy(dialog.querySelector("pre")));
dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());

function copy(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  navigator.clipboard?.writeText(element.textContent).catch(() => {});
}

const UNIT_METHOD = "Mean over scenarios at these values; the interval of the costs, stretched by what its parts grow";
const MONTH_METHOD = "Own machines: whole ones with purchase, upkeep and idle power, and what the tokens add. Rented ones by use. 730 hours a month";
const whatif = data("whatif-data");
if (whatif) {
  const form = document.getElementById("whatif-form");
  const field = (name) => form.elements.namedItem(name);
  const offered = [...new Set(whatif.units.map((u) => `${u.tier} (${u.match})`))];
  offered.forEach((t) => field("tier").append(make("option", t)));
  whatif.requests.forEach((r) => field("workload").append(make("option", r.workload)));
  const need = () => whatif.requests.find((r) => r.workload === field("workload").value);
  const set = (name, value) => { field(name).value = value ?? ""; field(name).disabled = value === null || value === undefined; };
  const reset = () => {
    for (const name of ["usd_per_kwh", "gco2e_per_kwh", "pue"]) set(name, whatif.home[name]);
    set("utilisation", whatif.utilisation);
    field("tier").selectedIndex = 0;
    field("workload").selectedIndex = 0;
    set("volume_mtok", need()?.volume_mtok);
  };
  const read = () => {
    const number = (name) => (field(name).disabled || field(name).value === "" ? null : Number(field(name).value));
    return Object.fromEntries(["usd_per_kwh", "gco2e_per_kwh", "pue", "utilisation", "volume_mtok"].map((n) => [n, number(n)]));
  };
  const cells = (row, values) => {
    for (const [text, value, label, says] of values) {
      const cell = make("td", text, value === undefined ? {} : { class: "number", "data-v": value === null ? "not known" : String(value), "data-label": label });
      if (says) cell.title = says;
      row.append(cell);
    }
    return row;
  };
  // The last cell: how its numbers are known, and the query that finds them.
  const sourced = (row, evidence, what, method, sql) => {
    const badge = make("button", evidence.replaceAll("_", " "), { type: "button", class: `badge ${evidence}`, "aria-haspopup": "dialog",
      "aria-label": `${evidence}: evidence of ${what}` });
    Object.assign(row.dataset, { sql, method });
    row.append(make("td"));
    row.lastChild.append(badge);
    return row;
  };
  const within = (low, high, n) => `n = ${n}${low == null || high == null ? "" : `, interval [${low}, ${high}]`}`;

  function update() {
    if (!form.checkValidity()) return;
    const what = read();
    const units = whatif.units.filter((u) => `${u.tier} (${u.match})` === field("tier").value);
    const body = document.querySelector("#whatif-units tbody");
    body.replaceChildren();
    const bars = [];
    for (const unit of units) {
      const result = perMtok(whatif, unit, what);
      const row = make("tr", undefined, { "data-backend": unit.name, "data-mode": unit.mode_name });
      cells(row, [[unit.mode_name], [unit.name],
        [shown(result.usd) + interval(result.low, result.high), result.usd, "usd", within(result.low, result.high, unit.n)],
        [shown(result.kwh), result.kwh, "kwh", within(null, null, unit.n)],
        [shown(result.gco2e) + interval(result.gco2eLow, result.gco2eHigh), result.gco2e, "gco2e", within(result.gco2eLow, result.gco2eHigh, unit.n)],
        [shown(result.embodied), result.embodied, "embodied"], [unit.price], [unit.grid_region ?? "not known"]]);
      body.append(sourced(row, unit.usd_evidence, "what if, a million tokens", UNIT_METHOD, unitSource(whatif, unit, what)));
      if (result.usd !== null) {
        bars.push({ row: unit.mode_name, series: unit.name, value: result.usd, low: result.low, high: result.high,
          end: result.high ?? result.usd, tie: "", n: unit.n, evidence: unit.usd_evidence });
      }
    }
    for (const bar of bars) {
      const meets = (other) => other !== bar && other.row === bar.row && bar.low != null && other.low != null && bar.low <= other.high && other.low <= bar.high;
      bar.tie = bars.some(meets) ? "tie" : "";
    }
    redraw("whatif-cost", bars);
    months(what);
    const lines = kept(whatif, what, need());
    document.getElementById("whatif-toml").textContent = lines.toml;
    document.getElementById("whatif-csv").textContent = lines.csv || "tariff, carbon and PUE are as they were: no row is needed";
    document.documentElement.dataset.whatif = "yes";
  }

  function months(what) {
    const body = document.querySelector("#whatif-months tbody");
    body.replaceChildren();
    const wanted = need();
    if (!wanted || what.volume_mtok === null) return;
    const ways = whatif.months.filter((w) => w.workload === wanted.workload);
    const chosen = ways.filter((w) => `${w.tier} (${w.match})` === field("tier").value);
    for (const way of chosen) {
      const result = month(whatif, way, what);
      const row = make("tr", undefined, { "data-backend": way.name, "data-mode": way.mode_name });
      cells(row, [[wanted.workload], [way.name], [way.mode_name], [shown(what.volume_mtok), what.volume_mtok, "1M tokens a month"],
        [shown(result.machines), result.machines, "machines"], [shown(result.usd), result.usd, "month"]]);
      body.append(sourced(row, way.usd_evidence, "what if, a month", MONTH_METHOD, monthSource(whatif, way, what)));
    }
    const lines = [];
    // By a million tokens of a machine that works as much as it can.
    const each = (t) => plus(times(t.fixed, 1 / t.capacity), t.added);
    const cheapest = (list) => list.map((way) => ({ way, ...terms(whatif, way, what) }))
      .filter((c) => each(c) !== null).sort((a, b) => each(a) - each(b))[0];
    const capacity = cheapest(ways.filter((w) => w.tier === "on_prem"));
    // Hardware that ran and other hardware are never compared for the cheapest: the terms that are chosen, else the first there are.
    const rented = ways.filter((w) => w.tier !== "on_prem");
    const shownRent = chosen.filter((w) => w.tier !== "on_prem");
    const rent = cheapest(shownRent.length ? shownRent : rented.filter((w) => w.tier === rented[0].tier && w.match === rented[0].match));
    const most = Math.max(capacity?.capacity ?? 0, what.volume_mtok);
    for (let i = 0; i <= 24; i++) {
      const x = (most * i) / 24;
      const add = (series, value, evidence) => { if (value !== null && Number.isFinite(value)) lines.push({ series, x, value, evidence }); };
      if (capacity && x <= capacity.capacity) add("own machine", capacity.fixed + capacity.added * x, capacity.way.usd_evidence);
      const other = rent?.way.match === "extrapolated" ? ", other hardware" : "";
      if (rent) add(`rent by use: ${rent.way.instance} ${rent.way.tier}${other}`, rent.added * x, rent.way.usd_evidence);
      if (wanted.api_usd_per_mtok != null) add(`API: ${wanted.api}`, wanted.api_usd_per_mtok * x, "extrapolated");
    }
    redraw("whatif-month", lines);
    const said = document.getElementById("whatif-own");
    said.textContent = capacity ? `One own machine costs $${shown(capacity.fixed)} a month when idle: purchase, upkeep and idle power. Each 1M tokens adds $${shown(capacity.added)}. It makes up to ${shown(capacity.capacity)} million a month.` : "";
    if (capacity) Object.assign(said.dataset, { fixed: capacity.fixed, added: capacity.added, capacity: capacity.capacity });
  }

  form.addEventListener("input", (event) => {
    if (event.target.name === "workload") set("volume_mtok", need()?.volume_mtok);
    update();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector("[data-reset]").addEventListener("click", () => { reset(); update(); });
  document.querySelectorAll("[data-copy-of]").forEach((button) =>
    button.addEventListener("click", () => copy(document.getElementById(button.dataset.copyOf))));
  reset();
  update();
}
document.documentElement.dataset.ready = "yes";
