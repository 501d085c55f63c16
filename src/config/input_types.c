/* SPDX-License-Identifier: Apache-2.0 */
#include "config/input_types.h"

#include <string.h>
#include "base/mem.h"

const char *const input_type_names[] = {"tail", "stdin", "syslog", "journal", NULL};

/* Those that not every type has. */
static const struct {
    const char *option;
    const char *type;
    const char *also; /* another type that has it; NULL: none */
} owners[] = {
    {"include", "tail"},        {"exclude", "tail"},
    {"read_bytes", "tail"},     {"scan_interval", "tail"},
    {"open_files_max", "tail"}, {"unterminated_timeout", "tail"},
    {"watched_scan_interval", "tail"},
    {"pod_bytes_per_second", "tail"},
    {"deleted_bytes_max", "tail"}, {"deleted_time_max", "tail"},
    {"inotify", "tail"},        {"read_from", "tail", "journal"},
    {"listen", "syslog"},       {"connections_max", "syslog"},
    {"directory", "journal"},   {"units", "journal"},
};

static const struct option *find_option(const struct option *options, const char *name)
{
    while (options->name != NULL && strcmp(options->name, name) != 0) {
        options++;
    }
    return options;
}

/* The texts of a list, with blanks between, are what its default is written as. */
static bool says_default(const struct option *option, const struct node *node)
{
    const char *rest = option->fallback;
    if (rest == NULL || node->kind == NODE_TEXT) {
        return rest != NULL && strcmp(rest, node->text) == 0;
    }
    for (const struct node_entry *e = node->first; e != NULL; e = e->next) {
        size_t len = e->value->kind == NODE_TEXT ? strlen(e->value->text) : 0;
        if (len == 0 || strncmp(rest, e->value->text, len) != 0) {
            return false;
        }
        rest += len + strspn(rest + len, " ");
    }
    return *rest == '\0';
}

static bool may_have(const struct input_settings *input, size_t owner)
{
    return strcmp(owners[owner].type, input->type) == 0 ||
           (owners[owner].also != NULL && strcmp(owners[owner].also, input->type) == 0);
}

static void settle(const struct input_settings *input, size_t index, const struct option *options,
                   const struct node *map, struct diag *diag)
{
    for (const struct node_entry *e = map->first; e != NULL; e = e->next) {
        for (size_t i = 0; i < ARRAY_LEN(owners); i++) {
            if (strcmp(owners[i].option, e->key) == 0 && !may_have(input, i) &&
                !says_default(find_option(options, e->key), e->value)) {
                diag_add(diag, DIAG_ERROR, e->place,
                         "`inputs[%zu].%s` is for inputs of type %s; this one has type %s", index,
                         e->key, owners[i].type, input->type);
            }
        }
    }
}

void input_types_settle(const struct settings *settings, const struct option *options,
                        const struct node *root, struct diag *diag)
{
    const struct node *list = node_get(root, "inputs");
    const struct node_entry *entry =
        list != NULL && list->kind == NODE_LIST ? list->first : NULL;
    for (size_t i = 0; i < settings->input_count && entry != NULL; i++, entry = entry->next) {
        if (entry->value->kind == NODE_MAP && settings->inputs[i].type != NULL) {
            settle(&settings->inputs[i], i, options, entry->value, diag);
        }
    }
}
