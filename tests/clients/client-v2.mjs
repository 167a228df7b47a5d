// The TypeScript SDK, major version 2: node client-v2.mjs URL legacy|auto|2026-07-28 [JOB [KEPT]]
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";
import { run } from "./session.mjs";

const [url, era, job, kept] = process.argv.slice(2);
const mode = era === "legacy" || era === "auto" ? era : { pin: era };

// Be told of a change of a resource, which only the era without a handshake can.
async function listen(client, uri) {
  const changed = new Promise((told) => {
    client.setNotificationHandler("notifications/resources/updated", ({ params }) => told(params.uri));
  });
  const subscription = await client.listen({ resourceSubscriptions: [uri] });
  return { changed, close: () => subscription.close() };
}

await run({
  client: () => new Client({ name: "client-v2", version: "1" }, { versionNegotiation: { mode } }),
  transport: (authProvider) => new StreamableHTTPClientTransport(new URL(url), { authProvider }),
  finish: (transport, answer) => transport.finishAuth(answer),
  Unauthorized: UnauthorizedError,
  listen: era === "legacy" ? undefined : listen,
}, job, kept);
