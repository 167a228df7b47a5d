// The catalog picker: apps and permissions as search_apps or search_requestable_permissions found them, a
// search of its own, and from each hit the way to the app's form.
const SEARCH = "search_apps";
let hits = [], empty = "", text = "", more = 0;

// A permission that was found stands under its app, as one of the parts for which the app was found.
function take(given) {
  const apps = new Map();
  for (const one of list(given.items)) {
    if (one.app_id === undefined) { apps.set(one.id, one); continue; }
    const app = apps.get(one.app_id) ?? { id: one.app_id, user_friendly_label: one.app_name, matching_permissions: [] };
    app.matching_permissions.push(one);
    apps.set(one.app_id, app);
  }
  hits = [...apps.values()];
  more = Math.max(0, (given.total ?? 0) - list(given.items).length);
  empty = given.empty_reason ?? "Nothing was found.";
  draw();
}
function sign(name) {
  const words = plain(name).split(/\s+/).filter((one) => /^[\p{L}\p{N}]/u.test(one));
  const letters = words.slice(0, 2).map((one) => [...one][0]).join("").toUpperCase();
  const hue = [...plain(name)].reduce((sum, one) => (sum * 31 + one.codePointAt(0)) % 12, 0) * 30;
  const box = make("span.sign", { "aria-hidden": "true" }, letters || "?");
  box.style.setProperty("--hue", hue);
  return box;
}
function taken(one) {
  if (one.already_held) return state("You have this", ".on");
  return one.requestable === false && state("Requested", ".on");
}
function draw() {
  const box = make("input", { type: "search", maxlength: 512, "aria-label": "Search apps and permissions", placeholder: "Apps and permissions" });
  box.value = text;
  const find = () => { text = box.value; search(go); };
  const go = button("Search", find, ".second");
  box.addEventListener("keydown", ({ key }) => key === "Enter" && find());
  shown.replaceChildren(
    make("h1", document.title),
    ...(offered(SEARCH) ? [make("div.find", { role: "search" }, box, go)] : []),
    hits.length ? make("ul.apps", { "aria-label": "What was found" }, hits.map(hit)) : make("p", told(empty)),
    ...(more ? [make("p.soft", `${more} more; search to narrow it down.`)] : []));
}
function search(node) {
  doing(node, "Searching …", async () => {
    take(await call(SEARCH, { ...(text.trim() && { name_search: text.trim() }), size: 12 }));
    shown.querySelector("input").focus();
    return hits.length ? `${hits.length} found.` : "";
  });
}
function part(one, app, go) {
  const label = told(own(one.label, app));
  return offered(LIST) ? button(label, go(one.id)) : label;
}
function hit(app) {
  const name = app.user_friendly_label;
  const go = (id) => (node) => doing(node, "Opening it …", () => open(app.id, id));
  const parts = list(app.matching_permissions), count = app.permission_count;
  const counted = count > 0 ? `${count} permission${count > 1 ? "s" : ""}` : "";
  return make("li.app",
    make("div.who", sign(name), make("div", make("h2", told(name)), app.category && make("p.soft", told(app.category)))),
    app.description && make("p", told(app.description)),
    parts.length > 0 && make("ul.parts", parts.map((one) => make("li", part(one, name, go)))),
    make("p.foot.soft", taken(app) || make("span", counted), offered(LIST) && button("Choose", go(), ".second.small", { "aria-label": `Choose ${plain(name)}` })));
}

heard["tool-input"] = ({ arguments: given }) => { text = given?.name_search ?? given?.search_term ?? list(given?.queries)[0] ?? ""; };
met("Doorward catalog picker");
