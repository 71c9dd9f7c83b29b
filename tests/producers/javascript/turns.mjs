// Each turn asked once by OpenAI's own client, in what `around` makes of a function.
const MODEL = 'kitten-1'
const TOOL = { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }

export async function turns (client, around = async run => await run()) {
  const ask = (name, messages = [], more = {}, options = {}) => client.chat.completions.create(
    { model: MODEL, messages: [{ role: 'user', content: `say: ${name}` }, ...messages], ...more }, options
  )
  const stream = async (name, more) => {
    for await (const part of await ask(name, [], { stream: true, ...more })) void part
  }
  await around(() => ask('plain'))
  await around(() => stream('streamed', { stream_options: { include_usage: true } }))
  await around(() => stream('uncounted', {}))
  await around(() => ask('refused')).catch(() => {})
  await around(() => ask('retried', [], {}, { maxRetries: 1 }))
  await around(async () => {
    const called = (await ask('tooled', [], { tools: [TOOL] })).choices[0].message
    const result = { role: 'tool', tool_call_id: called.tool_calls[0].id, content: 'There.' }
    return ask('tooled', [called, result], { tools: [TOOL] })
  })
  await around(async () => {
    await client.embeddings.create({ model: 'vector-1', input: 'near', encoding_format: 'float' })
    return ask('grounded')
  })
}
