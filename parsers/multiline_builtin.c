/* SPDX-License-Identifier: Apache-2.0 */
#include "parsers/multiline_builtin.h"

#include "parsers/trace_line.h"

/*
 * One machine a language, after what its runtime writes. Only what must be part of a trace is taken
 * for certain, so a log line right behind one is never swallowed; what stands within a trace but may
 * as well be a line of the log (a message's second line, a blank one) is taken maybe.
 */

#define IN(state) (1u << (state))

enum { JAVA_HEAD, JAVA_FRAMES, JAVA_STATES };
enum { PY_HEAD, PY_FRAMES, PY_GROUP, PY_DONE, PY_GAP, PY_CHAIN, PY_STATES };
enum { GO_HEAD, GO_FRAMES, GO_CALL, GO_GAP, GO_DONE, GO_STATES };
enum { RUBY_HEAD, RUBY_MESSAGE, RUBY_FRAMES, RUBY_STATES };
enum { NET_UNHANDLED, NET_HEAD, NET_FRAMES, NET_CONSOLE, NET_STATES };
enum {
    NODE_PLACE,
    NODE_SOURCE,
    NODE_CARET,
    NODE_HEAD,
    NODE_FRAMES,
    NODE_MEMBERS,
    NODE_DONE,
    NODE_END,
    NODE_STATES
};
enum { PHP_HEAD, PHP_FRAMES, PHP_GAP, PHP_END, LARAVEL_HEAD, LARAVEL_FRAMES, PHP_STATES };
enum { RUST_HEAD, RUST_MESSAGE, RUST_STACK, RUST_END, RUST_ERROR, RUST_CAUSES, RUST_STATES };

const struct builtin_rules builtin_rules[] = {
    {
        .name = "java",
        .states = JAVA_STATES,
        .starts = {{START_EXCEPTION, JAVA_HEAD, true}},
        .steps =
            {
                {IN(JAVA_HEAD) | IN(JAVA_FRAMES), trace_is_at, JAVA_FRAMES, false},
                {IN(JAVA_HEAD) | IN(JAVA_FRAMES), trace_is_cause, JAVA_HEAD, false},
                {IN(JAVA_HEAD) | IN(JAVA_FRAMES), trace_is_ellipsis, JAVA_FRAMES, false},
                {IN(JAVA_HEAD) | IN(JAVA_FRAMES), trace_is_circular, JAVA_FRAMES, false},
                {IN(JAVA_HEAD), trace_is_indented_exception, JAVA_HEAD, false},
                {IN(JAVA_HEAD), trace_is_message, JAVA_HEAD, true},
            },
    },
    {
        .name = "python",
        .states = PY_STATES,
        .starts = {{START_TRACEBACK, PY_HEAD, false}, {START_GROUP, PY_GROUP, false}},
        .steps =
            {
                {IN(PY_HEAD), trace_is_file, PY_FRAMES, false},
                {IN(PY_FRAMES), trace_is_indented, PY_FRAMES, false},
                {IN(PY_FRAMES), trace_is_python_final, PY_DONE, false},
                {IN(PY_GROUP), trace_is_python_group, PY_GROUP, false},
                {IN(PY_DONE) | IN(PY_GROUP), trace_is_blank, PY_GAP, true},
                {IN(PY_DONE) | IN(PY_GAP), trace_is_python_chain, PY_CHAIN, false},
                {IN(PY_CHAIN), trace_is_blank, PY_CHAIN, true},
                {IN(PY_CHAIN), trace_is_traceback, PY_HEAD, false},
                {IN(PY_CHAIN), trace_is_python_group, PY_GROUP, false},
            },
    },
    {
        .name = "go",
        .states = GO_STATES,
        .starts = {{START_PANIC, GO_HEAD, false}, {START_GOROUTINE, GO_FRAMES, false}},
        .steps =
            {
                {IN(GO_HEAD) | IN(GO_FRAMES) | IN(GO_GAP), trace_is_goroutine, GO_FRAMES, false},
                {IN(GO_HEAD), trace_is_go_panic, GO_HEAD, false},
                {IN(GO_HEAD), trace_is_blank, GO_HEAD, true},
                {IN(GO_HEAD), trace_is_indented, GO_HEAD, true},
                {IN(GO_FRAMES), trace_is_go_call, GO_CALL, false},
                {IN(GO_FRAMES), trace_is_go_elided, GO_FRAMES, false},
                {IN(GO_CALL) | IN(GO_FRAMES), trace_is_indented, GO_FRAMES, false},
                {IN(GO_FRAMES) | IN(GO_GAP), trace_is_exit_status, GO_DONE, false},
                {IN(GO_FRAMES) | IN(GO_GAP), trace_is_blank, GO_GAP, true},
                {IN(GO_GAP), trace_is_register, GO_GAP, false},
            },
    },
    {
        .name = "ruby",
        .states = RUBY_STATES,
        .starts = {{START_RUBY_PLACE, RUBY_MESSAGE, false}, {START_RUBY_ERROR, RUBY_HEAD, true}},
        .steps =
            {
                {IN(RUBY_HEAD) | IN(RUBY_MESSAGE), trace_is_ruby_place, RUBY_FRAMES, false},
                {IN(RUBY_MESSAGE) | IN(RUBY_FRAMES), trace_is_from, RUBY_FRAMES, false},
                {IN(RUBY_MESSAGE) | IN(RUBY_FRAMES), trace_is_ellipsis, RUBY_FRAMES, false},
                {IN(RUBY_FRAMES), trace_is_ruby_place, RUBY_MESSAGE, false},
                {IN(RUBY_HEAD), trace_is_blank, RUBY_HEAD, true},
                {IN(RUBY_MESSAGE), trace_is_message, RUBY_MESSAGE, true},
            },
    },
    {
        .name = "dotnet",
        .states = NET_STATES,
        .starts = {{START_EXCEPTION, NET_HEAD, true},
                   {START_CONSOLE, NET_CONSOLE, false},
                   {START_UNHANDLED, NET_UNHANDLED, false}},
        .steps =
            {
                {IN(NET_UNHANDLED), trace_is_exception, NET_HEAD, false},
                {IN(NET_HEAD) | IN(NET_FRAMES), trace_is_at, NET_FRAMES, false},
                {IN(NET_HEAD) | IN(NET_FRAMES), trace_is_inner, NET_HEAD, false},
                {IN(NET_HEAD) | IN(NET_FRAMES), trace_is_end_of, NET_FRAMES, false},
                {IN(NET_HEAD), trace_is_message, NET_HEAD, true},
                {IN(NET_FRAMES), trace_is_blank, NET_FRAMES, true},
                {IN(NET_CONSOLE), trace_is_indented_deeply, NET_CONSOLE, false},
            },
    },
    {
        .name = "node",
        .states = NODE_STATES,
        .starts = {{START_NODE_PLACE, NODE_PLACE, true}, {START_EXCEPTION, NODE_HEAD, true}},
        .steps =
            {
                {IN(NODE_PLACE), trace_is_nonblank, NODE_SOURCE, true},
                {IN(NODE_SOURCE), trace_is_node_caret, NODE_CARET, false},
                {IN(NODE_CARET), trace_is_blank, NODE_CARET, true},
                {IN(NODE_CARET), trace_is_node_open, NODE_MEMBERS, true},
                {IN(NODE_CARET), trace_is_nonblank, NODE_HEAD, true},
                {IN(NODE_HEAD) | IN(NODE_FRAMES), trace_is_at_open, NODE_MEMBERS, false},
                {IN(NODE_HEAD) | IN(NODE_FRAMES), trace_is_at, NODE_FRAMES, false},
                {IN(NODE_FRAMES), trace_is_ellipsis, NODE_FRAMES, false},
                {IN(NODE_MEMBERS), trace_is_indented, NODE_MEMBERS, false},
                {IN(NODE_MEMBERS), trace_is_node_close, NODE_DONE, false},
                {IN(NODE_HEAD), trace_is_node_use, NODE_DONE, false},
                {IN(NODE_FRAMES) | IN(NODE_DONE) | IN(NODE_HEAD), trace_is_node_version, NODE_END,
                 false},
                {IN(NODE_FRAMES) | IN(NODE_DONE), trace_is_blank, NODE_DONE, true},
                {IN(NODE_HEAD), trace_is_message, NODE_HEAD, true},
            },
    },
    {
        .name = "php",
        .states = PHP_STATES,
        .starts = {{START_PHP, PHP_HEAD, false},
                   {START_LARAVEL, LARAVEL_HEAD, false},
                   {START_EXCEPTION, PHP_HEAD, true}},
        .steps =
            {
                {IN(PHP_HEAD), trace_is_php_stack, PHP_FRAMES, false},
                {IN(PHP_HEAD), trace_is_message, PHP_HEAD, true},
                {IN(PHP_FRAMES), trace_is_php_frame, PHP_FRAMES, false},
                {IN(PHP_FRAMES) | IN(PHP_GAP), trace_is_php_thrown, PHP_END, false},
                {IN(PHP_FRAMES) | IN(PHP_GAP), trace_is_php_next, PHP_HEAD, false},
                {IN(PHP_FRAMES), trace_is_blank, PHP_GAP, true},
                {IN(LARAVEL_HEAD) | IN(LARAVEL_FRAMES), trace_is_laravel_stack, LARAVEL_FRAMES,
                 false},
                {IN(LARAVEL_HEAD) | IN(LARAVEL_FRAMES), trace_is_laravel_end, PHP_END, false},
                {IN(LARAVEL_FRAMES), trace_is_php_frame, LARAVEL_FRAMES, false},
                {IN(LARAVEL_FRAMES), trace_is_blank, LARAVEL_FRAMES, true},
            },
    },
    {
        .name = "rust",
        .states = RUST_STATES,
        .starts = {{START_RUST, RUST_HEAD, false},
                   {START_RUST_OLD, RUST_MESSAGE, false},
                   {START_EXCEPTION, RUST_ERROR, true}},
        .steps =
            {
                {IN(RUST_MESSAGE) | IN(RUST_STACK), trace_is_rust_note, RUST_END, false},
                {IN(RUST_MESSAGE) | IN(RUST_ERROR) | IN(RUST_CAUSES), trace_is_rust_stack,
                 RUST_STACK, false},
                {IN(RUST_HEAD), trace_is_nonblank, RUST_MESSAGE, false},
                {IN(RUST_MESSAGE), trace_is_rust_sides, RUST_MESSAGE, false},
                {IN(RUST_MESSAGE), trace_is_message, RUST_MESSAGE, true},
                {IN(RUST_STACK), trace_is_indented, RUST_STACK, false},
                {IN(RUST_ERROR), trace_is_rust_caused, RUST_CAUSES, false},
                {IN(RUST_CAUSES), trace_is_indented, RUST_CAUSES, false},
                {IN(RUST_ERROR) | IN(RUST_CAUSES), trace_is_blank, RUST_ERROR, true},
            },
    },
    {.name = NULL},
};
