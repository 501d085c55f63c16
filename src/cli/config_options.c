/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/config_options.h"

#include <stdlib.h>
#include <unistd.h>
#include "config/config.h"

#define STANDARD_FILE "/etc/clew/clew.yaml"

const char *config_arguments_file(const struct config_arguments *arguments)
{
    const char *named = getenv("CLEW_CONFIG");
    if (arguments->file != NULL) {
        return arguments->file;
    }
    if (named != NULL && *named != '\0') {
        return named;
    }
    return access(STANDARD_FILE, F_OK) == 0 ? STANDARD_FILE : NULL;
}

struct settings *config_arguments_load_quietly(const struct config_arguments *arguments,
                                               const char *const *paths, struct diag *diag)
{
    struct config_sources sources = {
        .file = config_arguments_file(arguments),
        .sets = arguments->sets.items,
        .paths = paths,
        .environ = environ,
    };
    return config_load(&sources, diag);
}

struct settings *config_arguments_load(const struct config_arguments *arguments,
                                       const char *const *paths)
{
    struct diag diag;
    diag_init(&diag);
    struct settings *settings = config_arguments_load_quietly(arguments, paths, &diag);
    diag_print(&diag, stderr);
    diag_fini(&diag);
    return settings;
}
