/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_PARSERS_TRACE_LINE_H
#define CLEW_PARSERS_TRACE_LINE_H

/*
 * What the lines of stack traces look like, in the forms that the runtimes themselves write.
 *
 * Two questions. May a trace begin with this line? It is asked of every text line, so it costs a
 * search for colons and a look at what stands around them. And is this line of such a kind? It is
 * asked only of a line behind one that has begun a trace.
 */

#include <stdbool.h>
#include <stdint.h>
#include "base/slice.h"

enum trace_start {
    START_EXCEPTION = 1 << 0,   /* `…Exception: why`, `…Error: why`, or the line ends behind it */
    START_TRACEBACK = 1 << 1,   /* Traceback (most recent call last): */
    START_GROUP = 1 << 2,       /* + Exception Group Traceback (most recent call last): */
    START_PANIC = 1 << 3,       /* panic: why; fatal error: why; http: panic serving … */
    START_GOROUTINE = 1 << 4,   /* goroutine 1 [running]: */
    START_RUBY_PLACE = 1 << 5,  /* a.rb:3:in `f' … */
    START_RUBY_ERROR = 1 << 6,  /* … why (KeyError); … terminated with exception (…): */
    START_NODE_PLACE = 1 << 7,  /* /app/a.js:3 and nothing else */
    START_PHP = 1 << 8,         /* PHP Fatal error:  Uncaught … */
    START_LARAVEL = 1 << 9,     /* … {"exception":"[object] (… */
    START_RUST = 1 << 10,       /* thread 'main' panicked at src/main.rs:2:5: */
    START_RUST_OLD = 1 << 11,   /* thread 'main' panicked at 'why', src/main.rs:2:5 */
    START_CONSOLE = 1 << 12,    /* fail: Category[13], of .NET's console logger */
    START_UNHANDLED = 1 << 13,  /* Unhandled Exception: and nothing else */
};

struct trace_starts {
    uint32_t anywhere;  /* the kinds of trace that may begin with this line */
    uint32_t at_begin;  /* … and have nothing before them in it: it is no log line's own head */
};

/* Nothing for a line that begins with '{'. */
struct trace_starts trace_line_starts(struct slice line);

/* Each is a kind of line, named by what it holds. `col` 0 is where the line begins. */
bool trace_is_blank(struct slice line);          /* blanks at most */
bool trace_is_indented(struct slice line);       /* blanks and something */
bool trace_is_indented_deeply(struct slice line); /* six of them at least, or nothing at all */
bool trace_is_message(struct slice line);        /* does not look like a log's line, nor a trace's */
bool trace_is_exception(struct slice line);      /* begins with one's name, as in START_EXCEPTION */
bool trace_is_nonblank(struct slice line);       /* anything but JSON */
bool trace_is_at(struct slice line);             /* `    at …` */
bool trace_is_at_open(struct slice line);        /* the same with `{` at its end */
bool trace_is_cause(struct slice line);          /* Caused by: …, Suppressed: …, Wrapped by: … */
bool trace_is_ellipsis(struct slice line);       /* `    ... 12 more` and the like */
bool trace_is_circular(struct slice line);       /* `    [CIRCULAR REFERENCE: …` */
bool trace_is_indented_exception(struct slice line);
bool trace_is_inner(struct slice line);          /* ` ---> System.…` */
bool trace_is_end_of(struct slice line);         /* `   --- End of …` */
bool trace_is_file(struct slice line);           /* `  File "…` */
bool trace_is_python_final(struct slice line);   /* `ValueError: why`, `a.b.Error` */
bool trace_is_python_chain(struct slice line);   /* During handling of … */
bool trace_is_python_group(struct slice line);   /* `  | …`, `  +-+---- 1 ----` */
bool trace_is_traceback(struct slice line);
bool trace_is_goroutine(struct slice line);      /* goroutine 1 [running]:, runtime stack: */
bool trace_is_go_call(struct slice line);        /* `main.f(…)`, `created by …` */
bool trace_is_go_elided(struct slice line);
bool trace_is_go_panic(struct slice line);       /* `panic: …`, `[signal …` */
bool trace_is_exit_status(struct slice line);
bool trace_is_register(struct slice line);       /* `rax    0x0` */
bool trace_is_from(struct slice line);           /* `\tfrom …` */
bool trace_is_ruby_place(struct slice line);     /* blanks or none, then a.rb:3:in … */
bool trace_is_node_caret(struct slice line);     /* `    ^^^` */
bool trace_is_node_open(struct slice line);      /* `[AggregateError: why] {` */
bool trace_is_node_close(struct slice line);     /* `}` and nothing else */
bool trace_is_node_version(struct slice line);   /* Node.js v20.1.0 */
bool trace_is_node_use(struct slice line);       /* (Use `node --trace-… */
bool trace_is_php_stack(struct slice line);      /* Stack trace: */
bool trace_is_php_frame(struct slice line);      /* `#0 …` */
bool trace_is_php_thrown(struct slice line);     /* `  thrown in …` */
bool trace_is_php_next(struct slice line);       /* Next RuntimeException: … */
bool trace_is_laravel_stack(struct slice line);  /* [stacktrace], [previous exception] … */
bool trace_is_laravel_end(struct slice line);    /* `"}` */
bool trace_is_rust_note(struct slice line);      /* note: … */
bool trace_is_rust_stack(struct slice line);     /* stack backtrace: */
bool trace_is_rust_sides(struct slice line);     /* `  left: 1` */
bool trace_is_rust_caused(struct slice line);    /* Caused by: and nothing else, of anyhow */

#endif
