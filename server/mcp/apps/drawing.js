// What both apps draw with. A text from elsewhere becomes a text node and nothing more, in a box of its own,
// so that no direction of writing in it reorders what stands beside it.
function at(id) { return document.getElementById(id); }
const shown = at("shown");
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const LONGEST = 4000;

// make("p.soft", { id: "a" }, child, ...): what is left out or false is not there.
function make(what, ...children) {
  const [tag, ...classes] = what.split("."), node = document.createElement(tag);
  const given = children[0]?.constructor === Object ? children.shift() : {};
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(9).filter((one) => one || one === 0));
  return node;
}
function plain(text) { return String(text ?? "").replace(UNSEEN, "").slice(0, LONGEST); }
function told(text) { return plain(text) && make("bdi", plain(text)); }
function soft(...text) { return make("span.soft", ...text); }
function state(text, kind = "") { return make(`span.state${kind}`, text); }
function button(text, act, kind = "", more = {}) {
  const node = make(`button${kind}`, { type: "button", ...more }, text);
  node.addEventListener("click", () => act(node));
  return node;
}
function say(text) { at("said").textContent = plain(text); }
function list(value) { return Array.isArray(value) ? value : []; }
function named(values, last = "and") {
  const all = values.map(plain);
  return all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} ${last} ${all.at(-1)}`;
}
function when(moment) {
  const date = new Date(moment);
  if (!moment || Number.isNaN(date.getTime())) return "";
  const style = { dateStyle: "medium", timeStyle: "short" };
  try { return new Intl.DateTimeFormat(context.locale, { ...style, timeZone: context.timeZone }).format(date); }
  catch { return new Intl.DateTimeFormat("en", style).format(date); }
}
// A frame like this one opens no pages itself: the host does, and where it will not, the address is told.
function link(text, url) {
  if (!/^https?:\/\//i.test(url ?? "")) return "";
  const open = (event) => {
    event.preventDefault();
    ask("ui/open-link", { url }).then((answer) => { if (answer.isError) throw new Refusal(); }).catch(() => say(`Open ${url} in your browser.`));
  };
  return make("a", { href: url, click: open }, text);
}
// A sentence in the place of all else.
function alone(text, kind = "") { shown.replaceChildren(make("h1", document.title), make(`p${kind}`, told(text))); }
heard["tool-result"] = (result) => {
  say("");
  try { take(fields(result)); }
  catch (fault) { alone(fault instanceof Refusal ? fault.message : "This cannot be shown.", ".notice"); }
};
heard["tool-cancelled"] = () => alone("This was called off.");
// Runs what a button does, once at a time, and tells what went wrong. It is a click that starts it, never the
// submission of a form, which many frames forbid.
let busy = false;
async function doing(node, text, act) {
  if (busy) return;
  busy = true;
  node?.setAttribute("aria-disabled", "true");
  say(text);
  try { say((await act()) ?? ""); }
  catch (fault) { say(fault instanceof Refusal ? fault.message : "That did not work. Please try again."); }
  finally { busy = false; node?.removeAttribute("aria-disabled"); }
}
