// The TypeScript SDK, major version 1: node client-v1.mjs URL
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Provider, connected, mainJob } from "./session.mjs";

const [url] = process.argv.slice(2);
const provider = new Provider();
const client = await connected(
  provider,
  () => new Client({ name: "client-v1", version: "1" }),
  () => new StreamableHTTPClientTransport(new URL(url), { authProvider: provider }),
  (transport, answer) => transport.finishAuth(answer.get("code")),
  UnauthorizedError,
);
await mainJob(client);
