// Plays the recording on the page of the walk-through, where the player was put beside the pages when they were
// built and scripts run; the text below it tells the same.
(() => {
  const place = document.getElementById("recording");
  if (!place) return;
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = "player/asciinema-player.css";
  document.head.append(style);
  const script = document.createElement("script");
  script.src = "player/asciinema-player.min.js";
  script.onload = async () => {
    const answer = await fetch("walkthrough.cast");
    const options = { idleTimeLimit: 2, fit: "width", poster: "npt:0:8", terminalFontSize: "14px" };
    AsciinemaPlayer.create({ data: await answer.text() }, place, options);
  };
  document.head.append(script);
})();
