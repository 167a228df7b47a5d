// Shows another moment as soon as the slider or the time is changed: the page is fetched as the form would
// fetch it, and what it found takes the place of what is shown. Without this script the form's button does
// the same.
"use strict";
const form = document.getElementById("moment");
const PAUSE = 150;
let waiting, asking;
async function look() {
  if (asking) asking.abort();
  asking = new AbortController();
  const url = "/audit/as-of?" + new URLSearchParams(new FormData(form));
  const found = document.getElementById("found");
  found.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { credentials: "same-origin", signal: asking.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("found");
    if (!fresh) { location.assign(url); return; }
    found.replaceChildren(...fresh.childNodes);
    if (answer.ok) for (const id of ["position", "at", "shown"]) form.querySelector("#" + id).value = page.getElementById(id).getAttribute("value");
    history.replaceState(null, "", url);
    found.setAttribute("aria-busy", "false");
  } catch (fault) {
    if (fault.name !== "AbortError") found.setAttribute("aria-busy", "false");
  }
}
form.position.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(look, PAUSE); });
// While somebody types a time, each digit makes another one: it counts once he leaves the field.
form.at.addEventListener("blur", () => { if (form.at.value && form.at.value !== form.shown.value) look(); });
form.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(waiting); look(); });
