// Shows the rules for what is ticked as soon as it is ticked. Without this script a button does the same.
"use strict";
let asking;
function kept(old, fresh) {
  const offered = fresh.tagName !== "SELECT" || [...fresh.options].some((one) => one.value === old.value);
  if (offered) fresh.value = old.value;
}
document.addEventListener("change", async ({ target }) => {
  if (target.name !== "permission" || !document.querySelector("button[value=choose]")) return;
  if (asking) asking.abort();
  asking = new AbortController();
  const body = new URLSearchParams(new FormData(target.form));
  body.set("do", "choose");
  try {
    const answer = await fetch(target.form.action, { method: "POST", body, credentials: "same-origin", signal: asking.signal });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // What somebody typed meanwhile counts.
    for (const old of document.querySelectorAll("#asked [name]")) {
      const fresh = page.querySelector(`#asked [name="${CSS.escape(old.name)}"]`);
      if (fresh) kept(old, fresh);
    }
    const at = document.activeElement.id;
    for (const part of ["ways", "asked"]) document.getElementById(part).replaceChildren(...page.getElementById(part).childNodes);
    if (at) document.getElementById(at)?.focus();
  } catch (fault) {
    if (fault.name !== "AbortError") throw fault;
  }
});
