# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured, against what, and where it shall be: one row a figure."""

import statistics

# figure: (goal, unit, which side of the goal is good, what is divided by what)
GOALS = {
    "get": (1.12, "x", "below", "p50 of GetMapping / p50 of Peer.Ping of the same daemon"),
    "bare-get": (None, "x", "", "p50 of a static reply of the same size by a bare sd-bus server / its Ping"),
    "lookup": (None, "x", "", "p50 of Lookup / Ping"),
    "find-nothing": (None, "x", "", "p50 of FindMappings by device-type, none found / Ping"),
    "find-text": (None, "x", "", "p50 of FindMappings by text, one found / Ping"),
    "find-dgn-instance": (None, "x", "", "p50 of FindMappings by DGN and instance, two found / Ping"),
    "find-dgn": (None, "x", "", "p50 of FindMappings by DGN, 500 found / Ping"),
    "find-instance": (None, "x", "", "p50 of FindMappings by instance, 40 found / Ping"),
    "flight": (0.9, "x", "above", "calls a second with 64 GetMapping in flight / those of the bare server"),
    "start-empty": (1.1, "x", "below", "exec to first reply with 10,000 components stored / with none"),
    "start-hostnamed": (1.0, "x", "below", "exec to first reply with 10,000 components stored / systemd-hostnamed"),
    "pss-idle": (0.8, "x", "below", "Pss after start and one Ping / systemd-hostnamed after one Get"),
    "pss-bundled": (0.8, "x", "below", "Pss after reads of the bundled coach / systemd-hostnamed"),
    "pss-10000": (None, "x", "", "Pss with 10,000 components in memory / systemd-hostnamed"),
    "pss-10000-index": (None, "x", "", "the same with the index for Lookup / systemd-hostnamed"),
    "edit": (1.3, "x", "below", "SetField inside the service, 10,000 devices / bare WAL FULL commit of the same rows"),
    "edit-thin": (None, "x", "", "the same / a commit of the text and of 1,500 bytes of audit in two plain tables"),
    "edit-growth": (1.1, "x", "below", "SetField at 10,000 devices / at 1,000"),
    "edit-authorised": (1.1, "x", "below", "SetField by an ordinary user / CheckAuthorization + bare commit, both over the bus"),
    "import": (2.0, "x", "below", "first import of 10,000 devices / libyaml's events + insert of the same rows"),
    "import-thin": (None, "x", "", "the same / libyaml's events + insert of each text once, no index"),
    "import-pyyaml": (0.08, "x", "below", "the same / PyYAML CSafeLoader + json + sqlite3"),
    "import-growth-10000": (1.3, "x", "below", "time a device at 10,000 devices / at 1,000"),
    "import-growth-most": (1.3, "x", "below", "time a device at the most that the bounds admit / at 10,000"),
    "import-peak": (64.0, "MiB", "below", "peak memory of the process that imports 10,000 devices"),
    "update-preview": (1.5, "x", "below", "preview of an update, 10,000 devices, 1,000 edits / import of the new file"),
    "update-apply": (2.5, "x", "below", "the update itself, with the backup / the same"),
    "update-undo": (None, "x", "", "undo of it / the same"),
    "update-all-preview": (None, "x", "", "preview, each device changes in several fields / import of the new file"),
    "update-all-apply": (None, "x", "", "the update itself / the same"),
    "update-all-undo": (None, "x", "", "undo of it / the same"),
    "update-growth-10000": (1.3, "x", "below", "time a device at 10,000 small devices / at 1,000"),
    "update-growth-most": (1.3, "x", "below", "time a device at the most that a file can have / at 10,000"),
    "update-peak-next": (None, "MiB", "", "peak memory of the process, 10,000 devices"),
    "update-peak-most": (None, "MiB", "", "peak memory of the process, the most small devices"),
    "update-rest-next": (1.1, "x", "below", "Pss of the idle daemon after an update / after an import, 10,000 devices"),
    "update-rest-most": (1.1, "x", "below", "the same, the most small devices"),
    "check-comments": (1.1, "x", "below", "exec to first reply with another comment in the bundled file / the same"),
    "check-newer": (1.1, "x", "below", "exec to first reply with a newer bundled file / the same"),
    "check-same-second": (None, "x", "", "the call after the first reply / exec to first reply, the same file"),
    "check-comments-second": (None, "x", "", "the call after the first reply, which waits for the check / the same"),
    "check-newer-second": (None, "x", "", "likewise with a newer file / the same"),
    "load-mixed": (None, "KiB", "", "growth of the daemon over 100,000 mixed calls, after a first 20,000"),
    "load-hostile": (None, "KiB", "", "growth of the daemon over 20,000 hostile calls and 2,000 connections"),
}


def show(figure, values, what=""):
    """Prints the median of `values` beside its goal. `what` is added to what the figure means."""
    goal, unit, good, meaning = GOALS[figure]
    median = statistics.median(values)
    verdict = "      "
    if goal is not None:
        verdict = "ok    " if (median <= goal if good == "below" else median >= goal) else "MISSED"
    target = "" if goal is None else f"{'<=' if good == 'below' else '>='} {goal:g}"
    spread = f"{min(values):.3g} to {max(values):.3g}"
    if what:
        meaning = f"{what}: {meaning}"
    line = f"{verdict} {figure:<20} {median:8.3f} {unit:<3} {target:<8} ({spread}, n={len(values)}) {meaning}"
    print(line, flush=True)


def show_ratios(figure, runs, work, floor):
    """The ratio of two kinds of work of the same run, over all runs."""
    show(figure, [run[work] / run[floor] for run in runs])
