// The TypeScript SDK, major version 1: node client-v1.mjs URL [JOB [KEPT]]
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { run } from "./session.mjs";

const [url, job, kept] = process.argv.slice(2);
await run({
  client: () => new Client({ name: "client-v1", version: "1" }),
  transport: (authProvider) => new StreamableHTTPClientTransport(new URL(url), { authProvider }),
  finish: (transport, answer) => transport.finishAuth(answer.get("code")),
  Unauthorized: UnauthorizedError,
}, job, kept);
