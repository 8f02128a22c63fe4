/* SPDX-License-Identifier: Apache-2.0 */
/* Fixtures of a group of tests that write files: they run in a folder of their own, which goes with them, wherever
 * the program was started. */
#ifndef OWN_FOLDER_H
#define OWN_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char own_folder[] = "/tmp/mho-test-XXXXXX";

static inline int enter_own_folder(void **state)
{
    (void)state;
    return mkdtemp(own_folder) ? chdir(own_folder) : -1;
}

static inline int leave_own_folder(void **state)
{
    char command[64];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -r '%s'", own_folder);
    return chdir("/") || system(command) ? -1 : 0;
}

#endif
