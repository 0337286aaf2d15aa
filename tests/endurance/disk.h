/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* disk.h: a disk that can lose power, fill up and break, for tests. The program that links it has its own
 * open(), pwrite(), fsync(), rename() and so on, which SQLite and our own code call alike; below one folder,
 * what they do is written down, or fails on demand. fsync() never waits for the real disk.
 *
 * What a disk keeps: a file's content as of its last fsync(), and the names in a folder as of the last
 * fsync() of that folder. Of what came later each write (by sectors of 512 bytes), each truncation and each
 * change of a name may be there or not. A rename is there wholly or not at all, within a folder. Files that
 * end in "-shm" are memory that processes share: after a cut they hold anything. */

#include <glib.h>
#include <stdbool.h>

/* From now on what is done below this folder is written down. What is there already lasts. */
void disk_record(const char *folder);
/* Operations that were written down. */
size_t disk_position(void);
void disk_stop(void);

/* Goes through the record: from how it was then, one operation further each time. False at the end. */
void disk_rewind(void);
bool disk_advance(void);
/* What the operation that was last gone through does to what, for people. Free with g_free(). */
char *disk_describe(void);
/* Makes a folder, which is not there, what the disk holds if the power is cut here. What is lost is up to
 * g_test_rand_int(). Returns how it was chosen, for people; static. */
const char *disk_materialise(const char *folder);
/* Forgets the record. */
void disk_clear(void);

typedef enum DiskKind {
    DISK_READ = 1 << 0,
    DISK_WRITE = 1 << 1,
    DISK_TRUNCATE = 1 << 2,
    DISK_SYNC = 1 << 3,
    DISK_OPEN = 1 << 4, /* of what is there */
    DISK_CREATE = 1 << 5,
    DISK_RENAME = 1 << 6,
    DISK_UNLINK = 1 << 7,
} DiskKind;
/* What takes room. */
#define DISK_GROWS (DISK_WRITE | DISK_TRUNCATE | DISK_CREATE | DISK_RENAME)
#define DISK_ANY 0xFF

typedef struct DiskFault {
    unsigned kinds; /* of DiskKind */
    unsigned after; /* so many operations of these kinds go well before */
    int error;      /* of errno */
    bool lasting;   /* until disk_heal(); else one operation fails */
    bool partly;    /* the first write that fails writes a half */
} DiskFault;

/* Operations below the folder fail. */
void disk_fail(const char *folder, const DiskFault *fault);
/* Operations of these kinds since then. */
unsigned disk_seen(void);
/* Returns how many operations failed. */
unsigned disk_heal(void);
