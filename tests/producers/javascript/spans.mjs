// How spans are kept: as OTLP's JSON, an envelope a line, without what differs by machine.
import { appendFileSync } from 'node:fs'
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer'
import { SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

const MACHINE = ['exception.stacktrace', 'server.', 'url.', 'host.', 'process.', 'os.', 'gen_ai.request.headers']

// Leaves of a resource, a span or an event the attributes that are not the machine's.
function keep (holder, only = '') {
  holder.attributes = (holder.attributes ?? []).filter(
    ({ key }) => key.startsWith(only) && !MACHINE.some(name => key.startsWith(name))
  )
}

export function exporter (file) {
  return {
    export (spans, done) {
      const envelope = JSON.parse(new TextDecoder().decode(JsonTraceSerializer.serializeRequest(spans)))
      for (const resource of envelope.resourceSpans) {
        keep(resource.resource, 'telemetry.sdk.name')
        for (const span of resource.scopeSpans.flatMap(scope => scope.spans)) {
          [span, ...span.events].forEach(one => keep(one))
        }
      }
      appendFileSync(file, JSON.stringify(envelope) + '\n')
      done({ code: 0 })
    },
    shutdown: async () => {},
    forceFlush: async () => {}
  }
}

// A provider that writes each span as it ends, and is the one of the process.
export function provider (file) {
  const found = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter(file))] })
  found.register()
  return found
}
