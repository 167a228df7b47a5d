// The conversation with the host, by postMessage in JSON-RPC as SEP-1865 says it. Only what comes from the
// frame around this one is heard; whatever it says is data.
"use strict";
const PROTOCOL = "2026-01-26";
const OFFERED = new Set(document.body.dataset.tools.split(" "));
const VARIABLE = /^--(color|font|border)-[a-z0-9-]+$/;
const heard = {};
const waiting = new Map();
let asked = 0, context = {}, abilities = {};

class Refusal extends Error {}

function post(message) { window.parent.postMessage({ jsonrpc: "2.0", ...message }, "*"); }
function tell(method, params = {}) { post({ method, params }); }
function ask(method, params) {
  const id = ++asked;
  return new Promise((resolve, reject) => { waiting.set(id, { resolve, reject }); post({ id, method, params }); });
}

window.addEventListener("message", (event) => {
  const message = event.data;
  if (event.source !== window.parent || !message || message.jsonrpc !== "2.0") return;
  if (message.method !== undefined) return message.id === undefined ? notified(message) : answered(message);
  const one = waiting.get(message.id);
  waiting.delete(message.id);
  if (one && message.error) one.reject(new Refusal(message.error.message || "The host refused."));
  else if (one) one.resolve(message.result ?? {});
});
function notified({ method, params }) {
  const name = String(method).replace("ui/notifications/", "");
  if (Object.hasOwn(heard, name)) heard[name](params ?? {});
}
function answered({ id, method }) {
  if (method === "ping" || method === "ui/resource-teardown") post({ id, result: {} });
  else post({ id, error: { code: -32601, message: "Method not found" } });
}

heard["host-context-changed"] = (changed) => { context = { ...context, ...changed }; dressed(); };
// Fonts of a host are not loaded: they would have to come from elsewhere, and nothing here does. Colours
// are taken only where a host gives both of those that text is read by.
function dressed() {
  const root = document.documentElement, given = context.styles?.variables ?? {};
  const whole = given["--color-background-primary"] && given["--color-text-primary"];
  for (const [name, value] of Object.entries(given))
    if (VARIABLE.test(name) && value && (whole || !name.startsWith("--color"))) root.style.setProperty(name, value);
  if (context.theme === "light" || context.theme === "dark") root.style.colorScheme = context.theme;
}

async function met(name) {
  const appInfo = { name, version: document.body.dataset.version };
  const result = await ask("ui/initialize", { protocolVersion: PROTOCOL, appInfo, appCapabilities: { availableDisplayModes: ["inline"] } });
  context = result.hostContext ?? {};
  abilities = result.hostCapabilities ?? {};
  dressed();
  tell("ui/notifications/initialized");
  new ResizeObserver(() => {
    const { width, height } = document.querySelector("main").getBoundingClientRect();
    tell("ui/notifications/size-changed", { width: Math.ceil(width), height: Math.ceil(height) });
  }).observe(document.querySelector("main"));
}

// A tool is offered if the server has it for this person and the host passes calls on.
function offered(tool) { return Boolean(abilities.serverTools) && OFFERED.has(tool); }
async function call(name, given) { return fields(await ask("tools/call", { name, arguments: given })); }
function words(result) { return (result.content ?? []).filter((one) => one.type === "text").map((one) => one.text).join("\n"); }
function fields(result) {
  if (result.isError || !result.structuredContent) throw new Refusal(words(result).replace(/^[a-z_]+: /, "") || "There was no answer.");
  return result.structuredContent;
}
// The model learns what its person did here, where the host tells it such things.
function inform(text) {
  if (abilities.updateModelContext) ask("ui/update-model-context", { content: [{ type: "text", text }] }).catch(() => {});
}
