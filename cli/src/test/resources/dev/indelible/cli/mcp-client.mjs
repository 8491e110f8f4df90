// SPDX-License-Identifier: Apache-2.0
// Calls a server through the gateway, with the client of the TypeScript SDK. Prints the results.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { CreateMessageRequestSchema, ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const [name, files, command, ...args] = process.argv.slice(2);
const client = new Client(
  { name: "npm", version: "1" },
  { capabilities: { sampling: {}, elicitation: { form: {} } } },
);
client.setRequestHandler(CreateMessageRequestSchema, async () => ({
  model: "none",
  role: "assistant",
  content: { type: "text", text: "sampled-text" },
}));
client.setRequestHandler(ElicitRequestSchema, async () => ({ action: "decline" }));
await client.connect(new StdioClientTransport({ command, args, stderr: "inherit" }), { timeout: 120000 });
const tools = (await client.listTools()).tools.map((tool) => tool.name);

async function call(tool, input, options) {
  const result = await client.callTool({ name: tool, arguments: input }, undefined, options);
  console.log(tool, result.isError ? "not" : "ok", result.content[0]?.text);
  return result;
}

if (name === "files") {
  await call("read_text_file", { path: files + "/a.txt" });
  await call("write_file", { path: "/etc/passwd", content: "x" });
  await call("nonsense", {});
} else {
  await call("echo", { message: "hi" });
  const structured = await call("get-structured-content", { location: "Chicago" });
  console.log("structured", structured.structuredContent !== undefined);
  const long = tools.find((tool) => tool.includes("long-running"));
  let steps = 0;
  await call(long, { duration: 1, steps: 3 }, { onprogress: () => steps++ });
  console.log("progress", steps > 0);
  const abort = new AbortController();
  setTimeout(() => abort.abort("enough"), 300);
  await call(long, { duration: 60, steps: 3 }, { signal: abort.signal }).catch(() => console.log("aborted"));
  const { resources } = await client.listResources();
  const read = await client.readResource({ uri: resources[0].uri });
  console.log("resource", read.contents.length > 0);
  await client.readResource({ uri: "file:///etc/shadow" }).catch((e) => console.log("resource refused", e.code));
  console.log("prompts", (await client.listPrompts()).prompts.length > 0);
  const sampled = await call("trigger-sampling-request", { prompt: "p", maxTokens: 10 });
  console.log("sampling", JSON.stringify(sampled.content).includes("sampled-text"));
  const asked = await call("trigger-elicitation-request", {});
  console.log("elicitation", JSON.stringify(asked.content).toLowerCase().includes("declin"));
  await client.ping();
  console.log("ping ok");
}
await client.close();
