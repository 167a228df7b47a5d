// What both TypeScript clients do: sign in (the test plays the browser: a URL goes out on stdout,
// the URL the person is sent back to comes in on stdin), then the main job, told as one JSON line.
import { createInterface } from "node:readline/promises";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export class Provider {
  redirectUrl = "http://127.0.0.1:43211/callback";
  clientMetadata = {
    client_name: "TypeScript test client",
    redirect_uris: [this.redirectUrl],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  };
  state = () => "a state of the client's";
  clientInformation = () => this.information;
  saveClientInformation = (information) => { this.information = information; };
  tokens = () => this.kept;
  saveTokens = (tokens) => { this.kept = tokens; };
  saveCodeVerifier = (verifier) => { this.verifier = verifier; };
  codeVerifier = () => this.verifier;
  discoveryState = () => this.discovered;
  saveDiscoveryState = (state) => { this.discovered = state; };
  redirectToAuthorization(url) {
    console.log(JSON.stringify({ authorize: url.href }));
    this.answer = lines.next().then(({ value }) => new URL(value).searchParams);
  }
}

export async function connected(provider, makeClient, makeTransport, finish, Unauthorized) {
  const first = makeTransport();
  try {
    const client = makeClient();
    await client.connect(first);
    return client;
  } catch (fault) {
    if (!(fault instanceof Unauthorized)) throw fault;
  }
  await finish(first, await provider.answer);
  const client = makeClient();
  await client.connect(makeTransport());
  return client;
}

export async function mainJob(client) {
  const call = async (name, args) => {
    const result = await client.callTool({ name, arguments: args });
    if (result.isError) throw new Error(result.content[0].text);
    return result.structuredContent;
  };
  const { tools } = await client.listTools();
  const apps = await call("search_apps", { name_search: "github" });
  const found = await call("search_requestable_permissions", { search_term: "github write", app_id: "github" });
  const submitted = await call("submit_access_request", {
    app_id: "github",
    requestable_permission_ids: [found.items[0].id],
    business_justification: "To review the release",
  });
  const listed = await call("list_access_requests", {});
  console.log(JSON.stringify({
    tools: tools.map((tool) => tool.name),
    app: apps.items[0].id,
    submitted: submitted.access_requests[0].id,
    listed: listed.items[0].id,
  }));
  await client.close();
  process.exit(0);
}
