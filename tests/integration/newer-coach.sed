# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the release after the bundled one of the coach file.
s/^  version: .*/  version: "2.0.0"/
s/^  notes: Lights and lock.*/  notes: The release after this one/
s/friendly_name: Bedroom Ceiling Light/friendly_name: Bedroom Main Light/
