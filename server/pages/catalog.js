// Searches while somebody types: the page is fetched as the form would fetch it, and its results take the
// place of those shown. Without this script the form's button does the same.
"use strict";
const form = document.getElementById("search");
const PAUSE = 120;
let waiting, asking;
async function search() {
  if (asking) asking.abort();
  asking = new AbortController();
  const given = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...given]) if (!value) given.delete(name);
  const url = "/catalog" + (given.size ? "?" + given : "");
  const results = document.getElementById("results");
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { credentials: "same-origin", signal: asking.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("results");
    if (!answer.ok || !fresh) { location.assign(url); return; }
    results.replaceChildren(...fresh.childNodes);
    history.replaceState(null, "", url);
    results.setAttribute("aria-busy", "false");
  } catch (fault) {
    if (fault.name !== "AbortError") results.setAttribute("aria-busy", "false");
  }
}
form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, PAUSE); });
form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(waiting); search(); });
