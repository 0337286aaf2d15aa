# SPDX-License-Identifier: LGPL-2.1-or-later
"""What all of the tests share: names, users, limits, and how to wait."""

import os
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE_ROOT = os.environ.get("COACHIQ_SOURCE_ROOT") or os.path.dirname(os.path.dirname(HERE))
CONFIGD = os.environ.get("COACHIQ_CONFIGD", "")
FIXTURES = os.path.join(HERE, "seeds")

ROOT = os.geteuid() == 0
SHORT = bool(os.environ.get("COACHIQ_TEST_SHORT"))
# No call may hang; nothing is ever asserted about how long one takes.
TIMEOUT = float(os.environ.get("COACHIQ_TEST_CALL_TIMEOUT") or (120 if SHORT else 30))

NAME = "org.coachiq.Config1"
PATH = "/org/coachiq/Config1"
INTERFACE = "org.coachiq.Config1"
SHIPPED_USER = "coachiq-config"
SHIPPED_GROUP = "coachiq"

# The coaches of the fixtures in seeds/, and those that ship in the binary.
MODEL = "2020_Test_Coach"
PLAIN = "2021_Test_Plain"
BUNDLED = "2021_Entegra_Aspire_44R"
BUNDLED_DEFAULT = "coach_mapping.default"

# Users that Debian's base system always has. The rule below gives each its part.
SERVICE = "daemon"  # the daemon runs as this one
ALLOWED = "games"
DENIED = "mail"
ASKED = "news"  # must authenticate as an administrator
ORDINARY = "man"  # no rule of ours knows this one: the defaults of the policy file hold


def wait_until(condition, what, timeout=None):
    """Returns the first true value of `condition`; fails, never passes, when it does not come."""
    deadline = time.monotonic() + (timeout or TIMEOUT)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain until {what}")
        time.sleep(0.005)
