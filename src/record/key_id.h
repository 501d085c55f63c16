/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CLEW_RECORD_KEY_ID_H
#define CLEW_RECORD_KEY_ID_H

/*
 * What a name can mean (record/keys.h).
 *
 * Ids are grouped by role, and inside a role an earlier id wins over a later one.
 */

#include <stdbool.h>
#include <stdint.h>

enum key_id {
    KEY_UNKNOWN = 0,

    /* Trace ids: docs/coverage.md has the families. */
    KEY_TRACE_ID,
    KEY_TRACE_ID_OTEL,      /* otelTraceID, opentelemetry_trace_id, @tr, elasticapm_trace_id, … */
    KEY_TRACE_ID_UNSAMPLED, /* grafana/dskit: the name says that the trace was not sampled */
    KEY_TRACE_ID_GCP,
    KEY_TRACE_ID_DD,
    KEY_TRACE_ID_DYNATRACE,
    KEY_TRACE_ID_HONEYCOMB,
    KEY_TRACE_ID_AZURE,      /* operation_Id */
    KEY_TRACE_ID_AZURE_WEAK, /* OperationId: counts when it is 32 hex digits */
    KEY_TRACE_ID_XRAY,
    KEY_TRACE_ID_SKYWALKING, /* sw_trace_id, SW_CTX, SOFA-TraceId: ids that are not 128 bits */
    KEY_TRACE_ID_B3,
    KEY_TRACE_ID_INSTANA,
    KEY_TRACE_WEAK, /* trace, x-trace-id: counts when it is 32 or 16 hex digits */
    KEY_TID_WEAK,   /* tid: a thread id, or SkyWalking's trace id */

    KEY_TRACEPARENT, /* *traceparent */
    KEY_B3_SINGLE,
    KEY_UBER_TRACE_ID,
    KEY_SENTRY_TRACE,
    KEY_CLOUD_TRACE_CONTEXT,
    KEY_NR_LINKING, /* Monolog's extra.NR-LINKING */

    KEY_SPAN_ID,
    KEY_SPAN_ID_OTEL,
    KEY_SPAN_ID_GCP,
    KEY_SPAN_ID_DD,
    KEY_SPAN_ID_DYNATRACE,
    KEY_SPAN_ID_HONEYCOMB,
    KEY_SPAN_ID_AZURE, /* operation_ParentId */
    KEY_SPAN_ID_B3,
    KEY_SPAN_ID_INSTANA,
    KEY_SPAN_WEAK,      /* span: counts when it is 16 hex digits */
    KEY_TRANSACTION_ID, /* the span of a log line when there is no span id */

    KEY_FLAGS, /* trace_flags */
    KEY_FLAGS_OTEL,
    KEY_FLAGS_GCP,
    KEY_FLAGS_DYNATRACE,
    KEY_FLAGS_B3,
    KEY_FLAGS_B3_DEBUG, /* X-B3-Flags: 1 is debug, i.e. sampled */
    KEY_FLAGS_WEAK,     /* sampled, exportable */

    KEY_RESOURCE_LOGS, /* the line is OTLP/JSON */
    KEY_TRACE_STATE,

    /* Severity */
    KEY_SEVERITY_NUMBER,
    KEY_SEVERITY_TEXT,
    KEY_SEVERITY,
    KEY_LOG_DOT_LEVEL, /* log.level, flat or nested */
    KEY_LEVEL,         /* also a container: loguru */
    KEY_LVL,
    KEY_LOGLEVEL,
    KEY_LOGLEVEL_NET,   /* LogLevel */
    KEY_LEVEL_CLEF,     /* @l */
    KEY_LEVELNAME,      /* Python, loguru's level.name */
    KEY_LEVEL_NAME_PSR, /* level_name, _level_name */
    KEY_STATUS,
    KEY_SEVERITY_LEVEL, /* Azure: 0 to 4 */
    KEY_LEVEL_ZAP,      /* L */
    KEY_LEVEL_MONGO,    /* s, beside t.$date */
    KEY_PRIORITY,       /* PRIORITY of journald */
    KEY_LEVELNO,        /* Python, loguru's level.no */
    KEY_LEVEL_VALUE,    /* logback */
    KEY_LEVEL_INDEX,    /* semantic_logger */

    /* Time */
    KEY_TIME_UNIX_NANO,
    KEY_AT_TIMESTAMP, /* @timestamp */
    KEY_TIME_CLEF,    /* @t */
    KEY_INSTANT,      /* a container of the next two */
    KEY_INSTANT_SECOND,
    KEY_INSTANT_NANO,
    KEY_TIMESTAMP_SECONDS, /* flat or inside `timestamp` */
    KEY_TIMESTAMP_NANOS,
    KEY_TIMESTAMP, /* also a container of the two before */
    KEY_TIME,      /* also a container: loguru's record.time */
    KEY_TS,
    KEY_DATETIME,
    KEY_TIMESTAMP_NET, /* Timestamp */
    KEY_ASCTIME,
    KEY_CREATED,
    KEY_TIME_MILLIS,
    KEY_TIME_TIMESTAMP, /* loguru's record.time.timestamp */
    KEY_START_TIME,
    KEY_START_UTC,
    KEY_START_LOCAL,
    KEY_STARTED_AT,
    KEY_REALTIME_TIMESTAMP, /* __REALTIME_TIMESTAMP of journald */
    KEY_TIME_ZAP,           /* T */
    KEY_TIME_SHORT,         /* t, of log15; also MongoDB's container of the next */
    KEY_TIME_MONGO,         /* t.$date */
    KEY_EVENT_TIME,
    KEY_DATE,

    /* Service */
    KEY_SERVICE_DOT_NAME, /* service.name, flat or nested */
    KEY_RESOURCE_SERVICE_NAME,
    KEY_OTEL_SERVICE_NAME,
    KEY_SERVICE_NAME, /* service_name, serviceName */
    KEY_DD_SERVICE,
    KEY_SERVICE, /* also a container */
    KEY_ENTITY_NAME,
    KEY_CLOUD_ROLE_NAME,
    KEY_APP_ROLE_NAME,
    KEY_ELASTICAPM_SERVICE_NAME,
    KEY_SERVICE_CONTEXT_SERVICE,
    KEY_APPLICATION,
    KEY_APP,
    KEY_APP_NAME,
    KEY_HOST, /* the service in Spring's GELF */
    KEY_SYSLOG_IDENTIFIER,
    KEY_SERVICE_NAMESPACE,

    /* Logger */
    KEY_LOG_LOGGER,
    KEY_LOGGER, /* also a container */
    KEY_LOGGER_NAME,
    KEY_SOURCE_CONTEXT,
    KEY_CATEGORY,
    KEY_CHANNEL,
    KEY_TARGET,
    KEY_NAME_ZAP, /* N */
    KEY_NAME,     /* the logger, but the service in bunyan */

    /* Body */
    KEY_MESSAGE,
    KEY_MSG,
    KEY_MESSAGE_CLEF,  /* @m */
    KEY_TEMPLATE_CLEF, /* @mt */
    KEY_BODY,
    KEY_EVENT,
    KEY_SHORT_MESSAGE,
    KEY_CONTENT,
    KEY_TEXT,
    KEY_FIELDS_MESSAGE,
    KEY_REST,
    KEY_RENDERED_MESSAGE,
    KEY_MESSAGE_ZAP, /* M */
    KEY_RECORD_MESSAGE,
    KEY_FULL_MESSAGE,

    /* Code */
    KEY_CODE_FILE_PATH,
    KEY_CODE_LINE_NUMBER,
    KEY_CODE_FUNCTION_NAME,
    KEY_CALLER,
    KEY_CALLER_ZAP, /* C */
    KEY_SOURCE,     /* also a container: slog */
    KEY_LOG_ORIGIN_FILE,
    KEY_LOG_ORIGIN_LINE,
    KEY_LOG_ORIGIN_FUNCTION,
    KEY_LOCATION,
    KEY_SOURCE_LOCATION, /* a container: Google */
    KEY_PATHNAME,
    KEY_FILENAME,
    KEY_LINENO,
    KEY_FUNC_NAME,
    KEY_FILE,
    KEY_LINE,
    KEY_FUNC,
    KEY_FUNCTION,
    KEY_CLASS_NAME,
    KEY_METHOD_NAME,
    KEY_MODULE,

    /* Thread and process */
    KEY_THREAD_NAME,
    KEY_THREAD,
    KEY_THREAD_ID,
    KEY_PID,
    KEY_PROCESS,

    /* Exception */
    KEY_EXCEPTION,
    KEY_EXC_INFO,
    KEY_EXCEPTION_CLEF, /* @x */
    KEY_ERROR,          /* also a container */
    KEY_ERROR_TYPE,
    KEY_ERROR_MESSAGE,
    KEY_ERROR_STACK,
    KEY_STACK_TRACE,
    KEY_STACK,
    KEY_STACK_ZAP, /* S */
    KEY_ERR,       /* also a container */
    KEY_THROWN,    /* a container */

    /* Request ids: never a trace id, but a second key to join by */
    KEY_REQUEST_ID,

    /* Names that tell which library wrote a line */
    KEY_HOSTNAME,
    KEY_V,
    KEY_VERSION,
    KEY_AT_VERSION,

    /* Containers that are nothing else */
    KEY_CONTEXT_MAP,
    KEY_MDC,
    KEY_CONTEXT,
    KEY_EXTRA,
    KEY_LABELS,
    KEY_ATTRIBUTES,
    KEY_PROPERTIES,
    KEY_FIELDS,
    KEY_SPANS,  /* an array, from the root to the leaf */
    KEY_SCOPES, /* an array, from the outermost in */
    KEY_NAMED_TAGS,
    KEY_PAYLOAD,
    KEY_DATA,
    KEY_DD,
    KEY_TRANSACTION,
    KEY_OTEL,
    KEY_ELASTICAPM,
    KEY_RECORD,
    KEY_STATE,
    KEY_METADATA,
    KEY_HEADERS,
    KEY_SPAN_CONTEXT,
    KEY_LOG,
    KEY_LOG_ORIGIN,
    KEY_SERVICE_CONTEXT,
    KEY_RESOURCE,
    KEYS_END,
};

/* Which part of the resolve stage a key concerns. */
enum key_role {
    KEY_ROLE_NONE,
    KEY_ROLE_TRACE_ID,
    KEY_ROLE_TRACE_HEADER, /* a propagation header: trace, span and flags in one value */
    KEY_ROLE_SPAN_ID,
    KEY_ROLE_FLAGS,
    KEY_ROLE_OTLP,
    KEY_ROLE_SEVERITY,
    KEY_ROLE_TIME,
    KEY_ROLE_SERVICE,
    KEY_ROLE_LOGGER,
    KEY_ROLE_BODY,
    KEY_ROLE_CODE,
    KEY_ROLE_THREAD,
    KEY_ROLE_EXCEPTION,
    KEY_ROLE_REQUEST,
    KEY_ROLE_TELL,
    KEY_ROLE_CONTAINER, /* nothing but a container */
    KEY_ROLES,
};

/* What a container of this name is worth looking into for; both may be set. */
enum key_holds {
    KEY_HOLDS_TRACE = 1,  /* the containers of the trace conventions */
    KEY_HOLDS_VALUES = 2, /* severity, time, service, logger, body, code, exception */
};

enum key_role key_role(uint16_t id);

/* KEY_HOLDS_… bits; 0 for a name whose content is nobody's business (request bodies hold foreign
 * ids). */
unsigned key_holds(uint16_t id);

#endif
