/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at a chip: reads beside each other, or one programming.  Nothing is locked but by the interpreter; whoever must
 * wait, which is rare, sleeps between looks, and Ctrl-C ends that. */
#include <time.h>
#include <unistd.h>

#include "binding.h"

void binding_cells_destroy(void *p)
{
    binding_chip_cells *cells = p;
    mho_chip_destroy(cells->chip);
    PyMem_Free(cells->matrix);
    PyMem_Free(cells);
}

static bool nap(void)
{
    const struct timespec a_while = {.tv_nsec = 100000};
    PyThreadState *python = PyEval_SaveThread();
    (void)nanosleep(&a_while, NULL);
    PyEval_RestoreThread(python);
    return PyErr_CheckSignals() == 0;
}

/* Threads of a process that was forked off are not at it: they are not there. */
static void look(binding_chip_cells *cells)
{
    if (cells->process == getpid())
        return;
    cells->process = getpid();
    cells->readers = NULL;
    cells->waiting = cells->queued = cells->due = 0;
    cells->alone = false;
}

static bool reads(const binding_chip_cells *cells, unsigned long thread)
{
    const binding_reader *reader = cells->readers;
    while (reader && reader->thread != thread)
        reader = reader->next;
    return reader != NULL;
}

/* Programmings go first, but for reads that have waited for one already. */
static bool wait_to_read(binding_chip_cells *cells, unsigned long thread)
{
    const uint64_t since = cells->ended;
    bool good = true;
    cells->queued++;
    while (good &&
           (cells->alone || (cells->waiting && cells->ended == since && !reads(cells, thread))))
        good = nap();
    if (cells->ended == since)
        cells->queued--;
    else
        cells->due--;
    return good;
}

bool binding_read_begin(binding_chip_cells *cells, binding_reader *me)
{
    look(cells);
    me->thread = PyThread_get_thread_ident();
    if (cells->alone && cells->owner == me->thread) {
        binding_raise(mho_error(MHO_EUSAGE, "the cells are being programmed by this very call"));
        return false;
    }
    if (!wait_to_read(cells, me->thread))
        return false;
    me->next = cells->readers;
    cells->readers = me;
    return true;
}

void binding_read_end(binding_chip_cells *cells, binding_reader *me)
{
    binding_reader **at = &cells->readers;
    while (*at && *at != me)
        at = &(*at)->next;
    if (*at)
        *at = me->next;
}

bool binding_alone_begin(binding_chip_cells *cells)
{
    const unsigned long me = PyThread_get_thread_ident();
    bool good = true;
    look(cells);
    if ((cells->alone && cells->owner == me) || reads(cells, me)) {
        binding_raise(mho_error(MHO_EUSAGE, "program: not within another call of the same cells"));
        return false;
    }
    cells->waiting++;
    while (good && (cells->alone || cells->readers || cells->due))
        good = nap();
    cells->waiting--;
    cells->alone = good ? true : cells->alone;
    cells->owner = good ? me : cells->owner;
    return good;
}

void binding_alone_end(binding_chip_cells *cells)
{
    cells->alone = false;
    cells->ended++;
    cells->due += cells->queued;
    cells->queued = 0;
}
