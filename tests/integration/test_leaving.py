# SPDX-License-Identifier: LGPL-2.1-or-later
"""1,000 calls that arrive around the moment at which the idle daemon leaves: none is lost."""

import json
import random
import threading
import time

from harness import MODEL, SHORT, Bench, Client, IntegrationTest, SocketUnit

CALLS = 100 if SHORT else 1000
LANES = 4  # benches side by side, so that the waiting overlaps
IDLE = 0.05


class Lane:
    """One bench with one caller that waits 0 to 120 ms between two calls."""

    def __init__(self, bench, connect, seed):
        self.bench = bench
        self.connect = connect
        self.random = random.Random(seed)
        self.failures = []
        self.acknowledged = {}
        self.answered = 0
        self.pids = set()

    def run(self):
        client = self.connect()
        try:
            for i in range(CALLS // LANES):
                client = self.one(client, i)
        except BaseException as error:
            self.failures.append(f"{type(error).__name__}: {error}")
        finally:
            client.close()

    def one(self, client, number):
        # An open connection keeps the daemon; most are closed while nothing is to be done.
        leave = client.destination is None and self.random.random() < 0.8
        if leave:
            client.close()
        time.sleep(self.random.uniform(0, 0.12))
        if leave:
            client = self.connect()
        try:
            kind = self.random.randrange(4)
            if kind == 0:
                change = client.call("SetField", MODEL, "coach_info", f"/field_{number}", str(number), "")
                self.acknowledged[change] = number
            elif kind == 1:
                client.call("ListModels")
            elif kind == 2:
                client.property("Revision")
            else:
                data, _, _ = client.call("GetMapping", MODEL, "coach_info")
                missing = [n for n in self.acknowledged.values() if json.loads(data).get(f"field_{n}") != n]
                if missing:
                    self.failures.append(f"call {number} does not see {missing}")
            self.answered += 1
        except Exception as error:
            self.failures.append(f"call {number}: {error}")
        return client


class LeavingTest(IntegrationTest):
    bench_per_test = True

    def setUp(self):
        self._log = ""  # the lanes have benches of their own

    def run_lanes(self, make_bench, make_connection):
        benches = []
        for _ in range(LANES):
            bench = make_bench()
            self.addCleanup(bench.close)
            benches.append(bench)
        lanes = [Lane(b, make_connection(b), seed) for seed, b in enumerate(benches)]
        threads = [threading.Thread(target=lane.run) for lane in lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for lane in lanes:
            self._log += lane.bench.log()[-3000:]
            self.assertEqual(lane.failures, [])
            self.assertEqual(lane.answered, CALLS // LANES)
        return lanes

    def check_history(self, lane, client):
        changes, following = client.call("ListChanges", limit=1000)
        self.assertEqual(following, 0)
        numbers = [c["Change"] for c in changes if c["Kind"] == "edit"]
        self.assertEqual(sorted(numbers), sorted(lane.acknowledged))
        self.assertEqual(client.call("VerifyHistory")[0], True)

    def tearDown(self):
        pass


class BusLeavingTest(LeavingTest):
    def test_bus_activation(self):
        lanes = self.run_lanes(
            lambda: Bench(polkit=False, activation=True, idle_exit=IDLE), lambda bench: lambda: Client(bench.address)
        )
        for lane in lanes:
            with Client(lane.bench.address) as client:
                self.check_history(lane, client)


class SocketLeavingTest(LeavingTest):
    def test_socket_activation(self):
        units = []

        def make():
            bench = Bench(polkit=False, peer=True, idle_exit=IDLE)
            units.append(SocketUnit(bench))
            return bench

        lanes = self.run_lanes(make, lambda bench: lambda: Client(bench.peer_address, peer=True))
        for lane in lanes:
            with Client(lane.bench.peer_address, peer=True) as client:
                self.check_history(lane, client)
        for unit in units:
            self.assertGreater(unit.starts, CALLS // LANES // 20, "the daemon hardly ever left")
            self.assertEqual(set(unit.exits), {0})
