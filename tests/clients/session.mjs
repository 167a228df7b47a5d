// What both TypeScript clients do: sign in (the test plays the browser: a URL goes out on stdout,
// the URL the person is sent back to comes in on stdin), then a job, told as one JSON line.
import { createInterface } from "node:readline/promises";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const heard = async () => (await lines.next()).value;
const tell = (message) => console.log(JSON.stringify(message));

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
  invalidateCredentials(which) {
    if (which === "tokens" || which === "all") this.kept = undefined;
    if (which === "client" || which === "all") this.information = undefined;
  }
  redirectToAuthorization(url) {
    tell({ authorize: url.href });
    this.answer = heard().then((landed) => new URL(landed).searchParams);
  }
}

export class Session {
  // `sdk` is what the two versions do each in their own way: client(), transport(provider),
  // finish(transport, answer), the error Unauthorized, and listen(client, uri) for one that can.
  constructor(sdk) {
    this.sdk = sdk;
    this.provider = new Provider();
  }

  // Do something; where that asks the person to sign in, finish the sign-in and do it once more.
  async signedIn(something) {
    try {
      return await something();
    } catch (fault) {
      if (!(fault instanceof this.sdk.Unauthorized)) throw fault;
    }
    await this.sdk.finish(this.transport, await this.provider.answer);
    return await something();
  }

  connect = () => this.signedIn(async () => {
    this.client = this.sdk.client();
    this.transport = this.sdk.transport(this.provider);
    await this.client.connect(this.transport);
  });

  async call(name, args) {
    const result = await this.client.callTool({ name, arguments: args });
    if (result.isError) throw new Error(result.content[0].text);
    return result.structuredContent;
  }
}

// From a search to a listed request.
async function mainJob(session) {
  const { tools } = await session.client.listTools();
  const apps = await session.call("search_apps", { name_search: "github" });
  const found = await session.call("search_requestable_permissions", { search_term: "github write", app_id: "github" });
  const submitted = await session.call("submit_access_request", {
    app_id: "github",
    requestable_permission_ids: [found.items[0].id],
    business_justification: "To review the release",
  });
  const listed = await session.call("list_access_requests", {});
  return {
    tools: tools.map((tool) => tool.name),
    app: apps.items[0].id,
    submitted: submitted.access_requests[0].id,
    listed: listed.items[0].id,
  };
}

// A tool that needs more than was consented to: the person is asked again, and the call succeeds.
async function stepUp(session) {
  const before = session.provider.kept.scope;
  const submitted = await session.signedIn(() => session.call("submit_access_request", {
    app_id: "github",
    business_justification: "To review the release",
  }));
  return { before, after: session.provider.kept.scope, submitted: submitted.access_requests.length };
}

// The test takes the tokens away between two calls.
async function afterRevocation(session) {
  await session.client.listTools();
  tell({ client_id: session.provider.information.client_id, token: session.provider.kept.refresh_token });
  await heard();
  const { tools } = await session.signedIn(() => session.client.listTools());
  return { tools: tools.length };
}

// Every tool, prompt, resource and completion there is; and, where the version can be told of changes, one change.
async function everything(session) {
  const { client } = session;
  const { tools } = await client.listTools();
  const called = [];
  const call = async (name, args) => {
    const answered = await session.call(name, args);
    called.push(name);
    return answered;
  };
  await call("search_apps", { name_search: "github" });
  const found = await call("search_requestable_permissions", { search_term: "github write", app_id: "github" });
  await call("list_requestable_permissions", { app_id: "github" });
  const submitted = await call("submit_access_request", {
    app_id: "github",
    requestable_permission_ids: [found.items[0].id],
    business_justification: "To review the release",
  });
  const access_request_id = submitted.access_requests[0].id;
  const uri = `doorward://requests/${access_request_id}`;
  await call("list_access_requests", {});
  await call("get_access_request", { access_request_id });
  const listening = await session.sdk.listen?.(client, uri);
  await call("comment_on_access_request", { access_request_id, text: "It is for Friday." });
  const changed = await listening?.changed;
  await listening?.close();
  const { resources } = await client.listResources();
  const { resourceTemplates } = await client.listResourceTemplates();
  const { contents } = await client.readResource({ uri });
  await call("cancel_access_request", { access_request_id });
  const { prompts } = await client.listPrompts();
  const got = {};
  for (const { name, arguments: wanted = [] } of prompts) {
    const given = Object.fromEntries(wanted.map((one) => [one.name, "github"]));
    got[name] = (await client.getPrompt({ name, arguments: given })).messages.length;
  }
  const asking = prompts.find((one) => one.arguments?.some(({ name }) => name === "app"));
  const { completion } = await client.complete({
    ref: { type: "ref/prompt", name: asking.name },
    argument: { name: "app", value: "git" },
  });
  return {
    tools: tools.map((tool) => tool.name),
    called,
    uri,
    changed,
    listed: resources.map((one) => one.uri),
    templates: resourceTemplates.map((one) => one.uriTemplate),
    read: JSON.parse(contents[0].text).id,
    request: access_request_id,
    got,
    completed: completion.values,
  };
}

const JOBS = { mainJob, stepUp, afterRevocation, everything };

// `kept` is what the provider has from an earlier run, as JSON: { information, kept }.
export async function run(sdk, job = "mainJob", kept = "{}") {
  const session = new Session(sdk);
  Object.assign(session.provider, JSON.parse(kept));
  await session.connect();
  tell(await JOBS[job](session));
  await session.client.close();
  process.exit(0);
}
