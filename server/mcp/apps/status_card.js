// The status card: what submit_access_request, list_access_requests or get_access_request told, kept up to
// date by asking again, and a way to withdraw what may still be withdrawn.
const LIST = "list_access_requests", CANCEL = "cancel_access_request";
const OUTCOMES = {
  approved: "Policy approved it at once.",
  duplicate_pending: "An equal request was open already; this is it.",
  already_held: "Nothing was submitted: the access is there already, through this request.",
};
let input = {}, requests = [], note = "";
const opened = new Set();

function take(given) {
  requests = list(given.access_requests ?? given.items ?? (given.access_request && [given.access_request]));
  note = OUTCOMES[given.outcome] ?? "";
  if (requests.length) return draw();
  const needed = Object.values(given.missing_fields?.properties ?? {}).map((one) => one.title);
  if (given.outcome === "would_submit") note = "This was a preview: nothing has been submitted.";
  if (given.outcome === "needs_input") note = `Nothing was submitted yet. Still needed: ${named(needed)}.`;
  alone(note || given.empty_reason || "There is nothing to show.");
}
function draw() {
  const [only] = requests;
  const body = requests.length === 1 ? card(only, true, acts(only)) : requests.map(folded);
  if (requests.length > 1) body.unshift(make("h1", { tabindex: "-1" }, `${requests.length} access requests`));
  if (requests.length > 1) body.push(make("div.actions", refresh()));
  shown.replaceChildren(...[note && make("p.good", note), ...body].filter(Boolean));
}
function folded(request) {
  const title = make("summary", told(what(request)), pill(request.status));
  const toggle = ({ target }) => target.open ? opened.add(request.id) : opened.delete(request.id);
  return make("details", { open: opened.has(request.id), toggle }, title, ...card(request, false, acts(request)));
}
function acts(request) {
  const may = request.cancelable && offered(CANCEL);
  const bar = make("div.actions",
    requests.length === 1 && refresh(),
    may && button("Withdraw", () => bar.replaceWith(confirming(request)), ".danger"),
    link("Open in Doorward", request.url));
  return bar;
}
function refresh() {
  return offered(LIST) && button("Update", update, ".second", { id: "update" });
}
function update(node) {
  doing(node, "Asking how it stands …", async () => {
    const listed = (context.toolInfo?.tool?.name ?? LIST) === LIST ? input : {};
    const given = requests.length > 1 ? listed : { access_request_id: requests[0].id };
    const answer = await call(LIST, given);
    if (!list(answer.items).length) throw new Refusal("It is not to be seen any more.");
    const changed = JSON.stringify(requests) !== JSON.stringify(answer.items);
    requests = answer.items;
    note = "";
    draw();
    at("update")?.focus();
    return `${changed ? "Updated" : "Nothing has changed"}, ${when(Date.now())}.`;
  });
}
function confirming(request) {
  const reason = make("textarea", { id: `why-${request.id}`, maxlength: 1000 });
  const asking = make("div",
    make("label", { for: reason.id }, "Why do you withdraw it? ", soft("(not required)")), reason,
    make("div.actions", button("Withdraw it", withdraw, ".danger"), button("Keep it", keep, ".second")));
  function keep() { asking.replaceWith(acts(request)); }
  function withdraw(node) {
    doing(node, "Withdrawing it …", async () => {
      const given = { access_request_id: request.id, expected_version: request.version };
      if (reason.value.trim()) given.reason = reason.value;
      const { access_request: now } = await call(CANCEL, given);
      requests = requests.map((one) => (one.id === now.id ? { ...one, ...now } : one));
      draw();
      shown.querySelector("h1").focus();
      inform(`In the status card the person withdrew access request ${plain(now.id)}; it is ${plain(now.status)} now.`);
      return "The request is withdrawn.";
    });
  }
  queueMicrotask(() => reason.focus());
  return asking;
}

heard["tool-input"] = ({ arguments: given }) => { input = given ?? {}; };
met("Doorward status card");
