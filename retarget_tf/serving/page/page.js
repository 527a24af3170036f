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

// The pictures of the examples say nothing that their names do not; that this browser cannot play a video says nothing
// of whether it can be danced.
new MutationObserver(() => {
  for (const picture of document.querySelectorAll('.example img:not([alt=""])')) picture.alt = "";
  for (const toast of document.querySelectorAll(".toast-body")) {
    if (toast.textContent.includes("Video not playable")) toast.style.display = "none";
  }
}).observe(document, { childList: true, subtree: true });

document.addEventListener("click", () => document.querySelector(".unfit")?.remove(), true);

// Says in place what is wrong with a file before it is sent.
function fault(file, kind) {
  if (file.size > MOST_MB * 1e6) {
    return `file ${file.name}: has ${Math.ceil(file.size / 1e6)} MB, more than ${MOST_MB}. Give a smaller one.`;
  }
  if (!file.type || file.type.startsWith(kind)) return "";
  return `file ${file.name}: is no ${kind === "video/" ? "video" : "picture"}. Give another.`;
}
for (const kind of ["input", "change", "drop"]) {
  document.addEventListener(kind, (event) => {
    const block = event.target.closest?.("#photo, #video, #more");
    const files = [...(event.target.files ?? event.dataTransfer?.files ?? [])];
    const said = files.map((file) => fault(file, block?.id === "video" ? "video/" : "image/")).find((text) => text);
    if (!block || !said) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    if (event.target.files) event.target.value = "";
    const told = document.createElement("p");
    told.className = "refusal unfit";
    told.setAttribute("role", "alert");
    told.textContent = said;
    document.querySelector(".unfit")?.remove();
    block.after(told);
  }, true);
}
