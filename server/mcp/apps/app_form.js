// One app in the picker: its permissions, the rules, and the form that asks for access. The rules are
// those of what is picked: a permission may have others than its app.
const LIST = "list_requestable_permissions", SUBMIT = "submit_access_request";
const APPROVERS = {
  manager: "your manager", owner: "an owner of the app", administrators: "an administrator",
  group: "somebody of", on_call: "whoever is on call for", person: "", integration: "the system",
};
const DONE = {
  submitted: "Your request is submitted.",
  approved: "Your request is approved by policy at once.",
  duplicate_pending: "You had an equal request open already.",
  already_held: "You have this access already.",
};
const WHY = "business_justification";
let form, picked, answers, key;

async function open(appId, permissionId) {
  const listed = await call(LIST, { app_id: appId, size: 100 });
  form = listed;
  picked = new Set(list(listed.items).filter((one) => one.id === permissionId && one.requestable).map((one) => one.id));
  // A field may be called as something that every object has.
  answers = Object.create(null);
  key = "";
  drawForm();
  shown.querySelector("h1").focus();
}
function rules() {
  const chosen = list(form.items).filter((one) => picked.has(one.id));
  const forms = chosen.length ? chosen.map((one) => (one.request_config ? one : form)) : [form];
  const options = chosen.length ? chosen.map((one) => list(one.access_length_options)) : [list(form.access_length_options)];
  return {
    stages: [...new Set(forms)].flatMap((one) => list(one.request_config?.request_approval_config?.request_approval_stages)),
    justified: forms.some((one) => one.justification_required),
    lengths: options.reduce((kept, more) => kept.filter((one) => more.includes(one))),
    // Of several the shortest counts, which the server knows.
    usual: new Set(forms).size > 1 ? "" : forms[0].default_access_length,
    required: Object.assign(Object.create(null), ...forms.map((one) => one.required_fields?.properties)),
    optional: Object.assign(Object.create(null), ...forms.map((one) => one.optional_fields?.properties)),
  };
}
function approver(text) {
  const [kind, ...name] = String(text).split(":");
  return [APPROVERS[kind] ?? kind, plain(name.join(":"))].filter(Boolean).join(" ");
}
function stages(all) {
  if (!all.length) return make("p", "Nobody has to: policy grants it.");
  return make("ol.way", all.map((one) => make("li", make("span", make("strong", told(one.name)), " ",
    soft(told(named(one.may_decide ?? list(one.approvers).map(approver), "or")), one.needed > 1 && `; ${one.needed} of them`)))));
}
function back() {
  return button("Back to the list", () => { if (busy) return; draw(); shown.querySelector("button").focus(); }, ".second.small");
}
function drawForm() {
  const { app } = form, name = app.user_friendly_label;
  shown.replaceChildren(
    make("p", back()),
    make("div.who", sign(name), make("div", make("h1", { tabindex: "-1" }, told(name)), make("p.soft", told(app.category)))),
    make("div", app.description && make("p", told(app.description)), app.request_instructions && make("p.quote", told(app.request_instructions)), permissions()),
    make("div", { id: "rules" }));
  drawRules();
}
function permissions() {
  const { app, items, total } = form, one = app.allow_multiple_permission_selection;
  if (!list(items).length) return make("p.soft", "It has no permissions of its own: you request the app itself.");
  return make("fieldset", make("legend.soft", one ? "What exactly; one or several" : "What exactly; one of these"),
    make("ul.picks", items.map((each) => permission(each, one ? "checkbox" : "radio", app.user_friendly_label))),
    total > items.length && make("p.soft", `The first ${items.length} of ${total}; search the list for the others.`));
}
function permission(one, type, app) {
  const change = ({ target }) => {
    if (type === "radio") picked.clear();
    if (target.checked) picked.add(one.id); else picked.delete(one.id);
    key = "";
    drawRules();
  };
  const box = make("input", { type, name: "permission", value: one.id, checked: picked.has(one.id), disabled: !one.requestable, change });
  return make("li", make("label.tick", box,
    make("span", told(own(one.label, app)), one.description && soft(told(one.description))), taken(one)));
}
function own(label, app) {
  const short = label.startsWith(app) ? label.slice(app.length).replace(/^[ /:|-]+/, "") : label;
  return short || label;
}
function drawRules(missing = [], notice = "") {
  const now = rules();
  at("rules").replaceChildren(
    make("h2", "Who decides"), stages(now.stages),
    ...(offered(SUBMIT) ? [asking(now, missing, notice)] : [make("p.notice", "Requests cannot be submitted from here. Tell your assistant, or use Doorward’s pages.")]));
}
function asking(now, missing, notice) {
  const asked = [[now.required, true], [now.optional, false]].flatMap(([all, needed]) => Object.entries(all).map((one) => [...one, needed])).filter(([name]) => name !== WHY);
  const send = (preview) => (node) => submit(node, now, preview);
  return make("div",
    make("h2", picked.size ? "Request this" : "Request the app itself"), notice && make("p.notice", { role: "alert" }, told(notice)),
    field(WHY, { title: "Why you need it", maxLength: 2000 }, now.justified, missing, "textarea"),
    lengths(now), asked.map(([name, schema, needed]) => field(name, schema, needed, missing)),
    make("div", { id: "preview" }),
    make("div.actions", button("Request access", send(false)), button("What would happen?", send(true), ".second")));
}
function keep(name) {
  return ({ target }) => {
    answers[name] = target.value;
    key = "";
    target.removeAttribute("aria-invalid");
    at("preview").replaceChildren();
    document.querySelector("[role=alert]")?.remove();
  };
}
function field(name, schema, needed, missing, tag) {
  const wrong = missing.includes(name), id = `field-${name}`, kind = schema.type;
  const options = kind === "boolean" ? [["true", "yes"], ["false", "no"]] : schema.enum?.map((one) => [one, one]);
  const common = { id, name, input: keep(name), required: needed, "aria-invalid": wrong && "true", "aria-describedby": wrong && `${id}-wrong` };
  const numeric = kind === "integer" || kind === "number";
  const box = options
    ? make("select", common, make("option", { value: "" }, ""), options.map(([value, said]) => make("option", { value }, plain(said))))
    : make(tag ?? "input", { ...common, maxlength: schema.maxLength, ...(numeric && { type: "number", step: kind === "integer" ? 1 : "any", min: schema.minimum, max: schema.maximum }) });
  box.value = answers[name] ?? "";
  return [make("label", { for: id }, told(schema.title ?? name), !needed && soft(" (not required)")), box,
    wrong && make("p.wrong", { id: `${id}-wrong` }, "Please answer this.")];
}
function lengths(now) {
  const usual = !now.lengths.includes(now.usual);
  const box = make("select", { id: "length", input: keep("") },
    usual && make("option", { value: "" }, now.usual ? `the usual time: ${plain(now.usual)}` : "the usual time"), now.lengths.map((one) => make("option", { value: one }, plain(one))));
  if (now.lengths.includes(answers[""] || now.usual)) box.value = answers[""] || now.usual;
  return [make("label", { for: "length" }, "For how long"), box];
}
function filled(name) { return (answers[name] ?? "").trim() !== ""; }
function given(now) {
  const asked = { app_id: form.app.id };
  if (picked.size) asked.requestable_permission_ids = [...picked];
  if (filled(WHY)) asked[WHY] = answers[WHY];
  const length = at("length").value;
  if (length) asked.access_length = length;
  const others = Object.keys({ ...now.required, ...now.optional }).filter((name) => name !== WHY && filled(name));
  if (others.length) asked.custom_fields = others.map((id) => ({ id, response: answers[id] }));
  return asked;
}
function submit(node, now, preview) {
  const empty = [...Object.keys(now.required), now.justified && WHY].filter((name) => name && !filled(name));
  if (empty.length) return refused(empty);
  doing(node, preview ? "Asking what would happen …" : "Submitting …", async () => {
    // The same key goes with a retry of the same request, so that it is never made twice.
    key ||= [...crypto.getRandomValues(new Uint32Array(4))].map((one) => one.toString(36)).join("-");
    const answer = await call(SUBMIT, { ...given(now), ...(preview ? { dry_run: true } : { idempotency_key: key }) });
    if (answer.outcome === "needs_input") return refused(Object.keys(answer.missing_fields?.properties ?? {}));
    if (answer.outcome === "would_submit") return foretold(answer.preview ?? {});
    key = "";
    finished(answer);
    });
}
function refused(missing) {
  drawRules(missing, "Nothing was submitted: something is missing.");
  document.querySelector("[aria-invalid]")?.focus();
}
function foretold(preview) {
  at("preview").replaceChildren(make("div.good",
    make("p", "This is who would decide:"), stages(list(preview.route).flatMap((one) => list(one.stages))),
    list(preview.warnings).map((one) => make("p.soft", told(one))), make("p", "Nothing has been sent yet.")));
}
function finished(answer) {
  const [request] = list(answer.access_requests), said = DONE[answer.outcome];
  shown.replaceChildren(make("div", make("p.good", said),
    request && [make("h1", { tabindex: "-1" }, told(what(request))), make("p", pill(request.status)), standing(request)],
    make("div.actions", back(), link("Open in Doorward", request?.url))));
  shown.querySelector("h1")?.focus();
  inform(`In the catalog picker the person asked for access: ${plain(answer.outcome)}${request ? `, access request ${plain(request.id)}, ${plain(request.status)}` : ""}.`);
}
