# SPDX-License-Identifier: LGPL-2.1-or-later
"""kill -9 at any moment while four write, delete, undo, update and back up: each remembers what was acknowledged, and all
of that is there afterwards; the one call that had no answer is done wholly or not at all."""

import json
import os
import random
import subprocess
import threading
import time
import unittest

from harness import MODEL, SERVICE, SHORT, BusError, GLib, as_user, clean_environment, error_name, wait_until
from releases import CEILING, Coach, ReleaseTest, own_device

LONG = bool(os.environ.get("COACHIQ_TEST_LONG"))
ROUNDS = 500 if LONG else 8 if SHORT else 25
WRITERS = 4
# The full check of all components and backups takes longer than a start.
ROUNDS_PER_CHECK = 5
BACKUPS_MAX = 3
GONE = {
    "org.freedesktop.DBus.Error." + name for name in ("NoReply", "ServiceUnknown", "NameHasNoOwner", "Disconnected")
}


class Writer(threading.Thread):
    """Makes one call after the other, until the daemon is gone or it shall stop."""

    def __init__(self, memory, client, test):
        super().__init__(daemon=True)
        self.memory = memory
        self.client = client
        self.test = test
        self.problem = None

    def run(self):
        memory = self.memory
        try:
            while not self.test.stopping.is_set():
                if memory.number != 0:
                    self.test.going.wait(1)
                memory.act(self.client, self.test)
        except BusError as error:
            if error.name not in GONE:
                self.problem = error
        except Exception as error:  # noqa: BLE001
            self.problem = error


class Memory:
    """What one writer was told, over all rounds. Its fields and its device are touched by nobody else."""

    def __init__(self, number, chance):
        self.number = number
        self.chance = chance
        self.serial = 0
        self.present = {}  # what of its own is there: "/field" → value, or "device" → its name
        self.before = {}  # field → (the change that set it last, what was there before)
        self.changes = {}  # acknowledged in this round: number → reason
        self.open = None  # the call without an answer: (reason, key, value if it was done)
        self.backups = set()
        self.open_backup = None
        self.counts = dict.fromkeys(("set", "undo", "delete", "put", "update", "backup", "refused", "killed"), 0)

    def device(self):
        return f"devices/own_{self.number}"

    def write(self, kind, key, value, call):
        """A call that makes a change, with a reason that nobody else gives."""
        self.serial += 1
        reason = f"writer {self.number}, {self.serial}"
        self.open = (reason, key, value)
        try:
            change = call(reason)
        except BusError as error:
            if error.name in GONE:
                raise
            self.open = None
            self.counts["refused"] += 1
            # Only where others were faster.
            if error.name != error_name("Conflict"):
                raise
            return None
        if change in self.changes:
            raise AssertionError(f"two writes have change {change}")
        self.changes[change] = reason
        self.settle(key, value)
        self.open = None
        self.counts[kind] += 1
        return change

    def settle(self, key, value):
        if key is None:
            return
        if value is None:
            self.present.pop(key, None)
        else:
            self.present[key] = value

    def act(self, client, test):
        choice = self.chance.random()
        if self.number == 0 and choice < 0.05:
            self.update(client, test)
        elif self.number == 3 and choice < 0.15:
            self.back_up(client)
        elif choice < 0.3:
            self.undo(client)
        elif choice < 0.5:
            self.delete_or_put(client)
        else:
            self.set(client)

    def set(self, client):
        key = f"/w{self.number}_{self.chance.randrange(5)}"
        value = f"{self.serial} " + "x" * self.chance.choice((1, 10, 3000))
        before = self.present.get(key)
        change = self.write(
            "set", key, value, lambda reason: client.call("SetField", MODEL, "coach_info", key, json.dumps(value), reason)
        )
        self.before[key] = (change, before)

    def undo(self, client):
        if not self.before:
            return
        key = self.chance.choice(sorted(self.before))
        change, before = self.before.pop(key)
        self.write("undo", key, before, lambda reason: client.call("UndoChange", change, reason))

    def delete_or_put(self, client):
        path = self.device()
        if "device" in self.present:
            self.write("delete", "device", None, lambda reason: client.call("DeleteMapping", MODEL, path, reason))
            return
        name = f"Own {self.serial}"
        device = own_device(f"own_{self.number}", 90 + self.number, friendly_name=name)
        self.write(
            "put", "device", name, lambda reason: client.call("UpdateMapping", MODEL, path, json.dumps(device), reason)
        )

    def update(self, client, test):
        """The others hold still, or the preview would always be stale."""
        test.going.clear()
        try:
            name = test.next_release()
            time.sleep(self.chance.choice((0, 0.002, 0.01)))
            token, _, _, _ = client.call("PreviewUpdate", MODEL)
            self.write(
                "update", "release", name, lambda reason: client.call("ApplyUpdate", MODEL, token, [], reason)
            )
        finally:
            test.going.set()

    def back_up(self, client):
        if len(self.backups) >= BACKUPS_MAX:
            backup = self.chance.choice(sorted(self.backups))
            self.backups.discard(backup)  # whether it is there is not said until the answer is
            client.call("DeleteBackup", backup)
            return
        self.backups.add(client.call("CreateBackup", f"writer {self.number}"))
        self.counts["backup"] += 1


class KillTest(ReleaseTest):
    def setUp(self):
        super().setUp()
        self.checker = os.environ.get("COACHIQ_CHECK_STATE")
        if not self.checker:
            raise unittest.SkipTest("COACHIQ_CHECK_STATE does not name the program that checks")
        self.checker = self.bench.program(self.checker)
        self.coach = Coach()
        self.releases = 1
        self.stopping = threading.Event()
        self.going = threading.Event()

    def next_release(self):
        """Writes the next bundled file, and returns what tells it."""
        self.releases += 1
        name = f"Light of release {self.releases}"
        self.coach = self.coach.next(f"{self.releases}.0.0")
        self.coach.devices["bedroom_ceiling_light"]["friendly_name"] = name
        self.coach.devices["hall_light"]["protocol_metadata"]["fade_ms"] = self.releases
        self.release(self.coach)
        return name

    def test_kills(self):
        seed = int(os.environ.get("COACHIQ_TEST_SEED") or random.randrange(1 << 32))
        print(f"# the seed is {seed}, for COACHIQ_TEST_SEED", flush=True)
        chance = random.Random(seed)
        self.call("Import", MODEL)
        self.call("SetRetention", {key: GLib.Variant("u", n) for key, n in (("changes", 1200), ("days", 0), ("backups", 2))})
        memories = [Memory(number, random.Random(chance.random())) for number in range(WRITERS)]
        memories[0].present["release"] = self.field(MODEL, CEILING, "/friendly_name")
        clients = [self.bench.connect() for _ in range(WRITERS)]
        revision = self.revision()
        acknowledged = unanswered = done = 0
        for number in range(ROUNDS):
            self.run_writers(memories, clients, chance)
            acknowledged += sum(len(m.changes) for m in memories)
            unanswered += sum(m.open is not None for m in memories)
            if number % ROUNDS_PER_CHECK == 0 or number == ROUNDS - 1:
                self.check_state()
            self.bench.start()
            revision, n = self.check(memories, revision, f"round {number} of seed {seed}")
            done += n
        counts = {kind: sum(m.counts[kind] for m in memories) for kind in memories[0].counts}
        print(
            f"# {ROUNDS} kills, {acknowledged} acknowledged changes, {unanswered} without an answer, of which {done} were "
            f"done; {', '.join(f'{n} {kind}' for kind, n in counts.items() if n)}",
            flush=True,
        )
        self.assertGreater(acknowledged, ROUNDS)
        self.assertGreater(unanswered, 0, "no write was ever interrupted")

    def run_writers(self, memories, clients, chance):
        self.stopping.clear()
        self.going.set()
        writers = [Writer(memory, client, self) for memory, client in zip(memories, clients)]
        for writer in writers:
            writer.start()
        time.sleep(chance.choice((0.02, 0.1, 0.2, 0.4)) * chance.random())
        self.bench.daemon.kill()
        self.stopping.set()
        for writer in writers:
            writer.join(60)
            self.assertFalse(writer.is_alive(), "a writer still waits for an answer")
            if writer.problem:
                raise writer.problem
        wait_until(lambda: not self.client.has_owner(), "the name is free")

    def check_state(self):
        """Everything, as a fresh service in a program of its own finds it."""
        result = subprocess.run(
            as_user(SERVICE, [self.checker, self.bench.state]),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=clean_environment(),
            cwd="/",
            check=False,
        )
        self.assertEqual((result.returncode, result.stdout.decode()), (0, ""))

    def check(self, memories, revision, where):
        """What was acknowledged in this round is there, and of what had no answer all or nothing. Returns the revision,
        and how many of these were done."""
        self.assertEqual(self.client.property("Health"), "ok", where)
        intact, _, problem = self.call("VerifyHistory")
        self.assertTrue(intact, f"{where}: {problem}")
        now = self.revision()
        made = {c["Change"]: c["Reason"] for c in self.call("ListChanges", limit=1000)[0] if c["Change"] > revision}
        expected = {change: reason for memory in memories for change, reason in memory.changes.items()}
        for change in sorted(expected):
            if change > now - 900:  # older ones are on the next page
                self.assertEqual(made.get(change), expected[change], f"{where}: change {change} was acknowledged")
        extra = {reason: change for change, reason in made.items() if change not in expected}
        n_done = 0
        info = self.get(MODEL, "coach_info")
        for memory in memories:
            if memory.open:
                reason, key, value = memory.open
                if extra.pop(reason, None):
                    memory.settle(key, value)
                    n_done += 1
            memory.before = {}
            memory.open = None
            memory.changes = {}
            self.check_present(memory, info, where)
        self.assertEqual(extra, {}, f"{where}: changes that nobody made")
        self.check_backups(memories, where)
        return now, n_done

    def check_present(self, memory, info, where):
        prefix = f"w{memory.number}_"
        found = {"/" + field: value for field, value in info.items() if field.startswith(prefix)}
        try:
            found["device"] = self.field(MODEL, memory.device(), "/friendly_name")
        except BusError as error:
            self.check_error(error, "NoSuchMapping")
        if memory.number == 0:
            found["release"] = self.field(MODEL, CEILING, "/friendly_name")
        self.assertEqual(found, memory.present, f"{where}: writer {memory.number}")

    def check_backups(self, memories, where):
        listed = {b["Id"]: b for b in self.call("ListBackups")}
        for backup in listed.values():
            self.assertNotIn("Problem", backup, where)
        for memory in memories:
            self.assertLessEqual(memory.backups, set(listed), f"{where}: a backup is gone")
        # Those that were made without an answer are nobody's.
        owned = set().union(*(memory.backups for memory in memories))
        for backup in [b["Id"] for b in listed.values() if not b["Automatic"] and b["Id"] not in owned]:
            self.call("DeleteBackup", backup)
