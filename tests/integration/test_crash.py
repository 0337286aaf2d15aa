# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 during writes, again and again: what was acknowledged is there."""

import os
import random
import time

from harness import BUNDLED, MODEL, SHORT, BusError, IntegrationTest, wait_until

ROUNDS = 5 if SHORT else 50
FIELDS = [f"/field_{i}" for i in range(8)]


class CrashTest(IntegrationTest):
    def test_kill_during_writes(self):
        chance = random.Random(1)
        self.call("Import", MODEL)
        acknowledged = {}  # change → (field, value)
        sent = {field: [] for field in FIELDS}  # values in the order in which they were sent
        serial = 0
        interrupted = 0
        for number in range(ROUNDS):
            calls = []
            for _ in range(24):
                serial += 1
                field = FIELDS[serial % len(FIELDS)]
                calls.append(
                    (
                        field,
                        serial,
                        self.client.begin("SetField", MODEL, "coach_info", field, str(serial), f"round {number}"),
                    )
                )
                sent[field].append(serial)
            wait_until(
                lambda n=chance.randrange(24), c=calls: sum(call.done for _, _, call in c) >= n, "some are acknowledged"
            )
            self.bench.daemon.kill()
            for field, value, call in calls:
                try:
                    change = call.result()
                except BusError:
                    interrupted += 1
                    continue
                self.assertNotIn(change, acknowledged)
                acknowledged[change] = (field, value)
            wait_until(lambda: not self.client.has_owner(), "the name is free")
            self.bench.start()
            self.check(number, acknowledged, sent)
        self.assertGreater(interrupted, 0, "no write was ever interrupted")

        # All of the record, once at the end.
        entries = {
            e["Change"]: (e["Field"], int(e["After"]))
            for e in self.history(MODEL, "coach_info", limit=1000)
            if e["Kind"] == "set"
        }
        for change, expected in acknowledged.items():
            self.assertEqual(entries[change], expected)
        numbers = [c["Change"] for c in self.changes(limit=1000)]
        self.assertEqual(numbers, list(range(len(numbers), 0, -1)))

    def check(self, number, acknowledged, sent):
        self.assertEqual(self.client.property("Health"), "ok")
        self.assert_intact()
        present = self.get(MODEL, "coach_info")
        changes = {c["Change"] for c in self.call("ListChanges", limit=1000)[0]}
        last = {}
        for change in sorted(acknowledged):
            field, value = acknowledged[change]
            last[field] = value
            if change > max(changes) - 500:
                self.assertIn(change, changes, f"round {number}: an acknowledged change is gone")
        for field, value in last.items():
            found = present[field[1:]]
            # One that was written but not acknowledged any more may be there; an older one may not.
            self.assertIn(found, sent[field])
            self.assertGreaterEqual(found, value, f"round {number}: {field}")


class CrashDuringImportTest(IntegrationTest):
    bench_options = {"seeds": None}

    def test_kill_during_the_first_use(self):
        chance = random.Random(2)
        for _ in range(3 if SHORT else 20):
            call = self.client.begin("GetMappings", BUNDLED, prefix="devices/")
            time.sleep(chance.uniform(0, 0.03))
            self.bench.daemon.kill()
            try:
                call.result()
            except BusError:
                pass
            wait_until(lambda: not self.client.has_owner(), "the name is free")
            self.bench.start()
            page, _ = self.call("GetMappings", BUNDLED, prefix="devices/")
            model = next(m for m in self.call("ListModels") if m["Id"] == BUNDLED)
            self.assertEqual(len(page), model["Devices"])
            self.assertEqual([c["Kind"] for c in self.changes()], ["import"])
            self.assert_intact()
            self.assertEqual(self.client.property("Health"), "ok")
            self.bench.stop()
            for name in os.listdir(self.bench.state):
                os.unlink(os.path.join(self.bench.state, name))
            self.bench.start()
