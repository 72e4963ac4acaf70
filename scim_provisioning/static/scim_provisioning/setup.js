// The set-up page: values are copied by a button, and what has been reached shows by itself.
// The page works without this file: values can be selected, and a link looks again.

const EVERY = 3000;
const said = document.querySelector("[data-copied]");

async function copy(button) {
  const value = document.getElementById(button.dataset.copy);
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(value.textContent);
  } else {
    // Without TLS there is no clipboard to write to: the selection is copied as by keyboard.
    getSelection().selectAllChildren(value);
    document.execCommand("copy");
  }
  said.textContent = "";
  said.textContent = `${said.dataset.copied}: ${button.closest("div").querySelector("dt").textContent}`;
  button.classList.add("copied");
}

async function look(url) {
  if (document.hidden) {
    return;
  }
  const response = await fetch(url);
  if (!response.ok || response.redirected) {
    return;
  }
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const place of document.querySelectorAll("[data-live]")) {
    const found = fresh.getElementById(place.id);
    if (found && found.textContent !== place.textContent) {
      place.replaceWith(found);
    }
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}
const steps = document.querySelector("[data-live-url]");
setInterval(() => look(steps.dataset.liveUrl).catch(() => {}), EVERY);
