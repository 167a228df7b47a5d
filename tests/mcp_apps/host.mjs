// A host as the protocol's libraries make one: their client speaks with Doorward, their bridge with the app.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { AppBridge, PostMessageTransport, getToolUiResourceUri } from "@modelcontextprotocol/ext-apps/app-bridge";

const MIME_TYPE = "text/html;profile=mcp-app";
const known = window.known = { calls: [], links: [], contexts: [], sizes: [], logs: [] };
const extensions = { "io.modelcontextprotocol/ui": { mimeTypes: [MIME_TYPE] } };
const given = new URLSearchParams(location.search);
const versionNegotiation = { mode: given.get("era") ?? "auto" };
const client = new Client({ name: "host", version: "1" }, { capabilities: { extensions }, versionNegotiation });
client.onerror = (fault) => known.logs.push(String(fault));
const connected = client.connect(new StreamableHTTPClientTransport(new URL("/mcp/user", location)));

// Every call is the client's own, and noted: the model's and the app's alike.
async function call(params) {
  known.calls.push(params);
  return client.callTool(params);
}

window.show = async ({ name, args, context = {}, abilities = {}, hold = false, without = "" }) => {
  await connected;
  const { tools } = await client.listTools();
  const tool = tools.find((one) => one.name === name);
  const uri = getToolUiResourceUri(tool);
  const { contents: [page] } = await client.readResource({ uri });
  if (page.mimeType !== MIME_TYPE) throw new Error(`an app of type ${page.mimeType}`);
  const capabilities = { openLinks: {}, serverTools: {}, updateModelContext: { text: {} }, ...abilities };
  if (abilities.serverTools === null) delete capabilities.serverTools;
  const bridge = window.bridge = new AppBridge(null, { name: "host", version: "1" }, capabilities,
    { hostContext: { toolInfo: { tool }, displayMode: "inline", locale: "en-GB", timeZone: "UTC", ...context } });
  bridge.oncalltool = call;
  bridge.onopenlink = async ({ url }) => { known.links.push(url); return { isError: Boolean(window.denying) }; };
  bridge.onupdatemodelcontext = async ({ content }) => { known.contexts.push(content[0].text); return {}; };
  const frame = document.createElement("iframe");
  frame.title = "The sandbox";
  bridge.onsizechange = (size) => { known.sizes.push(size); frame.style.height = `${size.height}px`; };
  const ready = new Promise((resolve) => { bridge.oninitialized = resolve; });
  bridge.onsandboxready = () => bridge.sendSandboxResourceReady({ html: without ? page.text.replace(without, "") : page.text, csp: page._meta?.ui?.csp });
  document.body.replaceChildren(frame);
  await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
  frame.setAttribute("sandbox", "allow-scripts allow-same-origin");
  const other = new URL("/sandbox", location);
  other.hostname = "localhost";
  frame.src = other;
  await ready;
  await bridge.sendToolInput({ arguments: args });
  if (hold) return page;
  await bridge.sendToolResult(await call({ name, arguments: args }));
  return page;
};
window.calling = (name, args) => call({ name, arguments: args });
window.resulting = async (name, args) => bridge.sendToolResult(await call({ name, arguments: args }));
window.ready = connected.then(() => client.getServerVersion?.()?.name ?? "");
