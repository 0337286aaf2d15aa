/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* dgn.h: where a device lives on the RV-C bus: a data group number (DGN) and an instance. */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* An RV-C DGN has 17 bits (RV-C specification, section 3.1: the data page bit and two bytes of the CAN
 * identifier). */
#define DGN_MAX UINT32_C(0x1FFFF)
/* An RV-C instance is one byte. */
#define INSTANCE_MAX 255
/* The entry of a DGN that stands for every instance that has none of its own. */
#define INSTANCE_DEFAULT (-1)

/* Reads a DGN written in 4 to 6 hexadecimal digits, any case, "0x" allowed. False when the text is none, or
 * when it is beyond 17 bits; then `*ret` is untouched. */
bool dgn_parse(const char *text, uint32_t *ret);
/* Whether a top-level key of a coach file is meant as a DGN: five hexadecimal digits, or four or six of
 * which one is a decimal digit (so that a section may be called "cafe"). It may still be too large:
 * dgn_parse() tells. */
bool dgn_looks_like(const char *text);

/* Reads an instance: "0" to "255", "0x00" to "0xFF", or "default". False for anything else, a leading zero
 * included (YAML 1.1 reads 025 as 21, a person as 25). */
bool instance_parse(const char *text, int *ret);

/* A binding as text, "1FEDA:25" or "1FEDA:default": the name of a binding in a field pointer. */
#define BINDING_KEY_SIZE 16
void binding_key_format(uint32_t dgn, int instance, char ret[BINDING_KEY_SIZE]);
bool binding_key_parse(const char *text, uint32_t *ret_dgn, int *ret_instance);
