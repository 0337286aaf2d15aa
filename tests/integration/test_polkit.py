# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who may write: allowed, denied, asked and not, with the real polkitd."""

import json
import os

from harness import (
    ALLOWED,
    ASKED,
    DENIED,
    MODEL,
    ORDINARY,
    SHIPPED_GROUP,
    SOURCE_ROOT,
    Agent,
    GLib,
    IntegrationTest,
    wait_until,
)
from releases import CEILING, PORCH, Coach, ReleaseTest, second

LIGHT = "devices/bedroom_light"

# Every method that writes, with arguments that would change something, and the action that it asks for.
WRITES = (
    ("Import", ("2021_Test_Plain",), "import", ("2021_Test_Plain", "sha256:f0749db46c05")),
    ("SetActiveModel", (MODEL,), "configure", (MODEL, "")),
    ("SetInterface", ("house", "can0"), "configure", ("", "")),
    ("SetField", (MODEL, LIGHT, "/notes", '"x"', ""), "edit", (MODEL, LIGHT)),
    ("UpdateMapping", (MODEL, "lighting_scenes/new", "{}", ""), "edit", (MODEL, "lighting_scenes/new")),
    ("DeleteMapping", (MODEL, "lighting_scenes/evening", ""), "edit", (MODEL, "lighting_scenes/evening")),
    ("ResetMapping", (MODEL, "devices/porch_light", "", ""), "edit", (MODEL, "devices/porch_light")),
    ("ApplyEdits", (MODEL, [("set", LIGHT, "/notes", '"y"')], ""), "edit", (MODEL, LIGHT)),
    ("UndoChange", (3, ""), "undo", (MODEL, "change 3 (edit by root)")),
    ("SetRetention", ({"days": GLib.Variant("u", 9)},), "configure", ("", "changes=1000 days=9 backups=10")),
)


class PolkitTest(IntegrationTest):
    """The daemon as it ships: a user of its own, named as the owner of the actions."""

    needs_polkit = True
    bench_per_test = True
    peer = False

    @classmethod
    def make_bench(cls, **options):
        return super().make_bench(peer=cls.peer, **options)

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)
        self.set(MODEL, "devices/porch_light", "/notes", "root")
        self.set(MODEL, "devices/heater", "/notes", "root")
        self.state = (self.revision(), self.call("GetMappings", MODEL))

    def caller(self, user):
        return self.as_user(user, self.peer)

    def assert_unchanged(self):
        self.assertEqual((self.revision(), self.call("GetMappings", MODEL)), self.state)
        self.assert_intact()

    def rename(self, caller, value="Renamed", path=LIGHT, **more):
        return caller.begin("SetField", MODEL, path, "/friendly_name", json.dumps(value), "a test", **more)

    def test_allowed(self):
        caller = self.caller(ALLOWED)
        for method, arguments, action, (model, path) in WRITES:
            with self.subTest(method=method):
                self.assertEqual(caller.call(method, *arguments), self.revision())
                self.assertEqual(self.bench.checks()[-1][:2], (f"org.coachiq.config1.{action}", ALLOWED))
                self.assertEqual(self.bench.checks()[-1][4], method)
                if path or model:
                    self.assertEqual(self.bench.checks()[-1][2:4], (model, path))
        self.assertEqual(self.revision(), self.state[0] + len(WRITES))
        self.assertEqual({c["User"] for c in self.changes(limit=len(WRITES))[: len(WRITES)]}, {ALLOWED})

    def test_denied(self):
        caller = self.caller(DENIED)
        for method, arguments, _, _ in WRITES:
            for interactive in (False, True):
                with self.subTest(method=method, interactive=interactive):
                    self.fails("AccessDenied", caller.call, method, *arguments, interactive=interactive)
        self.assert_unchanged()

    def test_challenge_without_the_flag(self):
        for user in (ASKED, ORDINARY):
            caller = self.caller(user)
            agent = Agent(self.bench, caller)
            for method, arguments, _, _ in WRITES:
                with self.subTest(user=user, method=method):
                    self.fails("InteractiveAuthorizationRequired", caller.call, method, *arguments)
            self.assertEqual(agent.prompts, [])
        self.assert_unchanged()

    def test_challenge_without_an_agent(self):
        error = self.rename(self.caller(ASKED), interactive=True).error()
        self.check_error(error, "AccessDenied", "InteractiveAuthorizationRequired")
        self.assert_unchanged()

    def test_allowed_after_a_prompt(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        call = self.rename(caller, interactive=True)
        prompt = agent.wait()[0]
        self.assertFalse(call.done)
        self.assertEqual(prompt.action, "org.coachiq.config1.edit")
        self.assertIn(MODEL, prompt.message)
        self.assertIn(LIGHT, prompt.message)
        # Others are served meanwhile.
        self.assertEqual(self.field(MODEL, LIGHT, "/friendly_name"), "Bedroom Light")
        prompt.allow()
        self.assertEqual(call.result(), self.state[0] + 1)
        self.assertEqual(self.field(MODEL, LIGHT, "/friendly_name"), "Renamed")
        self.assertEqual(self.changes()[0]["User"], ASKED)
        self.assertEqual(len(agent.prompts), 1)

    def test_every_write_asks(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        for i, (method, arguments, action, _) in enumerate(WRITES):
            with self.subTest(method=method):
                call = caller.begin(method, *arguments, interactive=True)
                prompt = agent.wait(i + 1)[i]
                self.assertEqual(prompt.action, f"org.coachiq.config1.{action}")
                self.assertNotIn("$(", prompt.message)
                prompt.allow()
                self.assertEqual(call.result(), self.state[0] + i + 1)

    def test_dismissed(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        call = self.rename(caller, interactive=True)
        agent.wait()[0].dismiss()
        self.check_error(call.error(), "AccessDenied", text="(?i)dismissed")
        self.assert_unchanged()

    def test_wrong_password(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        call = self.rename(caller, interactive=True)
        agent.wait()[0].refuse()
        error = self.check_error(call.error(), "AccessDenied", "InteractiveAuthorizationRequired")
        self.assertNotRegex(error.message, "(?i)dismissed")
        self.assert_unchanged()

    def test_one_yes_is_for_one_edit(self):
        """What was allowed for one component does not carry over to another."""
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        call = self.rename(caller, interactive=True)
        agent.wait()[0].allow()
        call.result()
        self.fails("InteractiveAuthorizationRequired", self.rename(caller, path="devices/galley_light").result)

    def test_no_op_asks_nobody(self):
        caller = self.caller(DENIED)
        revision = self.revision()
        self.call("SetActiveModel", MODEL)
        self.call("SetInterface", "house", "can0")
        revision = self.revision()
        porch = json.dumps(self.get(MODEL, "devices/porch_light"))
        watcher = self.client.watch()
        for method, arguments in (
            ("Import", (MODEL,)),
            ("SetActiveModel", (MODEL,)),
            ("SetInterface", ("house", "can0")),
            ("SetField", (MODEL, "devices/porch_light", "/notes", '"root"', "")),
            ("UpdateMapping", (MODEL, "devices/porch_light", porch, "")),
            ("ResetMapping", (MODEL, LIGHT, "", "")),
            ("ApplyEdits", (MODEL, [("set", "devices/porch_light", "/notes", '"root"')], "")),
            ("SetRetention", ({"days": GLib.Variant("u", 730)},)),
        ):
            with self.subTest(method=method):
                self.assertEqual(caller.call(method, *arguments), revision)
        self.assertEqual(self.bench.checks(), [])
        self.assertEqual(watcher.signals(), [])
        self.assertEqual(self.revision(), revision)

    def test_bad_input_asks_nobody(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        for error, arguments in (
            ("InvalidData", (MODEL, LIGHT, "/friendly_name", "{", "")),
            ("NoSuchMapping", (MODEL, "devices/no", "/x", "1", "")),
            ("Immutable", (MODEL, LIGHT, "/device_type", '"x"', "")),
            ("NoSuchModel", ("nope", LIGHT, "/x", "1", "")),
        ):
            self.fails(error, caller.call, "SetField", *arguments, interactive=True)
        self.fails("Conflict", self.rename(caller, interactive=True, expected_revision=99).result)
        self.assertEqual((agent.prompts, self.bench.checks()), ([], []))

    def test_caller_leaves_during_the_prompt(self):
        pid = self.bench.daemon.pid
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        self.rename(caller, interactive=True)
        prompt = agent.wait()[0]
        caller.leave()
        wait_until(lambda: prompt.cancelled, "the prompt of a caller that left is taken back")
        self.assert_unchanged()
        self.assertEqual((self.bench.daemon.pid, self.bench.daemon.poll()), (pid, None))
        # And there is room for others again.
        another = self.caller(ALLOWED)
        self.assertEqual(self.rename(another).result(), self.state[0] + 1)

    def test_at_most_eight_open_checks_a_caller(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        calls = [self.rename(caller, path=f"devices/spare_{i}_light", interactive=True) for i in range(1, 9)]
        agent.wait(8)
        self.check_error(self.rename(caller, interactive=True).error(), "LimitsExceeded")
        # Another caller has its own eight.
        self.assertEqual(self.rename(self.caller(ALLOWED), path="devices/galley_light").result(), self.state[0] + 1)
        agent.prompts[0].dismiss()
        self.check_error(
            wait_until(lambda: next((c for c in calls if c.done), None), "one was dismissed").error(), "AccessDenied"
        )
        self.rename(caller, interactive=True)
        agent.wait(9)
        for prompt in agent.prompts[1:]:
            prompt.dismiss()
        for call in calls:
            self.check_error(call.error(), "AccessDenied")
        self.assertEqual(self.revision(), self.state[0] + 1)

    def test_prompts_answered_in_any_order(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        calls = {}
        for i in range(1, 5):
            path = f"devices/spare_{i}_light"
            calls[path] = self.rename(caller, path=path, interactive=True)
            agent.wait(i)
        for prompt in agent.prompts[::-1]:
            path = next(p for p in calls if p in prompt.message)
            prompt.allow() if path in ("devices/spare_1_light", "devices/spare_3_light") else prompt.dismiss()
        for i in (1, 3):
            calls[f"devices/spare_{i}_light"].result()
        for i in (2, 4):
            self.check_error(calls[f"devices/spare_{i}_light"].error(), "AccessDenied")
        names = [self.field(MODEL, f"devices/spare_{i}_light", "/friendly_name") for i in range(1, 5)]
        self.assertEqual(names, ["Renamed", "Spare 2", "Renamed", "Spare 4"])

    def test_conflict_after_authorisation(self):
        first, second = self.caller(ASKED), self.caller(ASKED)
        agents = Agent(self.bench, first), Agent(self.bench, second)
        revision = self.revision()
        calls = (
            self.rename(first, "First", interactive=True, expected_revision=revision),
            self.rename(second, "Second", interactive=True, expected_revision=revision),
        )
        for agent in agents:
            agent.wait()
        agents[0].prompts[0].allow()
        self.assertEqual(calls[0].result(), revision + 1)
        agents[1].prompts[0].allow()
        self.check_error(calls[1].error(), "Conflict")
        self.assertEqual(self.field(MODEL, LIGHT, "/friendly_name"), "First")
        self.assertEqual(self.revision(), revision + 1)

    def test_the_world_moves_during_a_prompt(self):
        """Without expected-revision an edit is checked again against what is there when the answer comes."""
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        gone, same = self.rename(caller, interactive=True), None
        agent.wait(1)
        same = self.rename(caller, "Same", path="devices/galley_light", interactive=True)
        agent.wait(2)
        self.call("DeleteMapping", MODEL, LIGHT, "")
        self.set(MODEL, "devices/galley_light", "/friendly_name", "Same")
        revision = self.revision()
        for prompt in agent.prompts:
            prompt.allow()
        self.check_error(gone.error(), "NoSuchMapping", "Conflict")
        self.assertEqual(same.result(), revision)
        self.assertEqual(self.revision(), revision)

    def test_polkit_goes_away(self):
        caller = self.caller(ALLOWED)
        self.rename(caller).result()
        self.bench.stop_polkit()
        error = self.rename(caller, "Again").error()
        self.check_error(error, "AccessDenied", "IOError", "NotSupported")
        self.assertRegex(error.message, "(?i)polkit|authori[sz]")
        self.assertEqual(self.set(MODEL, LIGHT, "/friendly_name", "Root"), self.state[0] + 2)

    def test_polkit_goes_away_during_a_prompt(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        call = self.rename(caller, interactive=True)
        agent.wait()
        self.bench.stop_polkit()
        self.check_error(call.error(), "AccessDenied", "IOError")
        self.assert_unchanged()


class PolkitPeerTest(PolkitTest):
    """The same over the socket: the peer's credentials decide."""

    peer = True


class PolkitRootDaemonTest(PolkitTest):
    """The same with a daemon that runs as root."""

    bench_options = {"user": "root"}


class UpdatePolkitTest(ReleaseTest):
    """Updates and undos: one authentication, one of them, and only of what was shown."""

    needs_polkit = True
    peer = False

    @classmethod
    def make_bench(cls, **options):
        return super().make_bench(peer=cls.peer, **options)

    def setUp(self):
        super().setUp()
        self.call("Import", MODEL)
        self.edit = self.set(MODEL, CEILING, "/friendly_name", "Reading nook")
        self.later = self.set(MODEL, PORCH, "/notes", "x")
        self.release(second(Coach()))
        self.token = self.preview().token
        self.state = (self.revision(), self.seen())

    def caller(self, user):
        return self.as_user(user, self.peer)

    def begin_update(self, caller, token=None, **more):
        return caller.begin("ApplyUpdate", MODEL, token or self.token, [], "a test", **more)

    def begin_undo(self, caller, change=None, **more):
        return caller.begin("UndoChange", change or self.edit, "a test", **more)

    def both(self):
        """Each of the two as (how it is called, its action, what is shown)."""
        return (
            (self.begin_update, "org.coachiq.config1.update", "1.0.0 → 2.0.0"),
            (self.begin_undo, "org.coachiq.config1.undo", f"change {self.edit} (edit by root)"),
        )

    def assert_unchanged(self):
        self.assertEqual((self.revision(), self.seen()), self.state)
        self.assertFalse(os.path.exists(os.path.join(self.bench.state, "backups")))
        self.assert_intact()

    def test_allowed(self):
        caller = self.caller(ALLOWED)
        change = self.begin_update(caller).result()
        self.assertEqual(
            self.bench.checks()[-1],
            ("org.coachiq.config1.update", ALLOWED, MODEL, "1.0.0 → 2.0.0", "ApplyUpdate"),
        )
        self.assertEqual((self.changes()[0]["User"], change), (ALLOWED, self.state[0] + 1))
        self.assertEqual(self.begin_undo(caller, change).result(), change + 1)
        self.assertEqual(
            self.bench.checks()[-1],
            ("org.coachiq.config1.undo", ALLOWED, MODEL, f"change {change} (update by {ALLOWED})", "UndoChange"),
        )
        self.assertEqual(self.changes()[0]["User"], ALLOWED)
        self.assertEqual(len(self.bench.checks()), 2)

    def test_denied(self):
        caller = self.caller(DENIED)
        for begin, _, _ in self.both():
            for interactive in (False, True):
                self.check_error(begin(caller, interactive=interactive).error(), "AccessDenied")
        self.check_error(self.begin_undo(caller, force=True).error(), "AccessDenied")
        self.check_error(self.begin_update(caller, allow_device_loss=True).error(), "AccessDenied")
        self.assert_unchanged()

    def test_challenge_without_the_flag(self):
        for user in (ASKED, ORDINARY):
            caller = self.caller(user)
            agent = Agent(self.bench, caller)
            for begin, _, _ in self.both():
                self.check_error(begin(caller).error(), "InteractiveAuthorizationRequired")
            self.assertEqual(agent.prompts, [])
        self.assert_unchanged()

    def test_prompts(self):
        """They say what is asked for; nothing is written before the answer, and nothing without one."""
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        for i, (begin, action, shown) in enumerate(self.both()):
            call = begin(caller, interactive=True)
            prompt = agent.wait(2 * i + 1)[-1]
            self.assertEqual(prompt.action, action)
            for text in (MODEL, shown):
                self.assertIn(text, prompt.message)
            self.assertNotIn("$(", prompt.message)
            self.assertFalse(call.done)
            self.assert_unchanged()
            prompt.dismiss()
            self.check_error(call.error(), "AccessDenied", text="(?i)dismissed")
            call = begin(caller, interactive=True)
            agent.wait(2 * i + 2)[-1].refuse()
            self.check_error(call.error(), "AccessDenied", "InteractiveAuthorizationRequired")
            self.assert_unchanged()

    def test_allowed_after_a_prompt(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        call = self.begin_update(caller, interactive=True)
        agent.wait(1)[0].allow()
        change = call.result()
        self.assertEqual(self.changes()[0]["User"], ASKED)
        # One yes is for one of them.
        self.check_error(self.begin_undo(caller, change).error(), "InteractiveAuthorizationRequired")
        for i in range(2):
            call = self.begin_undo(caller, change + i, interactive=True)
            agent.wait(i + 2)[-1].allow()
            self.assertEqual(call.result(), change + i + 1)
            self.check_error(
                self.begin_undo(caller, change + i + 1).error(), "InteractiveAuthorizationRequired"
            )

    def test_the_world_moves_during_a_prompt(self):
        """What was allowed is what was shown: a token that went stale meanwhile is a conflict."""
        moves = {
            "an edit": lambda: self.set(MODEL, PORCH, "/notes", "y"),
            "a setting": lambda: self.call("SetInterface", "house", "can0"),
            "another file": lambda: self.release(second(Coach()).next("3.0.0")),
            "the same update": lambda: self.apply(),
        }
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        for what, move in moves.items():
            with self.subTest(what):
                call = self.begin_update(caller, self.preview().token, interactive=True)
                prompt = agent.wait(len(agent.prompts) + 1)[-1]
                move()
                state = (self.revision(), self.seen())
                prompt.allow()
                self.check_error(call.error(), "Conflict")
                self.assertEqual((self.revision(), self.seen()), state)
        self.assert_intact()

    def test_an_undo_whose_ground_moves(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        changed = self.begin_undo(caller, interactive=True)
        agent.wait(1)
        undone = self.begin_undo(caller, self.later, interactive=True)
        agent.wait(2)
        stale = self.begin_undo(caller, self.later, interactive=True, expected_revision=self.state[0])
        agent.wait(3)
        self.set(MODEL, CEILING, "/friendly_name", "Another")
        last = self.undo(self.later)
        for prompt in agent.prompts:
            prompt.allow()
        self.check_error(changed.error(), "Conflict", text=f"root in change {last - 1}")
        self.assertEqual(undone.result(), last)
        self.check_error(stale.error(), "Conflict")
        self.assertEqual((self.revision(), self.field(MODEL, CEILING, "/friendly_name")), (last, "Another"))

    def test_pruned_during_a_prompt(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        call = self.begin_undo(caller, interactive=True)
        agent.wait(1)
        last = self.call("SetRetention", {"changes": GLib.Variant("u", 1), "days": GLib.Variant("u", 0)})
        agent.prompts[0].allow()
        self.check_error(call.error(), "NoSuchChange")
        self.assertEqual(self.revision(), last)

    def test_nobody_is_asked_for_nothing(self):
        undone = self.undo(self.later)
        self.apply()
        revision = self.revision()
        watcher = self.client.watch()
        caller = self.caller(DENIED)
        self.assertEqual(self.begin_update(caller, self.preview().token).result(), revision)
        for force in (False, True):
            self.assertEqual(self.begin_undo(caller, self.later, force=force).result(), revision)
        self.assertGreater(revision, undone)
        self.assertEqual((self.bench.checks(), watcher.signals(), self.revision()), ([], [], revision))

    def test_bad_input_asks_nobody(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        for names, method, arguments, options in (
            ("Conflict", "ApplyUpdate", (MODEL, "stale", [], ""), {}),
            ("Conflict", "ApplyUpdate", (MODEL, self.token, [], ""), {"expected_revision": 1}),
            ("Conflict", "ApplyUpdate", (MODEL, self.token, [], ""), {"policy": "manual"}),
            ("Blocked", "ApplyUpdate", (MODEL, self.token, [], ""), {"only_clean": True}),
            ("InvalidArgs", "ApplyUpdate", (MODEL, self.token, [(PORCH, "/no", "mine")], ""), {}),
            ("InvalidArgs", "ApplyUpdate", (MODEL, self.token, [], ""), {"force": True}),
            ("TooLarge", "ApplyUpdate", (MODEL, self.token, [], "x" * 1025), {}),
            ("NoSuchModel", "ApplyUpdate", ("nope", self.token, [], ""), {}),
            ("NoSuchChange", "UndoChange", (99, ""), {}),
            ("TooLarge", "UndoChange", (self.edit, "x" * 1025), {}),
            ("Conflict", "UndoChange", (self.edit, ""), {"expected_revision": 1}),
            ("Conflict", "UndoChange", (1, ""), {}),
            ("InvalidArgs", "SetRetention", ({"days": GLib.Variant("u", 99999)},), {}),
        ):
            with self.subTest(method=method, names=names):
                self.fails(names, caller.call, method, *arguments, interactive=True, **options)
        self.assertEqual((agent.prompts, self.bench.checks()), ([], []))
        self.assert_unchanged()

    def test_caller_leaves_during_the_prompt(self):
        caller = self.caller(ASKED)
        agent = Agent(self.bench, caller)
        self.begin_update(caller, interactive=True)
        prompt = agent.wait()[0]
        caller.leave()
        wait_until(lambda: prompt.cancelled, "the prompt of a caller that left is taken back")
        self.assert_unchanged()
        self.assertEqual(self.begin_update(self.caller(ALLOWED)).result(), self.state[0] + 1)


class UpdatePolkitPeerTest(UpdatePolkitTest):
    peer = True


class NoPolkitTest(IntegrationTest):
    """polkit is not there at all."""

    def test_writes(self):
        change = self.call("Import", MODEL)
        caller = self.as_user(ALLOWED)
        self.assertEqual(json.loads(caller.call("GetMapping", MODEL, "coach_info")[0])["make"], "Test")
        for interactive in (False, True):
            error = caller.begin("SetField", MODEL, LIGHT, "/friendly_name", '"x"', "", interactive=interactive).error()
            self.check_error(error, "AccessDenied", "IOError", "NotSupported")
            self.assertRegex(error.message, "(?i)polkit|authori[sz]")
        self.assertEqual(self.revision(), change)
        self.assertEqual(self.set(MODEL, LIGHT, "/friendly_name", "Root"), change + 1)


class OwnerTest(IntegrationTest):
    """An action owned by somebody else: polkit gives no answer, and the daemon lets nobody in."""

    needs_polkit = True
    bench_options = {"owner": "nobody"}

    def test_refused(self):
        self.call("Import", MODEL)
        self.fails("AccessDenied", self.as_user(ALLOWED).call, "SetField", MODEL, LIGHT, "/friendly_name", '"x"', "")
        self.assertEqual(self.revision(), 1)


class ExampleRuleTest(IntegrationTest):
    """The rule that the project ships as an example does what it says."""

    needs_polkit = True

    @classmethod
    def make_bench(cls, **options):
        path = os.path.join(SOURCE_ROOT, "polkit", "examples", "50-coachiq-config.rules")
        with open(path, encoding="utf-8") as file:
            rules = file.read()
        return super().make_bench(rules=rules, groups={SHIPPED_GROUP: [ALLOWED]}, **options)

    def test_group(self):
        self.call("Import", MODEL)
        member, stranger = self.as_user(ALLOWED), self.as_user(DENIED)
        self.assertEqual(member.call("SetField", MODEL, LIGHT, "/friendly_name", '"x"', ""), 2)
        self.fails(
            ("AccessDenied", "InteractiveAuthorizationRequired"),
            stranger.call,
            "SetField",
            MODEL,
            LIGHT,
            "/friendly_name",
            '"y"',
            "",
        )
        # Only edits are granted.
        self.fails(("AccessDenied", "InteractiveAuthorizationRequired"), member.call, "SetActiveModel", MODEL)
        self.assertEqual(self.revision(), 2)
