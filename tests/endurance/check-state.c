/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* check-state.c: opens a state directory as a fresh service would, and says what is wrong with it: with the
 * database, its history, what readers get, or a backup. */

#include <stdio.h>

#include "coach.h"

int main(int argc, char **argv)
{
    g_autoptr(Coach) coach = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *problem = NULL;

    if (argc != 2) {
        fprintf(stderr, "usage: check-state DIRECTORY\n");
        return 2;
    }
    coach = coach_open(argv[1], NULL);
    problem = service_open(coach->service, &error) ? coach_find_damage(coach) : g_strdup(error->message);
    if (problem)
        printf("%s\n", problem);
    return problem ? 1 : 0;
}
