"""Clocks that are set while they run, and other notations of the same times."""

from quantities import NS

from . import SAME, mutation

STEPS = [-3600.0, -30.0, -0.5, 0.5, 30.0, 3600.0]


def on_step(seconds):
    @mutation(f"clock {seconds:+g} s", kinds=("power", "runs", "grid"))
    def trials(case):
        clock = case.sample.clock
        for start in case.starts() if clock else []:
            document = case.document
            clock.move(document, start, round(seconds * NS))
            if document.text() != case.sample.document.text():
                yield f"from record {start}", document


for step in STEPS:
    on_step(step)


@mutation("all times + 3600 s", kinds=("power", "runs", "grid"))
def hour(case):
    if case.sample.clock:
        document = case.document
        case.sample.clock.move(document, 0, 3600 * NS)
        yield "", document


def rewritten(case, form, shift=0, start=0):
    """All times in another notation, from record `start` on."""
    document, clock = case.document, case.sample.clock
    for i in range(start, len(document)):
        ns = clock.of(document, i)
        if ns is not None:
            clock.set(document, i, ns + shift * NS, form)
    return document


def on_notation(name, form, shift=0):
    """The same times, which readers of tools with one notation may refuse."""

    def trials(case):
        clock = case.sample.clock
        if clock and len(clock.fields) == 1 and (clock.any_notation if expects == SAME else not clock.any_notation):
            yield "", rewritten(case, form, shift)

    for expects in (SAME, "seen"):
        mutation(f"times {name}" + ("" if expects == SAME else ", unusual here"), expects, ("power", "runs", "grid"))(variant(trials, expects))


def variant(trials, wanted):
    def only(case):
        clock = case.sample.clock
        if clock and len(clock.fields) == 1 and clock.any_notation == (wanted == SAME):
            return trials(case)
        return iter(())

    return only


ISO = "%Y-%m-%dT%H:%M:%S.%3"
on_notation("with Z", ISO + "Z")
on_notation("with +00:00", ISO + "+00:00")
on_notation("with +02:00", ISO + "+02:00", 7200)
on_notation("with -0530", ISO + "-0530", -19800)
on_notation("with a blank", "%Y-%m-%d %H:%M:%S.%6Z")
for unit in ("s", "ms", "us", "ns"):
    on_notation(f"in {unit} since 1970", f"epoch {unit}")


@mutation("zone changes in the middle", SAME, ("power", "runs", "grid"))
def zones(case):
    clock = case.sample.clock
    for start in case.starts() if clock and clock.any_notation and len(clock.fields) == 1 else []:
        document = rewritten(case, ISO + "Z")
        after = rewritten(case, ISO + "+02:00", 7200, start)
        for i in range(start, len(document)):
            document.put(i, clock.fields[0], after.get(i, clock.fields[0]))
        yield f"from record {start}", document


@mutation("day and month exchanged")
def exchanged(case):
    clock = case.sample.clock
    if clock and "%d" in clock.form and "%m" in clock.form:
        form = clock.form.replace("%d", "%#").replace("%m", "%d").replace("%#", "%m")
        yield "", rewritten(case, form)
        for start in case.starts():
            yield f"from record {start}", rewritten(case, form, start=start)


@mutation("unit of times changes in the middle", kinds=("power",))
def epochs(case):
    clock = case.sample.clock
    if clock and clock.form == "epoch s":
        for start in case.starts():
            yield f"from record {start}", rewritten(case, "epoch ms", start=start)
