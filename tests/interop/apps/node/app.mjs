// SPDX-License-Identifier: Apache-2.0

// A payment service as people write it: pino with a mixin that reads the active span.
import pino from 'pino'
import { trace, context } from '@opentelemetry/api'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

const service = process.argv[2]

new NodeTracerProvider().register()
const tracer = trace.getTracer('shop')

const log = pino({
  level: 'trace',
  base: { service },
  mixin() {
    const span = trace.getSpan(context.active())
    if (span === undefined) {
      return {}
    }
    const { traceId, spanId, traceFlags } = span.spanContext()
    return { trace_id: traceId, span_id: spanId, trace_flags: `0${traceFlags.toString(16)}` }
  },
}, pino.destination({ dest: 1, sync: true }))

async function pay(n) {
  return tracer.startActiveSpan('pay', async (span) => {
    log.info({ card: { brand: 'visa', last4: String(1000 + n) }, amount: 19.99 * n, cents: 1999 * n,
      safe: Number.MAX_SAFE_INTEGER, tiny: 5e-324, nested: { a: [1, 2.5, 'drei', null, true] } }, 'paid: žluťoučký 🐎')
    if (n % 5 === 2) {
      log.error(new Error('card declined'), 'pay failed')
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
    log.debug({ 'http.status': 200, line: 'one\ntwo\u0000three' }, 'done')
    span.end()
  })
}

log.info('listening on 8080')
for (let n = 0; n < 12; n++) {
  await pay(n)
  // What a timer does is outside every span: these lines carry no ids.
  log.trace({ tick: n }, 'heartbeat')
}
log.fatal({ code: 0 }, 'bye')
