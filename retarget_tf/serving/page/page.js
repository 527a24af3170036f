// Plays the two videos of a pair together: the one that was given follows the one that was made.
for (const kind of ["play", "pause", "seeking", "seeked", "ratechange", "timeupdate", "loadeddata"]) {
  document.addEventListener(kind, (event) => {
    const made = event.target;
    if (!(made instanceof HTMLVideoElement) || !made.classList.contains("made")) return;
    const given = made.closest(".pair").querySelector(".given");
    if (kind === "loadeddata") {
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) made.pause();
      made.scrollIntoView({ block: "nearest" });
    }
    if (given.playbackRate !== made.playbackRate) given.playbackRate = made.playbackRate;
    const apart = Math.abs(given.currentTime - made.currentTime);
    if (apart > (made.paused ? 0.01 : 0.15)) given.currentTime = made.currentTime;
    if (made.paused) given.pause();
    else if (given.paused && !given.ended) given.play().catch(() => {});
  }, true);
}

// The pictures of the examples say nothing that their names do not.
new MutationObserver(() => {
  for (const picture of document.querySelectorAll('.example img:not([alt=""])')) picture.alt = "";
}).observe(document, { childList: true, subtree: true });

document.addEventListener("click", () => document.querySelector(".too-large")?.remove(), true);

// Says in place that a file is too large, before it is sent.
for (const kind of ["input", "change", "drop"]) {
  document.addEventListener(kind, (event) => {
    const block = event.target.closest?.("#photo, #video, #more");
    const files = [...(event.target.files ?? event.dataTransfer?.files ?? [])];
    if (!block || !files.length) return;
    const large = files.find((file) => file.size > MOST_MB * 1e6);
    if (!large) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    if (event.target.files) event.target.value = "";
    const said = document.createElement("p");
    said.className = "refusal too-large";
    said.setAttribute("role", "alert");
    said.textContent = `file ${large.name}: has ${Math.ceil(large.size / 1e6)} MB, more than ${MOST_MB}. Give a smaller one.`;
    block.after(said);
  }, true);
}
