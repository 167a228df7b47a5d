// One access request as a card: where it stands, since when and until when, what it is for, and why.
const OVER = ["DENIED", "MANAGER_DENIED", "DENIED_PROVISIONING", "EXPIRED", "CANCELLED", "TIME_BASED_EXPIRED", "REVERTED"];
const SENTENCES = {
  APPROVED: "It is approved.",
  DENIED: "It was denied.",
  MANAGER_DENIED: "A manager denied it.",
  DENIED_PROVISIONING: "It was approved, but will not be granted.",
  EXPIRED: "Nobody decided in time.",
  CANCELLED: "It was withdrawn.",
  PROVISIONED: "The access is there.",
  COMPLETED: "The access is there.",
  TIME_BASED_EXPIRED: "The access has ended, as agreed.",
  TIME_BASED_EXPIRED_CANCELLED: "The access stays.",
  REVERTED: "The access was ended.",
};

function person(user) {
  return plain([user?.given_name, user?.family_name].filter(Boolean).join(" ") || user?.email || user?.id);
}
function row(name, value) { return value && make("div", make("dt", name), make("dd", value)); }
function lasting(seconds) {
  for (const [size, unit] of [[86400, "day"], [3600, "hour"], [60, "minute"]])
    if (seconds >= size && seconds % size === 0) return `${seconds / size} ${unit}${seconds === size ? "" : "s"}`;
  return seconds ? `${seconds} seconds` : "";
}
function facts(request) {
  const granted = request.expires_at ?? list(request.items).find((one) => one.expires_at)?.expires_at;
  const other = person(request.target_user) !== person(request.requester_user);
  const length = request.expiration_in_seconds === null ? "without an end" : lasting(request.expiration_in_seconds);
  return make("dl",
    row("App", told(request.app_name)),
    other && row("For", told(person(request.target_user))),
    row("Asked", when(request.requested_at)),
    request.updated_at !== request.requested_at && row("So since", when(request.updated_at)),
    request.starts_at && row("From", when(request.starts_at)),
    granted ? row("Until", when(granted)) : !OVER.includes(request.status) && row("How long", length));
}
function items(request) {
  const all = list(request.items);
  if (all.length < 2) return "";
  return make("ul.items", { "aria-label": "What it is for" }, all.map((one) => make("li", told(one.label),
    make("span", one.status !== request.status && pill(one.status), one.expires_at && soft(` until ${when(one.expires_at)}`)))));
}
function why(request) {
  const said = request.notes?.PENDING;
  return said ? make("p.quote.soft", told(said)) : "";
}
// `acts` are the buttons under the card: what may be done depends on where it stands.
function card(request, heading, acts) {
  const said = SENTENCES[request.status];
  return [
    heading && make("h1", { tabindex: "-1" }, told(what(request))),
    (heading || request.emergency) && make("p", heading && pill(request.status), request.emergency && state("Emergency")),
    said && make("p", said, " ", OVER.includes(request.status) && told(request.closed_reason)),
    standing(request), items(request), why(request), facts(request), acts,
  ].flat().filter(Boolean);
}
