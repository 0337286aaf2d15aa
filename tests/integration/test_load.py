# SPDX-License-Identifier: LGPL-2.1-or-later
"""8 clients, 10,000 mixed calls: no lost update, every acknowledged change once in the history."""

import json
import subprocess

from harness import ALLOWED, MODEL, SHORT, IntegrationTest, as_user, clean_environment

CLIENTS = 8
CALLS = 500 if SHORT else 10_000


class LoadTest(IntegrationTest):
    needs_polkit = True

    def test_mixed_calls(self):
        self.call("Import", MODEL)
        self.set(MODEL, "coach_info", "/shared", 0)
        program = self.bench.share("load_client.py")
        children = []
        for i in range(CLIENTS):
            user = ALLOWED if i % 2 else "root"
            arguments = json.dumps(
                {"address": self.bench.address, "model": MODEL, "number": i, "calls": CALLS // CLIENTS}
            )
            children.append(
                (
                    user,
                    subprocess.Popen(
                        as_user(user, ["/usr/bin/python3", program, arguments]),
                        stdout=subprocess.PIPE,
                        env=clean_environment(),
                        cwd="/",
                    ),
                )
            )
        results = []
        for user, child in children:
            output, _ = child.communicate(timeout=500)
            self.assertEqual(child.returncode, 0)
            results.append((user, json.loads(output)))

        for _, result in results:
            self.assertEqual(result["problems"], [])
        self.assertEqual(sum(r["calls"] for _, r in results), CALLS // CLIENTS * CLIENTS)
        written = [(change, field, value, user) for user, r in results for change, field, value in r["acknowledged"]]
        numbers = [w[0] for w in written]
        self.assertEqual(len(numbers), len(set(numbers)), "two writes have one change number")
        self.assertGreater(len(written), CALLS // 10)

        changes = {c["Change"]: c for c in self.changes(kind="edit", limit=1000)}
        entries = {}
        for entry in self.history(MODEL, "coach_info", limit=1000):
            if entry["Kind"] == "set":
                self.assertNotIn(entry["Change"], entries)
                entries[entry["Change"]] = entry
        for change, field, value, user in written:
            self.assertEqual(
                (entries[change]["Field"], json.loads(entries[change]["After"]), entries[change]["User"]),
                (field, value, user),
            )
            self.assertEqual(changes[change]["User"], user)
        # Nothing was written that nobody was told of: the first is ours.
        self.assertEqual(sorted(changes), sorted([2, *numbers]))

        # A counter that each raises by one only if nobody was faster: a lost update would show here.
        raised = sum(r["raised"] for _, r in results)
        self.assertGreater(raised, 0)
        info = self.get(MODEL, "coach_info")
        self.assertEqual(info["shared"], raised)
        for field in {f for _, f, _, _ in written}:
            newest = max(w for w in written if w[1] == field)
            self.assertEqual(info[field[1:]], newest[2])
        self.assert_intact()
        self.bench.restart()
        self.assertEqual(self.get(MODEL, "coach_info"), info)
        self.assert_intact()
