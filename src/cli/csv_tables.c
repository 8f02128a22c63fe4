/* SPDX-License-Identifier: Apache-2.0 */
/* --csv TABLE: one of the tables that a command prints as CSV, which a blank line divides. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* A table is known by how its line of titles begins, in one way or another. */
static const struct {
    const char *command, *name, *titles;
} tables[] = {
    {"evaluate", "measures", "measure,"},
    {"evaluate", "layers", "layer,rows,"},
    {"evaluate", "components", "component,"},
    {"evaluate", "layer_costs", "layer,energy_J,"},
    {"evaluate", "activity", "layer,row_drives,"},
    {"map", "layers", "layer,groups,"},
    {"map", "amounts", "layer,weights_"},
    {"map", "amounts", "layer,places_"},
    {"map", "times", "layer,reads,"},
    {"map", "digital", "layer,operator,"},
    {"map", "reuse", "layer,fetched,"},
    {"quantize", "errors", "test_error_before,"},
    {"quantize", "codes", "of,what,"},
    {"quantize", "layers", "layer,threshold,"},
    {"quantize", "curves", "layer,pass,"},
};
enum { TABLES = sizeof tables / sizeof *tables };

bool cli_csv_is_table(const char *command, const char *name)
{
    for (size_t i = 0; name && i < TABLES; i++)
        if (!strcmp(tables[i].command, command) && !strcmp(tables[i].name, name))
            return true;
    return false;
}

mho_status cli_csv_unknown(const char *command, const char *name)
{
    const char *names[TABLES];
    char list[200] = "";
    size_t n = 0, used = 0;
    for (size_t i = 0; i < TABLES; i++) {
        const bool again = i && !strcmp(tables[i - 1].name, tables[i].name);
        if (strcmp(tables[i].command, command) != 0 || again)
            continue;
        names[n++] = tables[i].name;
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "",
                                 tables[i].name);
    }
    if (!n)
        return mho_error(MHO_EUSAGE, "%s: --csv %s: it prints one table", command, name);
    return mho_error_near(MHO_EUSAGE, name, names, n, "%s: --csv %s, want %s", command, name, list);
}

static bool begins(const char *line, const char *command, const char *name)
{
    bool is = false;
    for (size_t i = 0; i < TABLES; i++)
        if (!strcmp(tables[i].command, command) && !strcmp(tables[i].name, name))
            is = is || !strncmp(line, tables[i].titles, strlen(tables[i].titles));
    return is;
}

mho_status cli_csv_select(const char *text, const char *command, const char *name, FILE *out)
{
    bool first = true, within = false, found = false;
    for (const char *line = text; *line;) {
        const size_t n = strcspn(line, "\n");
        within = n && (first ? begins(line, command, name) : within);
        found = found || within;
        if (within)
            fprintf(out, "%.*s\n", (int)n, line);
        first = !n;
        line += n + (line[n] == '\n');
    }
    return found ? MHO_OK
                 : mho_error(MHO_EUSAGE, "%s: no table %s of this network and hardware", command,
                             name);
}
