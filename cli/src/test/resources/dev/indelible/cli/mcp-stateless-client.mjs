// SPDX-License-Identifier: Apache-2.0
// Calls our server through the gateway, with a client for the protocol revision without a handshake.
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
const [command, ...args] = process.argv.slice(2);
const client = new Client({ name: "modern", version: "1" }, { versionNegotiation: { mode: "auto" } });
await client.connect(new StdioClientTransport({ command, args, stderr: "inherit" }), { timeout: 120000 });
console.log("protocol", client.getNegotiatedProtocolVersion());
console.log((await client.listTools()).tools.map((tool) => tool.name).join(" "));
const ok = await client.callTool({ name: "gate_check", arguments: { action: { kind: "read", surface: "memory" } } });
console.log("gate_check", JSON.stringify(ok.structuredContent));
const no = await client.callTool({ name: "gate_check", arguments: { action: { kind: "bash" }, command: "rm -rf /" } });
console.log("refused", no.isError, no.content[0].text);
await client.close();
