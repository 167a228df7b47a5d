// The TypeScript SDK, major version 2: node client-v2.mjs URL legacy|auto|2026-07-28
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";
import { Provider, connected, mainJob } from "./session.mjs";

const [url, era] = process.argv.slice(2);
const mode = era === "legacy" || era === "auto" ? era : { pin: era };
const provider = new Provider();
const client = await connected(
  provider,
  () => new Client({ name: "client-v2", version: "1" }, { versionNegotiation: { mode } }),
  () => new StreamableHTTPClientTransport(new URL(url), { authProvider: provider }),
  (transport, answer) => transport.finishAuth(answer),
  UnauthorizedError,
);
await mainJob(client);
