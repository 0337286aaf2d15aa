/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* error.h: the one GError domain of the project. Each code is one error that a caller can tell apart; the
 * daemon has the only table that turns a code into a name on the bus. */

#include <glib.h>

typedef enum ConfigError {
    CONFIG_ERROR_INVALID_ARGS,    /* the call itself is malformed: unknown option, wrong type, bad pointer */
    CONFIG_ERROR_NO_SUCH_MODEL,   /* neither bundled nor in the database */
    CONFIG_ERROR_NO_SUCH_MAPPING, /* the model has no such component */
    CONFIG_ERROR_NO_SUCH_FIELD,   /* the component has no such field */
    CONFIG_ERROR_NO_SUCH_CHANGE,  /* no change of that number */
    CONFIG_ERROR_NO_SUCH_BACKUP,  /* no backup of that id */
    CONFIG_ERROR_INVALID_DATA,    /* the data of an edit breaks the syntax or a rule of the coach file */
    CONFIG_ERROR_INVALID_FILE,    /* a coach file cannot be read; the message has line and column */
    CONFIG_ERROR_IMMUTABLE,       /* the coach file says that this field may not be edited */
    CONFIG_ERROR_CONFLICT,        /* the configuration is not what the caller based the edit on */
    CONFIG_ERROR_BLOCKED,         /* an update that must not be applied as it is */
    CONFIG_ERROR_TOO_LARGE,       /* input beyond a documented bound */
    CONFIG_ERROR_EXISTS,          /* it is already there */
    CONFIG_ERROR_NOT_IMPORTED,    /* the model is known but has no data in the database */
    CONFIG_ERROR_CORRUPT,         /* the database is damaged */
    CONFIG_ERROR_READ_ONLY,       /* the database cannot be written */
    CONFIG_ERROR_LOCKED,          /* the database is locked by another process */
    CONFIG_ERROR_NO_SPACE,        /* the disk is full */
    CONFIG_ERROR_IO,              /* any other failure of the storage */
    CONFIG_ERROR_NOT_SUPPORTED,   /* the database was written by a newer version */
} ConfigError;

#define CONFIG_ERROR (config_error_quark())

GQuark config_error_quark(void);
