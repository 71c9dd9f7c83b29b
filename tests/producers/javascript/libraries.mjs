// The libraries: each makes the turns, and writes what it makes of them.
import { appendFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { turns } from './turns.mjs'

const MODEL = 'kitten-1'
const NAMES = ['plain', 'streamed', 'uncounted', 'refused', 'retried', 'tooled', 'grounded']

// A function that runs another in a span of an application's own.
function spanned (provider) {
  const tracer = provider.getTracer('application')
  return run => tracer.startActiveSpan('turn', async span => {
    try { return await run() } finally { span.end() }
  })
}

async function patched (instrumentation, file, address) {
  const { provider } = await import('./spans.mjs')
  const spans = provider(file)
  instrumentation.setTracerProvider(spans)
  const OpenAI = (await import('openai')).default
  instrumentation.manuallyInstrument(OpenAI)
  await turns(new OpenAI({ baseURL: address, apiKey: 'none', maxRetries: 0 }), spanned(spans))
}

export async function js_openinference (address, file) {
  const { OpenAIInstrumentation } = await import('@arizeai/openinference-instrumentation-openai')
  await patched(new OpenAIInstrumentation(), file, address)
}

export async function js_openllmetry (address, file) {
  const { OpenAIInstrumentation } = await import('@traceloop/instrumentation-openai')
  await patched(new OpenAIInstrumentation(), file, address)
}

export async function js_langfuse (address, file) {
  const { provider, exporter } = await import('./spans.mjs')
  const { LangfuseSpanProcessor } = await import('@langfuse/otel')
  const { observeOpenAI } = await import('@langfuse/openai')
  const { startActiveObservation, propagateAttributes } = await import('@langfuse/tracing')
  const { NodeTracerProvider } = await import('@opentelemetry/sdk-trace-node')
  const own = new LangfuseSpanProcessor({ publicKey: 'pk-lf-none', secretKey: 'none', exporter: exporter(file), exportMode: 'immediate' })
  const spans = new NodeTracerProvider({ spanProcessors: [own] })
  spans.register()
  const OpenAI = (await import('openai')).default
  const client = observeOpenAI(new OpenAI({ baseURL: address, apiKey: 'none', maxRetries: 0 }))
  await turns(client, run => startActiveObservation('turn', () =>
    propagateAttributes({ sessionId: 'c-1', userId: 'u-1' }, run)))
  await spans.forceFlush()
}

export async function js_sentry (address, file) {
  const Sentry = await import('@sentry/node')
  const transport = () => ({
    send: async envelope => {
      const [head, items] = envelope
      const lines = [head, ...items.flat()].map(one => JSON.stringify(one))
      appendFileSync(file, lines.join('\n') + '\n')
      return {}
    },
    flush: async () => true
  })
  Sentry.init({ dsn: 'https://none@none.invalid/1', tracesSampleRate: 1, transport, defaultIntegrations: false, serverName: 'none' })
  const OpenAI = (await import('openai')).default
  const client = Sentry.instrumentOpenAiClient(new OpenAI({ baseURL: address, apiKey: 'none', maxRetries: 0 }))
  await turns(client, run => Sentry.withIsolationScope(() => {
    Sentry.setUser({ id: 'u-1' })
    Sentry.setConversationId?.('c-1')
    return Sentry.startNewTrace(() => Sentry.startSpan({ name: 'turn', op: 'function' }, run))
  }))
  await Sentry.flush()
}

export async function js_langsmith (address, file) {
  const { Client } = await import('langsmith')
  const { traceable } = await import('langsmith/traceable')
  const { wrapOpenAI } = await import('langsmith/wrappers')
  const fetchImplementation = async (url, request = {}) => {
    if (String(url).endsWith('/info')) {
      return Response.json({ batch_ingest_config: { use_multipart_endpoint: false, size_limit: 100, size_limit_bytes: 20971520 } })
    }
    const text = typeof request.body === 'string' ? request.body : new TextDecoder().decode(request.body)
    appendFileSync(file, text + '\n')
    return Response.json({}, { status: 202 })
  }
  process.env.LANGSMITH_TRACING = 'true'
  const client = new Client({ apiUrl: 'http://none.invalid', apiKey: 'none', fetchImplementation, omitTracedRuntimeInfo: true })
  const OpenAI = (await import('openai')).default
  const asks = wrapOpenAI(new OpenAI({ baseURL: address, apiKey: 'none', maxRetries: 0 }), { client })
  await turns(asks, run => traceable(run, { name: 'turn', client, metadata: { session_id: 'c-1', user_id: 'u-1' } })())
  await client.awaitPendingTraceBatches()
}

async function of_ai_sdk (address, file, telemetry, registered) {
  const { provider } = await import('./spans.mjs')
  const spans = provider(file)
  const ai = await import('ai')
  const { createOpenAI } = await import('@ai-sdk/openai')
  const { z } = await import('zod')
  if (registered) await registered(ai, spans)
  const model = createOpenAI({ baseURL: address, apiKey: 'none' }).chat(MODEL)
  const look = ai.tool({ description: 'Look.', inputSchema: z.object({ where: z.string() }), execute: async () => 'There.' })
  for (const name of NAMES) {
    const asked = { model, prompt: `say: ${name}`, maxRetries: name === 'retried' ? 1 : 0, ...telemetry(spans) }
    try {
      if (name === 'streamed' || name === 'uncounted') {
        for await (const part of ai.streamText(asked).textStream) void part
      } else if (name === 'tooled') {
        await ai.generateText({ ...asked, tools: { look }, stopWhen: ai.stepCountIs(3) })
      } else {
        await ai.generateText(asked)
      }
    } catch {}
  }
  await spans.forceFlush()
}

export async function js_ai_sdk_6 (address, file) {
  await of_ai_sdk(address, file, spans => ({
    experimental_telemetry: { isEnabled: true, tracer: spans.getTracer('ai'), metadata: { sessionId: 'c-1', userId: 'u-1' } }
  }))
}

export async function js_ai_sdk (address, file) {
  await of_ai_sdk(address, file, () => ({
    runtimeContext: { sessionId: 'c-1', userId: 'u-1' },
    telemetry: { includeRuntimeContext: { sessionId: true, userId: true } }
  }), async (ai, spans) => {
    const { OpenTelemetry } = await import('@ai-sdk/otel')
    ai.registerTelemetry(new OpenTelemetry({ tracer: spans.getTracer('ai'), runtimeContext: true, usage: true }))
  })
}

export async function js_opentelemetry (address, file) {
  const { provider } = await import('./spans.mjs')
  const { OpenAIInstrumentation } = await import('@opentelemetry/instrumentation-openai')
  const spans = provider(file)
  const { metrics } = await import('@opentelemetry/api')
  const instrumentation = new OpenAIInstrumentation()
  instrumentation.setTracerProvider(spans)
  instrumentation.setMeterProvider(metrics.getMeterProvider())
  const OpenAI = createRequire(import.meta.url)('openai') // it patches what is required, not what is imported
  await turns(new OpenAI({ baseURL: address, apiKey: 'none', maxRetries: 0 }), spanned(spans))
}

export async function js_openinference_langchain (address, file) {
  const { provider } = await import('./spans.mjs')
  const spans = provider(file)
  const { LangChainInstrumentation } = await import('@arizeai/openinference-instrumentation-langchain')
  const instrumentation = new LangChainInstrumentation()
  instrumentation.setTracerProvider(spans)
  instrumentation.manuallyInstrument(await import('@langchain/core/callbacks/manager'))
  const { ChatOpenAI, OpenAIEmbeddings } = await import('@langchain/openai')
  const { RunnableLambda } = await import('@langchain/core/runnables')
  const { HumanMessage, ToolMessage } = await import('@langchain/core/messages')
  const common = { apiKey: 'none', configuration: { baseURL: address }, maxRetries: 0 }
  const model = more => new ChatOpenAI({ model: MODEL, ...common, ...more })
  const turn = new RunnableLambda({
    func: async (name, config) => {
      const asked = [new HumanMessage(`say: ${name}`)]
      if (name === 'streamed' || name === 'uncounted') {
        for await (const part of await model({ streamUsage: name === 'streamed' }).stream(asked, config)) void part
        return ''
      }
      if (name === 'tooled') {
        const tool = { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }
        const able = model().bindTools([tool])
        const called = await able.invoke(asked, config)
        const result = new ToolMessage({ content: 'There.', tool_call_id: called.tool_calls[0].id })
        return (await able.invoke([...asked, called, result], config)).content
      }
      if (name === 'grounded') await new OpenAIEmbeddings({ model: 'vector-1', ...common }).embedQuery('near')
      return (await model().invoke(asked, config)).content
    }
  })
  for (const name of NAMES.filter(name => name !== 'retried')) {
    await turn.invoke(name, { runName: 'turn', metadata: { session_id: 'c-1', user_id: 'u-1' } }).catch(() => {})
  }
  await spans.forceFlush()
}

export async function js_mastra (address, file) {
  const { exporter } = await import('./spans.mjs')
  const { Mastra } = await import('@mastra/core/mastra')
  const { Agent } = await import('@mastra/core/agent')
  const { createTool } = await import('@mastra/core/tools')
  const { Observability } = await import('@mastra/observability')
  const { OtelExporter } = await import('@mastra/otel-exporter')
  const { createOpenAI } = await import('@ai-sdk/openai')
  const { z } = await import('zod')
  const look = createTool({
    id: 'look', description: 'Look.', inputSchema: z.object({ where: z.string() }), execute: async () => ({ found: 'There.' })
  })
  const agents = Object.fromEntries(NAMES.map(name => [name, new Agent({
    id: name, name: 'turn', instructions: 'Answer.', model: createOpenAI({ baseURL: address, apiKey: 'none' }).chat(MODEL),
    maxRetries: name === 'retried' ? 1 : 0, tools: name === 'tooled' ? { look } : {}
  })]))
  const kept = new OtelExporter({ provider: { custom: { endpoint: 'http://127.0.0.1:9/v1/traces', protocol: 'http/json' } }, exporter: exporter(file), batchSize: 1 })
  const mastra = new Mastra({
    agents,
    logger: false,
    observability: new Observability({ configs: { otel: { serviceName: 'none', exporters: [kept] } } })
  })
  for (const name of NAMES) {
    const agent = mastra.getAgent(name)
    const options = { memory: { thread: 'c-1', resource: 'u-1' }, tracingOptions: { metadata: { userId: 'u-1', sessionId: 'c-1' } } }
    try {
      if (name === 'streamed' || name === 'uncounted') {
        for await (const part of (await agent.stream(`say: ${name}`, options)).textStream) void part
      } else {
        await agent.generate(`say: ${name}`, options)
      }
    } catch {}
  }
  await mastra.shutdown?.()
}
