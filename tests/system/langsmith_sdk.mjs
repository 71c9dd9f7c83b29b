// What LangSmith's JavaScript client does, at the address in its environment; one line of JSON says what came back.
import { Client } from "langsmith";
import { evaluate } from "langsmith/evaluation";
import { traceable } from "langsmith/traceable";

const client = new Client();
const said = {};

async function all(pages) {
  const found = [];
  for await (const one of pages) found.push(one);
  return found;
}

const extra = { client, project_name: "traced" };
const child = traceable(async (q) => ({ a: q }), { ...extra, name: "child", run_type: "tool" });
const root = traceable(async (q) => await child(q), { ...extra, name: "root", tags: ["js"] });
const failing = traceable(async () => { throw new TypeError("no order"); }, { ...extra, name: "failing" });
for (let i = 0; i < 100; i++) await root({ q: i }); // each takes less than a millisecond
await failing().catch(() => {});
await client.awaitPendingTraceBatches();

const runs = await all(client.listRuns({ projectName: "traced" }));
const roots = await all(client.listRuns({ projectName: "traced", isRoot: true }));
const failed = runs.find((one) => one.name === "failing");
said.runs = [runs.length, roots.length, runs.filter((one) => one.parent_run_id).length, failed.error.split("\n")[0]];
const run = await client.readRun(roots.find((one) => one.name === "root").id);
said.root = [run.tags, typeof run.inputs.q, run.session_id === failed.session_id];
await client.createFeedback(run.id, "correct", { score: 1, comment: "yes" });
const [feedback] = await all(client.listFeedback({ runIds: [run.id] }));
await client.updateFeedback(feedback.id, { score: 0.5 });
said.feedback = [feedback.key, feedback.score, (await client.readFeedback(feedback.id)).score];
await client.deleteFeedback(feedback.id);

const name = `questions ${Date.now()}`;
const dataset = await client.createDataset(name, { description: "d" });
const questions = [1, 2, 3].map((q) => ({ dataset_id: dataset.id, inputs: { q }, outputs: { a: q % 2 } }));
await client.createExamples([{ ...questions[0], split: "test" }, ...questions.slice(1)]);
const one = await client.createExample({ dataset_id: dataset.id, inputs: { q: 9 }, outputs: { a: 9 } });
await client.updateExample({ id: one.id, dataset_id: dataset.id, outputs: { a: 8 } });
said.changed = (await client.readExample(one.id)).outputs.a;
await client.deleteExample(one.id);
said.examples = (await all(client.listExamples({ datasetName: name }))).map((each) => each.inputs.q).sort();
said.split = (await all(client.listExamples({ datasetName: name, splits: ["test"] }))).length;
const right = ({ outputs, referenceOutputs }) => ({ key: "right", score: Number(outputs.a === referenceOutputs.a) });
const found = await evaluate(async () => ({ a: 1 }), { data: name, evaluators: [right], client, experimentPrefix: "js" });
await client.awaitPendingTraceBatches();
const evaluated = await all(client.listRuns({ projectName: found.experimentName, isRoot: true }));
const scores = await all(client.listFeedback({ runIds: evaluated.map((each) => each.id) }));
said.evaluated = [evaluated.every((each) => each.reference_example_id), scores.map((each) => each.score).sort()];
await client.deleteDataset({ datasetName: name });
said.deleted = await client.hasDataset({ datasetName: name });
console.log(JSON.stringify(said));
process.exit(0);
