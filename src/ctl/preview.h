/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* preview.h: what an update would do: its items, what each asks of a person, and which of them say the same.
 */

#include "base/value.h"

/* What becomes of an item, in the order in which people want to read it. */
typedef enum PreviewKind {
    PREVIEW_BLOCKS,  /* stands in the way of the update unless it is allowed */
    PREVIEW_DECIDES, /* owner and vendor disagree */
    PREVIEW_CHANGES, /* comes with the update */
    PREVIEW_RENAMES, /* is called something else, the owner's edits follow */
    PREVIEW_KEEPS,   /* the owner's, stays */
} PreviewKind;

/* A class of items, as the service names it. */
typedef struct PreviewClass {
    const char *name;
    PreviewKind kind;
    const char *words; /* about one item; translated; NULL where the section says it */
    const char *allow; /* what lifts it, as --allow takes it; NULL where nothing has to be lifted */
} PreviewClass;

/* A file that is to be updated to, instead of the bundled one. */
typedef struct PreviewFile {
    int fd;
    const char *name; /* NULL: it has none */
} PreviewFile;

typedef struct Preview {
    char *model;     /* id */
    char *installed; /* versions */
    char *bundled;
    bool available; /* whether there is an update at all */
    char *token;
    char *verdict;
    Value *counts;           /* class → number of items */
    Value *items;            /* objects as preview_item() makes them, in the order of the service */
    Value *resolutions;      /* what it was made with: (path, field, choice); NULL for nothing */
    GPtrArray *allow;        /* likewise, words of --allow; borrowed, NULL for nothing */
    const PreviewFile *file; /* borrowed; NULL: the bundled one */
} Preview;

/* Items that say the same. */
typedef struct PreviewGroup {
    const PreviewClass *item_class;
    GPtrArray *items; /* const Value *, borrowed, at least one */
} PreviewGroup;

void preview_clear(Preview *preview);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Preview, preview_clear)

/* All classes, in the order in which they are shown. The last, named "", stands for those that this version
 * does not know. */
extern const PreviewClass preview_classes[];
/* The row of an item's class; never NULL. */
const PreviewClass *preview_item_class(const Value *item);

/* (path, field, class, base, mine, vendor, result) as the service gives it, as an object with the values
 * taken apart; what is absent has no key. */
Value *preview_item(const Value *row);
/* The number of all items by the counts, those of pages still to come included. */
size_t preview_total(const Preview *preview);
/* The number of items of a kind by the counts. */
int64_t preview_count(const Value *counts, PreviewKind kind);
/* Whether the verdict is this one: "clean", "review" or "blocked". */
bool preview_is(const Preview *preview, const char *verdict);
/* What was decided about an item: "mine", "vendor" or "value:" and JSON; NULL where nothing was. Borrowed.
 */
const char *preview_choice(const Preview *preview, const Value *item);
/* Whether somebody has to decide the item, and nobody has. */
bool preview_is_open(const Preview *preview, const Value *item);
unsigned preview_n_open(const Preview *preview);
/* Whether a word of --allow was given. */
bool preview_is_allowed(const Preview *preview, const char *allow);

/* The items of a kind, those together that have the same class and field and go from the same value to the
 * same one; what is kept by class alone, and so is what concerns whole components; what is renamed one by
 * one. A field of a binding counts as the same at every binding. By class, large groups first. An array of
 * PreviewGroup *, which it frees. */
GPtrArray *preview_groups(const Value *items, PreviewKind kind);

/* A field with an asterisk for the name of a binding in it. Free with g_free(). */
char *preview_field_pattern(const char *field);

/* {model, installed, bundled, token, verdict, counts, items} */
Value *preview_json(const Preview *preview);
