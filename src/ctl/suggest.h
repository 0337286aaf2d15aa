/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* suggest.h: what somebody may have meant by a word that does not exist. */

#include <glib.h>

/* The candidates closest to the word, best first, at most `most`: those that differ in about a third of
 * their letters (a swap of two neighbours is one difference), or contain the word, case aside. A candidate
 * "devices/porch_light" is also measured by its last part alone. The result holds borrowed candidates. */
GPtrArray *suggest_close(const char *word, GPtrArray *candidates, unsigned most);
