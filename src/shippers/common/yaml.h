/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_SHIPPERS_COMMON_YAML_H
#define CLEW_SHIPPERS_COMMON_YAML_H

/*
 * Foreign YAML as a tree with places. Unlike clew's own config (config/tree.h) it is taken as it
 * comes: keys may be there twice (Fluent Bit honours each), several documents may follow each
 * other, template marks (`{{ … }}`) stand for a value that is not known (YAML_UNKNOWN), and what
 * cannot be read ends the tree instead of being complained about.
 */

#include "shippers/common/foreign.h"

enum {
    YAML_DEPTH_MAX = 32,
    YAML_NODES_MAX = 1 << 16,
};

/* What a template mark becomes. */
#define YAML_UNKNOWN "${TEMPLATE}"

enum yaml_kind { YAML_TEXT, YAML_MAP, YAML_LIST };

struct yaml_entry;

struct yaml {
    enum yaml_kind kind;
    struct foreign_place place; /* of a block text (`|`): where its first line stands */
    const char *text;
    bool is_block;
    struct yaml_entry *first;
    struct yaml_entry *last;
};

struct yaml_entry {
    struct yaml_entry *next;
    const char *key; /* "" in a list */
    struct foreign_place place;
    struct yaml *value;
};

/* The documents as a list; NULL if not even the first could be begun. Lines are counted from
 * `place`, so that the YAML within a block text has the places of the file around it. */
struct yaml *yaml_read(struct foreign *foreign, struct slice text, struct foreign_place place);

/* The first entry of a map under that key (case of letters does not matter); NULL. */
const struct yaml_entry *yaml_entry(const struct yaml *map, const char *key);
const struct yaml *yaml_get(const struct yaml *map, const char *key);
const char *yaml_text(const struct yaml *map, const char *key, const char *otherwise);

#endif
