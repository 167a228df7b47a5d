// Where an access request stands, in words: its status, and who has to act next.
const HELD = ["PROVISIONED", "COMPLETED", "TIME_BASED_EXPIRED_CANCELLED"];
const REFUSED = ["DENIED", "MANAGER_DENIED", "DENIED_PROVISIONING", "TIME_BASED_EXPIRED_FAILED"];
const ACTS = { approve: "approve it", grant: "grant it", remove: "remove it", start: "let it start" };

function pill(status) {
  const text = plain(status).replaceAll("_", " ").toLowerCase();
  const kind = HELD.includes(status) ? ".on" : REFUSED.includes(status) ? ".no" : "";
  return state(text.charAt(0).toUpperCase() + text.slice(1), kind);
}
function what(request) {
  const labels = list(request.items).map((one) => one.label);
  return labels.length === 1 && labels[0] !== request.app_name ? labels[0] : request.app_name;
}
function waits(one, request) {
  if (one.action === "start") return `It starts ${when(request.starts_at)}.`;
  const who = list(one.who).map((each) => each.name);
  if (one.others > 0) who.push(`${one.others} more`);
  return `Waits for ${who.length ? named(who, one.action === "approve" ? "or" : "and") : "somebody"} to ${ACTS[one.action] ?? "act"}.`;
}
function standing(request) {
  const groups = list(request.waiting_on), labels = new Map(list(request.items).map((one) => [one.id, one.label]));
  return groups.map((one) => {
    const items = groups.length > 1 && named(list(one.items).map((id) => labels.get(id) ?? id));
    const stage = one.action === "approve" && one.stage;
    return make("p", items && make("strong", told(items), ": "), told(waits(one, request)), stage && soft(" Stage: ", told(stage)));
  });
}
