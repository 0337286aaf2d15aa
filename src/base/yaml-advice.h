/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* yaml-advice.h: what to do about what libyaml complains of. */

/* Advice for a problem in libyaml's words, `at` being the character where it is, or NUL where that is not
 * known. NULL where there is none to give. */
const char *yaml_advice(const char *problem, char at);
