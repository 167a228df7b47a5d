// Fetches the page again when the server says that it is out of date. A form that somebody has begun to
// fill in is left alone: then a line says that something has changed.
"use strict";
const { mark, about } = document.body.dataset;
const asked = new URLSearchParams(about ? { mark, request: about } : { mark });
// After a reconnect the browser sends the id that it was told last, which counts instead of the mark.
const source = new EventSource("/inbox/events?" + asked);
// What was refused comes back filled in.
let touched = document.title.startsWith("Error: ");
document.addEventListener("input", () => { touched = true; });
source.addEventListener("changed", async () => {
  const notice = document.getElementById("changed");
  if (touched) { notice.hidden = false; return; }
  const answer = await fetch(location.pathname + location.search.replace(/[?&]done=[a-z0-9-]+/, ""), { credentials: "same-origin" });
  if (!answer.ok || answer.redirected) { notice.hidden = false; return; }
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.querySelector("main").replaceWith(fresh.querySelector("main"));
});
window.addEventListener("pagehide", () => source.close());
