// What the service's own client does, against an address that is given to it; one line of JSON says what came back.
import { Langtail } from "langtail";

const langtail = new Langtail({ apiKey: process.env.LANGTAIL_API_KEY, baseURL: process.env.LANGTAIL_BASE_URL });
const variables = { question: "When is my bill due?", note: "Bills are due on the 5th of each month." };
const said = {};

said.deployments = (await langtail.prompts.listDeployments()).map((one) => [one.promptSlug, one.environment, one.version]);
said.template = (await langtail.prompts.get({ prompt: "support", environment: "preview", version: "v1" })).state.template;
const reply = await langtail.prompts.invoke({ prompt: "support", variables, metadata: { variant: "sdk" }, user: "u1" });
said.reply = reply.choices[0].message.content;
const pieces = await langtail.prompts.invoke({ prompt: "support", variables, stream: true });
said.streamed = "";
for await (const piece of pieces) said.streamed += piece.choices[0]?.delta?.content ?? "";
await langtail.assistants.invoke(
  { assistant: "helper", messages: [{ role: "user", content: "Hello" }] },
  { onThreadId: (id) => (said.thread = id) },
);
said.roles = (await langtail.threads.messages.list(said.thread)).data.map((one) => one.content.role);
said.metadata = (await langtail.threads.update(said.thread, { rating: 5 })).metadata;
said.listed = (await langtail.threads.list({ limit: 1 })).data[0].id === said.thread;
said.deleted = (await langtail.threads.del(said.thread)).deleted;
try {
  await langtail.prompts.invoke({ prompt: "missing" });
} catch (error) {
  said.missing = error.message;
}
console.log(JSON.stringify(said));
