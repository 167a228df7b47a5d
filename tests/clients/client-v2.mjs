// The TypeScript SDK, major version 2: node client-v2.mjs URL legacy|auto|2026-07-28 [JOB [KEPT]]
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";
import { run } from "./session.mjs";

const [url, era, job, kept] = process.argv.slice(2);
const mode = era === "legacy" || era === "auto" ? era : { pin: era };
await run({
  client: () => new Client({ name: "client-v2", version: "1" }, { versionNegotiation: { mode } }),
  transport: (authProvider) => new StreamableHTTPClientTransport(new URL(url), { authProvider }),
  finish: (transport, answer) => transport.finishAuth(answer),
  Unauthorized: UnauthorizedError,
}, job, kept);
