"""Files that are well-formed and say something else: devices, counters, results, prices and intensities."""

import copy

from quantities import is_number, scaled

from . import SAME, mutation


@mutation("names of devices changed", SAME, ("power",))
def devices(case):
    document, sample = case.document, case.sample
    text = document.text()
    if sample.devices:
        for field in sample.devices:
            for i in range(len(document)):
                document.put(i, field, "2" + document.get(i, field) if document.get(i, field).isdigit() else document.get(i, field) + "b")
        yield "", document
    elif sample.names:
        for name in sample.names:
            text = text.replace(name, name[:-1] + "9" + name[-1])
        yield "", text.encode(sample.encoding)


@mutation("device told in another column", kinds=("power",))
def other_column(case):
    """The column that tells sensors apart has a name that no reader knows."""
    for field in case.sample.devices:
        for name in ("host", "socket", "unit", "x"):
            document = case.document
            document.rename(field, name)
            yield name, document


@mutation("one device renamed from a record on", kinds=("power",))
def renamed(case):
    for field in case.sample.devices:
        for start in case.starts():
            document = case.document
            name = document.get(start, field)
            for i in range(start, len(document)):
                if document.get(i, field) == name:
                    document.put(i, field, name + "7")
            yield f"{name}, from record {start}", document


@mutation("energy of each interval", kinds=("power",))
def intervals(case):
    """No running total: what each interval had, and all columns at once where there are several."""
    document, sample = case.document, case.sample
    if not sample.counters:
        return
    last = {}
    for field in sample.counters:
        for i in range(len(document)):
            value, device = document.get(i, field), tuple(document.get(i, f) for f in sample.devices) or series_of(sample, document, i)
            before = last.get((field, device), value)
            last[field, device] = value
            difference = float(value) - float(before)
            document.put(i, field, difference if isinstance(value, (int, float)) else f"{difference:.9f}")
    yield "", document


def series_of(sample, document, i):
    """GPUs that stand one after another, or in turn."""
    if sample.reader == "dcgm-prometheus":
        return i // (len(document) // 2)
    return i % 2 if sample.reader in ("aiperf-telemetry", "rapl") else 0


def reset(name, begin):
    @mutation(name, kinds=("power",))
    def trials(case):
        for field in case.sample.counters:
            for start in case.starts():
                document = case.document
                base = float(document.get(start, field)) - begin
                for i in range(start, len(document)):
                    value = float(document.get(i, field)) - base
                    document.put(i, field, value if isinstance(document.get(i, field), (int, float)) else f"{value:.9f}")
                yield f"{document.label(field)}, from record {start}", document


reset("counter began anew", 0.0)
reset("counter jumps on", 1e12)


# Names of two numbers that people mix up: part of the one and what stands in its place.
MIXED = [("completed", "failed"), ("input", "output"), ("isl", "osl"), ("p50", "p99"), ("median", "p99"), ("mean", "p99"), ("min", "max"),
         ("n_prompt", "n_gen"), ("prompt_tokens", "tokens_generated"), ("Price", "SpotPrice"), ("direct", "Life cycle"), ("ttft", "tpot"),
         ("avg", "p99"), ("low", "high"), ("start", "end"), ("cpu", "gpu"), ("completed", "num_prompts")]


@mutation("names that are mixed up", kinds=("runs", "prices", "grid"))
def mixed(case):
    fields = {case.sample.document.label(field): field for field in case.sample.document.fields()}
    for a, b in MIXED:
        for label, field in fields.items():
            other = fields.get(label.replace(a, b, 1))
            if a in label and other not in (None, field):
                document = case.document
                document.exchange(field, other)
                if document.text() != case.sample.document.text():
                    yield f"{label} and {label.replace(a, b, 1)}", document


# Words that say in what a number is.
WORDS = [("USD", "EUR"), ("Hrs", "Minutes"), ("Hrs", "Quantity"), ("usd_per_hour", "usd_per_minute"), ("usd_per_hour", "eur_per_hour"),
         ("gCO₂eq", "kgCO₂eq"), ("gCO2/kWh", "kgCO2/kWh"), ("gCO2/kWh", "lb/MWh"), ("gCO₂eq/kWh", "lb/MWh"), ("kWh", "MWh"), ("gco2e_per_kwh", "kgco2e_per_kwh"), ("lifecycle", "direct"),
         ("Life cycle", "direct"), ("OnDemand", "Spot"), ("on_demand", "spot"), ("tokens/s", "requests/s"), ('"unit": "ms"', '"unit": "s"'),
         ('"unit": "sec"', '"unit": "ms"'), ('"unit": "s"', '"unit": "ms"'), ("(ms)", "(s)"), ("_ms", "_s"), ('"unit": "kWh"', '"unit": "Wh"'),
         ("(per sec)", "(per min)"), ("per_token", "per_character"), ("Linux", "Windows"), ("Shared", "Dedicated"), ("(s)", "(ms)"), ("(J)", "(kJ)")]


@mutation("another unit or kind is named")
def words(case):
    text = case.sample.document.text()
    for old, new in WORDS:
        if old in text and case.sample.kind != "power":
            yield f"{old} to {new}", text.replace(old, new).encode(case.sample.encoding)


def per(name, factor):
    @mutation(name, kinds=("prices", "runs"))
    def trials(case):
        for field in case.numbers():
            document = case.document
            for i in range(len(document)):
                if is_number(document.get(i, field)):
                    document.put(i, field, scaled(document.get(i, field), factor))
            if document.text() != case.sample.document.text():
                yield document.label(field), document


per("column x 10", 10)
per("column x 60", 60)
per("column x 8", 8)


@mutation("asked for counted", kinds=("runs",))
def asked(case):
    """Tokens counted are exactly those asked for."""
    document, label = case.document, {case.sample.document.label(f): f for f in case.sample.document.fields()}
    count, done = label.get("total_output_tokens"), label.get("completed")
    if count is None or done is None:
        return
    for i in range(len(document)):
        length = document.get(i, label["random_output_len"]) if "random_output_len" in label else 2048
        document.put(i, count, document.get(i, done) * int(length))
    yield "total_output_tokens", document


@mutation("other load in one record", kinds=("runs",))
def sweep(case):
    """Two records of one file that differ in one field alone, which then is all that tells loads apart."""
    document = case.sample.document
    if isinstance(document.records, list) and len(document) == 1 and getattr(document, "lines", False):
        for field in case.numbers():
            changed = case.document
            other = copy.deepcopy(changed.tree[0])
            changed.tree.append(other)
            changed.put(1, field, scaled(changed.get(1, field), 2))
            yield document.label(field), changed


# Fields of lists that hold what is asked for, or emitted.
FIGURES = ("usd_per_hour", "Price", "SpotPrice", "PricePerUnit", "cost_per_token", "gco2e_per_kwh", "(Life cycle)", "Value", "impact", "carbon_intensity",
           "usd_per_kwh")


def figures(case):
    """Numbers of a list that are its prices or intensities."""
    return [field for field in case.numbers() if case.sample.document.label(field).endswith(FIGURES)]


@mutation("record again with another figure", kinds=("prices", "grid"))
def another_figure(case):
    """One offer, or one hour, that stands in the file twice: the second time at another price or intensity."""
    for field in figures(case):
        for place in case.places(len(case.filled(field, numeric=True))):
            document, i = case.document, case.filled(field, numeric=True)[place]
            if document.is_table:
                document.repeat(i)
                document.put(i + 1, field, scaled(document.get(i, field), "1.1"))
                yield f"{document.label(field)}, record {i}", document


@mutation("another currency beside", kinds=("prices",))
def currency(case):
    document = case.document
    if document.is_table:
        document.names.append("Currency" if "Currency" not in document.names else "Price currency")
        for row in document.records:
            row.append("EUR")
    else:
        for record in document.records:
            record["currency"] = "EUR"
    yield "", document


@mutation("unit beside", kinds=("prices", "grid"))
def unit_beside(case):
    """A column that says another time or mass than the reader takes for granted."""
    document = case.document
    if document.is_table and "Unit" not in document.names:
        document.names.append("Unit")
        for row in document.records:
            row.append("month" if case.sample.kind == "prices" else "kg/kWh")
        yield "", document


@mutation("count in the accelerator's name", kinds=("prices",))
def counted_name(case):
    """`8x NVIDIA H100` where the column of counts says another number."""
    document = case.sample.document
    for field in document.fields():
        if document.label(field) in ("accelerator", "AcceleratorName"):
            for i in case.filled(field):
                other = case.document
                other.put(i, field, "16x " + other.get(i, field))
                yield f"record {i}", other


@mutation("price of one accelerator", kinds=("prices",))
def price_of_one(case):
    """What the seller asks for one, in the place of the price of the machine."""
    document = case.document
    labels = {document.label(field): field for field in document.fields()}
    count = labels.get("accelerator_count", labels.get("AcceleratorCount"))
    for field in figures(case) if count is not None else []:
        other = case.document
        for i in range(len(other)):
            if is_number(other.get(i, field)) and is_number(other.get(i, count)) and float(other.get(i, count)) > 1:
                other.put(i, field, f"{float(other.get(i, field)) / float(other.get(i, count)):g}")
        if other.text() != document.text():
            yield other.label(field), other


@mutation("direct above the life cycle", kinds=("grid",))
def direct_above(case):
    document = case.document
    labels = {document.label(field): field for field in document.fields()}
    direct, life = (next((labels[label] for label in labels if word in label), None) for word in ("(direct)", "(Life cycle)"))
    for place in case.places(len(document)) if None not in (direct, life) else []:
        other = case.document
        if is_number(other.get(place, direct)):
            other.put(place, life, other.get(place, direct))
            other.put(place, direct, case.sample.document.get(place, life))
            yield f"record {place}", other


@mutation("local times for UTC", kinds=("grid",))
def local_times(case):
    """The hours of a zone with summer time under the header of UTC: one comes twice."""
    document, clock = case.document, case.sample.clock
    fields = {document.label(field): field for field in document.fields()}
    if clock and "Datetime (local)" in fields:
        for i in range(len(document)):
            document.put(i, clock.fields[0], document.get(i, fields["Datetime (local)"]))
        yield "", document


@mutation("zone renamed from a record on", kinds=("grid",))
def zone_renamed(case):
    document = case.document
    for field in document.fields():
        if document.label(field) in ("Zone id", "Zone name") and len(document) > 3:
            for start in case.starts():
                other = case.document
                for i in range(start, len(other)):
                    other.put(i, field, other.get(i, field) + "-N")
                yield f"{other.label(field)}, from record {start}", other
