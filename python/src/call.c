/* SPDX-License-Identifier: Apache-2.0 */
/* Calls without the interpreter's lock.  Python's handler of SIGINT only leaves a note that the interpreter reads between
 * two of its instructions, of which a call has none: ours interrupts the run, then calls Python's. */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "binding.h"

static mho_run *volatile interruptible; /* of the call of the main thread */
static double spent_s;                  /* in calls that ended; under the interpreter's lock */

double binding_seconds(void)
{
    return spent_s;
}

void binding_spent(double seconds)
{
    spent_s += seconds;
}

static struct sigaction python_action;

static void on_interrupt(int number, siginfo_t *info, void *context)
{
    mho_run *run = interruptible;
    if (run)
        mho_run_interrupt(run);
    if (python_action.sa_flags & SA_SIGINFO)
        python_action.sa_sigaction(number, info, context);
    else
        python_action.sa_handler(number);
}

static bool is_main_thread(void)
{
    return syscall(SYS_gettid) == getpid();
}

/* Only where Python, or someone, handles it: a default action ends the process as ever. */
static void catch_interrupts(binding_call *call)
{
    struct sigaction ours = {.sa_sigaction = on_interrupt, .sa_flags = SA_SIGINFO | SA_RESTART};
    if (interruptible || !is_main_thread() || sigaction(SIGINT, NULL, &python_action))
        return;
    if (!(python_action.sa_flags & SA_SIGINFO) &&
        (python_action.sa_handler == SIG_DFL || python_action.sa_handler == SIG_IGN))
        return;
    sigemptyset(&ours.sa_mask);
    interruptible = call->run;
    call->catches = !sigaction(SIGINT, &ours, NULL);
    if (!call->catches)
        interruptible = NULL;
}

static void leave_interrupts(const binding_call *call)
{
    if (!call->catches)
        return;
    (void)sigaction(SIGINT, &python_action, NULL);
    interruptible = NULL;
}

static bool tell(binding_call *call, const char *what, uint64_t done, uint64_t total,
                 const char *unit)
{
    PyObject *answer = PyObject_CallFunction(call->progress, "sKKs", what, (unsigned long long)done,
                                             (unsigned long long)total, unit);
    const bool stop = answer == Py_False;
    if (!answer) {
        PyErr_Fetch(&call->type, &call->value, &call->trace);
        call->failed = true;
    }
    Py_XDECREF(answer);
    return answer && !stop;
}

static bool on_progress(void *user, const char *what, uint64_t done, uint64_t total,
                        const char *unit)
{
    binding_call *call = user;
    if (call->failed)
        return false;
    PyEval_RestoreThread(call->python);
    const bool go_on = tell(call, what, done, total, unit);
    call->python = PyEval_SaveThread();
    return go_on;
}

bool binding_begin(binding_call *call, PyObject *how)
{
    PyObject *progress;
    unsigned long long threads;
    char folder[MHO_CACHE_PATH];
    *call = (binding_call){.run = NULL};
    if (!PyArg_ParseTuple(how, "KO;want (threads, progress)", &threads, &progress))
        return false;
    mho_status s = mho_run_create(&call->run);
    if (!s)
        s = mho_run_set_threads(call->run, threads);
    if (!s)
        s = mho_cache_folder(folder);
    if (!s && *folder)
        s = mho_run_set_cache(call->run, folder);
    if (s) {
        mho_run_destroy(call->run);
        binding_raise(s);
        return false;
    }
    if (progress != Py_None) {
        call->progress = progress;
        mho_run_set_progress(call->run, on_progress, call);
    }
    call->before = mho_run_bind(call->run);
    catch_interrupts(call);
    call->began_s = mho_seconds();
    call->python = PyEval_SaveThread();
    return true;
}

bool binding_end(binding_call *call, mho_status s)
{
    const double took_s = mho_seconds() - call->began_s;
    PyEval_RestoreThread(call->python);
    spent_s += took_s;
    leave_interrupts(call);
    (void)mho_run_bind(call->before);
    mho_run_destroy(call->run);
    if (call->failed) {
        PyErr_Restore(call->type, call->value, call->trace);
        return false;
    }
    if (s == MHO_EINTERRUPTED && PyErr_CheckSignals())
        return false; /* KeyboardInterrupt, or what the program's own handler raises */
    if (s)
        binding_raise(s);
    return !s;
}
