/* SPDX-License-Identifier: Apache-2.0 */

/* A Fluent Bit config as a whole: read, converted part by part, and put together as YAML. */

#include "shippers/fluentbit/import.h"

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"

static struct buf *buf_of(struct fb_import *import, size_t number)
{
    struct buf *const bufs[] = {&import->multiline, &import->top,   &import->resource,
                                &import->filters,   &import->routes, &import->retry,
                                &import->yaml};
    return number < ARRAY_LEN(bufs) ? bufs[number] : NULL;
}

struct import_work *fb_import_begin(struct foreign *foreign, const struct foreign_text *text)
{
    struct fb_config *config = fb_read(foreign, text);
    if (config == NULL) {
        return NULL;
    }
    struct fb_import *import = mem_alloc(sizeof(*import));
    import->work.dialect = &dialect_fluentbit;
    import->foreign = foreign;
    import->config = config;
    for (size_t i = 0; buf_of(import, i) != NULL; i++) {
        buf_init(buf_of(import, i), IMPORT_YAML_BYTES_MAX);
    }
    return &import->work;
}

void fb_import_end(struct import_work *work)
{
    struct fb_import *import = container_of(work, struct fb_import, work);
    for (size_t i = 0; i < import->input_count; i++) {
        buf_fini(&import->inputs[i].yaml);
    }
    for (size_t i = 0; i < import->output_count; i++) {
        buf_fini(&import->outputs[i].yaml);
    }
    for (size_t i = 0; buf_of(import, i) != NULL; i++) {
        buf_fini(buf_of(import, i));
    }
    free(import);
}

bool fb_import_more(struct import_work *work, const struct foreign_text *text)
{
    return fb_read_more(container_of(work, struct fb_import, work)->config, text);
}

/* ---- the whole ---- */

static void put_inputs(struct fb_import *import)
{
    if (import->input_count == 0) {
        buf_append_string(&import->yaml, "# clew cannot read any input of the old config; the table "
                                         "at the end has the reasons.\n"
                                         "inputs: []\n"
                                         "\n");
        return;
    }
    buf_append_string(&import->yaml, "inputs:\n");
    for (size_t i = 0; i < import->input_count; i++) {
        struct draft_input *input = &import->inputs[i];
        yaml_comment_section(import, &import->yaml, input->section, "  ");
        buf_append_format(&import->yaml, "  - name: %s\n", yaml_quote_literal(import, input->name));
        buf_append_slice(&import->yaml, buf_slice(&input->yaml));
        buf_append_string(&import->yaml, "\n");
    }
}

static bool has_items(const struct buf *buf)
{
    return buf->len > 0 && memmem(buf->data, buf->len, "  - ", 4) != NULL;
}

static void put_list(struct fb_import *import, const char *name, const struct buf *items)
{
    if (items->len == 0) {
        return;
    }
    buf_append_format(&import->yaml, has_items(items) ? "%s:\n" : "# %s: none is left.\n", name);
    buf_append_slice(&import->yaml, buf_slice(items));
    buf_append_string(&import->yaml, "\n");
}

static void put_outputs(struct fb_import *import)
{
    if (import->output_count == 0) {
        buf_append_string(&import->yaml,
                          "# No output of the old config has an address to ship to. This is where a "
                          "Collector next to\n"
                          "# clew listens; set the endpoint of your backend.\n"
                          "outputs:\n"
                          "  - endpoint: http://localhost:4318/v1/logs\n"
                          "\n");
        return;
    }
    buf_append_string(&import->yaml, "outputs:\n");
    for (size_t i = 0; i < import->output_count; i++) {
        struct draft_output *output = &import->outputs[i];
        yaml_comment_section(import, &import->yaml, output->section, "  ");
        buf_append_format(&import->yaml, "  - name: %s\n", yaml_quote_literal(import, output->name));
        buf_append_slice(&import->yaml, buf_slice(&output->yaml));
        buf_append_string(&import->yaml, "\n");
    }
}

static int by_place(const void *a, const void *b)
{
    const struct import_row *x = a;
    const struct import_row *y = b;
    int order = strcmp(x->place.file, y->place.file);
    if (order == 0) {
        order = (x->place.line > y->place.line) - (x->place.line < y->place.line);
    }
    if (order == 0) { /* the section before its options */
        order = (*x->option != '\0') - (*y->option != '\0');
    }
    return order != 0 ? order : strcmp(x->option, y->option);
}

static void put_table(struct fb_import *import)
{
    buf_append_string(&import->yaml, "# What became of each section and option:\n");
    for (size_t i = 0; i < import->work.row_count; i++) {
        const struct import_row *row = &import->work.rows[i];
        const char *slash = strrchr(row->place.file, '/');
        buf_append_format(&import->yaml, "# %s:%u %s%s%s%s%s: %s%s%s\n",
                          yaml_comment(import, slash != NULL ? slash + 1 : row->place.file),
                          row->place.line, row->section, *row->option != '\0' ? " " : "",
                          row->option, *row->value != '\0' ? " " : "", row->value,
                          import_fate_titles[row->fate], *row->what != '\0' ? ": " : "", row->what);
    }
}

struct slice fb_import_convert(struct import_work *work)
{
    struct fb_import *import = container_of(work, struct fb_import, work);
    struct buf *out = &import->yaml;
    import_service(import);
    import_inputs(import);
    import_flows(import);
    import_multiline(import);
    import_kubernetes(import);
    import_filters(import);
    import_outputs(import);
    import_routes(import);
    import_parsers(import);
    for (enum fb_kind kind = FB_SERVICE; kind < FB_OTHER; kind++) {
        rows_finish(import, kind);
    }
    if (import->work.row_count > 0) {
        qsort(import->work.rows, import->work.row_count, sizeof(import->work.rows[0]), by_place);
    }
    buf_append_format(out, "# clew's config, converted from %s by `clew import`.\n"
                           "# The numbers are lines of the old file; the table at the end lists "
                           "what became of each.\n"
                           "\n",
                      yaml_comment(import, import->config->path));
    buf_append_slice(out, buf_slice(&import->top));
    put_list(import, "multiline", &import->multiline);
    put_inputs(import);
    put_list(import, "filters", &import->filters);
    put_outputs(import);
    put_list(import, "routes", &import->routes);
    put_table(import);
    return buf_slice(out);
}
